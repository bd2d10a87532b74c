"""Finds runs of a text that occur verbatim in the training text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Copies:
    """The passages that a text has in common with a corpus."""

    spans: list[tuple[int, int]]  # [start, end) in the text, merged and in order
    longest: str  # the longest run the corpus has, "" if there is none
    novel: float  # fraction of the characters outside such runs, 0 to 1

    @property
    def copying(self) -> bool:
        """Whether at least half of the text was copied."""
        return bool(self.spans) and self.novel <= 0.5


def copied_spans(text: str, corpus: str, min_length: int = 20) -> Copies:
    """Find every run of at least `min_length` characters of the text that occurs in the corpus.

    Linear in the corpus: all its runs of that length are hashed at once (1 MB takes about 0.1 s).
    Equal hashes are checked character by character. Raises ValueError if min_length < 1.
    """
    if min_length < 1:
        raise ValueError("min_length must be 1 or more.")
    spans: list[tuple[int, int]] = []
    for start in _starts(text, corpus, min_length):
        end = start + min_length
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    longest = _longest(text, corpus, spans, min_length)
    covered = sum(end - start for start, end in spans)
    novel = 1 - covered / len(text) if text else 1.0
    return Copies(spans, longest, novel)


def _starts(text: str, corpus: str, length: int) -> list[int]:
    """The positions in the text where a run of this length that occurs in the corpus begins."""
    if len(text) < length or len(corpus) < length:
        return []
    text_hashes, corpus_hashes = _hashes(text, length), _hashes(corpus, length)
    distinct = np.unique(text_hashes)
    nearest = np.minimum(np.searchsorted(distinct, corpus_hashes), len(distinct) - 1)
    matches = np.flatnonzero(distinct[nearest] == corpus_hashes)
    hashes, first = np.unique(corpus_hashes[matches], return_index=True)
    source = dict(zip(hashes.tolist(), matches[first].tolist(), strict=True))
    return [
        i
        for i, h in enumerate(text_hashes.tolist())
        if h in source and corpus.startswith(text[i : i + length], source[h])
    ]


def _hashes(text: str, length: int) -> NDArray[np.uint64]:
    """A 64-bit polynomial hash of every run of `length` characters (Rabin and Karp 1987)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    base = np.uint64(0x9E3779B97F4A7C15)  # odd, so it has an inverse modulo 2^64
    total = np.zeros(len(codes) - length + 1, np.uint64)
    for k in range(length):
        total = total * base + codes[k : k + len(total)]
    return total


def _longest(text: str, corpus: str, spans: list[tuple[int, int]], length: int) -> str:
    """The longest run that occurs in the corpus as a whole, "" if there is none.

    Each start tries a run one longer than the best so far, and extends it while it occurs.
    """
    best = ""
    for first, end in spans:
        for start in range(first, end - length + 1):
            size = max(length, len(best) + 1)
            if start + size > end:
                break
            while start + size <= end and text[start : start + size] in corpus:
                best = text[start : start + size]
                size += 1
    return best

r"""The vocabulary, which turns text into ids and back: a sorted list of the symbols a model knows.

A symbol is a character or, with `words=True`, a word. The rest of the package only sees ids.
The page and the web player clean and split texts in JavaScript, by the same rules:

    letters    text.toLowerCase().replace(/^\P{L}+|[^\p{L}\p{M}]\P{L}*/gu, ' ')
    words      text.match(/[\p{L}\p{N}_][\p{L}\p{N}_\p{M}]*|./gsu)
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "\ufffd"
"""The symbol that stands for every rare or unseen symbol, in a vocabulary that has it."""

CHUNK = 1 << 20
"""Characters handled at a time, so a 100 MB text never becomes 400 MB of code points."""


def find_words(text: str) -> Iterator[re.Match[str]]:
    """The text's words, and every other character by itself: joined, they give the exact text.

    A word begins with a letter, a digit or "_" and may contain combining marks, such as the vowel
    signs of Hindi and Arabic.
    """
    return re.finditer(rf"\w[\w{_marks(text)}]*|.", text, re.DOTALL)


def _letters(text: str) -> str:
    """Lowercase letters and the marks that follow them; anything between becomes one space."""
    text = text.lower()
    group = {symbol: unicodedata.category(symbol)[0] for symbol in set(text)}
    table = {ord(s): s if group[s] in "LM" else " " for s in group}
    marks = _marks(text)
    return re.sub(rf"\A[ {marks}]+| [ {marks}]*", " ", text.translate(table))


def _marks(text: str) -> str:
    """The combining marks (Unicode category M) that occur in a text."""
    if text.isascii():
        return ""
    return "".join(sorted(s for s in set(text) if unicodedata.category(s)[0] == "M"))


CLEANINGS: dict[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "lowercase": str.lower,
    "letters": _letters,
}
"""The functions that may clean a text before a model reads it."""


class UnknownSymbolError(ValueError):
    """A text has symbols that are not in the vocabulary."""


@dataclass(frozen=True)
class Vocabulary:
    """The symbols a model knows, in the order of their ids.

    Symbols are sorted, so a text has the same ids in every process. `cleaning` names the entry of
    CLEANINGS that is applied to every text before it is encoded.
    """

    symbols: tuple[str, ...]
    words: bool = False
    cleaning: str = "none"

    def __post_init__(self) -> None:
        if not self.symbols:
            raise ValueError("A vocabulary needs at least one symbol: the text is empty.")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError(
                "A vocabulary must list each symbol only once; this one has duplicates."
            )
        if self.cleaning not in CLEANINGS:
            raise ValueError(f"cleaning must be one of {', '.join(CLEANINGS)}.")

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        words: bool = False,
        cleaning: str = "none",
        min_count: int = 1,
        max_size: int | None = None,
    ) -> Vocabulary:
        """Collect the symbols of a text.

        Symbols seen fewer than `min_count` times, and all but the `max_size` most frequent, are
        merged into UNKNOWN. Raises ValueError for an empty text.
        """
        empty = cls((UNKNOWN,), words, cleaning)
        counts = empty._count(CLEANINGS[cleaning](text))
        kept = [s for s, n in counts.items() if n >= min_count and s != UNKNOWN]
        if max_size is not None and len(kept) > max_size:
            kept = sorted(kept, key=lambda s: (-counts[s], s))[: max(max_size - 1, 0)]
        if len(kept) < len(counts):
            kept.append(UNKNOWN)
        return cls(tuple(sorted(kept)), words, cleaning)

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every symbol."""
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    @cached_property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """The smallest unsigned integer type that holds every id: 1 byte up to 256 symbols."""
        return np.min_scalar_type(len(self.symbols) - 1)

    @cached_property
    def _table(self) -> NDArray[np.int32]:
        """The id of each code point up to one past the largest known; -1 where it has none."""
        codes = [ord(symbol) for symbol in self.symbols]
        table = np.full(max(codes) + 2, self.ids.get(UNKNOWN, -1), np.int32)
        table[codes] = np.arange(len(codes))
        return table

    def clean(self, text: str) -> str:
        """The text as the model reads it: cleaned, in the Unicode normal form that it knows better.

        A text with symbols that the model never saw may be the same letters in another form: "é" is
        one code point in NFC and two in NFD.
        """
        text = CLEANINGS[self.cleaning](text)
        if text.isascii() or not self.unknown_symbols(text):
            return text
        forms = (text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD")))
        return min(forms, key=lambda form: len(self.unknown_symbols(form)))

    def unknown_symbols(self, cleaned: str) -> set[str]:
        """The distinct symbols of a cleaned text that have no id of their own."""
        if self.words:
            return {match.group() for match in find_words(cleaned)} - self.ids.keys()
        if len(cleaned) < CHUNK:
            return set(cleaned) - self.ids.keys()
        return self._count(cleaned).keys() - self.ids.keys()

    def tokens(self, text: str) -> list[str]:
        """The text's symbols in order, known or not."""
        text = self.clean(text)
        return [match.group() for match in find_words(text)] if self.words else list(text)

    def unknown(self, text: str) -> list[str]:
        """The distinct symbols of the text that have no id of their own, sorted."""
        return sorted(self.unknown_symbols(self.clean(text)))

    def encode(self, text: str, unknown: str = "error") -> NDArray[np.unsignedinteger]:
        """Turn text into ids (T,) of the smallest unsigned integer type.

        Unknown symbols become UNKNOWN if the vocabulary has it. Otherwise they raise
        UnknownSymbolError, or are left out with `unknown="skip"`.
        """
        text = self.clean(text)
        chunks = list(self._encode_words(text) if self.words else self._encode_chars(text))
        ids = np.concatenate(chunks) if chunks else np.zeros(0, self.dtype)
        if unknown == "error" and len(ids) < self._length(text):
            raise UnknownSymbolError(
                "The model never saw these symbols: " + show_symbols(self.unknown(text))
            )
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids back into text."""
        return "".join(self.symbols[i] for i in ids)

    def _encode_chars(self, text: str) -> Iterator[NDArray[np.unsignedinteger]]:
        for codes in _code_points(text):
            ids = self._table[np.minimum(codes, len(self._table) - 1)]
            yield ids[ids >= 0].astype(self.dtype)

    def _encode_words(self, text: str) -> Iterator[NDArray[np.unsignedinteger]]:
        fallback = self.ids.get(UNKNOWN, -1)
        ids = np.fromiter(
            (self.ids.get(match.group(), fallback) for match in find_words(text)), np.int64
        )
        yield ids[ids >= 0].astype(self.dtype)

    def _length(self, text: str) -> int:
        return sum(1 for _ in find_words(text)) if self.words else len(text)

    def _count(self, text: str) -> dict[str, int]:
        if self.words:
            return Counter(match.group() for match in find_words(text))
        counts = np.zeros(sys.maxunicode + 1, np.int64)
        for codes in _code_points(text):
            chunk = np.bincount(codes)
            counts[: len(chunk)] += chunk
        return {chr(code): int(counts[code]) for code in np.flatnonzero(counts)}


def _code_points(text: str) -> Iterator[NDArray[np.uint32]]:
    """The text's Unicode code points, a chunk at a time."""
    for start in range(0, len(text), CHUNK):
        piece = text[start : start + CHUNK].encode("utf-32-le", "surrogatepass")
        yield np.frombuffer(piece, np.dtype("<u4"))


def show_symbols(symbols: Iterable[str], limit: int = 20) -> str:
    """Symbols for a person to read: printable ones quoted, others by name or code point."""
    symbols = list(symbols)
    shown = [
        repr(s)
        if s.isprintable()
        else unicodedata.name(s, f"U+{ord(s):04X}")
        if len(s) == 1
        else repr(s)
        for s in symbols[:limit]
    ]
    more = len(symbols) - limit
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")

"""Rulers: what simpler ways of guessing the next character lose on the same held-out text.

A loss means little alone. It means something beside the uniform guess, letter frequencies, a model
that counts what followed the last few characters, and a compressor. Everything here is in nats per
character, computed on the held-out part after learning from the training part only.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LARGEST_ORDER = 12


def baselines(
    train_text: str, held_out_text: str, orders: Iterable[int] = (1, 2, 3, 4, 5, 6)
) -> dict[str, float]:
    """Return nats per character on `held_out_text` for every ruler, by name.

    Names: "uniform", "letter frequencies", "last 1 character", "last 2 characters", ..., and
    "compression" (the size of both parts less the size of the training part; see `compression`).
    `orders` are the numbers of preceding characters counted, each from 1 to 12.
    Raises ValueError if either text is empty.
    """
    if not train_text or not held_out_text:
        raise ValueError("Rulers need a training text and a held-out text, each of 1 character up.")
    wanted = sorted(set(orders))
    if wanted and not 1 <= wanted[0] <= wanted[-1] <= LARGEST_ORDER:
        raise ValueError(f"Orders must lie between 1 and {LARGEST_ORDER}; got {wanted}.")
    found = {
        "uniform": uniform(train_text, held_out_text),
        "letter frequencies": letter_frequencies(train_text, held_out_text),
    }
    losses = kneser_ney(train_text, held_out_text, wanted) if wanted else {}
    for order, loss in losses.items():
        found[f"last {order} character{'s' if order > 1 else ''}"] = loss
    found["compression"] = compression(train_text, held_out_text)
    return found


def uniform(train_text: str, held_out_text: str) -> float:
    """Return ln V: the loss of guessing every one of the V characters of both texts alike."""
    return float(np.log(len(set(train_text) | set(held_out_text))))


def letter_frequencies(train_text: str, held_out_text: str) -> float:
    """Return the loss of always guessing by the training counts, one added to each (Laplace)."""
    train, held_out, size = _encode(train_text, held_out_text)
    counts = np.bincount(train, minlength=size) + 1.0
    return float(-np.log(counts / counts.sum())[held_out].mean())


def compression(train_text: str, held_out_text: str) -> float:
    """Return nats per character of the held-out part given the training part, by LZMA.

    Exactly: 8 ln 2 * (bytes of LZMA2(training + held-out) - bytes of LZMA2(training)) / characters
    of the held-out part; raw streams, preset 9, UTF-8. A short held-out part costs whole bytes and
    a few of framing, so below about 1,000 characters read it as an upper bound.
    """
    before = train_text.encode("utf-8", "surrogatepass")
    both = before + held_out_text.encode("utf-8", "surrogatepass")
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9}]  # its 64 MB window spans any text here
    sizes = [len(lzma.compress(part, lzma.FORMAT_RAW, filters=filters)) for part in (before, both)]
    return float(np.log(2) * 8 * max(0, sizes[1] - sizes[0]) / len(held_out_text))


def kneser_ney(train_text: str, held_out_text: str, orders: Iterable[int]) -> dict[int, float]:
    """Return the loss of counting models that look at the last `order` characters, by order.

    Interpolated Kneser-Ney with three discounts per level (Chen and Goodman 1998, "modified"),
    down to the uniform guess. The held-out text is scored as one stream whose first characters have
    less before them. tinyshakespeare, 90 % / 10 %: 1.5165 with order 6; all orders to 6 take 1.5 s.
    """
    wanted = set(orders)
    train, held_out, size = _encode(train_text, held_out_text)
    lower: Floats = np.full(held_out.shape, 1.0 / size)
    losses = {}
    levels = list(_levels(train, held_out, size, max(wanted) + 1))
    for n, (level, above) in enumerate(zip(levels, [*levels[1:], None], strict=True)):
        if n in wanted:  # the longest context counts occurrences, the shorter ones left neighbors
            top = _interpolate(level, level.counts.astype(np.float64), lower, size)
            losses[n] = float(-np.log(top).mean())
        if above is not None:
            lower = _interpolate(level, _left_neighbors(level, above), lower, size)
    return losses


@dataclass(frozen=True)
class _Level:
    """The distinct n-grams of a text: sorted codes (rank of the first n-1) * V + last."""

    codes: Ints
    counts: Ints
    first: Ints  # where each one ends in the training text for the first time
    ranks: Ints  # of the n-gram that ends at each place of the training text; -1 near its start
    held_out: Ints  # codes of the held-out text's n-grams; -1 where the first n-1 never occurred
    found: Ints  # their ranks; -1 where the n-gram never occurred
    contexts: int  # how many distinct (n-1)-grams there are


def _encode(train_text: str, held_out_text: str) -> tuple[Ints, Ints, int]:
    """Both texts as ranks of their code points among all that occur, and how many occur."""
    points = np.frombuffer(
        (train_text + held_out_text).encode("utf-32-le", "surrogatepass"), dtype="<u4"
    )
    symbols, ids = np.unique(points, return_inverse=True)
    ids = ids.reshape(-1).astype(np.int64)
    return ids[: len(train_text)], ids[len(train_text) :], len(symbols)


def _levels(train: Ints, held_out: Ints, size: int, longest: int) -> Iterator[_Level]:
    """Yield the level of 1-grams, 2-grams, ... up to `longest`.

    Codes grow from ranks, not from powers of V: they stay below 64 bits for any alphabet.
    """
    ranks: Ints = np.zeros_like(train)
    seen: Ints = np.zeros_like(held_out)
    contexts = 1
    for n in range(1, longest + 1):
        before = ranks if n == 1 else np.concatenate(([-1], ranks[:-1]))
        inside = before >= 0
        places = np.flatnonzero(inside)
        codes, first, inverse, counts = np.unique(
            (before * size + train)[inside],
            return_index=True, return_inverse=True, return_counts=True,
        )  # fmt: skip
        ranks = np.full_like(train, -1)
        ranks[inside] = inverse.reshape(-1)
        context = seen if n == 1 else np.concatenate(([-1], seen[:-1]))
        looked_up = np.where(context >= 0, context * size + held_out, -1)
        seen = _find(codes, looked_up)
        yield _Level(codes, counts, places[first], ranks, looked_up, seen, contexts)
        contexts = max(1, len(codes))


def _find(codes: Ints, wanted: Ints) -> Ints:
    """The place of each wanted code in the sorted codes, -1 where it is missing."""
    if len(codes) == 0:
        return np.full_like(wanted, -1)
    place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[place] == wanted, place, -1)


def _left_neighbors(level: _Level, above: _Level) -> Floats:
    """In how many distinct characters' company (on the left) each n-gram was seen, at least 1."""
    # The text's first n-gram has nothing on its left: its beginning counts as a neighbor.
    neighbors = np.bincount(level.ranks[above.first], minlength=len(level.codes))
    return np.maximum(neighbors, 1).astype(np.float64)


def _discounts(counts: Floats) -> Floats:
    """What is taken from counts of 0, 1, 2 and 3 or more (Chen and Goodman's estimates)."""
    n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    raw = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    # A tiny text can put an estimate outside (0, k), and then the unseen would cost infinity.
    clipped: Floats = np.clip(raw, [0.0, 0.05, 0.05, 0.05], [0.0, 0.95, 1.95, 2.95])
    return clipped


def _interpolate(level: _Level, counts: Floats, lower: Floats, size: int) -> Floats:
    """Probabilities of the held-out characters from this level's counts and the level below's."""
    if len(level.codes) == 0:  # the training text is shorter than this n
        return lower
    context = level.codes // size
    discount = _discounts(counts)[np.minimum(counts, 3).astype(np.int64)]
    totals = np.bincount(context, counts, level.contexts)
    freed = np.bincount(context, discount, level.contexts)
    here = np.maximum(level.held_out // size, 0)
    known = (level.held_out >= 0) & (totals[here] > 0)
    kept = np.where(level.found >= 0, (counts - discount)[level.found], 0.0)
    total = np.where(known, totals[here], 1.0)
    return np.where(known, (kept + freed[here] * lower) / total, lower)

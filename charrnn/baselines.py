"""Losses of simpler ways to predict the next character, to compare a model's loss with.

A loss means little on its own. The baselines are a uniform guess, letter frequencies, a model that
counts what followed the last few characters, and a compressor. All losses are in nats per
character, measured on the held-out part after learning from the training part only.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.held_out import split

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Baselines = tuple[tuple[str, float], ...]
"""(name, nats per character) of each baseline."""

LARGEST_ORDER = 12
CHART_CHARACTERS = 300_000
"""The most characters that the loss chart's baselines learn from: 0.5 s of work."""
TOO_SHORT_TO_COUNT = 1_000
"""Characters of training text up to which counting is meaningless."""

UNIFORM, LETTERS, COMPRESSION = "uniform", "letter frequencies", "compression"


def counting(order: int) -> str:
    """The name of the baseline that counts what followed the last `order` characters."""
    return f"last {order} character{'s' if order > 1 else ''}"


def in_plain_words(name: str) -> str:
    """A baseline's name as a person would say it: "runs of 3 letters"."""
    plain = {UNIFORM: "blind guess", counting(1): "letter pairs"}
    runs = {counting(n): f"runs of {n + 1} letters" for n in range(2, LARGEST_ORDER + 1)}
    return (plain | runs).get(name, name)


def baselines(
    train_text: str,
    held_out_text: str,
    orders: Iterable[int] = (1, 2, 3, 4, 5, 6),
    compress: bool = True,
) -> dict[str, float]:
    """The nats per character on `held_out_text` of every baseline, by name.

    Names: "uniform", "letter frequencies", "last 1 character", "last 2 characters", ..., and
    "compression" (see `compression`; left out without `compress`). `orders` are the numbers of
    preceding characters to count, each from 1 to 12. Raises ValueError if either text is empty.
    """
    if not train_text or not held_out_text:
        raise ValueError("Baselines need a training text and a held-out text; one is empty.")
    orders = sorted(set(orders))
    if orders and not 1 <= orders[0] <= orders[-1] <= LARGEST_ORDER:
        raise ValueError(f"Orders must lie between 1 and {LARGEST_ORDER}; got {orders}.")
    losses = {
        UNIFORM: uniform(train_text, held_out_text),
        LETTERS: letter_frequencies(train_text, held_out_text),
    }
    if orders:
        counted = kneser_ney(train_text, held_out_text, orders)
        losses |= {counting(order): loss for order, loss in counted.items()}
    if compress:
        losses[COMPRESSION] = compression(train_text, held_out_text)
    return losses


def chart_baselines(text: str, val_fraction: float) -> Baselines:
    """The baselines of the loss chart for a cleaned text, the highest loss first.

    A text too short to hold anything out is measured on itself, as training does.
    """
    train, held_out = split(text, val_fraction)
    train = train[-CHART_CHARACTERS:]
    orders = (2, 4) if len(train) > TOO_SHORT_TO_COUNT else ()
    return tuple(baselines(train, held_out or text, orders, compress=False).items())


def uniform(train_text: str, held_out_text: str) -> float:
    """ln V: the loss of giving each of the V characters of both texts the same probability."""
    return float(np.log(len(set(train_text) | set(held_out_text))))


def letter_frequencies(train_text: str, held_out_text: str) -> float:
    """The loss of always guessing by the training counts, with one added to each (Laplace)."""
    train, held_out, size = _encode(train_text, held_out_text)
    counts = np.bincount(train, minlength=size) + 1.0
    return float(-np.log(counts / counts.sum())[held_out].mean())


def compression(train_text: str, held_out_text: str) -> float:
    """The nats per character that LZMA needs for the held-out part after the training part.

    Exactly: 8 ln 2 * (bytes of LZMA2(training + held-out) - bytes of LZMA2(training)) / characters
    of the held-out part; raw streams, preset 9, UTF-8. Framing and whole bytes add a little: below
    about 1,000 held-out characters it is only an upper bound.
    """
    train = train_text.encode("utf-8", "surrogatepass")
    both = train + held_out_text.encode("utf-8", "surrogatepass")
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9}]  # a window of 64 MB
    sizes = [len(lzma.compress(part, lzma.FORMAT_RAW, filters=filters)) for part in (train, both)]
    return float(np.log(2) * 8 * max(0, sizes[1] - sizes[0]) / len(held_out_text))


def kneser_ney(train_text: str, held_out_text: str, orders: Iterable[int]) -> dict[int, float]:
    """The losses of models that count what followed the last `order` characters, by order.

    The means of `counting_surprise`. tinyshakespeare, 90 % / 10 %: 1.5165 with order 6; all orders
    to 6 take 1.5 s.
    """
    surprise = counting_surprise(train_text, held_out_text, orders)
    return {order: float(nats.mean()) for order, nats in surprise.items()}


def counting_surprise(
    train_text: str, held_out_text: str, orders: Iterable[int]
) -> dict[int, Floats]:
    """-log p of every held-out character, in nats (T,), by counting, for each order.

    Interpolated Kneser-Ney with three discounts per n (Chen and Goodman 1998, "modified"), down to
    the uniform guess. The held-out text is scored as one stream, its first characters with shorter
    contexts.
    """
    orders = set(orders)
    train, held_out, size = _encode(train_text, held_out_text)
    lower: Floats = np.full(held_out.shape, 1.0 / size)
    surprise = {}
    counted = list(_ngrams(train, held_out, size, max(orders) + 1))
    for order, (ngrams, longer) in enumerate(zip(counted, [*counted[1:], None], strict=True)):
        if order in orders:  # the longest context uses counts, shorter ones left neighbors
            top = _interpolate(ngrams, ngrams.counts.astype(np.float64), lower, size)
            surprise[order] = -np.log(top)
        if longer is not None:
            lower = _interpolate(ngrams, _left_neighbors(ngrams, longer), lower, size)
    return surprise


@dataclass(frozen=True)
class _Ngrams:
    """The distinct n-grams of the training text, and their places in the held-out text."""

    codes: Ints  # sorted; a code is (rank of the first n-1 characters) * V + the last character
    counts: Ints
    first: Ints  # where each one first ends in the training text
    ranks: Ints  # of the n-gram that ends at each training character; -1 near the start
    held_out: Ints  # codes of the held-out n-grams; -1 where the first n-1 never occurred
    held_out_ranks: Ints  # -1 where the n-gram never occurred
    contexts: int  # number of distinct (n-1)-grams


def _encode(train_text: str, held_out_text: str) -> tuple[Ints, Ints, int]:
    """Both texts as ids of the distinct code points, and the number of those."""
    points = np.frombuffer(
        (train_text + held_out_text).encode("utf-32-le", "surrogatepass"), dtype="<u4"
    )
    symbols, ids = np.unique(points, return_inverse=True)
    ids = ids.reshape(-1).astype(np.int64)
    return ids[: len(train_text)], ids[len(train_text) :], len(symbols)


def _ngrams(train: Ints, held_out: Ints, size: int, longest: int) -> Iterator[_Ngrams]:
    """Yield the 1-grams, 2-grams, ... up to `longest`.

    Codes are built from ranks, not from powers of V, so they fit 64 bits for any alphabet.
    """
    ranks: Ints = np.zeros_like(train)
    held_out_ranks: Ints = np.zeros_like(held_out)
    contexts = 1
    for n in range(1, longest + 1):
        context = ranks if n == 1 else np.concatenate(([-1], ranks[:-1]))
        inside = context >= 0
        places = np.flatnonzero(inside)
        codes, first, inverse, counts = np.unique(
            (context * size + train)[inside],
            return_index=True, return_inverse=True, return_counts=True,
        )  # fmt: skip
        ranks = np.full_like(train, -1)
        ranks[inside] = inverse.reshape(-1)
        context = held_out_ranks if n == 1 else np.concatenate(([-1], held_out_ranks[:-1]))
        held_out_codes = np.where(context >= 0, context * size + held_out, -1)
        held_out_ranks = _ranks(codes, held_out_codes)
        yield _Ngrams(codes, counts, places[first], ranks, held_out_codes, held_out_ranks, contexts)
        contexts = max(1, len(codes))


def _ranks(codes: Ints, queries: Ints) -> Ints:
    """The index of each query in the sorted codes, -1 where it is missing."""
    if len(codes) == 0:
        return np.full_like(queries, -1)
    index = np.minimum(np.searchsorted(codes, queries), len(codes) - 1)
    return np.where(codes[index] == queries, index, -1)


def _left_neighbors(ngrams: _Ngrams, longer: _Ngrams) -> Floats:
    """How many distinct characters precede each n-gram in the training text, at least 1."""
    # Nothing precedes the text's first n-gram: the start of the text counts as a neighbor.
    neighbors = np.bincount(ngrams.ranks[longer.first], minlength=len(ngrams.codes))
    return np.maximum(neighbors, 1).astype(np.float64)


def _discounts(counts: Floats) -> Floats:
    """What is subtracted from counts of 0, 1, 2 and 3 or more (Chen and Goodman's estimates)."""
    n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    raw = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    # A tiny text can put an estimate outside (0, k), and unseen characters would cost infinity.
    clipped: Floats = np.clip(raw, [0.0, 0.05, 0.05, 0.05], [0.0, 0.95, 1.95, 2.95])
    return clipped


def _interpolate(ngrams: _Ngrams, counts: Floats, lower: Floats, size: int) -> Floats:
    """Probabilities of the held-out characters, by these n-grams' counts and the lower order."""
    if len(ngrams.codes) == 0:  # the training text is shorter than this n
        return lower
    context = ngrams.codes // size
    discount = _discounts(counts)[np.minimum(counts, 3).astype(np.int64)]
    totals = np.bincount(context, counts, ngrams.contexts)
    freed = np.bincount(context, discount, ngrams.contexts)
    context_ranks = np.maximum(ngrams.held_out // size, 0)
    known = (ngrams.held_out >= 0) & (totals[context_ranks] > 0)
    kept = np.where(ngrams.held_out_ranks >= 0, (counts - discount)[ngrams.held_out_ranks], 0.0)
    total = np.where(known, totals[context_ranks], 1.0)
    return np.where(known, (kept + freed[context_ranks] * lower) / total, lower)

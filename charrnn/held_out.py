"""Holds out the end of a text for validation, and shuffles lists whose end is unlike the rest."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Symbols = TypeVar("Symbols", str, NDArray[Any])

SORTED_CHARACTERS = 200_000
"""Characters of a text in which the order of its lines is checked."""
MIN_HELD_OUT = 50
"""Fewest symbols worth holding out: with fewer, the loss says nothing, so all the text trains."""


def split(symbols: Symbols, val_fraction: float) -> tuple[Symbols, Symbols]:
    """Split a text or its ids (L,) into a training part and a held-out part, its last block.

    The held-out part is empty where it would have fewer than MIN_HELD_OUT symbols.
    """
    n = len(symbols) - int(len(symbols) * (1 - val_fraction))
    if n < MIN_HELD_OUT:
        return symbols, symbols[:0]
    return symbols[:-n], symbols[-n:]


def shuffled_lines(text: str, random_seed: int) -> str:
    """The lines of a text in an order drawn from the seed."""
    lines = text.split("\n")
    end = lines.pop() if lines[-1] == "" else None
    order = np.random.default_rng(random_seed).permutation(len(lines))
    return "\n".join([lines[i] for i in order] + ([end] if end is not None else []))


def alphabetical(text: str, val_fraction: float) -> str:
    """A warning about a list in alphabetical order, whose held-out end has other initials."""
    lines = [line.strip().casefold() for line in text[:SORTED_CHARACTERS].split("\n")]
    lines = [line for line in lines if line]
    pairs = len(lines) - 1
    ordered = sum(a <= b for a, b in itertools.pairwise(lines))
    held_out = split(text, val_fraction)[1]
    if pairs < 50 or ordered < 0.95 * pairs or lines[0][0] == lines[-1][0] or not held_out:
        return ""
    initials = [line.strip()[:1].upper() for line in held_out.split("\n")[1:] if line.strip()]
    if not initials:
        return ""
    first, last = initials[0], initials[-1]
    which = f"lines from {first} to {last}" if first != last else f"lines with {first}"
    return f"This list is in alphabetical order: the end that is held out has only {which}."

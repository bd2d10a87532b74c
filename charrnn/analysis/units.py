"""Correlates every unit with features of the text, such as open quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.network.parameters import Array

Floats = NDArray[np.float64]


class Match(NamedTuple):
    """A unit and its Pearson correlation with a feature, from -1 to 1."""

    layer: int
    part: str  # "hidden", "cell" or a gate's name
    unit: int
    correlation: float


def features(symbols: Sequence[str]) -> dict[str, Floats]:
    """Features that vary in a text, by name: one number for each symbol (T,).

    A feature at position t depends only on symbols up to t, which are all that a reader has seen.
    """
    found = {name: feature(symbols) for name, feature in FEATURES.items()}
    return {name: values for name, values in found.items() if len(set(values.tolist())) > 1}


def correlations(acts: Array, by_name: Mapping[str, Floats]) -> Floats:
    """Pearson correlation of every unit with every feature: (T, H) to (features, H).

    0 where a unit or a feature is constant.
    """
    values = np.array(list(by_name.values())).reshape(len(by_name), len(acts))
    return _standardized(values.T).T @ _standardized(acts) / max(1, len(acts))


def find_units(
    layers: Sequence[Mapping[str, Array]], by_name: Mapping[str, Floats], best: int = 5
) -> dict[str, list[Match]]:
    """For every feature of a text, the `best` units by absolute correlation, over all layers.

    layers, by_name: what `activations` and `features` returned for the text. In a short text high
    correlations occur by chance: use some hundred characters.
    """
    matches: dict[str, list[Match]] = {name: [] for name in by_name}
    for layer, parts in enumerate(layers):
        for part, acts in parts.items():
            table = correlations(acts, by_name)
            for row, name in zip(table, by_name, strict=True):
                top = np.argsort(-np.abs(row), kind="stable")[:best]
                matches[name] += [Match(layer, part, int(u), float(row[u])) for u in top]
    return {
        name: sorted(candidates, key=lambda match: -abs(match.correlation))[:best]
        for name, candidates in matches.items()
    }


def _standardized(columns: Array) -> Array:
    """Each column with mean 0 and variance 1; zeros where it is constant."""
    centered = columns - columns.mean(axis=0)
    spread = centered.std(axis=0)
    standardized: Array = centered / np.where(spread > 1e-9, spread, np.inf)
    return standardized


def _where(holds: Callable[[str], bool]) -> Callable[[Sequence[str]], Floats]:
    """1 at symbols for which `holds` is true."""
    return lambda symbols: np.array([float(holds(s)) for s in symbols])


def _after(holds: Callable[[str], bool]) -> Callable[[Sequence[str]], Floats]:
    """1 at symbols that follow one for which `holds` is true."""
    return lambda symbols: np.array([0.0, *(float(holds(s)) for s in symbols[:-1])][: len(symbols)])


def _since(ends: Callable[[str], bool]) -> Callable[[Sequence[str]], Floats]:
    """The number of symbols since the last one for which `ends` is true."""

    def feature(symbols: Sequence[str]) -> Floats:
        counts, count = [], 0
        for s in symbols:
            count = 0 if ends(s) else count + 1
            counts.append(float(count))
        return np.array(counts)

    return feature


def _inside(opening: str, closing: str) -> Callable[[Sequence[str]], Floats]:
    """1 between an opening and a closing mark; the same mark may be both."""

    def feature(symbols: Sequence[str]) -> Floats:
        depths, depth = [], 0
        for s in symbols:
            if s in closing and (depth or s not in opening):
                depth = max(0, depth - 1)
            elif s in opening:
                depth += 1
            depths.append(float(depth > 0))
        return np.array(depths)

    return feature


def _indentation(symbols: Sequence[str]) -> Floats:
    """The number of spaces at the beginning of the line, as far as it has been read."""
    widths, width, leading = [], 0, True
    for s in symbols:
        if s == "\n":
            width, leading = 0, True
        elif leading and s in " \t":
            width += 1
        else:
            leading = False
        widths.append(float(width))
    return np.array(widths)


FEATURES: dict[str, Callable[[Sequence[str]], Floats]] = {
    "inside quotes": _inside('"\u201c\u00ab', '"\u201d\u00bb'),
    "inside brackets": _inside("([{", ")]}"),
    "position in the line": _since(lambda s: s == "\n"),
    "position in the word": _since(lambda s: not s[:1].isalnum()),
    "after a space": _after(lambda s: s == " "),
    "after a line break": _after(lambda s: s == "\n"),
    "space": _where(str.isspace),
    "line break": _where(lambda s: s == "\n"),
    "capital letter": _where(lambda s: s[:1].isupper()),
    "vowel": _where(lambda s: s.lower() in tuple("aeiou")),
    "punctuation": _where(lambda s: not s.isalnum() and not s.isspace()),
    "end of a sentence": _where(lambda s: s in (".", "!", "?")),
    "digit": _where(str.isdigit),
    "indentation": _indentation,
}
"""All features by name, as the page shows them. A new one takes one line here."""

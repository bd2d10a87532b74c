"""Generates text with the surprise of every symbol, for the page to show."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from charrnn.analysis.reading import Reading, reading_of
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array
from charrnn.network.sampling import Sampling, draws
from charrnn.vocabulary import UNKNOWN, Vocabulary


def write(
    model: CharRNN, seed: str, length: int, sampling: Sampling, pace: int = 10
) -> Iterator[Reading]:
    """Generate `length` symbols after the seed, yielding readings of `pace` symbols at a time.

    Surprise is measured at temperature 1, as in the loss, whatever the sampling temperature is.
    Raises ValueError for a negative length.
    """
    ids: list[int] = []
    predictions: list[Array] = []
    for logits, i in draws(model, seed, length, sampling):
        if ids and (i is None or len(ids) >= pace):
            yield reading_of(np.column_stack(predictions), np.array(ids), logits)
            ids, predictions = [], []
        if i is not None:
            ids.append(i)
            predictions.append(logits.copy())


def known(vocabulary: Vocabulary, text: str) -> str:
    """The text as the model reads it: cleaned, and without the symbols it does not know."""
    if UNKNOWN in vocabulary.ids:
        return vocabulary.clean(text)
    return "".join(symbol for symbol in vocabulary.tokens(text) if symbol in vocabulary.ids)

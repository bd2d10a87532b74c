"""Text generation with the surprise of every symbol, for the page to show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from charrnn.analysis.reading import Reading, read
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate, prime
from charrnn.vocabulary import UNKNOWN, Vocabulary


def write(
    model: CharRNN, seed: str, length: int, sampling: Sampling, pace: int = 10
) -> Iterator[Reading]:
    """Generate `length` symbols after the seed, yielding readings of `pace` symbols at a time.

    The surprise is that at temperature 1, as in the loss, whatever temperature they are drawn at.
    Each symbol costs two steps of the model, one to draw it and one to read it. Raises ValueError
    for a negative length.
    """
    logits, state = prime(model, seed)
    symbols, ids = generate(model, seed, length, sampling), model.vocabulary.ids
    while drawn := [ids[symbol] for symbol in islice(symbols, max(1, pace))]:
        reading = read(model, np.array(drawn), logits, state)
        logits, state = reading.logits, reading.state
        yield reading


def known(vocabulary: Vocabulary, text: str) -> str:
    """The text as the model reads it: cleaned, and without the symbols it does not know."""
    if UNKNOWN in vocabulary.ids:
        return vocabulary.clean(text)
    return "".join(symbol for symbol in vocabulary.tokens(text) if symbol in vocabulary.ids)

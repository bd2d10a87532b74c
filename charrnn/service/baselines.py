"""The rulers of the loss chart: what simpler guessers lose on the same held-out text."""

from __future__ import annotations

from functools import cache

from charrnn import baselines
from charrnn.corpora import load_corpus
from charrnn.vocabulary import CLEANINGS

Baselines = tuple[tuple[str, float], ...]

LIMIT = 300_000
"""Characters that the counting rulers learn from: 0.5 s of work."""
COUNTING = 1_000
"""Characters below which counting what followed tells nothing."""


def marks(text: str, val_fraction: float) -> Baselines:
    """(name, nats per character) of every ruler, the worst guesser first; `text` is cleaned."""
    train, held_out = split(text, val_fraction)
    train = train[-LIMIT:]
    found = [
        ("uniform guess", baselines.uniform(train, held_out)),
        ("letter frequencies", baselines.letter_frequencies(train, held_out)),
    ]
    if len(train) > COUNTING:
        for order, loss in baselines.kneser_ney(train, held_out, (2, 4)).items():
            found.append((f"counting, last {order}", loss))
    return tuple(found)


def split(text: str, val_fraction: float) -> tuple[str, str]:
    """The trainer's split, in characters; a text without a held-out part is its own."""
    n = len(text) - int(len(text) * (1 - val_fraction))
    return (text[:-n], text[-n:]) if 50 <= n < len(text) else (text, text)


@cache
def of_corpus(name: str, cleaning: str, val_fraction: float) -> Baselines:
    """The rulers of a named corpus, computed once."""
    return marks(CLEANINGS[cleaning](load_corpus(name).text), val_fraction)

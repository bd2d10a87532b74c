"""Chooses the model that training on a text starts from, or none.

A start helps where it already guesses the text better than counting would, and hurts where it
does not, because its habits must first be unlearned. docs/fine-tuning.md has the figures.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from charrnn.baselines import kneser_ney
from charrnn.network.model import CharRNN, score_cold
from charrnn.training.fine_tuning import StartError, extend
from charrnn.vocabulary import CLEANINGS

SAMPLE = 6_000
"""Characters of a text that counting reads to judge the starts."""
READ = 3_000
"""Characters of the sample that the best candidates read: 0.13 s for an LSTM of 576 units."""
FIRST = 900
"""Characters of the sample that all candidates read."""
WINDOW = 100
"""Characters that are read in one piece, side by side with the others. Without what came before, a
loss is up to 0.04 nats higher, for all candidates alike; in a third as many windows, reading takes
up to three times as long."""
FINALISTS = 2
"""Candidates that read more, because the first reading tells two apart to about 0.03 nats."""
PIECES = 6
"""Places of the text that the sample is taken from."""
FOLDS = 5
"""Parts of the sample; each is guessed by counting the others."""
SHORTEST = 100
"""Characters below which a text is too short to judge a start by."""
ORDER = 6
"""Characters that counting looks back."""
NEAR = 1.0
"""Nats per character that a start may lose to counting and still count as close to the text."""
MARGIN = 1.5
"""Nats per character that a start may lose to counting and still help."""


class Choice(NamedTuple):
    """Which model to start from, and why."""

    name: str
    """The start's name; empty where training begins from scratch."""
    model: CharRNN | None
    reason: str
    """One sentence."""
    losses: dict[str, float]
    """Nats per character of the best candidates on a sample of the text, before any training."""
    counting: float
    """Nats per character of counting on the same sample."""

    @property
    def near(self) -> bool:
        """Whether the start guesses about as well as counting does."""
        return self.losses.get(self.name, math.inf) <= self.counting + NEAR


def choose_start(
    text: str,
    candidates: Mapping[str, CharRNN],
    *,
    words: bool = False,
    cleaning: str = "none",
    margin: float = MARGIN,
) -> Choice:
    """The candidate that guesses `text` best, unless it is `margin` worse than counting.

    text: the part that is trained on, or all of a text; only the former keeps the choice
    independent of the held-out part. Candidates that read words where characters are asked for,
    or clean the text in another way, are passed over.
    """
    part = sample(CLEANINGS[cleaning](text))
    if len(part) < SHORTEST:
        reason = "Starts from scratch: the text is too short to choose a model by."
        return Choice("", None, reason, {}, math.nan)
    counting = _counting(part)
    suited = {
        name: model
        for name, model in candidates.items()
        if (model.vocabulary.words, model.vocabulary.cleaning) == (words, cleaning)
    }
    rough = _losses(suited, sample(part, FIRST))
    finalists = sorted(rough, key=rough.__getitem__)[:FINALISTS]
    losses = _losses({name: suited[name] for name in finalists}, sample(part, READ))
    best = min(losses, key=losses.__getitem__, default="")
    helps = bool(best) and losses[best] <= counting + margin
    reason = _reason(best, helps, losses, counting)
    name, chosen = (best, candidates[best]) if helps else ("", None)
    return Choice(name, chosen, reason, losses, counting)


def _losses(candidates: Mapping[str, CharRNN], text: str) -> dict[str, float]:
    """The loss of each candidate on a text, without those that know too little of it."""
    found = {name: guess(model, text) for name, model in candidates.items()}
    return {name: loss for name, loss in found.items() if loss is not None}


def guess(model: CharRNN, text: str) -> float | None:
    """The loss of a model on a text before it has trained on it, in nats per character.

    The symbols it does not know count as misses. None if it knows less than half of the text.
    """
    try:
        extended = extend(model, text)
    except StartError:
        return None
    ids = extended.vocabulary.encode(text)
    if len(ids) < 2:
        return None
    return score_cold(extended, ids, WINDOW) * len(ids) / len(text)  # a word has several


def sample(text: str, size: int = SAMPLE) -> str:
    """The text, or pieces of it from PIECES places where it is longer than `size`."""
    if len(text) <= size:
        return text
    length = size // PIECES
    starts = np.linspace(0, len(text) - length, PIECES).astype(int)
    return "".join(text[start : start + length] for start in starts)


def _counting(text: str) -> float:
    """The loss of counting on each part of a text after reading the others: nats per character."""
    bounds = np.linspace(0, len(text), FOLDS + 1).astype(int)
    total = 0.0
    for start, stop in itertools.pairwise(bounds):
        rest = text[:start] + text[stop:]
        total += kneser_ney(rest, text[start:stop], [ORDER])[ORDER] * (stop - start)
    return total / len(text)


def _reason(best: str, helps: bool, losses: Mapping[str, float], counting: float) -> str:
    if not best:
        return "Starts from scratch: no model knows the symbols of this text."
    loss = f"guesses this text at {losses[best]:.2f} nats per character"
    if helps:
        return f"Starts from {best}: it already {loss}."
    return (
        f"Starts from scratch: the closest model, {best}, {loss}, and counting reaches "
        f"{counting:.2f}."
    )

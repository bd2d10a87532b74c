"""The pretrained models that come with the project, so the page can write from the start."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from charrnn import files
from charrnn.network.model import CharRNN
from charrnn.training.checkpoint import load
from charrnn.training.fine_tuning import settings_for_start
from charrnn.training.fitted_settings import (
    FittedSettings,
    capped_vocabulary,
    settings_for_text,
)
from charrnn.training.starts import MARGIN, Choice, choose_start
from charrnn.vocabulary import CLEANINGS

DEFAULT = "lighthouse"
"""What the page starts with. Its text is included too, so baselines and copies work offline."""

LONG_ENOUGH = 3_000_000
"""Characters from which a text is learned from scratch. A text of 1.1 million still gains from a
start: in ten minutes tinyshakespeare reaches 1.428 from `english`, 1.446 from scratch."""


def pretrained_folder() -> Path:
    """The folder of models."""
    return files.shipped("pretrained")


def pretrained_names() -> list[str]:
    """The names of the models that come with the project, the default first."""
    names = sorted(path.stem for path in pretrained_folder().glob("*.npz"))
    return sorted(names, key=lambda name: name != DEFAULT)


def load_pretrained(name: str = DEFAULT) -> CharRNN:
    """Load a model by name. Raises ValueError for an unknown name."""
    if name not in pretrained_names():
        known = ", ".join(pretrained_names()) or "none"
        raise ValueError(f"There is no pretrained model {name!r}. There are: {known}.")
    kept = _read(pretrained_folder() / f"{name}.npz")
    return kept.with_vector(kept.parameters.vector)  # with metadata of its own


@lru_cache(maxsize=16)
def _read(path: Path) -> CharRNN:
    return load(path)


class TrainingPlan(NamedTuple):
    """How to train on a text: the start, the settings and the time."""

    start_name: str
    """Empty where training begins from scratch."""
    start: CharRNN | None
    reason: str
    """Why this start, in one sentence."""
    settings: FittedSettings


def plan_training(
    text: str,
    name: str = "quick",
    *,
    own: CharRNN | None = None,
    start: tuple[str, CharRNN] | None = None,
    words: bool = False,
    cleaning: str = "none",
    exclude: Collection[str] = (),
) -> TrainingPlan:
    """Choose a start for a text, among the shipped models and a person's own, and its settings.

    name: one of TIMES. start: the name and the model of a start to use however well it guesses; it
    brings its own `words` and `cleaning`. exclude: shipped models to leave out. Takes about a
    second. Raises ValueError for an unknown name or cleaning.
    """
    if start:
        words, cleaning = start[1].vocabulary.words, start[1].vocabulary.cleaning
    choice = start_for(text, own=own, start=start, words=words, cleaning=cleaning, exclude=exclude)
    fitted = fitted_to(choice, text, name, words=words, cleaning=cleaning)
    return TrainingPlan(choice.name, choice.model, choice.reason, fitted)


def start_for(
    text: str,
    *,
    own: CharRNN | None = None,
    start: tuple[str, CharRNN] | None = None,
    words: bool = False,
    cleaning: str = "none",
    exclude: Collection[str] = (),
) -> Choice:
    """The start of `plan_training`, chosen by the part of the text that is trained on."""
    if start:
        candidates, margin = dict([start]), math.inf
    elif len(text) > LONG_ENOUGH:
        reason = "Starts from scratch: this text is long enough to learn from by itself."
        return Choice("", None, reason, {}, math.nan)
    else:
        names = [known for known in pretrained_names() if known not in exclude]
        candidates, margin = {known: load_pretrained(known) for known in names}, MARGIN
        candidates |= {"your model": own} if own else {}
    plain = settings_for_text("quick", text, cleaning)
    part = text[: len(text) - int(len(text) * plain.train.val_fraction)]
    choice = choose_start(part, candidates, words=words, cleaning=cleaning, margin=margin)
    if start and not choice.model:
        return choice._replace(name=start[0], model=start[1], reason=f"Starts from {start[0]}.")
    return choice


def fitted_to(
    choice: Choice, text: str, name: str, *, words: bool = False, cleaning: str = "none"
) -> FittedSettings:
    """The settings of `plan_training` for a start and a time, one of TIMES."""
    if choice.model is None:
        fitted = settings_for_text(name, text, cleaning)
    else:
        cleaned = CLEANINGS[cleaning](text)
        fitted = settings_for_start(
            name, choice.model.config, len(cleaned), len(set(cleaned)), near=choice.near
        )
    kept = 0 if words else capped_vocabulary(CLEANINGS[cleaning](text))[0]
    train = replace(fitted.train, words=words, cleaning=cleaning, max_vocab=kept)
    return fitted._replace(train=train)

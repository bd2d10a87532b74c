"""The pretrained models that come with the project, so the page can write from the start."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from charrnn.network.model import CharRNN
from charrnn.training.checkpoint import load
from charrnn.training.fine_tuning import settings_for_start
from charrnn.training.fitted_settings import FittedSettings, settings_for_text
from charrnn.training.starts import MARGIN, choose_start
from charrnn.vocabulary import CLEANINGS

DEFAULT = "lighthouse"
"""What the page starts with. Its text is included too, so baselines and copies work offline."""


def pretrained_folder() -> Path:
    """The folder of models: inside an installed package, else beside it."""
    package = Path(__file__).parent
    inside = package / "pretrained"
    return inside if inside.is_dir() else package.parent / "pretrained"


def pretrained_names() -> list[str]:
    """The names of the models that come with the project, the default first."""
    names = sorted(path.stem for path in pretrained_folder().glob("*.npz"))
    return sorted(names, key=lambda name: name != DEFAULT)


def load_pretrained(name: str = DEFAULT) -> CharRNN:
    """Load a model by name. Raises ValueError for an unknown name."""
    if name not in pretrained_names():
        known = ", ".join(pretrained_names()) or "none"
        raise ValueError(f"There is no pretrained model {name!r}. There are: {known}.")
    return load(pretrained_folder() / f"{name}.npz")


class TrainingPlan(NamedTuple):
    """From which start to train on a text, by which settings, and how long."""

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

    name: one of TIMES. start: the name and the model of a start that is wanted whatever it guesses;
    it brings its own `words` and `cleaning`. exclude: shipped models to leave out. Takes about a
    second. Raises ValueError for an unknown name or cleaning.
    """
    if start:
        words, cleaning = start[1].vocabulary.words, start[1].vocabulary.cleaning
        candidates, margin = dict([start]), math.inf
    else:
        names = [known for known in pretrained_names() if known not in exclude]
        candidates, margin = {known: load_pretrained(known) for known in names}, MARGIN
        candidates |= {"your model": own} if own else {}
    plain = settings_for_text(name, text, cleaning)
    held_out = int(len(text) * plain.train.val_fraction)
    part = text[: len(text) - held_out]
    choice = choose_start(part, candidates, words=words, cleaning=cleaning, margin=margin)
    start = start or ((choice.name, choice.model) if choice.model else None)
    if start is None:
        train = replace(plain.train, words=words)
        return TrainingPlan("", None, choice.reason, plain._replace(train=train))
    cleaned = CLEANINGS[cleaning](text)
    fitted = settings_for_start(
        name, start[1].config, len(cleaned), len(set(cleaned)), near=choice.near
    )
    train = replace(fitted.train, words=words, cleaning=cleaning)
    reason = choice.reason if choice.model else f"Starts from {start[0]}."
    return TrainingPlan(*start, reason, fitted._replace(train=train))

"""What `train --start` begins from: a file, a shipped model, one on the Hub, or the best of all."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from charrnn.cli.options import flag, given, read_model
from charrnn.corpora import Corpus
from charrnn.network.model import CharRNN, ModelConfig
from charrnn.pretrained import TrainingPlan, plan_training, pretrained_names
from charrnn.training.config import TrainConfig
from charrnn.training.recipes import Recipe
from charrnn.training.trainer import Trainer

AUTO = "auto"
OF_THE_START = frozenset({"words", "cleaning", "min_count", "max_vocab"})
"""Settings of the vocabulary, which a start brings along."""


class Beginning(NamedTuple):
    """A trainer at its first step, and what was decided for it."""

    trainer: Trainer
    seconds: float | None
    """The time that the settings are for, if that is what they are for."""
    reason: str
    """Why this start, in one sentence."""


def begin(args: argparse.Namespace, recipe: Recipe, corpus: Corpus) -> Beginning:
    """A run from `args.start`, by the settings that are given, then the recipe's if `--settings`
    names one, else those that fit the text.

    Raises ValueError, OSError.
    """
    plan = _plan(args, corpus.text)
    model_settings, settings = given(args, ModelConfig), given(args, TrainConfig)
    if plan.start is not None:
        fixed = sorted({*model_settings} - {"dropout"} | OF_THE_START.intersection(settings))
        if fixed:
            names = ", ".join(map(flag, fixed))
            raise ValueError(f"{names} cannot be given: {plan.start_name} brings its own.")
    trainer = Trainer(
        corpus.text,
        replace(plan.settings.model, **model_settings),
        replace(recipe.train if args.settings else plan.settings.train, **settings),
        start=plan.start,
        start_name=plan.start_name,
        corpus=corpus.name,
    )
    return Beginning(trainer, None if args.settings else plan.settings.seconds, plan.reason)


def _plan(args: argparse.Namespace, text: str) -> TrainingPlan:
    name = args.time or "quick"
    if args.start == AUTO:
        words, cleaning = getattr(args, "words", False), getattr(args, "cleaning", "none")
        return plan_training(text, name, words=words, cleaning=cleaning)
    return plan_training(text, name, start=_read(args.start))


def _read(name: str) -> tuple[str, CharRNN]:
    """A model file, a shipped model by name, or a model on the Hub by USER/NAME, and its name."""
    if Path(name).exists() or name in pretrained_names() or name.count("/") != 1:
        return Path(name).stem, read_model(name)
    from charrnn.hub import from_hub  # its client takes longer to import than all the rest

    return name, from_hub(name)

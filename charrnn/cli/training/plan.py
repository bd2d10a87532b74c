"""Turns a `train` command line into a plan: settings, what overrides them, and a trainer."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.cli.options import flag, given, plain, read_model
from charrnn.cli.out_file import OutFile, try_out
from charrnn.cli.training import devices, saves
from charrnn.corpora import Corpus, CorpusError, load_corpora
from charrnn.network.model import CharRNN, ModelConfig
from charrnn.network.sampling import Sampling
from charrnn.pretrained import TrainingPlan, plan_training, pretrained_names
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.config import TrainConfig
from charrnn.training.fitted_settings import FittedSettings, settings_for_text
from charrnn.training.recipes import RECIPES, Recipe
from charrnn.training.trainer import Trainer

if TYPE_CHECKING:
    from mpi4py.MPI import Comm

DEFAULT_RECIPE = "standard"

CHANGEABLE = frozenset(
    {"steps", "learning_rate", "hidden_rate", "schedule", "final_learning_rate", "warmup_steps"}
    | {"clip_norm", "clip_value", "weight_decay", "eval_every", "patience", "rescue"}
)
"""Settings of a saved run that may change when it continues; the rest shape its arrays."""

AUTO = "auto"
"""The value of --start for the shipped model that guesses the text best, if one helps."""
OF_THE_START = frozenset({"words", "cleaning", "min_count", "max_vocab"})
"""Settings of the vocabulary, which a start brings along."""

REPORTING: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "seed": (plain("The seed"), "TEXT", "the text that samples start from"),
    "temperature": (float, "N", "the temperature of samples"),
    "sample_length": (int, "N", "characters in a sample"),
    "final_length": (int, "N", "characters in the last sample; 0 for none"),
}
"""Fields of a recipe that are flags of `train` too: type, metavar and help."""


@dataclass(frozen=True)
class Plan:
    """A trainer and how to run it."""

    text: str
    trainer: Trainer
    recipe: Recipe
    out: OutFile
    seconds: float | None
    remarks: tuple[str, ...]
    """A sentence each: how the text was read, and what training starts from."""
    spent: float = 0.0
    """The part of `seconds` that is already over when a killed run continues."""

    @property
    def previous(self) -> Path:
        """Where the save before the last one is kept."""
        return saves.previous(self.out.path)


def make_plan(args: argparse.Namespace, comm: Comm | None = None) -> Plan:
    """Read the text and build the trainer, one for each rank of `comm`.

    Raises ValueError or OSError.
    """
    _check_limits(args)
    devices.check(args.device, alone=args.processes == 1 and comm is None)
    out, saved = _out(args)
    recipe = RECIPES[args.settings or DEFAULT_RECIPE]
    wanted = {name: getattr(args, name) for name in REPORTING}
    recipe = replace(recipe, **{name: value for name, value in wanted.items() if value is not None})
    Sampling(temperature=recipe.temperature)  # refuse a bad one before training
    seconds, remarks = args.seconds, tuple[str, ...]()
    if args.resume:
        text, trainer = _resume(args)
    else:
        corpus = load_corpora(args.corpus or [recipe.corpus], args.encoding)
        text, (trainer, planned, reason) = corpus.text, _begin(args, recipe, corpus)
        remarks = (*corpus.notes, *([reason] if reason else []))
        if not _limits(args):
            seconds = planned
    if args.epochs is not None:
        steps = max(1, math.ceil(args.epochs * trainer.steps_per_epoch))
        trainer.config = replace(trainer.config, steps=steps)
    spent = 0.0
    if saved is not None:
        if killed := saves.killed_run(saved, trainer, text, seconds):
            trainer, spent = killed, killed.train_state.seconds
            remarks += (f"Goes on with the run in {out}, from step {killed.train_state.step:,}.",)
        else:
            _refuse_existing(out)
    devices.move(trainer, args.device)
    trainer.workers = args.processes
    if seconds is None and trainer.train_state.step >= trainer.config.steps:
        raise ValueError(
            f"{args.resume} has done all of its {trainer.config.steps:,} steps. To continue, give "
            "a larger --steps or --epochs, or --seconds."
        )
    vectors = 4 + len(trainer.train_state.slots)  # live, best, averaged, start, the optimizer's
    try_out(out, vectors * trainer.live.parameters.vector.nbytes)
    return Plan(text, trainer, recipe, OutFile(out), seconds, remarks, spent)


def _begin(
    args: argparse.Namespace, recipe: Recipe, corpus: Corpus
) -> tuple[Trainer, float | None, str]:
    """A new run, the seconds that its settings are for, if any, and why it starts as it does.

    A setting comes from its flag if given, then from `--settings`, else it fits the text and its
    start, or is the standard recipe's without `--time` and `--start`. Raises ValueError, OSError.
    """
    plan = _plan(args, recipe, corpus.text)
    model_settings, settings = given(args, ModelConfig), given(args, TrainConfig)
    if plan.start:
        fixed = sorted({*model_settings} - {"dropout"} | OF_THE_START.intersection(settings))
        _refuse(fixed, f"{plan.start_name} brings its own")
    train = recipe.train if args.settings else plan.settings.train
    if settings.get("optimizer", train.optimizer) != train.optimizer:
        settings = {"learning_rate": 0.0, "hidden_rate": 0.0} | settings  # its own rates
    trainer = Trainer(
        corpus.text,
        replace(plan.settings.model, **model_settings),
        replace(train, **settings),
        start=plan.start,
        start_name=plan.start_name,
        corpus=corpus.name,
    )
    timed = (args.time or args.start) and not args.settings
    return trainer, plan.settings.seconds if timed else None, plan.reason


def _plan(args: argparse.Namespace, recipe: Recipe, text: str) -> TrainingPlan:
    """What to start from, and the settings before any flag."""
    name, cleaning = args.time or "quick", getattr(args, "cleaning", "none")
    if args.start == AUTO:
        words = getattr(args, "words", False)
        return plan_training(text, name, words=words, cleaning=cleaning)
    if args.start:
        return plan_training(text, name, start=_read_start(args.start))
    fitted = FittedSettings(recipe.model, recipe.train, 0.0)
    if args.time:
        fitted = settings_for_text(name, text, cleaning)
    return TrainingPlan("", None, "", fitted)


def _read_start(name: str) -> tuple[str, CharRNN]:
    """A model file, a shipped model by name, or a model on the Hub by USER/NAME, and its name."""
    if Path(name).exists() or name in pretrained_names() or name.count("/") != 1:
        return Path(name).stem, read_model(name)
    from charrnn.hub import from_hub  # its client takes longer to import than all the rest

    return name, from_hub(name)


def _resume(args: argparse.Namespace) -> tuple[str, Trainer]:
    """The run in a file, with changes to those settings that may change."""
    settings = given(args, TrainConfig)
    fixed = [*given(args, ModelConfig), *sorted(settings.keys() - CHANGEABLE)]
    _refuse(fixed, "the run that is resumed has its own")
    if args.settings or args.start or args.time:
        raise ValueError(
            "--resume continues a run as it was: leave out --settings, --time and --start."
        )
    checkpoint = Checkpoint.load(args.resume)
    try:
        corpus = load_corpora(args.corpus or [checkpoint.training.corpus], args.encoding)
    except CorpusError as error:
        if args.corpus:
            raise
        raise CorpusError(f"Name the text that {args.resume} was trained on. {error}") from None
    config = replace(checkpoint.train_config(), **settings)
    return corpus.text, Trainer.resume(checkpoint, corpus.text, config=config)


def _refuse(fields: list[str], reason: str) -> None:
    if fields:
        raise ValueError(f"{', '.join(map(flag, fields))} cannot be given: {reason}.")


def _check_limits(args: argparse.Namespace) -> None:
    """Refuse options that exclude each other or are out of range."""
    if len(_limits(args)) > 1:
        raise ValueError(f"Give only one of {', '.join(map(flag, _limits(args)))}.")
    if args.time and args.settings:
        raise ValueError("Give only one of --settings, --time.")
    for name in ("seconds", "epochs", "save_every"):
        value = getattr(args, name)
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{flag(name)} must be a number above 0.")
    if not 1 <= args.processes <= 64:
        raise ValueError("--processes must lie between 1 and 64.")
    for name in ("sample_every", "log_every", "sample_length", "final_length"):
        if (getattr(args, name) or 0) < 0:
            raise ValueError(f"{flag(name)} must be 0 or more.")


def _limits(args: argparse.Namespace) -> list[str]:
    """The options given that say when a run ends."""
    return [x for x in ("steps", "seconds", "epochs") if getattr(args, x, None) is not None]


def _out(args: argparse.Namespace) -> tuple[Path, Checkpoint | None]:
    """The file to write, and the run that was saved there, if it can continue.

    Without --overwrite, never a file of anything else.
    """
    first = args.corpus[0] if args.corpus else RECIPES[DEFAULT_RECIPE].corpus
    name = args.settings or ("model" if first == "-" else Path(first).stem)
    out = Path(args.out or args.resume or f"{name}.npz")
    same = args.resume and out.exists() and os.path.samefile(out, args.resume)
    if out.is_dir():
        raise ValueError(f"{out} is a folder: give --out the name of a file.")
    try_out(out)
    if same or args.overwrite:
        return out, None
    saved = saves.last(out)
    if saved is None:
        _refuse_existing(out)
    return out, saved


def _refuse_existing(out: Path) -> None:
    if out.exists():
        raise ValueError(
            f"{out} exists. Continue it with --resume {out}, replace it with --overwrite, or give "
            "another name with --out."
        )

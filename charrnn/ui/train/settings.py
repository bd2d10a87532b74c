"""The settings of a training on the page, and the job that they describe.

A setting has one name everywhere: the field of ModelConfig or TrainConfig, the command line's
flag, the key in the page's address and in the options of /train.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from charrnn.config_fields import table, whole
from charrnn.corpora import CORPORA
from charrnn.network.cells import CELLS
from charrnn.network.model import ModelConfig, parameter_shapes
from charrnn.network.sampling import Sampling
from charrnn.service.job import Job
from charrnn.service.visitor import Visitor
from charrnn.training.config import TrainConfig
from charrnn.training.recipes import RECIPES, Recipe
from charrnn.ui.components.controls import checked
from charrnn.ui.limits import MODEL_WEIGHTS, SAMPLE_SEED_CHARACTERS, STEP_CHARACTERS
from charrnn.ui.train import texts
from charrnn.ui.train.plans import AUTO, Planner
from charrnn.vocabulary import Vocabulary

SETTINGS = {**table(ModelConfig), **table(TrainConfig)}


def of_recipe(recipe: Recipe) -> dict[str, Any]:
    """A recipe's value for every setting."""
    return {**vars(recipe.model), **vars(recipe.train)}


DEFAULTS = of_recipe(RECIPES["standard"])
FITTED, BY_HAND = "fitted", "by hand"
"""What sets the settings of a run: the plan for the text, or the visitor by hand."""
SAMPLE_LENGTH = 240
SLACK = 5.0
"""Seconds that a fitted run may take beyond its plan, to start up and to finish."""


def recipe_values() -> dict[str, dict[str, Any]]:
    """The values of the tab's inputs, by the name of the recipe; an empty field for None."""
    found = {}
    for name, recipe in RECIPES.items():
        values = {"corpus": recipe.corpus, "seed": recipe.seed, "temperature": recipe.temperature}
        values |= {"settings_by": BY_HAND, **of_recipe(recipe)}
        found[name] = {key: "" if value is None else value for key, value in values.items()}
    return found


def parse(values: Mapping[str, Any]) -> tuple[ModelConfig, TrainConfig]:
    """Values from a browser or a client as configurations. Raises ValueError.

    A missing value or None, as from a part of the page never opened, is the standard recipe's.
    """
    given = {name: value for name, value in values.items() if value is not None}
    valid = checked(SETTINGS, {**DEFAULTS, **given})
    model = {name: valid.pop(name) for name in table(ModelConfig)}
    return ModelConfig(**model), TrainConfig(**valid)


def check_size(model: ModelConfig, train: TrainConfig, text: str, vocab_size: int) -> None:
    """Raise ValueError for a training that is too large for this server."""
    total = sum(math.prod(shape) for shape in parameter_shapes(model, vocab_size).values())
    if total > MODEL_WEIGHTS:
        raise ValueError(
            f"This model would have {total:,} weights; the page trains up to {MODEL_WEIGHTS:,}. "
            "Choose a smaller hidden size or fewer layers."
        )
    window = train.batch_size * (train.seq_length or len(text))
    if window > STEP_CHARACTERS:
        raise ValueError(
            f"One step would read {window:,} characters; the page reads up to {STEP_CHARACTERS:,}. "
            "Choose a smaller batch size or sequence length."
        )


def job_of(
    values: Mapping[str, Any], seconds: float, planner: Planner | None = None, own: Any = None
) -> Job:
    """The job described by the values of the tab's inputs, by name. Raises ValueError.

    seconds: the longest it may take. planner: makes the plan of a text where the settings are to
    be fitted to it. own: the visitor's own model, from which training may start.
    """
    text, corpus = texts.chosen(values["corpus"], values["own"])
    Sampling(temperature=values["temperature"])
    recipe = RECIPES.get(values["recipe"])
    job = Job(
        text=text,
        models=(),
        config=TrainConfig(),
        seconds=seconds,
        corpus=corpus,
        seed=whole(str(values["seed"] or "")[:SAMPLE_SEED_CHARACTERS], "The opening words")
        or texts.first_words(text),
        sample_length=recipe.sample_length if recipe else SAMPLE_LENGTH,
        temperature=float(values["temperature"]),
        rate=clamp(values["rate"], 0.01, 10.0),
    )
    if planner and values.get("settings_by") == FITTED:
        return _fitted(job, values, planner, own)
    model, train = parse({name: values.get(name) for name in SETTINGS})
    vocabulary = Vocabulary.from_text(
        text,
        words=train.words,
        cleaning=train.cleaning,
        min_count=train.min_count,
        max_size=train.max_vocab or None,
    )
    check_size(model, train, text, len(vocabulary))
    return replace(job, models=(model,), config=train)


def _fitted(job: Job, values: Mapping[str, Any], planner: Planner, own: Any) -> Job:
    """The job with the start and the settings of its text's plan."""
    cleaning, start = str(values.get("cleaning") or "none"), str(values.get("start") or AUTO)
    plan = planner.plan(job.text, job.corpus, cleaning, start, own)
    fitted = plan.at(str(values.get("time")))
    return replace(
        job,
        models=(fitted.model,),
        config=fitted.train,
        seconds=fitted.seconds + SLACK,
        planned=fitted.seconds,
        start=plan.choice.model,
        start_name=plan.choice.name,
        sample_length=SAMPLE_LENGTH,
    )


def race_of(job: Job, seconds: float) -> Job:
    """The same job for every cell, `seconds` of computing for each."""
    models = tuple(replace(job.models[0], cell=cell) for cell in CELLS)
    seconds = len(models) * clamp(seconds, 1.0, 60.0)
    return replace(job, models=models, seconds=seconds, planned=0.0, start=None, start_name="")


def rest_of(visitor: Visitor, seconds: float, corpus: str, own: str | None) -> Job:
    """The job that continues the visitor's training. Raises ValueError.

    An uploaded file does not contain its text. It is the corpus that the file names, or the text
    that is chosen now; Trainer.resume refuses any other text.
    """
    checkpoint, run = visitor.checkpoint, visitor.run
    if checkpoint is None or not visitor.resumable:
        raise ValueError("There is no run to continue: press Train.")
    if run:
        record = run.snapshot.runs[0].record
        seconds = min(seconds, run.job.seconds) if run.job.planned else seconds
        kept = run.snapshot.weights
        return replace(run.job, checkpoint=checkpoint, record=record, weights=kept, seconds=seconds)
    config, name = checkpoint.train_config(), checkpoint.training.corpus
    text, _ = texts.chosen(name if name in CORPORA else corpus, own)
    seed, models = texts.first_words(text), (checkpoint.model.config,)
    return Job(text, models, config, seconds, name, seed, checkpoint=checkpoint)


def clamp(value: float, low: float, high: float) -> float:
    """The number nearest to `value` in a range."""
    return min(max(float(value), low), high)

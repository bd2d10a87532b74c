"""The settings of a training as the page shows them, and back to the core's configs.

A setting has one name everywhere: the field of ModelConfig or TrainConfig, the terminal's flag,
the label here (with spaces), and the key in the page's address.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gradio as gr

from charrnn.network.cells import CELLS
from charrnn.network.initialization import INITIALIZATIONS
from charrnn.network.model import ModelConfig, parameter_shapes
from charrnn.training.config import TrainConfig
from charrnn.training.optimizers import OPTIMIZERS, SCHEDULES
from charrnn.training.recipes import RECIPES, Recipe
from charrnn.vocabulary import CLEANINGS

MAX_PARAMETERS = 1_900_000
"""Weights of a model on the page: a resumable file of 30 MB, which uploads take again."""
MAX_WINDOW = 32_768
"""Characters in one step, batch_size * seq_length: 300 MB for the widest LSTM."""

Maker = Callable[..., gr.Slider | gr.Number | gr.Radio | gr.Dropdown | gr.Checkbox]


def slider(low: float, high: float, step: float) -> Maker:
    return lambda **more: gr.Slider(low, high, step=step, buttons=[], **more)


def number(low: float, precision: int | None = 0) -> Maker:
    return lambda **more: gr.Number(minimum=low, precision=precision, min_width=130, **more)


def choice(choices: Any) -> Maker:
    return lambda **more: gr.Dropdown(list(choices), min_width=130, **more)


def tick() -> Maker:
    return lambda **more: gr.Checkbox(min_width=130, **more)


def radio(choices: list[tuple[str, str]]) -> Maker:
    return lambda **more: gr.Radio(choices, **more)


class Setting(NamedTuple):
    """How one field is shown."""

    make: Maker
    info: str


MAIN: dict[str, Setting] = {
    "cell": Setting(
        radio([(name.upper(), name) for name in CELLS]),
        "How it remembers: LSTM and GRU have gates, RNN has none.",
    ),
    "hidden_size": Setting(slider(1, 512, 1), "Numbers in its memory: more learn more, slower."),
}
ADVANCED: dict[str, Setting] = {
    "layers": Setting(slider(1, 4, 1), "Networks stacked on one another; one is a good start."),
    "steps": Setting(number(1), "Updates of the weights until the plan is done."),
    "optimizer": Setting(choice(OPTIMIZERS), "The rule that turns a gradient into an update."),
    "learning_rate": Setting(
        number(0, None), "Size of an update; 0 takes the optimizer's own good value."
    ),
    "hidden_rate": Setting(
        number(0, None),
        "Factor on it for the matrices between hidden units; 0 takes what goes with the rate.",
    ),
    "schedule": Setting(choice(SCHEDULES), "How the learning rate falls over the run."),
    "final_learning_rate": Setting(
        number(0, None), "Where the schedule ends, as a share of the learning rate."
    ),
    "warmup_steps": Setting(number(0), "Steps over which the learning rate rises from zero."),
    "batch_size": Setting(number(1), "Pieces of the text that are read side by side."),
    "seq_length": Setting(
        number(0), "Characters through which the error flows back; 0 takes the whole text."
    ),
    "batching": Setting(
        choice(["streams", "windows"]), "Streams read on in order; windows are shuffled pieces."
    ),
    "stride": Setting(number(0), "Characters from window to window; 0 puts windows end to end."),
    "state": Setting(
        choice(["carry", "reset", "endless"]),
        "Keep the memory from piece to piece, or clear it before each.",
    ),
    "clip_norm": Setting(number(0, None), "The longest gradient allowed; 0 for no limit."),
    "clip_value": Setting(number(0, None), "The largest gradient element allowed; 0 for no limit."),
    "weight_decay": Setting(number(0, None), "Pull of all weights towards zero; 0 for none."),
    "dropout": Setting(number(0, None), "Share of units switched off at random between layers."),
    "initialization": Setting(
        choice(INITIALIZATIONS), "How the first weights are drawn: orthogonal, or small random."
    ),
    "val_fraction": Setting(
        number(0, None), "Share of the text, its end, held out to measure real progress."
    ),
    "eval_every": Setting(number(0), "Steps between two validations; 0 chooses by itself."),
    "patience": Setting(number(0), "Validations without progress before it stops; 0 for never."),
    "min_count": Setting(number(1), "Characters seen fewer times are merged into one symbol."),
    "max_vocab": Setting(number(0), "Most symbols to keep; the rarest are merged; 0 keeps all."),
    "random_seed": Setting(number(0), "The same number gives the same run on the same machine."),
    "rescue": Setting(tick(), "Go back to good weights when the loss explodes."),
    "words": Setting(tick(), "Read whole words as symbols, not characters."),
}
CLEANING = {
    "none": "as it is",
    "lowercase": "lowercase",
    "letters": "letters only",
}
assert CLEANING.keys() == CLEANINGS.keys()
NAMES = (*MAIN, *ADVANCED, "cleaning")
MODEL_FIELDS = tuple(field.name for field in dataclasses.fields(ModelConfig))
INTEGERS = {
    field.name
    for config in (ModelConfig(), TrainConfig())
    for field in dataclasses.fields(config)
    if type(getattr(config, field.name)) is int
}


def label(name: str) -> str:
    """ "hidden_size" as people read it: "Hidden size"."""
    return name.replace("_", " ").capitalize()


def of_recipe(recipe: Recipe) -> dict[str, Any]:
    """Every setting's value in a recipe."""
    return {
        name: getattr(recipe.model if name in MODEL_FIELDS else recipe.train, name)
        for name in NAMES
    }


DEFAULTS = of_recipe(RECIPES["standard"])


def component(name: str, setting: Setting) -> Any:
    """The Gradio component of a setting, with its default and its sentence of help."""
    return setting.make(label=label(name), info=setting.info, value=DEFAULTS[name])


def parse(values: Mapping[str, Any]) -> tuple[ModelConfig, TrainConfig]:
    """Check what came from a browser or a client: configs, or ValueError with a sentence."""
    checked = {name: checked_value(name, values.get(name)) for name in NAMES}
    model = ModelConfig(**{name: checked.pop(name) for name in MODEL_FIELDS})
    if model.hidden_size > 512 or model.layers > 4:
        raise ValueError(
            "The page trains at most 512 hidden units and 4 layers; the terminal more."
        )
    return model, TrainConfig(**checked)


def checked_value(name: str, value: Any) -> Any:
    """A value of the type that the setting has; None, from a part of the page never opened, is
    its default."""
    default = DEFAULTS[name]
    if value is None:
        return default
    if isinstance(default, bool):
        return bool(value)
    if isinstance(default, str):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{label(name)} must be a number.")
    return int(value) if name in INTEGERS else float(value)


def check_size(model: ModelConfig, train: TrainConfig, text: str, vocab_size: int) -> None:
    """Refuse, with a sentence, what this machine should not be asked to do."""
    shapes = parameter_shapes(model, vocab_size)
    total = sum(math.prod(shape) for shape in shapes.values())
    if total > MAX_PARAMETERS:
        raise ValueError(
            f"This model would have {total:,} weights; the page trains up to {MAX_PARAMETERS:,}. "
            "Take fewer hidden units or layers."
        )
    window = train.batch_size * (train.seq_length or len(text))
    if window > MAX_WINDOW:
        raise ValueError(
            f"One step would read {window:,} characters; the page reads up to {MAX_WINDOW:,}. "
            "Take a smaller batch size or seq length."
        )

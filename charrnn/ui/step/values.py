"""What the How it works tab is given: the first weights of small networks, and one's own model."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from charrnn.corpora import load_corpus
from charrnn.network.model import CharRNN, ModelConfig
from charrnn.service.visitor import Visitor
from charrnn.training.recipes import RECIPES
from charrnn.ui.inspect.events import start_text
from charrnn.vocabulary import Vocabulary

Value = dict[str, Any]

SCRIPTS = ("numbers", "experiment", "controls", "cells", "flow", "unrolled")
"""The step view's JavaScript files, in the order they need each other."""
CELLS = ("rnn", "lstm", "gru")
SENT_WEIGHTS = 20_000
"""The largest model that is sent without being asked for: 107 KB as base64."""
LETTERS = 40
"""Letters of the visitor's text that are unrolled."""


def packed(model: CharRNN) -> Value:
    """A model as network.js reads it, its weights as float32 in base64."""
    vector = model.parameters.vector.astype("<f4")
    return {
        "cell": model.config.cell,
        "hidden_size": model.config.hidden_size,
        "layers": model.config.layers,
        "symbols": list(model.vocabulary.symbols),
        "shapes": [[name, list(shape)] for name, shape in model.parameters.shapes.items()],
        "weights": base64.b64encode(vector.tobytes()).decode(),
    }


@cache
def starts() -> dict[str, Value]:
    """Untrained networks: `hello` with each cell, and the recipe `notebook`, with its text."""
    recipe = RECIPES["hello"]
    text = load_corpus(recipe.corpus).text
    hello = {
        cell: packed(new_model(text, ModelConfig(cell, recipe.model.hidden_size))) for cell in CELLS
    }
    recipe = RECIPES["notebook"]
    text = load_corpus(recipe.corpus).text
    return {**hello, "notebook": {**packed(new_model(text, recipe.model)), "text": text}}


def new_model(text: str, config: ModelConfig) -> CharRNN:
    """An untrained model that knows the letters of a text."""
    return CharRNN(Vocabulary.from_text(text), config)


def own(visitor: Visitor) -> Value | None:
    """The visitor's model and a text to read; None where it is too large to send unasked."""
    model = visitor.current
    if model.config.cell not in CELLS or model.parameters.vector.size > SENT_WEIGHTS:
        return None
    return with_text(visitor)


def with_text(visitor: Visitor) -> Value:
    """The visitor's model and the ids of the beginning of its text."""
    ids = visitor.current.vocabulary.encode(start_text(visitor), unknown="skip")
    return {**packed(visitor.current), "ids": ids[:LETTERS].tolist(), "name": visitor.name}

"""Packs the data of the How it works tab: new small networks, and the visitor's own model."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from charrnn import analysis
from charrnn.baselines import counting_surprise
from charrnn.corpora import load_corpus
from charrnn.held_out import split
from charrnn.network.model import CharRNN, ModelConfig
from charrnn.service.visitor import Visitor
from charrnn.training.recipes import RECIPES
from charrnn.training.record import TrainingRecord
from charrnn.ui.inspect.events import start_text
from charrnn.ui.limits import MODEL_WEIGHTS
from charrnn.ui.step.tour.lessons import CELLS
from charrnn.vocabulary import CLEANINGS, Vocabulary

Value = dict[str, Any]

SENT_WEIGHTS = 20_000
"""The largest model that is sent unasked: 107 KB as base64."""
MOST_WEIGHTS = MODEL_WEIGHTS
"""The largest model that is sent at all, as large as one that the page trains: 12 MB as base64."""
READ = 400
"""Symbols of text that a trained model reads."""
COUNTED = 300_000
"""The most characters of training text that counting learns from: 0.5 s of work."""


def packed(model: CharRNN) -> Value:
    """A model as network.js reads it, its weights as float32 in base64."""
    vector = model.parameters.vector.astype("<f4")
    return {
        "cell": model.config.cell,
        "hidden_size": model.config.hidden_size,
        "layers": model.config.layers,
        "symbols": list(model.vocabulary.symbols),
        "words": model.vocabulary.words,
        "cleaning": model.vocabulary.cleaning,
        "shapes": [[name, list(shape)] for name, shape in model.parameters.shapes.items()],
        "weights": base64.b64encode(vector.tobytes()).decode(),
    }


@cache
def starts() -> dict[str, Value]:
    """Untrained networks: `hello` with each cell, and the recipe `notebook`, with its text."""
    recipe = RECIPES["hello"]
    text = load_corpus(recipe.corpus).text
    hello = {}
    for cell, about in CELLS.items():
        model = new_model(text, ModelConfig(cell, recipe.model.hidden_size))
        hello[cell] = {**packed(model), "about": about}
    recipe = RECIPES["notebook"]
    text = load_corpus(recipe.corpus).text
    return {**hello, "notebook": {**packed(new_model(text, recipe.model)), "text": text}}


def new_model(text: str, config: ModelConfig) -> CharRNN:
    """An untrained model that knows the letters of a text."""
    return CharRNN(Vocabulary.from_text(text), config)


def outline(visitor: Visitor) -> Value:
    """The name and size of the visitor's model, and the whole model only if it is small."""
    model = visitor.current
    weights = model.parameters.vector.size
    if model.config.cell not in CELLS:
        return {"refused": f"{visitor.name}: this page can compute RNN, LSTM and GRU only."}
    if weights > MOST_WEIGHTS:
        return {
            "refused": f"{visitor.name} has {weights:,} weights, too many to send to a browser "
            f"(at most {MOST_WEIGHTS:,}). Open a smaller model on the Share tab."
        }
    if weights <= SENT_WEIGHTS:
        return whole(visitor)
    return {"name": visitor.name, "key": key(model), "size": f"{weights * 16 / 3e6:.1f} MB"}


def whole(visitor: Visitor) -> Value:
    """The visitor's model, a text to read, and what is known of both; see trained_model.js.

    ids: those of the text. unseen: whether the text was kept out of training. counting: -log p of
    each of its characters by counting, in nats, or None. matches: [layer, unit, correlation] of
    the units that follow each feature of the text.
    """
    model = visitor.current
    train, text = texts(visitor)
    ids = model.vocabulary.encode(text, unknown="skip")[:READ]
    symbols = [model.vocabulary.symbols[i] for i in ids]
    hidden = hidden_only(analysis.activations(model, ids))
    found = analysis.find_units(hidden, analysis.features(symbols), 5)
    return {
        "name": visitor.name,
        "key": key(model),
        "model": packed(model),
        "ids": ids.tolist(),
        "unseen": bool(train),
        "counting": counting(train, symbols) if train and not model.vocabulary.words else None,
        "matches": {
            name: [[m.layer, m.unit, round(m.correlation, 3)] for m in matches]
            for name, matches in found.items()
        },
    }


def key(model: CharRNN) -> str:
    """A key that tells models apart, so that a loaded one is not requested again."""
    return hashlib.sha256(model.parameters.vector.tobytes()).hexdigest()[:16]


def texts(visitor: Visitor) -> tuple[str, str]:
    """The cleaned text that the model was trained on, and text kept out of its training.

    If nothing was kept out or the text is unknown: "" and a text that the model reads well.
    """
    model = visitor.current
    record = TrainingRecord.from_metadata(model.metadata)
    fraction = record.config.get("val_fraction", 0)
    fraction = fraction if isinstance(fraction, float) and 0 < fraction < 1 else 0.0
    train, held_out = split(CLEANINGS[model.vocabulary.cleaning](visitor.text), fraction)
    held_out = analysis.known(model.vocabulary, held_out[: 2 * READ])
    if len(held_out) < READ:
        return "", start_text(visitor)
    return train, held_out


def counting(train: str, symbols: list[str]) -> list[float]:
    """-log p of each symbol in nats, by what followed the six before it in the training text."""
    surprise = counting_surprise(train[-COUNTED:], "".join(symbols), [6])[6]
    return [round(float(nats), 4) for nats in surprise]


def hidden_only(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hidden states among a model's activations, which the page can hold at a value."""
    return [{"hidden": parts["hidden"]} for parts in layers]

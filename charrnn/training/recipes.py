"""Ready-made settings by name: each says which text to learn, with what model, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace

from charrnn.network.model import ModelConfig
from charrnn.training.config import TrainConfig

UNTIL_STOPPED = 10_000_000
"""Steps of a run that Ctrl+C or Stop is meant to end."""


@dataclass(frozen=True)
class Recipe:
    """Ready-made settings: a corpus, an architecture, how to train it and how to report on it."""

    summary: str
    corpus: str
    model: ModelConfig
    train: TrainConfig
    seed: str = ""
    """What samples start with; empty takes the first symbol of the text."""
    sample_length: int = 200
    report_every: int = 0
    """Steps between two samples while training; 0 takes a sample at every evaluation."""
    final_length: int = 500
    temperature: float = 0.8


SCRIPT = TrainConfig(batch_size=1, seq_length=25, schedule="constant", clip_norm=0, clip_value=0.2)
"""The settings of the small scripts that many people learned from."""
ONE_PIECE = TrainConfig(batch_size=1, seq_length=0, schedule="constant", val_fraction=0, steps=100)
"""A text of a few letters, read as a whole in every step."""

RECIPES: dict[str, Recipe] = {
    "standard": Recipe(
        "An LSTM with settings that work on most texts.",
        "lighthouse",
        ModelConfig("lstm", 192),
        TrainConfig(),
    ),
    "minimal": Recipe(
        "The plain script: a vanilla RNN, plain SGD, no batches, a sample every 100 steps.",
        "lighthouse",
        ModelConfig("rnn", 100, initialization="small"),
        replace(SCRIPT, optimizer="sgd", learning_rate=0.2, val_fraction=0, steps=5000),
        report_every=100,
        temperature=1.0,
    ),
    "adagrad": Recipe(
        "A vanilla RNN with Adagrad that trains until you stop it, then keeps its file.",
        "lighthouse",
        ModelConfig("rnn", 100, initialization="small"),
        replace(SCRIPT, optimizer="adagrad", learning_rate=0.05, steps=UNTIL_STOPPED),
        seed="The ",
        final_length=1000,
        temperature=1.0,
    ),
    "windows": Recipe(
        "Letters only, overlapping windows of 20, a fresh state for each, early stopping.",
        "lighthouse",
        ModelConfig("rnn", 128),
        TrainConfig(
            cleaning="letters",
            batching="windows",
            seq_length=20,
            stride=3,
            batch_size=32,
            state="reset",
            learning_rate=2e-3,
            schedule="constant",
            steps=20_000,
            patience=5,
        ),
        seed="once upon a time ",
    ),
    "notebook": Recipe(
        "One sentence, 10 hidden units, no clipping: watch the loss fall, then explode.",
        "sentence",
        ModelConfig("rnn", 10, initialization="small"),
        replace(
            ONE_PIECE,
            state="endless",
            optimizer="sgd",
            learning_rate=3.4,
            clip_norm=0,
            rescue=False,
        ),
        final_length=35,
    ),
    "hello": Recipe(
        "Five letters, one word: the smallest network that learns something.",
        "hello",
        ModelConfig("rnn", 8),
        replace(ONE_PIECE, state="reset", learning_rate=0.05),
        seed="h",
        sample_length=4,
        final_length=4,
        temperature=0.0,
    ),
}

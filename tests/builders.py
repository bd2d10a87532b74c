"""Small models and texts that many tests start from."""

import numpy as np

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.training.checkpoint import Checkpoint

TEXT = "the cat sat on the mat. the dog sat on the log.\n" * 12


def tiny_model(cell="lstm", layers=1, hidden_size=5, text="abcdefg", dtype=np.float64, **config):
    """A model with random weights and biases, none of them zero."""
    model = CharRNN(
        Vocabulary.from_text(text), ModelConfig(cell, hidden_size, layers, **config)
    ).astype(dtype)
    rng = np.random.default_rng(7)
    model.parameters.vector[:] += rng.normal(0, 0.3, model.parameters.vector.shape)
    return model


def some_ids(model, T, N, seed=0):
    """Random ids (T, N)."""
    return np.random.default_rng(seed).integers(0, len(model.vocabulary), (T, N))


def to_bytes(model):
    """The bytes of a model's file."""
    return Checkpoint(model).to_bytes()


def from_bytes(data, **limits):
    """The model in a file's bytes."""
    return Checkpoint.from_bytes(data, **limits).model

"""Chooses the weights that write for a visitor: the best on unseen text, the last, a sample's.

The best weights by the loss are not always those that a person likes. From scratch, below about
10,000 characters, the best write no words and the last recite the text; at 30,000 both write alike
(docs/fine-tuning.md, "Best or last").
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from charrnn.network.model import CharRNN
from charrnn.pretrained import load_pretrained
from charrnn.service.visitor import READY_MADE, Chosen, Visitor, text_of
from charrnn.training.checkpoint import Checkpoint

BEST, LAST, SAMPLE, READY = "best", "last", "sample", "ready"
SHORT = 30_000
"""Characters of training text below which the last weights write, unless the visitor chooses."""


def last_weights(checkpoint: Checkpoint | None) -> CharRNN | None:
    """The model at the last step, where its weights differ from the best ones."""
    state = checkpoint.state if checkpoint else None
    if checkpoint is None or state is None or state.best is None:
        return None
    vector = state.weights(checkpoint.train_config().keep_start)
    if np.array_equal(vector, state.best):
        return None
    return checkpoint.model.with_vector(vector.copy())


def versions(visitor: Visitor) -> dict[str, str]:
    """The names of the versions of the visitor's own model, by key; {} if there is only one."""
    state = visitor.checkpoint.state if visitor.checkpoint else None
    if state is None or last_weights(visitor.checkpoint) is None:
        return {}
    return {
        BEST: f"Best on unseen text (step {state.best_step:,})",
        LAST: f"Last step ({state.step:,})",
    }


def version(visitor: Visitor) -> str:
    """The key of the version of the visitor's own model that writes, "" for another model."""
    return visitor.chosen.kind if visitor.chosen else BEST


def with_version(visitor: Visitor, key: str) -> Visitor:
    """The visitor, whose own model now writes with its best or its last weights."""
    last = last_weights(visitor.checkpoint) if key == LAST else None
    if last is None:
        return replace(visitor, chosen=None)
    name = f"{visitor.model_name}, last step"
    return replace(visitor, chosen=Chosen(LAST, last, name, visitor.training_text))


def with_default(visitor: Visitor) -> Visitor:
    """The visitor after a run, with the version that suits the length of its text."""
    run = visitor.run
    if run is None or run.job.race or len(run.job.text) >= SHORT:
        return visitor
    return with_version(visitor, LAST)


def with_sample(visitor: Visitor, step: int) -> Visitor:
    """The visitor, whose model now writes as at a sample of the last run. Raises ValueError."""
    kept = dict(visitor.run.snapshot.weights) if visitor.run else {}
    if step not in kept or visitor.model is None:
        raise ValueError("The weights of this moment were not kept: choose another sample.")
    vector = np.frombuffer(kept[step], "<f2").astype(visitor.model.parameters.vector.dtype)
    model = visitor.model.with_vector(vector)
    name = f"{visitor.model_name}, step {step:,}"
    return replace(visitor, chosen=Chosen(SAMPLE, model, name, visitor.training_text, step))


def with_ready_made(visitor: Visitor, name: str) -> Visitor:
    """The visitor, now with a ready-made model, or with their own for "". Raises ValueError.

    Their own model and its run are kept, and come back with "".
    """
    if not name:
        return replace(visitor, chosen=None)
    model = load_pretrained(name)
    chosen = Chosen(READY, model, READY_MADE + name, text_of(model), ready_made=name)
    return replace(visitor, chosen=chosen)

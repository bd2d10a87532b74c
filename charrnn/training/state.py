"""Everything that changes while a model trains: weights, moments, recurrent state and counters."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from charrnn.network.model import CharRNN, ModelState
from charrnn.network.parameters import Array
from charrnn.training.optimizers import blocks

MAX_HISTORY = 200
"""Evaluations that the history keeps."""


@dataclass
class TrainState:
    """The state of a training run: with its settings and its text, all it needs to continue."""

    live: CharRNN
    """The model with the present weights."""
    slots: list[Array]
    """What the optimizer remembers for each weight, (P,) each."""
    recurrent: ModelState
    """The recurrent state after the last window, (H, N) arrays for each layer."""
    best: Array | None = None
    """The weights of the best evaluation, (P,); None before the first."""
    average: Array | None = None
    """An average of the latest weights, (P,), kept in place of them; None without averaging."""
    start: Array | None = None
    """The weights that training started from, (P,); None where they are not needed."""
    step: int = 0
    updates: int = 0
    """Steps that changed the weights since the optimizer's slots were zero."""
    chars: int = 0
    """Symbols read, over all epochs."""
    smooth_loss: float = 0.0
    """A running mean of the training loss."""
    best_loss: float | None = None
    best_step: int = 0
    stale: int = 0
    """Evaluations since the best one."""
    rescues: int = 0
    """Times that the run went back to good weights."""
    rate_scale: float = 1.0
    """A factor on the learning rate."""
    seconds: float = 0.0
    history: list[list[float | None]] = field(default_factory=list)
    """[step, smoothed training loss, validation loss or None] at every evaluation."""

    def moved(self, move: Callable[[Array], Array]) -> TrainState:
        """The same state, with every array moved by `move`."""
        moved = copy.copy(self)
        moved.live = self.live.with_vector(move(self.live.parameters.vector))
        moved.slots = [move(slot) for slot in self.slots]
        moved.recurrent = tuple(tuple(map(move, layer)) for layer in self.recurrent)
        for name in ("best", "average", "start"):
            vector = getattr(self, name)
            setattr(moved, name, None if vector is None else move(vector))
        return moved

    def numbers(self, *names: str) -> dict[str, Any]:
        """Some of the counters and losses, by name."""
        return {name: getattr(self, name) for name in names}

    @property
    def record(self) -> dict[str, Any]:
        """What a model's file records of it."""
        kept = ("best_loss", "best_step", "smooth_loss", "chars", "seconds", "history")
        return {"steps": self.step, **self.numbers(*kept)}

    def weights(self, keep_start: float) -> Array:
        """The weights that are measured and kept, (P,): the present ones or their average.

        keep_start: the start's share in them (Wortsman et al. 2022, "Robust fine-tuning").
        """
        own = self.live.parameters.vector if self.average is None else self.average
        return own if self.start is None else own + keep_start * (self.start - own)

    def smooth(self, loss: float) -> None:
        """Add a step's loss to the running mean."""
        self.smooth_loss += max(0.02, 1 / self.updates) * (loss - self.smooth_loss)

    def update_average(self, share: float) -> None:
        """Move the average toward the weights: it spans about the latest `share` of the updates.

        (Polynomial-decay averaging, Shamir and Zhang 2013.) So a run may stop at any step.
        """
        weights = self.live.parameters.vector
        if self.average is None:
            self.average = weights.copy()
        part = 1 / (1 + share * self.updates)
        for block in blocks(weights):
            self.average[block] += part * (weights[block] - self.average[block])

    def record_evaluation(self, loss: float, val_loss: float | None, weights: Array) -> None:
        """Add an evaluation to the history, and keep `weights` if `loss` is the lowest so far."""
        self.history = thin([*self.history, [self.step, self.smooth_loss, val_loss]])
        self.stale += 1
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss, self.best_step, self.stale = loss, self.step, 0
            self.best = weights.copy()

    def rescue(self, weights: Array, N: int) -> None:
        """Go back to good weights (P,) at half the learning rate, and reset everything else."""
        self.rescues += 1
        self.rate_scale /= 2
        self.updates = 0
        self.average = None
        self.live.parameters.vector[:] = weights
        for slot in self.slots:
            slot[:] = 0
        self.recurrent = self.live.initial_state(N)


def thin(history: list[list[float | None]], most: int = MAX_HISTORY) -> list[list[float | None]]:
    """Drop every other point of a history that has grown too long, but not the last."""
    return history if len(history) <= most else history[-1::-2][::-1]

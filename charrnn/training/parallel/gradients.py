"""Computes the gradient of a step in one process, and defines what the parallel ways share.

`Gradients` computes in this process. `WorkerPool` and `Ranks` divide the sequences of each window
among processes and look the same to the trainer: their sums equal its own up to rounding.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

import numpy as np

from charrnn.network.model import CharRNN, ModelState
from charrnn.network.parameters import Array, Parameters
from charrnn.training.parallel.memory import keep_freed_memory

T = TypeVar("T")


class WorkerError(RuntimeError):
    """A process or a rank that computes a part of the gradient ended during training."""


class ColumnRandom(NamedTuple):
    """Random numbers for some of N columns, equal to those columns of one draw for all N."""

    rng: np.random.Generator
    N: int
    columns: slice

    def random(self, shape: tuple[int, ...], dtype: type[np.float32]) -> Array:
        """Uniform in [0, 1), of `shape` (H, T, columns)."""
        return self.rng.random((*shape[:-1], self.N), dtype)[..., self.columns]


class Part(NamedTuple):
    """One process's part of a window: some of its N sequences."""

    x: Array  # (T, n) ids
    y: Array  # (T, n)
    state: ModelState  # (H, n) each
    seed: tuple[int, int]
    N: int
    columns: slice

    @classmethod
    def of(
        cls, x: Array, y: Array, state: ModelState, seed: tuple[int, int], columns: slice
    ) -> Part:
        """These columns of a window x, y (T, N) and of the state before it."""
        own = tuple(tuple(array[:, columns] for array in layer) for layer in state)
        return cls(x[:, columns], y[:, columns], own, seed, x.shape[1], columns)

    def run(self, model: CharRNN, gradient: Parameters) -> tuple[float, ModelState]:
        """This part of the window's loss, and the state after it; writes its gradient."""
        rng = ColumnRandom(np.random.default_rng(self.seed), self.N, self.columns)
        with np.errstate(over="ignore", invalid="ignore"):  # the trainer checks for both
            loss, _, state = model.loss_and_gradient(
                self.x, self.y, self.state, rng, count=len(self.x) * self.N, gradient=gradient
            )
        return float(loss), state


def shares(N: int, parts: int) -> list[slice]:
    """The columns of each part of N; empty ones where there are more parts than columns."""
    bounds = [N * part // parts for part in range(parts + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(bounds)]


class Gradients:
    """Computes the gradients of a model in this process."""

    def __init__(self, model: CharRNN, gradient: Array | None = None) -> None:
        """gradient: the array to write into, (P,)."""
        keep_freed_memory()
        self.model = model
        vector = model.parameters.vector
        self._gradient = model.parameters.like(
            np.empty_like(vector) if gradient is None else gradient
        )
        self._loss, self._windows = 0.0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> bool | None:
        return None

    def add(self, x: Array, y: Array, state: ModelState, seed: tuple[int, int]) -> ModelState:
        """Read one more window of the step, ids x, y (T, N); returns the state after it.

        Dropout is drawn from `seed`. Raises WorkerError.
        """
        if self._windows == 0:
            self._loss, after = self._read(x, y, state, seed, self._gradient)
        else:
            more = self._gradient.like(np.empty_like(self._gradient.vector))
            loss, after = self._read(x, y, state, seed, more)
            self._loss += loss
            self._gradient.vector += more.vector
        self._windows += 1
        return after

    def total(self) -> tuple[float, Array]:
        """The mean loss of the step's windows and its gradient (P,). Raises WorkerError.

        The next step overwrites the gradient.
        """
        windows, self._windows = self._windows, 0
        if windows > 1:
            self._gradient.vector /= windows
        return self._loss / windows, self._gradient.vector

    def first(self, measure: Callable[[], T]) -> T:
        """A measurement that only one of the processes makes, returned in all of them."""
        return measure()

    def gather_state(self) -> None:
        """Complete the state after the last step for a file, if each process has only its part."""

    def _read(
        self, x: Array, y: Array, state: ModelState, seed: tuple[int, int], gradient: Parameters
    ) -> tuple[float, ModelState]:
        """A window's loss and the state after it; writes its gradient."""
        return Part.of(x, y, state, seed, slice(None)).run(self.model, gradient)

"""Data parallelism: the sequences of a window, shared out over processes.

Each worker reads some of the N columns, and the gradients are added up. They are processes and
not threads, since threads would wait for one another's interpreter lock. The weights and each
worker's gradient lie in memory that all of them see, as flat vectors; the rest of a step, ids,
state and loss, is small and goes through a pipe. That memory has no name (on Linux its file is
unlinked before it is used), so nothing stays behind, however a process ends.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from charrnn.memory import keep_freed_memory
from charrnn.model import CharRNN, ModelConfig, ModelState, parameter_shapes
from charrnn.parameters import Array, Parameters
from charrnn.vocabulary import Vocabulary


class WorkerError(RuntimeError):
    """A worker process ended in mid-training."""


class Columns(NamedTuple):
    """Random numbers for some of N columns: the same as if all columns were drawn in one place."""

    rng: np.random.Generator
    N: int
    which: slice

    def random(self, shape: tuple[int, ...], dtype: type[np.float32]) -> Array:
        """Uniform in [0, 1), of `shape` (H, T, columns)."""
        return self.rng.random((*shape[:-1], self.N), dtype)[..., self.which]


class Part(NamedTuple):
    """What a worker does in one step."""

    x: Array  # (T, n) ids
    y: Array  # (T, n)
    state: ModelState  # (H, n) each
    seed: tuple[int, int]
    N: int
    columns: slice

    def run(self, model: CharRNN) -> tuple[float, Parameters, ModelState]:
        """This part of the window's loss, of its gradient, and the state after."""
        rng = Columns(np.random.default_rng(self.seed), self.N, self.columns)
        with np.errstate(over="ignore", invalid="ignore"):  # the trainer catches what is not finite
            loss, gradient, state = model.loss_and_gradient(self.x, self.y, self.state, rng)
            if (share := self.x.shape[1] / self.N) < 1:
                gradient.vector *= share
            return float(loss) * share, gradient, state


class Crew:
    """A model's training steps on `workers` processes, this one among them."""

    def __init__(self, model: CharRNN, workers: int = 1) -> None:
        keep_freed_memory()
        self.model = model
        self._hands: list[Hand] = []
        if workers > 1:
            context = multiprocessing.get_context("spawn")  # BLAS threads do not survive a fork
            weights = context.RawArray("b", model.parameters.vector.nbytes)
            self._weights: Array = np.frombuffer(weights, model.parameters.vector.dtype)
            with _one_blas_thread():
                self._hands = [Hand(context, model, weights) for _ in range(workers - 1)]

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.close()

    def loss_and_gradient(
        self, x: Array, y: Array, state: ModelState, seed: tuple[int, int]
    ) -> tuple[float, Parameters, ModelState]:
        """`CharRNN.loss_and_gradient` with dropout drawn from `seed`. Raises WorkerError."""
        N = x.shape[1]
        bounds = np.linspace(0, N, min(len(self._hands) + 1, N) + 1).astype(int)
        parts = [
            Part(x[:, a:b], y[:, a:b], _columns(state, a, b), seed, N, slice(a, b))
            for a, b in itertools.pairwise(bounds)
        ]
        hands = self._hands[: len(parts) - 1]
        if hands:
            self._weights[:] = self.model.parameters.vector
        for hand, part in zip(hands, parts[1:], strict=True):
            hand.send(part)
        loss, gradient, after = parts[0].run(self.model)
        states = [after]
        for hand in hands:
            its_loss, its_state = hand.receive()
            loss += its_loss
            gradient.vector += hand.gradient
            states.append(its_state)
        return loss, gradient, _joined(states)


class Hand:
    """One worker process, as seen from the trainer."""

    def __init__(self, context: Any, model: CharRNN, weights: Any) -> None:
        gradient = context.RawArray("b", len(weights))
        self.gradient: Array = np.frombuffer(gradient, model.parameters.vector.dtype)
        self._pipe, its_end = context.Pipe()
        about = (model.config, model.vocabulary, self.gradient.dtype.str)
        self.process = context.Process(
            target=_serve, args=(its_end, *about, weights, gradient), daemon=True
        )
        self.process.start()
        its_end.close()  # so that the pipe ends when the worker does

    def send(self, part: Part) -> None:
        with self._faults():
            self._pipe.send(part)

    def receive(self) -> tuple[float, ModelState]:
        with self._faults():
            return self._pipe.recv()  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process: it leaves when its pipe ends, or is made to."""
        self._pipe.close()
        self.process.join(2)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            self.process.join(2)
            raise WorkerError(
                f"A worker process ended unexpectedly (exit code {self.process.exitcode}), so "
                "training stopped; the best weights so far are kept."
            ) from error


def _serve(
    pipe: Connection,
    config: ModelConfig,
    vocabulary: Vocabulary,
    dtype: str,
    weights: Any,
    gradient: Any,
) -> None:
    """A worker's life: a part in, its loss and state out, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the trainer's to hear
    keep_freed_memory()
    vector, out = np.frombuffer(weights, dtype), np.frombuffer(gradient, dtype)
    shapes = parameter_shapes(config, len(vocabulary))
    model = CharRNN(vocabulary, config, Parameters(shapes, vector))
    with suppress(EOFError, OSError):
        while True:
            part: Part = pipe.recv()
            loss, its_gradient, state = part.run(model)
            out[:] = its_gradient.vector
            pipe.send((loss, state))


def _columns(state: ModelState, a: int, b: int) -> ModelState:
    return tuple(tuple(array[:, a:b] for array in layer) for layer in state)


def _joined(states: list[ModelState]) -> ModelState:
    return tuple(
        tuple(np.concatenate(arrays, axis=1) for arrays in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Processes started here use one BLAS thread each: together they are the threads."""
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = before

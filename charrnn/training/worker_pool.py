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
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from charrnn.network.loss import cross_entropy
from charrnn.network.model import CharRNN, ModelConfig, ModelState, parameter_shapes
from charrnn.network.parameters import Array, Parameters
from charrnn.training.memory import keep_freed_memory
from charrnn.vocabulary import Vocabulary

AWAKE = 0.05
"""Seconds to wait for a message before falling asleep."""


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

    def run(self, model: CharRNN, gradient: Parameters) -> tuple[float, ModelState]:
        """This part's share of the window's loss, and the state after; writes its gradient."""
        rng = Columns(np.random.default_rng(self.seed), self.N, self.columns)
        with np.errstate(over="ignore", invalid="ignore"):  # the trainer catches what is not finite
            logits, state, tape = model.forward(self.x, self.state, rng)
            loss, dlogits = cross_entropy(logits, self.y, len(self.x) * self.N)
            model.backward(dlogits, tape, gradient)
        return float(loss), state


class WorkerPool:
    """A model's training steps on `workers` processes, this one among them."""

    def __init__(self, model: CharRNN, workers: int = 1) -> None:
        keep_freed_memory()
        self.model = model
        self._gradient = model.parameters.like(np.empty_like(model.parameters.vector))
        self._workers: list[Worker] = []
        if workers > 1:
            context = multiprocessing.get_context("spawn")  # BLAS threads do not survive a fork
            weights, vector = _shared(context, model.parameters.vector)
            vector[:] = model.parameters.vector
            model.parameters = model.parameters.like(vector)
            with _one_blas_thread():
                self._workers = [Worker(context, model, weights) for _ in range(workers - 1)]

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._workers:
            hand.close()
        if self._workers:  # the weights leave the memory that was shared
            parameters = self.model.parameters
            self.model.parameters = parameters.like(parameters.vector.copy())

    def loss_and_gradient(
        self, x: Array, y: Array, state: ModelState, seed: tuple[int, int]
    ) -> tuple[float, Parameters, ModelState]:
        """`CharRNN.loss_and_gradient` with dropout drawn from `seed`. Raises WorkerError.

        The gradient is overwritten by the next call.
        """
        N = x.shape[1]
        bounds = np.linspace(0, N, min(len(self._workers) + 1, N) + 1).astype(int)
        parts = [
            Part(x[:, a:b], y[:, a:b], _columns(state, a, b), seed, N, slice(a, b))
            for a, b in itertools.pairwise(bounds)
        ]
        workers = self._workers[: len(parts) - 1]
        for hand, part in zip(workers, parts[1:], strict=True):
            hand.send(part)
        gradient = self._gradient
        loss, after = parts[0].run(self.model, gradient)
        states = [after]
        for hand in workers:
            its_loss, its_state = hand.receive()
            loss += its_loss
            gradient.vector += hand.gradient
            states.append(its_state)
        return loss, gradient, _joined(states)


class Worker:
    """One worker process, as seen from the trainer."""

    def __init__(self, context: Any, model: CharRNN, weights: Any) -> None:
        gradient, self.gradient = _shared(context, model.parameters.vector)
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
            _watch(self._pipe)
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
    shapes = parameter_shapes(config, len(vocabulary))
    model = CharRNN(vocabulary, config, Parameters(shapes, np.frombuffer(weights, dtype)))
    into = Parameters(shapes, np.frombuffer(gradient, dtype))
    with suppress(EOFError, OSError):
        while True:
            _watch(pipe)
            part: Part = pipe.recv()
            pipe.send(part.run(model, into))


def _watch(pipe: Connection) -> None:
    """Wait for a message awake, for a while: whom a message wakes, Linux puts on the sender's core.

    There the two took turns until they were parted: a 1 x 128 LSTM on two workers read 107,000
    characters a second, and 148,000 with this.
    """
    until = time.perf_counter() + AWAKE
    while not pipe.poll() and time.perf_counter() < until:
        time.sleep(0)  # let others run, if there are more processes than cores


def _shared(context: Any, like: Array) -> tuple[Any, Array]:
    """Memory that other processes can be given, and a vector over it."""
    memory = context.RawArray("b", like.nbytes)
    return memory, np.frombuffer(memory, like.dtype)


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

"""Splits the sequences of each window across processes (data-parallel training).

Each process reads some of the N columns, and the gradients are summed. They are processes rather
than threads because threads would wait for each other's interpreter lock. The weights and every
worker's gradient are flat vectors in shared memory; the rest of a step (ids, state and loss) is
small and goes through a pipe. The shared memory has no name (on Linux its file is unlinked before
it is used), so nothing is left behind however a process ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from charrnn.network.model import CharRNN, ModelConfig, ModelState, parameter_shapes
from charrnn.network.parameters import Array, Parameters
from charrnn.training.parallel.gradients import Gradients, Part, WorkerError, shares
from charrnn.training.parallel.memory import keep_freed_memory
from charrnn.vocabulary import Vocabulary

SPIN_SECONDS = 0.05
"""How long to poll for a message before sleeping."""


class WorkerPool(Gradients):
    """Computes the gradients on `workers` processes, this one included."""

    def __init__(self, model: CharRNN, workers: int) -> None:
        super().__init__(model)
        context = multiprocessing.get_context("spawn")  # BLAS threads do not survive a fork
        weights, vector = _shared(context, model.parameters.vector)
        vector[:] = model.parameters.vector
        model.parameters = model.parameters.like(vector)
        with _one_blas_thread():
            self._workers = [Worker(context, model, weights) for _ in range(workers - 1)]

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()
        parameters = self.model.parameters  # move the weights out of shared memory
        self.model.parameters = parameters.like(parameters.vector.copy())

    def _read(
        self, x: Array, y: Array, state: ModelState, seed: tuple[int, int], gradient: Parameters
    ) -> tuple[float, ModelState]:
        N = x.shape[1]
        columns = shares(N, min(len(self._workers) + 1, N))
        own, *others = [Part.of(x, y, state, seed, share) for share in columns]
        workers = self._workers[: len(others)]
        for worker, part in zip(workers, others, strict=True):
            worker.send(part)
        loss, next_state = own.run(self.model, gradient)
        states = [next_state]
        for worker in workers:
            part_loss, part_state = worker.receive()
            loss += part_loss
            gradient.vector += worker.gradient
            states.append(part_state)
        return loss, _joined(states)


class Worker:
    """One worker process, as the trainer sees it."""

    def __init__(self, context: Any, model: CharRNN, weights: Any) -> None:
        gradient, self.gradient = _shared(context, model.parameters.vector)
        self._pipe, worker_end = context.Pipe()
        description = (model.config, model.vocabulary, self.gradient.dtype.str)
        self.process = context.Process(
            target=_serve, args=(worker_end, *description, weights, gradient), daemon=True
        )
        self.process.start()
        worker_end.close()  # so the pipe ends when the worker does

    def send(self, part: Part) -> None:
        with self._faults():
            self._pipe.send(part)

    def receive(self) -> tuple[float, ModelState]:
        with self._faults():
            _spin(self._pipe)
            return self._pipe.recv()  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the process: it exits when its pipe closes, or is killed after 2 seconds."""
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
    """A worker's main loop: receive a part, send its loss and state, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the trainer to handle
    keep_freed_memory()
    shapes = parameter_shapes(config, len(vocabulary))
    model = CharRNN(vocabulary, config, Parameters(shapes, np.frombuffer(weights, dtype)))
    gradients = Parameters(shapes, np.frombuffer(gradient, dtype))
    with suppress(EOFError, OSError):
        while True:
            _spin(pipe)
            part: Part = pipe.recv()
            pipe.send(part.run(model, gradients))


def _spin(pipe: Connection) -> None:
    """Poll for a message for a while instead of sleeping at once.

    Linux moves a process that a message wakes to the sender's core, where the two then take turns
    until they are separated: a 1 x 128 LSTM on two workers read 107,000 characters a second that
    way, and 148,000 with polling.
    """
    until = time.perf_counter() + SPIN_SECONDS
    while not pipe.poll() and time.perf_counter() < until:
        time.sleep(0)  # lets others run where there are more processes than cores


def _shared(context: Any, like: Array) -> tuple[Any, Array]:
    """Memory that can be passed to other processes, and a vector over it."""
    memory = context.RawArray("b", like.nbytes)
    return memory, np.frombuffer(memory, like.dtype)


def _joined(states: list[ModelState]) -> ModelState:
    return tuple(
        tuple(np.concatenate(arrays, axis=1) for arrays in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Give processes started here one BLAS thread each: together they use all the cores."""
    previous = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if previous is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = previous

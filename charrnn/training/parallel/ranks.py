"""Data-parallel training over the ranks of an MPI program, on one machine or on many.

`mpirun -n 4 python -m charrnn train ...` starts four processes, the ranks. All have the same
weights, read the same windows and make the same updates; each computes the gradient of its share
of a window's sequences, and one all-reduce a step sums the shares in place. Rank 0 alone reads the
text, validates, prints and saves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from charrnn.network.model import CharRNN, ModelState
from charrnn.network.parameters import Array, Parameters
from charrnn.training.fine_tuning import weights_sha256
from charrnn.training.parallel.gradients import Gradients, Part, WorkerError, shares

if TYPE_CHECKING:
    from mpi4py.MPI import Comm

T = TypeVar("T")

LAUNCHED = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK")
"""What Open MPI's and MPICH's launchers, and those made like them, leave in the environment."""


class Stopped(Exception):  # noqa: N818  # it ends a run as planned
    """Rank 0 has ended the run."""


def world() -> Comm | None:
    """The communicator of all ranks; None for a process that is alone.

    Raises ValueError without mpi4py.
    """
    if not any(name in os.environ for name in LAUNCHED):
        return None
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError):  # RuntimeError: no MPI library
        raise ValueError(
            "Training on several ranks needs mpi4py: pip install 'charrnn-numpy[mpi]'."
        ) from None
    return MPI.COMM_WORLD if MPI.COMM_WORLD.size > 1 else None


def check_equal(comm: Comm, settings: Mapping[str, Any]) -> None:
    """Compare what the ranks were started with. Raises the same ValueError on all ranks.

    A value of ... stands for one that a rank does not know, and equals any other.
    """
    first, *others = comm.allgather(dict(settings))
    for rank, other in enumerate(others, 1):
        names = [
            name
            for name in sorted(first.keys() | other.keys())
            if first.get(name) != other.get(name) and ... not in (first.get(name), other.get(name))
        ]
        if names:
            raise ValueError(
                f"Rank {rank} differs from rank 0 in {', '.join(names)}: start all ranks with the "
                "same command and the same text."
            )


class Ranks(Gradients):
    """Computes the gradients on the ranks of a communicator, each of which must create a Ranks."""

    def __init__(self, model: CharRNN, comm: Comm, facts: Mapping[str, Any]) -> None:
        """facts: what must be equal on all ranks, beside the weights. Raises ValueError."""
        check_equal(comm, {**facts, "weights": weights_sha256(model)})
        vector = model.parameters.vector
        self._message = np.empty_like(vector, shape=len(vector) + 2)  # gradient, loss, end
        super().__init__(model, self._message[:-2])
        self.comm = comm
        self._state: ModelState = ()  # after the last step
        self._after: ModelState = ()  # after the last window

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> bool | None:
        if kind is GeneratorExit and self.comm.rank == 0:  # the others wait in their next step
            self._message[:] = 0
            self._all_reduce(end=1)
            self.gather_state()
        elif kind is Stopped:
            self.gather_state()
        return kind is Stopped

    def total(self) -> tuple[float, Array]:
        loss, gradient = super().total()
        self._message[-2] = loss
        if self._all_reduce(end=0):
            raise Stopped
        self._state = self._after
        return float(self._message[-2]), gradient

    def first(self, measure: Callable[[], T]) -> T:
        with _faults():
            measured: T = self.comm.bcast(measure() if self.comm.rank == 0 else None)
        return measured

    def gather_state(self) -> None:
        from mpi4py import MPI

        for layer in self._state:
            for array in layer:
                columns = self._columns(array.shape[1])
                own = array[:, columns].copy()
                array[:] = 0
                array[:, columns] = own
                with _faults():
                    self.comm.Allreduce(MPI.IN_PLACE, array)

    def _read(
        self, x: Array, y: Array, state: ModelState, seed: tuple[int, int], gradient: Parameters
    ) -> tuple[float, ModelState]:
        columns = self._columns(x.shape[1])
        part = Part.of(x, y, state, seed, columns)
        loss, own = 0.0, part.state
        if part.x.size:
            loss, own = part.run(self.model, gradient)
        else:  # more ranks than sequences
            gradient.vector[:] = 0
        self._after = tuple(tuple(np.zeros_like(array) for array in layer) for layer in state)
        for layer, own_layer in zip(self._after, own, strict=True):
            for array, own_array in zip(layer, own_layer, strict=True):
                array[:, columns] = own_array
        return loss, self._after

    def _columns(self, N: int) -> slice:
        return shares(N, self.comm.size)[self.comm.rank]

    def _all_reduce(self, end: int) -> bool:
        """Sum the message of all ranks; whether rank 0 ends the run."""
        from mpi4py import MPI

        self._message[-1] = end
        with _faults():
            self.comm.Allreduce(MPI.IN_PLACE, self._message)
        return bool(self._message[-1])


@contextmanager
def _faults() -> Iterator[None]:
    """Explain an error when MPI cannot reach a rank. Most launchers then end all of them."""
    from mpi4py import MPI

    try:
        yield
    except MPI.Exception as error:
        raise WorkerError(
            "A rank ended unexpectedly, so training stopped; the best weights so far are kept."
        ) from error

"""Cuts a text into windows: what step k of a training run reads depends on k alone.

The position in the text is therefore just the step number, and a resumed run reads exactly what
the original would have read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from charrnn.network.parameters import Array
from charrnn.training.config import TrainConfig


class Window(NamedTuple):
    """What one step reads: x and y are ids (T, N), y one symbol ahead of x."""

    x: Array
    y: Array
    first: bool
    """Whether this is the first window of an epoch."""


def shrink_to_text(length: int, batch_size: int, seq_length: int) -> tuple[int, int]:
    """The N and T that fit a text of `length` symbols; seq_length 0 is the whole text.

    Raises ValueError for a text of fewer than two symbols.
    """
    if length < 2:
        raise ValueError("Training needs a text of at least 2 characters.")
    T = min(seq_length or length - 1, length - 1)
    return max(1, min(batch_size, (length - 1) // T)), T


@dataclass(frozen=True)
class Streams:
    """N contiguous parts of the text, read side by side, T symbols at a time.

    Each window continues where the last one stopped, so the state can be carried over. The last
    window of an epoch is shorter if T does not divide the part.
    """

    ids: Array  # (L,)
    batch_size: int
    seq_length: int

    def __len__(self) -> int:
        return -(-self._part // self.seq_length)

    @property
    def _part(self) -> int:
        return (len(self.ids) - 1) // self.batch_size

    def window(self, step: int) -> Window:
        k = step % len(self)
        start, stop = k * self.seq_length, min((k + 1) * self.seq_length, self._part)
        rows = np.arange(self.batch_size) * self._part  # (N,)
        at = np.arange(start, stop)[:, None] + rows  # (T, N)
        return Window(self.ids[at], self.ids[at + 1], k == 0)


@dataclass(frozen=True)
class Windows:
    """Windows of T symbols that start every `stride` symbols, shuffled, N of them per step.

    A stride of T makes them adjacent; a smaller stride makes them overlap. The order of each epoch
    is drawn from (random_seed, epoch).
    """

    ids: Array  # (L,)
    batch_size: int
    seq_length: int
    stride: int
    random_seed: int = 0

    def __len__(self) -> int:
        return -(-self._count // self.batch_size)

    @property
    def _count(self) -> int:
        return (len(self.ids) - 1 - self.seq_length) // self.stride + 1

    def window(self, step: int) -> Window:
        epoch, k = divmod(step, len(self))
        order = _order(self._count, self.random_seed, epoch)
        starts = order[k * self.batch_size : (k + 1) * self.batch_size] * self.stride  # (N,)
        at = np.arange(self.seq_length)[:, None] + starts  # (T, N)
        return Window(self.ids[at], self.ids[at + 1], k == 0)


Batches: TypeAlias = Streams | Windows
"""Has `window(step)`, counted from 0 across epochs, and `len`, the number of steps in an epoch."""


def batches_for(ids: Array, c: TrainConfig) -> Batches:
    """How these settings read a text of ids (L,)."""
    N, T = shrink_to_text(len(ids), c.batch_size, c.seq_length)
    if c.batching == "windows":
        return Windows(ids, N, T, c.stride or T, c.random_seed)
    return Streams(ids, N, T)


@lru_cache(maxsize=4)
def _order(count: int, random_seed: int, epoch: int) -> Array:
    """An epoch's order of windows, cached for all its steps: drawing a million takes 20 ms."""
    return np.random.default_rng((random_seed, epoch)).permutation(count)

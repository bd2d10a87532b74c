"""All of a model's parameters in one flat vector, with a named view for each array."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
"""An array of the model's precision: float32, float64, or complex in a gradient check."""


class Parameters(Mapping[str, Array]):
    """Named views into one flat vector.

    `p["Whh0"]` is a view, so an optimizer that updates `p.vector` updates every array. Clipping is
    one dot product, and Adam is ten lines that never see a name. Gradients are Parameters too.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        vector: Array | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        sizes = [math.prod(shape) for shape in shapes.values()]
        self.shapes = dict(shapes)
        self.vector: Array = np.zeros(sum(sizes), dtype) if vector is None else vector  # (P,)
        if self.vector.shape != (sum(sizes),):
            raise ValueError(f"These shapes need a vector of {sum(sizes)} numbers.")
        pieces = np.split(self.vector, list(itertools.accumulate(sizes[:-1])))
        self._views = {
            name: piece.reshape(shape)
            for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
        }

    def __getitem__(self, name: str) -> Array:
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __reduce__(self) -> tuple[Any, ...]:
        # Copied field by field, the views would no longer share memory with the vector.
        return Parameters, (self.shapes, self.vector)

    def like(self, vector: Array) -> Parameters:
        """The same layout over another vector (P,)."""
        return Parameters(self.shapes, vector)

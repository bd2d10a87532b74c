"""A strict stand-in for an array on a GPU, to find silent conversions in the core.

It implements NumPy's protocols as CuPy's arrays do, with only the functions and arguments that
those have. It never becomes a NumPy array by itself, refuses NumPy arrays as operands, values and
indices, and counts the numbers that are transferred explicitly.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

TRANSFERS: Counter[str] = Counter()
"""Numbers transferred since it was cleared: "to device", "to host", and the "calls" of both."""

UFUNC_METHODS = {"__call__": None, "reduceat": {"add"}}
FUNCTIONS = {
    np.argsort: {"axis", "kind"},
    np.clip: {"out"},
    np.concatenate: {"axis", "out"},
    np.dot: {"out"},
    np.empty_like: {"dtype", "shape"},
    np.moveaxis: set(),
    np.put_along_axis: {"axis"},
    np.split: {"axis"},
    np.take_along_axis: {"axis"},
    np.unique: {"return_index", "return_inverse", "return_counts", "axis"},
    np.zeros_like: {"dtype", "shape"},
}
"""Functions of NumPy that CuPy has by the same name, and the keywords that CuPy's take."""


class DeviceArray(NDArrayOperatorsMixin):
    """An array whose numbers are not in this machine's memory, as far as NumPy can tell."""

    def __init__(self, hidden: Any) -> None:
        self._hidden: np.ndarray[Any, Any] = np.asarray(hidden)

    # ---- crossing ----

    @classmethod
    def from_host(cls, array: np.ndarray[Any, Any]) -> DeviceArray:
        assert isinstance(array, np.ndarray)
        TRANSFERS.update({"to device": array.size, "calls": 1})
        return cls(array.copy())

    def get(self) -> np.ndarray[Any, Any]:
        """A copy in this machine's memory: CuPy's name for it."""
        TRANSFERS.update({"to host": self.size, "calls": 1})
        return self._hidden.copy()

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __bool__(self) -> bool:
        return bool(self.get())

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("silent conversion of a device array to NumPy")

    # ---- NumPy's protocols ----

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        allowed = UFUNC_METHODS.get(method, set())
        assert allowed is None or ufunc.__name__ in allowed, f"CuPy lacks {ufunc.__name__}.{method}"
        (out,) = kwargs.pop("out", (None,))
        if out is not None:
            kwargs["out"] = hidden(out)
        result = getattr(ufunc, method)(*map(hidden, inputs), **kwargs)
        return DeviceArray(result) if out is None else out

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.asarray:
            (array,) = args
            return array if isinstance(array, DeviceArray) else DeviceArray.from_host(array)
        unknown = kwargs.keys() - FUNCTIONS[function]
        assert not unknown, f"CuPy's {function.__name__} takes no {unknown}"
        result = function(*hidden(args), **{name: hidden(value) for name, value in kwargs.items()})
        if isinstance(result, list | tuple):
            return type(result)(map(DeviceArray, result))
        return None if result is None else DeviceArray(result)

    # ---- the methods of an array ----

    @property
    def shape(self) -> tuple[int, ...]:
        return self._hidden.shape

    @property
    def ndim(self) -> int:
        return self._hidden.ndim

    @property
    def size(self) -> int:
        return self._hidden.size

    @property
    def dtype(self) -> Any:
        return self._hidden.dtype

    @property
    def T(self) -> DeviceArray:  # noqa: N802
        return DeviceArray(self._hidden.T)

    def __len__(self) -> int:
        return len(self._hidden)

    def __iter__(self) -> Any:
        return map(DeviceArray, self._hidden)

    def __getitem__(self, key: Any) -> DeviceArray:
        return DeviceArray(self._hidden[hidden(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._hidden[hidden(key)] = hidden(value)

    def reshape(self, *shape: Any) -> DeviceArray:
        return DeviceArray(self._hidden.reshape(*shape))

    def ravel(self) -> DeviceArray:
        return DeviceArray(self._hidden.ravel())

    def copy(self) -> DeviceArray:
        return DeviceArray(self._hidden.copy())

    def astype(self, dtype: Any) -> DeviceArray:
        return DeviceArray(self._hidden.astype(dtype))

    def swapaxes(self, one: int, other: int) -> DeviceArray:
        return DeviceArray(self._hidden.swapaxes(one, other))

    def take(self, indices: DeviceArray, axis: int | None = None) -> DeviceArray:
        return DeviceArray(self._hidden.take(hidden(indices), axis))

    def dot(self, other: DeviceArray, out: DeviceArray | None = None) -> DeviceArray:
        return DeviceArray(
            self._hidden.dot(hidden(other), out=None if out is None else hidden(out))
        )

    def sum(self, axis: Any = None, dtype: Any = None) -> DeviceArray:
        return DeviceArray(self._hidden.sum(axis, dtype))

    def max(self, axis: Any = None) -> DeviceArray:
        return DeviceArray(self._hidden.max(axis))

    def all(self) -> DeviceArray:
        return DeviceArray(self._hidden.all())


def hidden(value: Any) -> Any:
    """The array behind a value, for NumPy to compute on; refuses NumPy arrays, as CuPy does."""
    if isinstance(value, np.ndarray):
        raise TypeError("a NumPy array meets a device array")
    if isinstance(value, DeviceArray):
        return value._hidden
    if isinstance(value, list | tuple):
        return type(value)(map(hidden, value))
    return value

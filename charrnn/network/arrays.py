"""The two functions that copy numbers between a device and this machine's memory.

The network, the optimizers and generation run on any array type that implements NumPy's protocols
(NEP 13, 18 and 35), such as CuPy's: every array is made from another one, so a model whose weights
are on a GPU computes there. Only ids, targets and dropout masks go to it, and only losses, logits
to draw from and weights to save come back.
"""

from __future__ import annotations

import numpy as np

from charrnn.network.parameters import Array


def to_device_of(other: Array, array: Array) -> Array:
    """A NumPy array, copied to the device of `other` if that is not this machine."""
    return np.asarray(array, like=other)


def to_host(array: Array) -> Array:
    """An array on any device as a NumPy array; a NumPy array is returned as it is."""
    return array if isinstance(array, np.ndarray) else array.get()

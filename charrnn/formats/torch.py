"""Converts weights to and from PyTorch's names and gate order, without importing PyTorch.

The arrays of `to_torch` are the state dict of this module, in any release since 1.0:

    class TorchCharRNN(torch.nn.Module):
        def __init__(self, vocab_size, hidden_size, layers):
            super().__init__()
            self.rnn = torch.nn.LSTM(vocab_size, hidden_size, layers)  # or torch.nn.RNN, GRU
            self.head = torch.nn.Linear(hidden_size, vocab_size)

        def forward(self, x, state=None):  # x (T, N, V), one-hot
            outputs, state = self.rnn(x, state)
            return self.head(outputs), state

    module = TorchCharRNN(len(model.vocabulary), model.config.hidden_size, model.config.layers)
    module.load_state_dict({k: torch.from_numpy(v) for k, v in charrnn.to_torch(model).items()})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.network.cells import CELLS
from charrnn.network.model import CharRNN, ModelConfig, parameter_shapes
from charrnn.network.parameters import Array, Parameters
from charrnn.vocabulary import Vocabulary

GATE_ORDER: dict[str, tuple[str, ...]] = {
    "rnn": ("h",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("r", "z", "n"),
}
"""The gates of each cell in the order that PyTorch stacks them."""

SUFFIXES = {"Wxh": "weight_ih_l", "Whh": "weight_hh_l", "bh": "bias_ih_l", "bhh": "bias_hh_l"}
"""PyTorch's name for each array of a layer; the layer's number follows in both."""


def to_torch(model: CharRNN) -> dict[str, Array]:
    """A model's weights as the state dict of TorchCharRNN above: `rnn.*` and `head.*`.

    Copies, in the model's precision. PyTorch adds two biases everywhere; where a cell has one,
    `bias_hh` is zeros. Raises ValueError for a cell that PyTorch does not have.
    """
    order = _order(model.config.cell)
    gates, p = model.cell.gates, model.parameters
    state_dict: dict[str, Array] = {}
    for layer in range(model.config.layers):
        for ours, theirs in SUFFIXES.items():
            array = p.get(f"{ours}{layer}")
            if array is None:
                array = np.zeros_like(p[f"bh{layer}"])
            state_dict[f"rnn.{theirs}{layer}"] = reorder(array, gates, order)
    return state_dict | {"head.weight": p["Why"].copy(), "head.bias": p["by"].copy()}


def from_torch(
    state_dict: Mapping[str, Any],
    vocabulary: Vocabulary,
    *,
    rnn: str = "rnn",
    head: str = "head",
) -> CharRNN:
    """A model from the state dict of a module like TorchCharRNN, arrays or CPU tensors.

    rnn, head: the module's names for its recurrent and its output layer. The shapes tell the
    cell (nn.RNN with tanh, nn.LSTM, nn.GRU), the width and the layers. Where the cell needs one
    bias, PyTorch's two are added up; missing ones are zeros. Raises ValueError for what does not
    fit the vocabulary, and for bidirectional and projected layers.
    """
    arrays = _arrays_below(state_dict, rnn) | {
        f"head.{name}": array for name, array in _arrays_below(state_dict, head).items()
    }
    config = _config_of(arrays, rnn)
    shapes = parameter_shapes(config, len(vocabulary))
    _check_names(arrays, shapes, rnn)
    dtype = np.result_type(np.float32, *arrays.values())
    parameters = Parameters(shapes, dtype=dtype)
    gates, order = CELLS[config.cell].gates, _order(config.cell)
    for name, array in parameters.items():
        if name in ("Why", "by"):
            theirs = "head.weight" if name == "Why" else "head.bias"
            array[:] = _fitting(arrays, theirs, array.shape)
        else:
            kind, layer = name.rstrip("0123456789"), name.lstrip("Wxhb")
            value = _fitting(arrays, SUFFIXES[kind] + layer, array.shape)
            if kind == "bh" and f"bhh{layer}" not in shapes:
                value = value + _fitting(arrays, SUFFIXES["bhh"] + layer, array.shape)
            array[:] = reorder(value, order, gates)
    return CharRNN(vocabulary, config, parameters)


def _order(cell: str) -> tuple[str, ...]:
    if cell not in GATE_ORDER:
        raise ValueError(f"PyTorch has no layer like {cell}; it has {', '.join(GATE_ORDER)}.")
    return GATE_ORDER[cell]


def reorder(array: Array, gates: tuple[str, ...], wanted: tuple[str, ...]) -> Array:
    """The gates of a (G*H, ...) array, stacked in another order. A copy."""
    by_gate = array.reshape(len(gates), -1, *array.shape[1:])  # (G, H, ...)
    return by_gate[[gates.index(gate) for gate in wanted]].reshape(array.shape)


def _arrays_below(state_dict: Mapping[str, Any], prefix: str) -> dict[str, Array]:
    """The entries of one submodule, as arrays, without its prefix."""
    start = f"{prefix}." if prefix else ""
    return {
        name.removeprefix(start): np.asarray(value)
        for name, value in state_dict.items()
        if name.startswith(start)
    }


def _config_of(arrays: Mapping[str, Array], rnn: str) -> ModelConfig:
    """The architecture, from the shape of Whh (G*H, H) and the number of layers."""
    Whh = arrays.get("weight_hh_l0")
    if Whh is None or Whh.ndim != 2:
        raise ValueError(
            f"There is no array {rnn}.weight_hh_l0, so this holds no RNN of that name."
        )
    rows, H = Whh.shape
    cells = [cell for cell, order in GATE_ORDER.items() if len(order) * H == rows]
    if not cells:
        raise ValueError(
            f"{rnn}.weight_hh_l0 has shape {Whh.shape}, which is no RNN, LSTM or GRU "
            "(a layer with projections is not supported)."
        )
    layers = sum(name.startswith("weight_hh_l") for name in arrays)
    return ModelConfig(cells[0], H, layers)


def _check_names(
    arrays: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]], rnn: str
) -> None:
    """Refuse arrays that would be silently ignored: another direction, a projection."""
    layers = [name.removeprefix("Whh") for name in shapes if name.startswith("Whh")]
    known = {suffix + layer for suffix in SUFFIXES.values() for layer in layers}
    if odd := sorted(arrays.keys() - known - {"head.weight", "head.bias"}):
        raise ValueError(
            f"{rnn} has arrays that a one-way RNN, LSTM or GRU does not have: {', '.join(odd)}."
        )


def _fitting(arrays: Mapping[str, Array], name: str, shape: tuple[int, ...]) -> Array:
    """The array of that name, checked; a bias that is not there is zeros."""
    if name not in arrays and "bias" in name:
        return np.zeros(shape, np.float32)
    if name not in arrays:
        raise ValueError(f"The array {name} is missing.")
    if arrays[name].shape != shape:
        raise ValueError(
            f"{name} has shape {arrays[name].shape}, and this vocabulary and width need {shape}."
        )
    return arrays[name]

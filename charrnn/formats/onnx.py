"""Exports a model as an ONNX graph of the standard's own recurrent operators.

The library is an extra, imported only here: pip install "charrnn-numpy[onnx]". The graph reads
a window of ids and carries the state through its inputs and outputs:

    ids (T, N) int64, {state}0, {state}1, ... (1, N, H) -> logits (T, N, V), {state}0_after, ...

with state "hidden", and for an LSTM "cell" as well, a pair for each layer.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from charrnn.formats.torch import reorder
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array

OPERATORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "rnn": ("RNN", ("h",)),
    "lstm": ("LSTM", ("i", "o", "f", "g")),
    "gru": ("GRU", ("z", "r", "n")),
}
"""ONNX's operator for each cell, and our gates in the order that it stacks them."""

OPSET = 17
IR_VERSION = 8
"""The version of 2022: runtimes since then read it."""


def to_onnx(model: CharRNN) -> bytes:
    """The bytes of an .onnx file; its metadata holds cleaning, words and the symbols as JSON.

    Raises ValueError where the library is missing, or for a cell that ONNX does not have.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError:
        raise ValueError("This needs the onnx library: pip install onnx, then try again.") from None
    if model.config.cell not in OPERATORS:
        raise ValueError(f"ONNX has no operator like {model.config.cell}.")
    H, V, kinds = model.config.hidden_size, len(model.vocabulary), model.cell.state
    states = [f"{kind}{layer}" for layer in range(model.config.layers) for kind in kinds]

    def floats(name: str, *shape: int | str) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["T", "N"])
    inputs = [ids, *(floats(name, 1, "N", H) for name in states)]
    after = (floats(f"{name}_after", 1, "N", H) for name in states)
    outputs = [floats("logits", "T", "N", V), *after]
    nodes, arrays = _nodes(model, helper), _initializers(model)
    graph = helper.make_graph(nodes, "charrnn", inputs, outputs, arrays)
    opsets = [helper.make_opsetid("", OPSET)]
    onnx_model = helper.make_model(
        graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="charrnn"
    )
    vocabulary = model.vocabulary
    properties = {
        "symbols": json.dumps(vocabulary.symbols),
        "words": json.dumps(vocabulary.words),
        "cleaning": vocabulary.cleaning,
    }
    helper.set_model_props(onnx_model, properties)
    checker.check_model(onnx_model)
    data: bytes = onnx_model.SerializeToString()
    return data


def _nodes(model: CharRNN, helper: Any) -> list[Any]:
    """One-hot, a recurrent operator for each layer, and the output product."""
    operator, kinds = OPERATORS[model.config.cell][0], model.cell.state
    extra = {"linear_before_reset": 1} if operator == "GRU" else {}  # the reset-after form
    nodes = [helper.make_node("OneHot", ["ids", "V", "off_on"], ["inputs0"], axis=-1)]
    for k in range(model.config.layers):
        before = [f"{kind}{k}" for kind in kinds]
        nodes += [
            helper.make_node(
                operator,
                [f"inputs{k}", f"W{k}", f"R{k}", f"B{k}", "", *before],
                [f"outputs{k}", *(f"{name}_after" for name in before)],
                hidden_size=model.config.hidden_size,
                **extra,
            ),
            helper.make_node("Squeeze", [f"outputs{k}", "direction"], [f"inputs{k + 1}"]),
        ]
    return [
        *nodes,
        helper.make_node("MatMul", [f"inputs{model.config.layers}", "WhyT"], ["products"]),
        helper.make_node("Add", ["products", "by"], ["logits"]),
    ]


def _initializers(model: CharRNN) -> list[Any]:
    from onnx import numpy_helper

    p, gates, order = model.parameters, model.cell.gates, OPERATORS[model.config.cell][1]

    def stacked(array: Array) -> Array:
        """Gates in ONNX's order, behind its axis of directions: (1, G*H, ...)."""
        return reorder(array, gates, order)[None]

    arrays: dict[str, Array] = {
        "V": np.array(len(model.vocabulary), np.int64),
        "off_on": np.array([0, 1], np.float32),
        "direction": np.array([1], np.int64),  # the axis of directions in the outputs
        "WhyT": np.ascontiguousarray(p["Why"].T),
        "by": p["by"],
    }
    for k in range(model.config.layers):
        bhh = p.get(f"bhh{k}", np.zeros_like(p[f"bh{k}"]))
        arrays[f"W{k}"], arrays[f"R{k}"] = stacked(p[f"Wxh{k}"]), stacked(p[f"Whh{k}"])
        arrays[f"B{k}"] = np.concatenate([stacked(p[f"bh{k}"]), stacked(bhh)], axis=1)
    return [
        numpy_helper.from_array(a.astype(np.float32) if a.dtype.kind == "f" else a, name)
        for name, a in arrays.items()
    ]

"""A peer: ONNX Runtime on the CPU, with the file that our own export writes.

It has a process of its own, because its threads spin between two calls and starve any other work.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from child import Work, serve
from onnx import helper, numpy_helper
from ours import draw_each, new_model

import charrnn
from charrnn import CharRNN, Sampling
from charrnn.formats.onnx import to_onnx
from charrnn.network.sampling import draw, weights

Reader = Callable[[np.ndarray], np.ndarray]
"""Reads one symbol of each stream, ids (N,), and carries the state."""
TEMPERATURE = 0.8


def with_draw(data: bytes) -> bytes:
    """The same graph, but drawing the next ids (1, N) itself instead of returning logits."""
    model = onnx.load_from_string(data)
    graph = model.graph
    constants = {
        "temperature": np.array(TEMPERATURE, np.float32),
        "rows": np.array([-1, graph.output[0].type.tensor_type.shape.dim[2].dim_value]),
        "row": np.array([1, -1]),
    }
    graph.initializer.extend(numpy_helper.from_array(a, name) for name, a in constants.items())
    graph.node.extend(
        [
            helper.make_node("Div", ["logits", "temperature"], ["scaled"]),
            helper.make_node("Reshape", ["scaled", "rows"], ["log_weights"]),
            helper.make_node("Multinomial", ["log_weights"], ["drawn"], dtype=7, seed=0.0),  # int64
            helper.make_node("Reshape", ["drawn", "row"], ["next_ids"]),
        ]
    )
    graph.output[0].CopyFrom(helper.make_tensor_value_info("next_ids", 7, [1, "N"]))
    return model.SerializeToString()  # type: ignore[no-any-return]


def session(data: bytes, spinning: bool = False) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def by_arrays(model: CharRNN, N: int, spinning: bool = False) -> Reader:
    """A call with arrays in and out, the first way in its documentation: ids to logits (N, V)."""
    run = session(to_onnx(model), spinning).run
    names = state_names(model)
    state = [np.zeros((1, N, model.config.hidden_size), np.float32) for _ in names]

    def read(ids: np.ndarray) -> np.ndarray:
        nonlocal state
        logits, *state = run(None, {"ids": ids[None], **dict(zip(names, state, strict=True))})
        return logits[0]  # type: ignore[no-any-return]

    return read


def by_binding(model: CharRNN, N: int, spinning: bool) -> Callable[[], np.ndarray]:
    """Inputs and outputs bound once, softmax and draw in the graph: the next ids (1, N).

    Two sets of buffers take turns as inputs and outputs, so that nothing is copied.
    """
    runtime = session(with_draw(to_onnx(model)), spinning)
    H, names = model.config.hidden_size, state_names(model)
    buffers = [
        {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(array)
            for name, array in [
                ("ids", np.zeros((1, N), np.int64)),
                *((name, np.zeros((1, N, H), np.float32)) for name in names),
            ]
        }
        for _ in range(2)
    ]
    bindings = [runtime.io_binding() for _ in range(2)]
    for binding, before, after in zip(bindings, buffers, reversed(buffers), strict=True):
        for name, value in before.items():
            binding.bind_ortvalue_input(name, value)
        for name, value in after.items():
            output = "next_ids" if name == "ids" else f"{name}_after"
            binding.bind_ortvalue_output(output, value)
    turn = 0

    def step() -> np.ndarray:
        nonlocal turn
        runtime.run_with_iobinding(bindings[turn])
        turn = 1 - turn
        return buffers[turn]["ids"].numpy()  # type: ignore[no-any-return]

    return step


def state_names(model: CharRNN) -> list[str]:
    return [f"{kind}{k}" for k in range(model.config.layers) for kind in model.cell.state]


def generate_many(
    cell: str, layers: int, hidden: int, streams: int, way: str, spinning: bool = False
) -> Work:
    """Softmax and a draw for every character of every stream."""
    model, ids = new_model(cell, layers, hidden), np.zeros(streams, np.int64)
    if way == "bound":
        step = by_binding(model, streams, spinning)
        return Work(lambda n: [step().tolist() for _ in range(n)], streams)
    read, rng, sampling = by_arrays(model, streams, spinning), np.random.default_rng(0), Sampling()

    def run(n: int) -> None:
        for _ in range(n):
            logits = read(ids)
            if streams > 1:
                ids[:] = draw_each(logits.T, rng)
            else:
                ids[0] = draw(weights(logits[0], sampling), rng.random())

    return Work(run, streams)


def generate(cell: str, layers: int, hidden: int, way: str, spinning: bool = False) -> Work:
    return generate_many(cell, layers, hidden, 1, way, spinning)


def check(path: str, ids: list[int]) -> dict[str, Any]:
    """The logits after each symbol of one stream, read one at a time."""
    read = by_arrays(charrnn.load(Path(path)), 1)
    return {"logits": [read(np.array([i]))[0].tolist() for i in ids]}


if __name__ == "__main__":
    serve({"generate": generate, "generate many": generate_many}, {"check": check})

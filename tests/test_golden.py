"""PyTorch's numbers, kept in files: outputs, loss, gradients and training, for every cell.

The files are written by tests/golden/make_golden.py; nothing here needs PyTorch.
"""

from pathlib import Path

import numpy as np
import pytest

from charrnn import CELLS, CharRNN, Vocabulary, from_torch
from charrnn.formats.torch import GATE_ORDER
from charrnn.network.loss import cross_entropy
from charrnn.training.optimizers import OPTIMIZERS

GOLDEN = Path(__file__).with_name("golden")
VOCABULARY = Vocabulary(tuple("abcdefghi"))
PRECISIONS = [
    pytest.param(np.float64, 1e-10, id="float64"),
    pytest.param(np.float32, 1e-5, id="float32"),
]

pytestmark = [
    pytest.mark.parametrize("cell", GATE_ORDER),
    pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS),
]


def read(cell):
    with np.load(GOLDEN / f"{cell}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def model_of(golden, group, dtype=np.float64) -> CharRNN:
    """The model in one group of arrays; also converts a group of gradients."""
    start = f"{group}/"
    arrays = {k.removeprefix(start): v for k, v in golden.items() if k.startswith(start)}
    return from_torch(arrays, VOCABULARY).astype(dtype)


def state_of(golden, name, dtype):
    """PyTorch's (states, layers, N, H) to ours: for each layer a tuple of (H, N)."""
    return tuple(
        tuple(np.ascontiguousarray(array.T).astype(dtype) for array in layer)
        for layer in golden[name].swapaxes(0, 1)
    )


def run(golden, dtype):
    model, ids = model_of(golden, "weights", dtype), golden["ids"]
    logits, after, tape = model.forward(ids[:-1], state_of(golden, "start", dtype))
    loss, dlogits = cross_entropy(logits, ids[1:])
    return model, logits, after, loss, model.backward(dlogits, tape)


def assert_close(ours, theirs, tolerance):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance


def test_every_cell_has_a_file(cell, dtype, tolerance):
    assert cell in CELLS
    assert (GOLDEN / f"{cell}.npz").is_file()


def test_outputs_and_state(cell, dtype, tolerance):
    golden = read(cell)
    _, logits, after, _, _ = run(golden, dtype)
    assert_close(logits.transpose(1, 2, 0), golden["logits"], tolerance)
    for ours, theirs in zip(after, state_of(golden, "after", dtype), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert_close(a, b, tolerance)


def test_loss_and_every_gradient(cell, dtype, tolerance):
    golden = read(cell)
    _, _, _, loss, gradient = run(golden, dtype)
    assert abs(loss - golden["losses"][0]) <= tolerance
    theirs = model_of(golden, "gradients").parameters
    assert theirs.shapes == gradient.shapes
    for name in gradient:
        assert np.abs(theirs[name]).max() > 0
        assert_close(gradient[name], theirs[name], tolerance)


def test_twenty_steps_of_adam(cell, dtype, tolerance):
    golden = read(cell)
    model, ids = model_of(golden, "weights", dtype), golden["ids"]
    start, adam = state_of(golden, "start", dtype), OPTIMIZERS["adam"]
    w = model.parameters.vector
    slots = [np.zeros_like(w) for _ in range(adam.slots)]
    for t, expected in enumerate(golden["losses"], 1):
        loss, gradient, _ = model.loss_and_gradient(ids[:-1], ids[1:], start)
        assert abs(loss - expected) <= tolerance
        adam.update(w, gradient.vector, slots, t, float(golden["learning_rate"]), 0.0)
    theirs = model_of(golden, "trained").parameters
    for name, array in model.parameters.items():
        assert_close(array, theirs[name], tolerance)

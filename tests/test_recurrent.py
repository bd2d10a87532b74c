"""Reading one symbol at a time gives the same result as reading a window at a time."""

import numpy as np
import pytest
from builders import some_ids, tiny_model

from charrnn import CELLS
from charrnn.network.recurrent import Stepper


@pytest.mark.parametrize("N", [1, 3])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_stepping_agrees_with_a_window(cell, layers, N):
    model = tiny_model(cell, layers)
    _, start, _ = model.forward(some_ids(model, 4, N))
    before = [[array.copy() for array in layer] for layer in start]
    ids = some_ids(model, 9, N, seed=1)
    logits, after, _ = model.forward(ids, start)
    stepper = Stepper(model.cell, model.parameters, start)
    for t in range(9):
        np.testing.assert_allclose(stepper.step(ids[t]), logits[:, t], rtol=0, atol=1e-13)
    for ours, theirs in zip(stepper.state, after, strict=True):
        np.testing.assert_allclose(np.array(ours), np.array(theirs), rtol=0, atol=1e-13)
    for now, then in zip(start, before, strict=True):
        np.testing.assert_array_equal(np.array(now), np.array(then))


def test_one_id_stands_for_one_sequence():
    model = tiny_model("gru")
    one, array = (Stepper(model.cell, model.parameters, model.initial_state()) for _ in "ab")
    np.testing.assert_array_equal(one.step(2), array.step(np.array([2])))


def test_a_stepper_keeps_the_weights_it_started_with():
    model = tiny_model("lstm", 2)
    stepper = Stepper(model.cell, model.parameters, model.initial_state())
    expected, _, _ = model.forward(np.array([[1]]))
    model.parameters.vector[:] = 0
    np.testing.assert_allclose(stepper.step(1), expected[:, 0], rtol=0, atol=1e-13)

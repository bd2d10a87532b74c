"""The gradient is the same however the backward pass cuts a window."""

import numpy as np
import pytest
from builders import some_ids, tiny_model

from charrnn import CELLS
from charrnn.network import recurrent


def gradient(model, T):
    ids, targets = some_ids(model, T, 3), some_ids(model, T, 3, seed=1)
    return model.loss_and_gradient(ids, targets, model.initial_state(3))[1].vector


@pytest.mark.parametrize("T", [1, 15, 16, 17, 40])
@pytest.mark.parametrize("cell", CELLS)
def test_blocks_of_steps_add_up_to_the_window(cell, T, monkeypatch):
    model = tiny_model(cell, layers=2)
    in_blocks = gradient(model, T)
    for steps in (1, 7, T):
        monkeypatch.setattr(recurrent, "RUN", 3 * steps)
        np.testing.assert_allclose(gradient(model, T), in_blocks, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_of_a_long_window_is_the_derivative_of_its_loss(cell):
    model = tiny_model(cell, layers=2)
    ids, targets = some_ids(model, 40, 3), some_ids(model, 40, 3, seed=1)

    def loss(step):
        moved = model.with_vector(model.parameters.vector + step)
        return float(moved.loss_and_gradient(ids, targets, moved.initial_state(3))[0])

    direction = np.random.default_rng(0).standard_normal(model.parameters.vector.size)
    derivative = (loss(1e-6 * direction) - loss(-1e-6 * direction)) / 2e-6
    assert gradient(model, 40) @ direction == pytest.approx(derivative, rel=1e-6)


def test_rows_are_summed_for_all_units(monkeypatch):
    model = tiny_model("lstm", hidden_size=13)  # 52 rows
    by_32 = gradient(model, 20)
    for rows in (1, 5, 100):
        monkeypatch.setattr(recurrent, "ROWS", rows)
        np.testing.assert_array_equal(gradient(model, 20), by_32)

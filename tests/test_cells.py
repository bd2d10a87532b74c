"""Every registered cell has exact gradients, and computes what the textbook says."""

import numpy as np
import pytest
import reference
from builders import some_ids, tiny_model

from charrnn import CELLS, gradient_check
from charrnn.network.loss import cross_entropy


@pytest.mark.parametrize("T", [1, 2, 7])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_every_element_of_every_gradient_is_right(cell, layers, T):
    model = tiny_model(cell, layers, hidden_size=4)
    errors = gradient_check(model, some_ids(model, T, 3), some_ids(model, T, 3, seed=1))
    assert set(errors) == set(model.parameters)
    assert max(errors.values()) < 1e-11, errors


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_check_notices_a_wrong_gradient(cell, monkeypatch):
    right = CELLS[cell]

    def wrong(dstate, local_derivatives, dx, dh):
        direct = right.backward(dstate, local_derivatives, dx, dh)
        dx *= 1.0001
        return direct

    monkeypatch.setitem(CELLS, cell, right._replace(backward=wrong))
    model = tiny_model(cell)
    errors = gradient_check(model, some_ids(model, 5, 2), some_ids(model, 5, 2, seed=1))
    assert max(errors.values()) > 1e-6


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", reference.STEPS)
def test_forward_agrees_with_the_textbook(cell, layers):
    model = tiny_model(cell, layers)
    ids = some_ids(model, 9, 2)
    logits, _, _ = model.forward(ids)
    for n in range(2):
        expected = reference.logits(model, ids[:, n])
        np.testing.assert_allclose(logits[:, :, n].T, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_three_windows_are_one_long_one_to_the_last_bit(cell):
    model = tiny_model(cell, layers=2)
    ids = some_ids(model, 12, 3)
    expected, last, _ = model.forward(ids)
    parts, state = [], None
    for window in np.split(ids, 3):
        logits, state, _ = model.forward(window, state)
        parts.append(logits)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), expected)
    for ours, theirs in zip(state, last, strict=True):
        np.testing.assert_array_equal(np.array(ours), np.array(theirs))


@pytest.mark.parametrize("cell", CELLS)
def test_sequences_side_by_side_do_not_touch_each_other(cell):
    model = tiny_model(cell, layers=2)
    ids = some_ids(model, 6, 4)
    together, _, _ = model.forward(ids)
    alone, _, _ = model.forward(ids[:, 2:3])
    np.testing.assert_allclose(together[:, :, 2:3], alone, rtol=0, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_a_model_keeps_nothing_between_two_calls(cell):
    model = tiny_model(cell, layers=2)
    x, y = some_ids(model, 6, 2), some_ids(model, 6, 2, seed=1)
    weights = model.parameters.vector.copy()
    _, first, _ = model.loss_and_gradient(x, y)
    state = model.initial_state(2)
    model.forward(some_ids(model, 3, 2, seed=5), state)
    assert all((array == 0).all() for layer in state for array in layer)
    _, second, _ = model.loss_and_gradient(x, y)
    np.testing.assert_array_equal(first.vector, second.vector)
    np.testing.assert_array_equal(model.parameters.vector, weights)


def test_dropout_has_an_exact_gradient_and_keeps_the_mean():
    model = tiny_model("gru", layers=2, dropout=0.4)
    x, y = some_ids(model, 6, 3), some_ids(model, 6, 3, seed=1)
    _, gradient, _ = model.loss_and_gradient(x, y, None, np.random.default_rng(3))
    probe = model.astype(np.complex128)
    for i in range(0, probe.parameters.vector.size, 7):
        probe.parameters.vector[i] += 1e-30j
        logits, _, _ = probe.forward(x, None, np.random.default_rng(3))
        loss, _ = cross_entropy(logits, y)
        probe.parameters.vector[i] = probe.parameters.vector[i].real
        assert gradient.vector[i] == pytest.approx(loss.imag / 1e-30, rel=1e-10, abs=1e-15)
    mask = model._dropout_mask(np.empty((200, 50, 10)), np.random.default_rng(0))
    assert set(np.unique(mask)) == {0.0, 1 / 0.6}
    assert mask.mean() == pytest.approx(1, abs=0.01)

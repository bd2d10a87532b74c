"""Optimizers, clipping and schedules against their definitions."""

import math

import numpy as np
import pytest

from charrnn import ModelConfig
from charrnn.network.cells import CELLS
from charrnn.network.model import parameter_shapes
from charrnn.network.parameters import Parameters
from charrnn.training.optimizers import (
    BLOCK,
    OPTIMIZERS,
    SCHEDULES,
    clip_by_norm,
    clip_by_value,
    hidden_parts,
)

RATES = {"sgd": 0.1, "momentum": 0.02, "adagrad": 0.5, "rmsprop": 0.02, "adam": 0.05, "adamw": 0.05}


def minimize(name, gradient, start, steps, rate, decay=0.0):
    optimizer = OPTIMIZERS[name]
    w = np.array(start, float)
    slots = [np.zeros_like(w) for _ in range(optimizer.slots)]
    for t in range(1, steps + 1):
        optimizer.update(w, gradient(w), slots, t, rate * (1 - t / steps), decay)
    return w


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_finds_the_bottom_of_a_bowl(name):
    scale = np.array([1.0, 4.0])
    w = minimize(name, lambda w: scale * (w - [3, -2]), [0, 0], 1000, RATES[name])
    np.testing.assert_allclose(w, [3, -2], atol=1e-2)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_down_a_bent_valley(name):
    def gradient(w):  # of Rosenbrock's function
        x, y = w
        return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])

    def value(w):
        return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2

    rate = {"sgd": 5e-4, "momentum": 2e-4}.get(name, RATES[name])
    w = minimize(name, gradient, [-1.2, 1.0], 5000, rate)
    assert value(w) < 0.2 * value([-1.2, 1.0])


def test_two_steps_by_hand():
    """Each rule written out in plain numbers."""
    g1, g2, rate = 0.5, -1.0, 0.1
    m1, m2 = 0.1 * g1, 0.9 * 0.1 * g1 + 0.1 * g2
    v1, v2 = 0.001 * g1**2, 0.999 * 0.001 * g1**2 + 0.001 * g2**2
    adam = -rate * (m1 / 0.1) / (math.sqrt(v1 / 0.001) + 1e-8)
    adam -= rate * (m2 / (1 - 0.9**2)) / (math.sqrt(v2 / (1 - 0.999**2)) + 1e-8)
    r1, r2 = 0.01 * g1**2, 0.99 * 0.01 * g1**2 + 0.01 * g2**2
    expected = {
        "sgd": -rate * (g1 + g2),
        "momentum": -rate * (g1 + 0.9 * g1 + g2),
        "adagrad": -rate * (g1 / abs(g1) + g2 / math.sqrt(g1**2 + g2**2)),
        "rmsprop": -rate * (g1 / math.sqrt(r1) + g2 / math.sqrt(r2)),
        "adam": adam,
        "adamw": adam,
    }
    assert expected.keys() == OPTIMIZERS.keys()
    for name, optimizer in OPTIMIZERS.items():
        w = np.zeros(1)
        slots = [np.zeros(1) for _ in range(optimizer.slots)]
        optimizer.update(w, np.array([g1]), slots, 1, rate, 0.0)
        optimizer.update(w, np.array([g2]), slots, 2, rate, 0.0)
        assert w[0] == pytest.approx(expected[name], rel=1e-5), name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_pulls_toward_zero(name):
    w = minimize(name, lambda w: 0 * w, [1.0, -1.0], 50, 0.1, decay=0.5)
    assert (np.abs(w) < 1).all()
    assert (np.abs(minimize(name, lambda w: 0 * w, [1.0, -1.0], 50, 0.1)) == 1).all()


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "adamw"])
def test_weight_decay_is_a_share_of_the_weights_on_top_of_the_gradient(name):
    ends = []
    for g, decay in ((0.75, 0.125), (1.0, 0.0)):  # 0.125 * 2 more
        w, slots = np.array([2.0]), [np.zeros(1) for _ in range(OPTIMIZERS[name].slots)]
        OPTIMIZERS[name].update(w, np.array([g]), slots, 1, 0.1, decay)
        ends.append((w.tolist(), [slot.tolist() for slot in slots]))
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("name", "g"), [("adagrad", 1e-8), ("rmsprop", 1e-7), ("adam", 1e-8), ("adamw", 1e-8)]
)
def test_a_gradient_of_the_size_of_epsilon_goes_half_as_far(name, g):
    w, slots = np.zeros(1), [np.zeros(1) for _ in range(OPTIMIZERS[name].slots)]
    OPTIMIZERS[name].update(w, np.array([g]), slots, 1, 1.0, 0.0)
    full = 10 if name == "rmsprop" else 1  # its first mean of squares is a hundredth of them
    assert w[0] == pytest.approx(-full / 2)


def test_adamw_decays_apart_from_the_gradient():
    w = np.array([2.0])
    OPTIMIZERS["adamw"].update(w, np.zeros(1), [np.zeros(1), np.zeros(1)], 1, 0.1, 0.5)
    assert w[0] == pytest.approx(2.0 * (1 - 0.1 * 0.5))


def test_clipping():
    g = np.array([3.0, -4.0])
    clip_by_norm(g, 10, 5.0)
    assert g.tolist() == [3, -4]
    clip_by_norm(g, 1, 5.0)
    np.testing.assert_allclose(g, [0.6, -0.8])
    g = np.array([3.0, -4.0, 0.5])
    clip_by_value(g, 1)
    assert g.tolist() == [1, -1, 0.5]


def test_schedules_start_at_one_and_end_where_they_should():
    assert [SCHEDULES["constant"](f, 0.1) for f in (0, 0.5, 1)] == [1, 1, 1]
    cosine, step = SCHEDULES["cosine"], SCHEDULES["step"]
    assert cosine(0, 0.1) == 1
    assert cosine(0.5, 0.1) == pytest.approx(0.55)
    assert cosine(1, 0.1) == cosine(1.5, 0.1) == pytest.approx(0.1)
    assert step(0, 0.1) == 1
    assert step(0.95, 0.1) == step(1.0, 0.1) == pytest.approx(0.1)
    stairs = [step(k / 10 + part, 1e-9) for k in range(10) for part in (0.01, 0.09)]
    np.testing.assert_allclose(stairs, [10.0**-k for k in range(10) for _ in "ab"])
    for schedule in (cosine, step):
        values = [schedule(f, 0.02) for f in np.linspace(0, 1, 50)]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_vector_longer_than_a_block_moves_as_its_parts_do(name):
    rng, optimizer = np.random.default_rng(0), OPTIMIZERS[name]
    start, g = rng.standard_normal((2, 2 * BLOCK + 5), np.float32)
    at_once, parts = start.copy(), start.copy()
    slots, part_slots = ([np.zeros_like(g) for _ in range(optimizer.slots)] for _ in "ab")
    for t in (1, 2):
        optimizer.update(at_once, g, slots, t, 0.01, 0.1)
        for part in (slice(0, 1000), slice(1000, None)):
            pieces = [slot[part] for slot in part_slots]
            optimizer.update(parts[part], g[part], pieces, t, 0.01, 0.1)
    np.testing.assert_array_equal(at_once, parts)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_matrices_between_hidden_units_have_a_rate_of_their_own(cell, layers):
    parameters = Parameters(parameter_shapes(ModelConfig(cell, 5, layers), 7))
    for part, factor in hidden_parts(parameters.shapes, 0.25):
        assert not parameters.vector[part].any()  # no weight is in two parts
        parameters.vector[part] = factor
    hidden = {f"Whh{i}" for i in range(layers)} | {f"Wxh{i}" for i in range(1, layers)}
    for name, array in parameters.items():
        assert (array == (0.25 if name in hidden else 1)).all(), name


def test_one_rate_for_all_is_one_part():
    shapes = parameter_shapes(ModelConfig("gru", 5, 2), 7)
    [(part, factor)] = hidden_parts(shapes, 1.0)
    assert (part.start, part.stop, factor) == (0, Parameters(shapes).vector.size, 1.0)

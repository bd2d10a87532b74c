"""The network in JavaScript computes what NumPy computes: every array, every cell."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.formats import web
from charrnn.network.loss import cross_entropy
from charrnn.training.optimizers import clip_by_norm

NETWORK = (Path(web.__file__).parent / "network.js").read_text("utf-8")
TEXT = "hello, world: a small network"
CASES = [("rnn", 1), ("rnn", 2), ("lstm", 1), ("lstm", 3), ("gru", 1), ("gru", 2)]
CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-7}

RUN = """({ model, weights, shapes, type, ids, rate, clip }) => {
  const plain = (arrays) => Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, Array.from(array)]));
  model.parameters = network.unpack(weights, shapes, type);
  const steps = network.forward(model, ids.slice(0, -1)), targets = ids.slice(1);
  const { gradient, arrived, cells } = network.backward(model, steps, targets);
  const moved = network.update(model, gradient, rate, clip);
  return {
    logits: steps.map((step) => Array.from(step.logits)),
    states: steps.at(-1).state.map((layer) => layer.map((array) => Array.from(array))),
    loss: network.loss(steps, targets),
    gradient: plain(gradient),
    arrived: arrived.map((layers) => layers.map((array) => Array.from(array))),
    cells: cells.map((layers) => layers.map((array) => Array.from(array))),
    parameters: plain(moved.model.parameters),
    norm: moved.norm,
  };
}"""


@pytest.fixture
def page(browser: Any) -> Any:
    opened = browser.new_page()
    opened.add_script_tag(content=NETWORK.replace("const network =", "var network ="))
    yield opened
    opened.close()


def random_model(cell: str, layers: int) -> CharRNN:
    model = CharRNN(Vocabulary.from_text(TEXT), ModelConfig(cell, 7, layers)).astype(np.float64)
    rng = np.random.default_rng(3)
    model.parameters.vector[:] = rng.normal(0, 0.5, model.parameters.vector.shape)
    model.parameters.vector[:] = model.parameters.vector.astype(np.float16)
    return model


def run(page: Any, model: CharRNN, kind: str = "float32", **options: float) -> dict[str, Any]:
    vector = model.parameters.vector.astype({"float32": "<f4", "float16": "<f2"}[kind])
    c = model.config
    about = {"cell": c.cell, "hidden_size": c.hidden_size, "layers": c.layers}
    found: dict[str, Any] = page.evaluate(
        RUN,
        {
            "model": about,
            "weights": base64.b64encode(vector.tobytes()).decode(),
            "shapes": [[name, list(shape)] for name, shape in model.parameters.shapes.items()],
            "type": kind,
            "ids": model.vocabulary.encode(TEXT).tolist(),
            "rate": 0.1,
            "clip": 0.0,
            **options,
        },
    )
    return found


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["float32", "float16"])
@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_forward_backward_and_update_agree(page: Any, cell: str, layers: int, kind: str) -> None:
    model = random_model(cell, layers)
    ids = model.vocabulary.encode(TEXT)
    x, y = ids[:-1, None], ids[1:, None]
    js = run(page, model, kind)
    logits, states, _ = model.forward(x)
    np.testing.assert_allclose(np.array(js["logits"]), logits[:, :, 0].T, **CLOSE)
    for ours, theirs in zip(states, js["states"], strict=True):
        np.testing.assert_allclose(np.array(theirs), np.array(ours)[:, :, 0], **CLOSE)
    loss, gradient, _ = model.loss_and_gradient(x, y)
    assert js["loss"] == pytest.approx(float(loss), rel=1e-6)
    for name, array in gradient.items():
        np.testing.assert_allclose(np.array(js["gradient"][name]), array.ravel(), **CLOSE)
    moved = model.parameters.vector - 0.1 * gradient.vector
    joined = np.concatenate([js["parameters"][name] for name in model.parameters])
    np.testing.assert_allclose(joined, moved, **CLOSE)
    assert js["norm"] == pytest.approx(float(np.linalg.norm(gradient.vector)), rel=1e-5)


@pytest.mark.browser
def test_a_clipped_update_has_the_length_asked_for(page: Any) -> None:
    model = random_model("gru", 1)
    ids = model.vocabulary.encode(TEXT)
    _, gradient, _ = model.loss_and_gradient(ids[:-1, None], ids[1:, None])
    norm = float(np.linalg.norm(gradient.vector))
    js = run(page, model, clip=norm / 3)
    clip_by_norm(gradient.vector, norm / 3, norm)
    moved = model.parameters.vector - 0.1 * gradient.vector
    joined = np.concatenate([js["parameters"][name] for name in model.parameters])
    np.testing.assert_allclose(joined, moved, **CLOSE)


@pytest.mark.browser
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_arrives_at_a_hidden_state_is_the_derivative_of_the_loss(page: Any, cell: str) -> None:
    """Compared with NumPy's forward pass from a perturbed state, by the complex step."""
    model = random_model(cell, 1)
    ids = model.vocabulary.encode(TEXT)
    x, y = ids[:-1, None], ids[1:, None]
    js = run(page, model)
    T, t, probe = len(x), 5, model.astype(np.complex128)
    _, state, _ = probe.forward(x[: t + 1])
    for unit in range(model.config.hidden_size):
        changed = state[0][0].copy()
        changed[unit, 0] += 1e-30j
        logits, _, _ = probe.forward(x[t + 1 :], ((changed, *state[0][1:]),))
        now = np.tensordot(probe.parameters["Why"], changed, 1) + probe.parameters["by"][:, None]
        both = np.concatenate([now[:, None], logits], axis=1)
        loss, _ = cross_entropy(both, y[t:], T)
        derivative = float(loss.imag) / 1e-30
        assert js["arrived"][t][0][unit] == pytest.approx(derivative, rel=1e-5, abs=1e-9)


@pytest.mark.browser
def test_what_arrives_at_an_lstms_cell_is_the_derivative_of_the_loss(page: Any) -> None:
    """The same for a change to the cell, which also changes the hidden state."""
    model = random_model("lstm", 1)
    ids = model.vocabulary.encode(TEXT)
    x, y = ids[:-1, None], ids[1:, None]
    js = run(page, model)
    T, t, probe = len(x), 5, model.astype(np.complex128)
    _, state, tape = probe.forward(x[: t + 1])
    output_gate = tape.layers[0].activations[2, t]
    for unit in range(model.config.hidden_size):
        cell = state[0][1].copy()
        cell[unit, 0] += 1e-30j
        hidden = output_gate * np.tanh(cell)
        logits, _, _ = probe.forward(x[t + 1 :], ((hidden, cell),))
        now = np.tensordot(probe.parameters["Why"], hidden, 1) + probe.parameters["by"][:, None]
        loss, _ = cross_entropy(np.concatenate([now[:, None], logits], axis=1), y[t:], T)
        derivative = float(loss.imag) / 1e-30
        assert js["cells"][t][0][unit] == pytest.approx(derivative, rel=1e-5, abs=1e-9)


@pytest.mark.browser
def test_six_bits_stand_for_a_weight(page: Any) -> None:
    """The weights of the first screen's live network are the same in the browser and in Python."""
    from charrnn.ui.train.live import live_network, six_bits

    model = random_model("gru", 1)
    weights, shapes = six_bits(model)
    arrays = page.evaluate(
        """([weights, shapes]) => Object.entries(network.unpackSixBits(weights, shapes))
          .map(([name, array]) => [name, Array.from(array)])""",
        [weights, shapes],
    )
    for (name, array), (_, shape, steps) in zip(arrays, shapes, strict=True):
        error = np.abs(np.reshape(array, shape) - model.parameters[name]).reshape(len(steps), -1)
        assert (error <= np.array(steps)[:, None] * 0.501).all()
    assert {"weights", "shapes", "symbols", "seed"} <= live_network().keys()

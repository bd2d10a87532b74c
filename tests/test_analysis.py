"""Analyses of a model, checked against the model itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from charrnn import analysis
from charrnn.network.cells import CELLS
from charrnn.network.loss import surprise
from charrnn.network.model import CharRNN, ModelConfig, score
from charrnn.network.sampling import Sampling, generate
from charrnn.vocabulary import Vocabulary

TEXT = 'He said "no, not now" and left.\nShe (Ann) asked: "Why?"\n  Nobody knew 42 reasons!\n'
VOCABULARY = Vocabulary.from_text(TEXT)


def model(cell: str = "lstm", hidden_size: int = 12, layers: int = 2) -> CharRNN:
    return CharRNN(VOCABULARY, ModelConfig(cell, hidden_size, layers), random_seed=3)


@pytest.mark.parametrize("cell", CELLS)
def test_reading_agrees_with_score_and_sums_to_one(cell: str) -> None:
    reader = model(cell)
    ids = VOCABULARY.encode(TEXT * 4)  # longer than one window
    reading = analysis.read(reader, ids, k=len(VOCABULARY))
    assert math.isnan(reading.surprise[0])
    assert reading.nats_per_character == pytest.approx(score(reader, TEXT * 4), rel=1e-5)
    assert np.allclose(reading.chances[1:].sum(axis=1), 1)
    assert (np.diff(reading.chances[1:], axis=1) <= 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_what_it_writes_is_read_in_parts_as_in_one_piece(cell: str) -> None:
    writer, seed = model(cell), TEXT[:9]
    parts = list(analysis.write(writer, seed, 25, Sampling(random_seed=4), pace=10))
    assert [len(part.ids) for part in parts] == [10, 10, 5]
    ids = np.concatenate([part.ids for part in parts])
    assert VOCABULARY.decode(ids) == "".join(generate(writer, seed, 25, Sampling(random_seed=4)))
    whole = analysis.read(writer, np.concatenate([VOCABULARY.encode(seed), ids]))
    surprise = np.concatenate([part.surprise for part in parts])
    assert np.allclose(surprise, whole.surprise[len(seed) :], atol=1e-5)
    assert np.allclose(parts[-1].logits, whole.logits, atol=1e-5)


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to read"):
        analysis.read(model(), VOCABULARY.encode(""))


@pytest.mark.parametrize("cell", CELLS)
def test_activations_are_those_of_reading_step_by_step(cell: str) -> None:
    reader, ids = model(cell), VOCABULARY.encode(TEXT)
    layers = analysis.activations(reader, ids)
    state = reader.initial_state()
    for t, i in enumerate(ids.astype(int)):  # one symbol at a time
        _, state, tape = reader.forward(np.array([[i]]), state)
        for parts, values, layer in zip(layers, state, tape.layers, strict=True):
            for name, array in zip(CELLS[cell].state, values, strict=True):
                assert np.allclose(parts[name][t], array[:, 0], atol=1e-6)
            for g, gate in enumerate(CELLS[cell].gates if cell != "rnn" else ()):
                assert np.allclose(parts[gate][t], layer.activations[g, 0, :, 0], atol=1e-6)


def test_features_mean_what_they_say() -> None:
    values = analysis.features(list('a "Bc" d\n  e'))
    assert values["inside quotes"].tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert values["position in the line"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3]
    assert values["after a space"].tolist() == [0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1]
    assert values["capital letter"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert values["indentation"].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2]
    assert analysis.features(list("a(b[c]d)e"))["inside brackets"].tolist() == [
        0, 1, 1, 1, 1, 1, 1, 0, 0,
    ]  # fmt: skip
    assert all(len(t) == 0 for t in analysis.features([]).values() if t.ndim)


def test_find_units_finds_a_planted_unit() -> None:
    symbols = list(TEXT)
    planted = -analysis.features(symbols)["inside quotes"]
    noise = np.random.default_rng(0).normal(size=(len(symbols), 9))
    layers = [{"hidden": noise}, {"hidden": np.insert(noise, 4, planted, axis=1)}]
    best = analysis.find_units(layers, analysis.features(symbols), best=3)["inside quotes"][0]
    assert (best.layer, best.part, best.unit) == (1, "hidden", 4)
    assert best.correlation == pytest.approx(-1)


def test_constant_units_and_features_are_left_alone() -> None:
    matches = analysis.find_units([{"hidden": np.ones((5, 2))}], analysis.features(list("abcab")))
    assert "digit" not in matches
    assert all(m.correlation == 0 for units in matches.values() for m in units)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_lagged_gradients_against_central_differences(cell: str, layers: int) -> None:
    """A one-hot input is perturbed by hand: d loss_t / d x_s for every symbol, then the norm."""
    reader = model(cell, 5, layers).astype(np.float64)
    ids = VOCABULARY.encode(TEXT[:9]).astype(int)
    lagged = analysis.lagged_gradients(reader, ids, lags=7)
    step = 1e-6
    for t, s in ((7, 7), (7, 3), (6, 1)):
        differences = []
        for symbol in range(len(VOCABULARY)):
            losses = [_loss_with_input(reader, ids, t, s, symbol, sign * step) for sign in (1, -1)]
            differences.append((losses[0] - losses[1]) / (2 * step))
        assert lagged.inputs[t - s, t] == pytest.approx(np.linalg.norm(differences), rel=1e-4)
    assert (lagged.inputs[5, :5] == 0).all()  # nothing was read five characters before these


def _loss_with_input(
    reader: CharRNN, ids: np.ndarray, t: int, s: int, symbol: int, amount: float
) -> float:
    """The loss at position t when the input at position s has `amount` more of a symbol."""
    state = reader.initial_state()
    logits = np.zeros(0)
    for place in range(t + 1):
        moved = reader
        if place == s:  # adding to x equals adding Wxh's product with it to the bias
            moved = reader.with_vector(reader.parameters.vector.copy())
            moved.parameters["bh0"][:] += amount * moved.parameters["Wxh0"][:, symbol]
        logits, state = moved.step(ids[place : place + 1], state)
    return float(surprise(logits[:, None], ids[None, t + 1 : t + 2])[0, 0])


@pytest.mark.parametrize("cell", CELLS)
def test_hidden_gradients_at_lag_zero_and_their_fall(cell: str) -> None:
    reader, ids = model(cell, 16, 1), VOCABULARY.encode(TEXT * 2)
    curve = analysis.gradient_reach(reader, ids, lags=40)
    assert curve.shape == (1, 41)
    assert curve[0, 0] == pytest.approx(1)
    assert (curve > 0).all()


def test_a_shrinking_recurrence_forgets_and_the_measure_sees_it() -> None:
    """With Whh = 0.5 I and tanh nearly linear, each step back halves the gradient."""
    reader = model("rnn", 6, 1)
    reader.parameters.vector[:] *= 1e-3
    reader.parameters["Whh0"][:] = 0.5 * np.eye(6)
    curve = analysis.gradient_reach(reader, VOCABULARY.encode(TEXT), lags=10)[0]
    assert np.allclose(curve, 0.5 ** np.arange(11), rtol=1e-3)


def test_gradients_need_two_characters() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        analysis.lagged_gradients(model(), VOCABULARY.encode("a"), 5)


def test_copied_spans() -> None:
    rng = np.random.default_rng(0)
    corpus = "".join(chr(c) for c in rng.integers(97, 123, 50_000))
    text = corpus[100:140] + "####" + corpus[30_000:30_025] + "#" + corpus[7:26]
    copies = analysis.copied_spans(text, corpus)
    assert copies.spans == [(0, 40), (44, 69)]
    assert copies.longest == corpus[100:140]
    assert copies.novel == pytest.approx(1 - 65 / len(text))


def test_neighbors_in_a_copy_need_not_be_neighbors_in_the_corpus() -> None:
    corpus = "abcdefghijkl--cdefghijklmn"
    copies = analysis.copied_spans("abcdefghijklmn", corpus, min_length=8)
    assert copies.spans == [(0, 14)]
    assert len(copies.longest) == 12


@pytest.mark.parametrize(
    ("text", "corpus"), [("", "abc"), ("abc", ""), ("short", "short"), ("\ud800" * 30, "x")]
)
def test_nothing_copied(text: str, corpus: str) -> None:
    assert analysis.copied_spans(text, corpus) == analysis.Copies([], "", 1.0)


def test_copies_of_one_repeated_letter() -> None:
    assert analysis.copied_spans("a" * 2000, "a" * 100_000).longest == "a" * 2000


@pytest.mark.parametrize("cell", CELLS)
def test_weights_summary_covers_every_weight(cell: str) -> None:
    pictured = model(cell, 40, 2)
    pictures = analysis.weights_summary(pictured, size=16)
    assert sum(math.prod(p.shape) for p in pictures) == pictured.parameters.vector.size
    assert sum(int(p.histogram.sum()) for p in pictures) == pictured.parameters.vector.size
    for picture in pictures:
        assert max(picture.pixels.shape) <= 16
        assert np.abs(picture.pixels).max() == pytest.approx(picture.limit)

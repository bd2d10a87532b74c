"""The Look inside tab's handlers: the values packed for the pictures are the model's own."""

from __future__ import annotations

import asyncio
import base64
import json
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from builders import TEXT, tiny_model

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.analysis import activations, lagged_gradients
from charrnn.service.visitor import Visitor
from charrnn.ui.inspect import events as tab
from charrnn.ui.inspect import values as values

CELLS = ("rnn", "lstm", "gru")


def visitor(cell: str = "lstm", layers: int = 2) -> Visitor:
    model = tiny_model(cell, layers, hidden_size=6, text=TEXT, dtype=np.float32)
    return Visitor().with_model(model, "tiny", TEXT)


def array(packed: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed), dtype)


@pytest.mark.parametrize("cell", CELLS)
def test_the_matrix_for_scrubbing_is_what_the_model_holds(cell: str) -> None:
    v = visitor(cell)
    ids = v.current.vocabulary.encode(TEXT[:200])
    options = json.loads(values.units(v.current, ids)["options"])
    assert len(options) == 2 * {"rnn": 1, "lstm": 6, "gru": 4}[cell]
    layers = activations(v.current, ids)
    for layer, part, _ in options:
        value = values.units(v.current, ids, layer, part)
        scaled = array(value["data"], "i1").reshape(200, 6) / 127
        told = array(value["middle"], "<f4") + scaled * array(value["limits"], "<f4")
        step = array(value["limits"], "<f4") / 127
        assert (np.abs(told - layers[layer][part]) <= step).all()
        assert 0 <= value["unit"] < 6


def test_units_found_are_named_with_layer_and_part() -> None:
    v = visitor()
    found = json.loads(tab.units(v, TEXT[:300])["matches"])
    assert "after a space" in found
    assert "digit" not in found  # the text has none
    layer, part, unit, r = found["after a space"][0]
    ids = v.current.vocabulary.encode(TEXT[:300])
    acts = activations(v.current, ids)[layer][part][:, unit]
    after = np.array([0.0, *(float(c == " ") for c in TEXT[:299])])
    assert np.corrcoef(acts, after)[0, 1] == pytest.approx(r, abs=1e-3)


def test_another_gate_is_shown_on_demand() -> None:
    event: Any = SimpleNamespace(layer=1, part="f", unit=3)
    value = tab.choose(visitor(), TEXT[:100], event)
    assert (value["layer"], value["part"], value["unit"], value["ends"]) == (1, "f", 3, "shut|open")


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"layer": 9, "part": "f", "unit": 0},
        {"layer": -1, "part": "f", "unit": 0},
        {"layer": 0, "part": "__class__", "unit": 0},
        {"layer": [0], "part": ["f"], "unit": 0},
        {"layer": "0", "part": "f"},
    ],
)
def test_what_a_browser_may_send_instead_is_refused(event: dict[str, Any]) -> None:
    told: Any = SimpleNamespace(**event)
    with pytest.raises(gr.Error, match="no such layer or gate"):
        tab.choose(visitor(), TEXT[:100], told)


def test_a_unit_that_is_not_there_becomes_the_best_one() -> None:
    for unit in (-5, 6, 10**9, "x", None):
        event: Any = SimpleNamespace(layer=0, part="hidden", unit=unit)
        assert 0 <= tab.choose(visitor(), TEXT[:100], event)["unit"] < 6


@pytest.mark.parametrize("cell", CELLS)
def test_what_mattered_is_the_gradient(cell: str) -> None:
    v = visitor(cell)
    ids = v.current.vocabulary.encode(TEXT[:120])
    value = values.saliency(v.current, ids)
    told = array(value["data"], "u1").reshape(119, value["lags"])
    exact = lagged_gradients(v.current, ids, values.NEAR).inputs.T
    assert np.allclose(told / 255, exact / exact.max(axis=1, keepdims=True), atol=0.003)
    assert len(array(value["records"], "u1")) == 21 * 120


def test_reach_compares_trained_networks_and_the_visitors_own() -> None:
    async def rows() -> list[Any]:
        return [value async for value in tab.gradient_reach(visitor("gru"), TEXT[:150])]

    updates = asyncio.run(rows())
    assert [len(value["curves"]) for value in updates] == [1, 2, 3, 4, 5, 6, 7]
    curves = updates[-1]["curves"]
    assert [curve["kind"] for curve in curves] == ["own", *["trained"] * 3, *["new"] * 3]
    assert [curve["cell"] for curve in curves] == ["GRU", *["RNN", "LSTM", "GRU"] * 2]
    for curve in curves:
        points = [float(v) for v in curve["points"].split(" ")]
        assert len(points) == values.LAGS + 1
        assert points[0] == 1
    left = {(c["kind"], c["cell"]): float(c["points"].split(" ")[40]) for c in curves[1:]}
    assert left["trained", "GRU"] > left["trained", "LSTM"] > left["trained", "RNN"]
    assert left["new", "RNN"] > left["new", "GRU"]  # orthogonal first weights keep lengths


@pytest.mark.parametrize("cell", CELLS)
def test_every_array_has_a_picture_and_a_meaning(cell: str) -> None:
    v = visitor(cell)
    pictures = values.weights(v.current)["pictures"]
    assert {p["name"] for p in pictures} == set(v.current.parameters)
    for p in pictures:
        assert p["meaning"]
        assert len(array(p["data"], "i1")) % p["columns"] == 0


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradients_of_this_very_model_are_proved(cell: str) -> None:
    v = visitor(cell)
    rows = json.loads(tab.check(v, TEXT[:50])["rows"])
    assert [row[0] for row in rows] == list(v.current.parameters)
    assert all(row[3] < 1e-9 for row in rows)


def test_a_wrong_gradient_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    right = CharRNN.backward

    def slip(self: CharRNN, dlogits: Any, tape: Any, *more: Any) -> Any:
        gradient = right(self, dlogits, tape, *more)
        gradient["Whh0"][:] *= 1.01
        return gradient

    monkeypatch.setattr(CharRNN, "backward", slip)
    errors = {row[0]: row[3] for row in json.loads(tab.check(visitor(), TEXT[:50])["rows"])}
    assert errors["Whh0"] > 1e-3
    assert errors["Why"] < 1e-9


@pytest.mark.parametrize("cell", CELLS)
def test_the_tab_opens_with_the_training_text(cell: str) -> None:
    v = visitor(cell)
    text, *pictures = tab.refresh(v)
    assert TEXT.startswith(text)
    assert len(text) == tab.START
    assert all(p["about"] for p in pictures)


def test_without_a_training_text_the_model_writes_one() -> None:
    v = Visitor().with_model(visitor().current, "tiny")
    assert len(tab.refresh(v)[0]) == tab.START


def test_a_model_of_one_symbol_and_one_of_words() -> None:
    for vocabulary in (Vocabulary(("a",)), Vocabulary.from_text(TEXT, words=True)):
        model = CharRNN(vocabulary, ModelConfig("gru", 4))
        v = Visitor().with_model(model, "odd", vocabulary.decode([0]) * 50)
        assert tab.refresh(v)[0]
        tab.saliency(v, TEXT + "aaaa")


@pytest.mark.parametrize("handler", [tab.units, tab.saliency, tab.check, tab.report])
@pytest.mark.parametrize("text", ["", None, "t", "\u00e9\u00e9\u00e9"])
def test_too_little_text_gets_a_sentence(handler: Any, text: Any) -> None:
    with pytest.raises(gr.Error, match="at least two characters"):
        handler(visitor(), text)


def test_work_is_bounded_for_large_models() -> None:
    wide = CharRNN(Vocabulary(tuple("abc")), ModelConfig("lstm", 512, 4, initialization="small"))
    assert values.work_length(wide, values.LAGS, 400) == 50
    assert values.work_length(visitor().current, values.LAGS, 400) == 400

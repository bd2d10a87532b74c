"""The Generate tab's handlers, with real models and a real page behind gradio_client."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import math
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
import numpy as np
import pytest
from builders import TEXT, tiny_model

from charrnn import CharRNN, Sampling, generate, score
from charrnn.analysis import read
from charrnn.network.sampling import probabilities
from charrnn.service.visitor import Visitor
from charrnn.ui import query_string
from charrnn.ui.components import packing
from charrnn.ui.generate import events as tab
from charrnn.ui.generate.scoring import copy_check, score_text
from charrnn.vocabulary import Vocabulary

CALM: dict[str, Any] = {"temperature": 0.8, "length": 60, "random_seed": "7"}
REQUEST: Any = SimpleNamespace(session_hash="one")


def visitor(**config: Any) -> Visitor:
    model = tiny_model(text=TEXT, hidden_size=12, dtype=np.float32, **config)
    return Visitor().with_model(model, "tiny", TEXT)


def collect(written: AsyncIterator[Any]) -> list[Any]:
    async def all_of() -> list[Any]:
        return [each async for each in written]

    return asyncio.run(all_of())


def unpacked(value: dict[str, Any]) -> tuple[str, np.ndarray]:
    """The text and the records of a reading's value."""
    names = json.loads(value["names"])
    records = np.frombuffer(base64.b64decode(value["records"]), packing.RECORD)
    return "".join(names[i] for i in records["symbol"]), records


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab, "TICK", 0.0)


def test_a_text_streams_and_is_the_one_that_generate_writes() -> None:
    v = visitor()
    updates = collect(tab.Generations().write(v, REQUEST, "the cat", **CALM))
    texts = [unpacked(value)[0] for value, *_ in updates]
    assert len(updates) > 10
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    packed = [value["records"] for value, *_ in updates]
    assert all(b.startswith(a) for a, b in itertools.pairwise(packed))
    expected = "".join(generate(v.current, "the cat", 60, Sampling(0.8, random_seed=7)))
    assert texts[-1] == expected
    assert updates[0][0]["busy"]
    assert not updates[-1][0]["busy"]
    assert all(value["note"] == tab.layout.written_by(v.name) for value, *_ in updates)
    assert len(tab.layout.written_by("x" * 100)) <= 80  # one line beside the title
    links = [taken["query"] for *_, taken in updates]
    assert set(links[:-1]) == {""}  # nothing to copy while the text is being written
    query = {name: values[0] for name, values in parse_qs(links[-1]).items()}
    assert query.pop("tab") == "generate"
    assert query.items() >= {"seed": "the cat", "random_seed": "7"}.items()
    assert query_string.read_generation(query).keys() == query.keys()


def test_every_letter_carries_the_models_own_surprise() -> None:
    v = visitor()
    value = collect(tab.Generations().write(v, REQUEST, "the cat", **CALM | {"temperature": 2.0}))[
        -1
    ][0]
    text, records = unpacked(value)
    reading = read(v.current, v.current.vocabulary.encode("the cat" + text))
    assert np.allclose(records["surprise"] / 1000, reading.surprise[7:], atol=2e-3)
    assert np.allclose(records["chances"] / 255, reading.chances[7:], atol=3e-3)


def test_the_bars_show_what_the_sampler_draws_from() -> None:
    v = visitor()
    value = tab.guess(v, "the c")
    names = json.loads(value["names"])
    logits = np.frombuffer(base64.b64decode(value["logits"]), "<f4")
    assert names == list(v.current.vocabulary.symbols)
    reading = read(v.current, v.current.vocabulary.encode("the c"))
    p = probabilities(logits, Sampling(temperature=1.0))
    assert np.allclose(p, probabilities(reading.logits, Sampling(temperature=1.0)), atol=1e-6)
    assert value["after"] == "the c"


def test_stop_ends_the_text_and_only_this_visitors() -> None:
    v, generations = visitor(), tab.Generations()

    async def scene() -> list[int]:
        counts = []
        for session, halt in (("one", True), ("two", False)):
            request: Any = SimpleNamespace(session_hash=session)
            count = 0
            async for _ in generations.write(v, request, **CALM):
                count += 1
                if halt and count == 3:
                    generations.stop(request)
                    generations.stop(SimpleNamespace(session_hash="nobody"))  # type: ignore[arg-type]
            counts.append(count)
        return counts

    stopped, whole = asyncio.run(scene())
    assert stopped == 4  # the last update closes the text
    assert whole > 10
    assert generations.texts == {}


def test_a_visitor_writes_two_texts_at_once_and_each_is_whole() -> None:
    v, generations = visitor(), tab.Generations()

    async def text(length: int) -> str:
        values = CALM | {"length": length}
        return [part async for part in generations.plain(v, REQUEST, **values)][-1]

    async def scene() -> list[str]:
        return await asyncio.gather(text(40), text(200))

    assert list(map(len, asyncio.run(scene()))) == [40, 200]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("temperature", float("nan"), "Temperature must be a number"),
        ("temperature", -1, "Temperature must lie between"),
        ("temperature", True, "Temperature must be a number"),
        ("temperature", ["a"], "Temperature must be a number"),
        ("length", 10**9, "Length must lie between"),
        ("length", 0, "Length must lie between"),
        ("length", 10**400, "Length must be a number"),
        ("top_k", float("inf"), "Top-k must be a number"),
        ("top_p", 0, "Top-p must lie between"),
        ("random_seed", "1.5", "whole number"),
        ("random_seed", "-3", "whole number"),
        ("random_seed", "9" * 13, "whole number"),
        ("random_seed", "\u0663", "whole number"),
    ],
)
def test_every_value_is_checked_again(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(gr.Error, match=sentence):
        collect(tab.Generations().write(visitor(), REQUEST, **CALM | {name: value}))


def test_parts_never_opened_arrive_as_none() -> None:
    request = tab.request_of(visitor(), None, dict.fromkeys(tab.layout.SETTINGS))
    assert request.sampling == Sampling(0.8)
    assert request.length == 400


def test_unseen_characters_of_the_seed_are_left_out_in_silence() -> None:
    request = tab.request_of(visitor(), "<script>the\u00e9 cat", CALM)
    assert request.seed == "sctthe cat"  # only the letters of the text; no warning is raised


def test_a_text_from_the_training_text_is_found_out() -> None:
    v = visitor()
    spans, sentence = copy_check(v, "zzzz" + TEXT[100:160] + "zzzz")
    assert spans == "4-64"
    assert "88%" in sentence
    assert "has 60" in sentence
    assert copy_check(v, "dog cat mat log")[1].startswith("Nothing here is copied")
    assert "cannot be checked" in copy_check(Visitor().with_model(v.current, "x"), "text")[1]


def test_the_five_texts_differ_in_nothing_but_temperature() -> None:
    v = visitor()
    value = collect(tab.compare_temperatures(v, "the ", "11"))[-1]
    names = json.loads(value["names"])
    for place, temperature in enumerate(tab.TEMPERATURES):
        ids = np.frombuffer(base64.b64decode(value["ids"][place]), "<u2")
        written = "".join(names[i] for i in ids)
        sampling = Sampling(temperature, random_seed=11)
        assert written == "".join(generate(v.current, "the ", tab.COMPARED_LENGTH, sampling))
        assert len(value["levels"][place]) == len(written)
    with pytest.raises(gr.Error, match="whole number"):
        collect(tab.compare_temperatures(v, "the ", "eleven"))


def test_judging_a_text_agrees_with_score() -> None:
    v = visitor()
    value, baselines_of = score_text(v, "the cat sat\u00e9 on the log")
    assert unpacked(value)[0] == "the cat sat on the log"
    assert unpacked(value)[1]["surprise"][0] == packing.UNSCORED
    assert "\u00e9" in value["caption"]
    losses = {name: nats for name, nats, _ in baselines_of["losses"]}
    assert losses["this text"] == pytest.approx(
        score(v.current, "the cat sat on the log"), rel=1e-5
    )
    assert losses["blind guess"] > losses["letter frequencies"] > 0
    assert [m[1] for m in baselines_of["losses"]] == sorted(losses.values())
    assert all(math.isfinite(nats) for nats in losses.values())


@pytest.mark.parametrize("text", ["", None, "t", "\u00e9\u00e9"])
def test_too_little_to_score_gets_a_sentence(text: str | None) -> None:
    with pytest.raises(gr.Error, match="at least two characters"):
        score_text(visitor(), text)


def test_words_and_cleaning_work_as_well() -> None:
    vocabulary = Vocabulary.from_text(TEXT, words=True, cleaning="lowercase")
    v = Visitor().with_model(CharRNN(vocabulary), "words", TEXT)
    value = collect(tab.Generations().write(v, REQUEST, "THE CAT <b>", **CALM))[-1][0]
    assert value["seed"] == "the cat "
    assert unpacked(value)[0] == "".join(
        generate(v.current, "the cat ", 60, Sampling(0.8, random_seed=7))
    )
    alphabet, following = tab.refresh(v)
    assert alphabet["words"]
    assert json.loads(following["names"])

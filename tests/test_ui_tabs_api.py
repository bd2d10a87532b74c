"""/generate and /inspect over HTTP with gradio_client, against the pretrained model itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client
from serving import serving

from charrnn import Sampling, generate, score
from charrnn.service.visitor import Visitor

SEED = "The light"
CALM = (0.8, 60, 0, 1.0, "", "7")  # temperature, length, top_k, top_p, stop, random_seed


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(tmp_path_factory.mktemp("page")) as url:
        made = Client(url, verbose=False)
        yield made
        made.close()


def test_generate_writes_what_the_package_writes(client: Client) -> None:
    expected = "".join(generate(Visitor().current, SEED, 60, Sampling(0.8, random_seed=7)))
    assert client.predict(SEED, *CALM, api_name="/generate") == expected


def test_generate_takes_its_settings_by_name_and_has_defaults(client: Client) -> None:
    expected = "".join(generate(Visitor().current, SEED, 25, Sampling(0.5, random_seed=7)))
    given: dict[str, Any] = {"seed": SEED, "temperature": 0.5, "length": 25, "random_seed": "7"}
    assert client.predict(**given, api_name="/generate") == expected
    assert len(client.predict(length=30, api_name="/generate")) == 30


def test_generate_streams_and_stops_at_the_stop(client: Client) -> None:
    updates = list(client.submit(SEED, 0.8, 300, 0, 1.0, "e", "7", api_name="/generate"))
    assert updates[-1].endswith("e")
    assert updates[-1].count("e") == 1
    whole = list(client.submit(SEED, *CALM, api_name="/generate"))
    assert len(whole) > 5
    assert whole[-1].startswith(whole[0])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((SEED, 0.8, 60, 0, 1.0, "", "<b>x</b>"), "whole number"),
        ((SEED, -1, 60, 0, 1.0, "", ""), "minimum|Temperature"),
        ((SEED, 0.8, 10**9, 0, 1.0, "", ""), "2000|maximum|Length"),
        ((SEED, "hot", 60, 0, 1.0, "", ""), "."),
    ],
)
def test_generate_refuses(client: Client, values: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        client.predict(*values, api_name="/generate")


def test_inspect_reports_what_the_model_read(client: Client) -> None:
    text = "The light was lit, and the sea was calm. " * 3
    told = client.predict(text, api_name="/inspect")
    assert told["characters"] == len(text)
    assert told["nats_per_character"] == pytest.approx(score(Visitor().current, text), rel=1e-3)
    assert told["surprise"][0] is None
    assert len(told["surprise"]) == len(text)
    assert len(told["likeliest"][5]) == 5
    assert {"trait", "layer", "part", "unit", "correlation"} == set(told["units"][0])
    with pytest.raises(Exception, match="at least two characters"):
        client.predict("", api_name="/inspect")


def test_both_are_described_for_people(client: Client) -> None:
    api: Any = client.view_api(return_format="dict", print_info=False)
    endpoints = api["named_endpoints"]
    labels = [p["label"] for p in endpoints["/generate"]["parameters"]]
    assert labels == [
        "Opening words", "Temperature", "Length", "Top-k", "Top-p", "Stop at", "Random seed",
    ]  # fmt: skip
    assert [p["label"] for p in endpoints["/inspect"]["parameters"]] == ["Text to read"]

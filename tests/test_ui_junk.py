"""Every event of the page with every kind of nonsense: a sentence comes back, never a traceback.

Private events count too: hiding them from the API's description closes no door.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from serving import serving
from visitor import RefusedError, Visitor

pytestmark = pytest.mark.slow

FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
JUNK: list[Any] = [
    None, True, -1, 2.5, 10**30, 1e308, "", "x", "\ud800\0<img src=x onerror=alert(1)>", "9" * 400,
    "/etc/passwd", "a" * 200_000, [], ["a"], [[1], {}], {}, {"a": None}, {"__type__": "update"},
    FILE, [FILE], {"path": "http://127.0.0.1:1/x", "meta": {"_type": "gradio.FileData"}},
]  # fmt: skip
CHOICES = ("standard", "own", "gru", "none", "lighthouse", "liked", "mit")
OURS = re.compile(r'File "[^"]*/charrnn/(?!ui/guard)')
"""A frame of this project in a traceback. Gradio logs its own for a value it will not even pass on,
and the guard, which every request goes through, stands in all of them."""
TOLD = re.compile(r"Traceback|File \"|site-packages|\.py\b|hf_")
"""What no answer may hold."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def url(place: Path) -> Iterator[str]:
    with serving(place, seconds=1) as address:
        yield address


def events(url: str) -> dict[str, int]:
    """How many inputs each event has; one of those that only differ in what triggers them."""
    found = json.loads(Visitor(url, {}).request("GET", "/config"))["dependencies"]
    own = [event for event in found if event["backend_fn"]]
    return {
        event["api_name"]: len(event["inputs"])
        for event in own
        if not re.search(r"_\d+$", event["api_name"])
    }


def told(visitor: Visitor, name: str, data: list[Any]) -> str:
    """The error's words, or "" where there is none."""
    try:
        visitor.call(name, *data, seconds=60)
    except RefusedError as error:
        return error.words
    return ""


def test_junk_gets_a_sentence(url: str, place: Path) -> None:
    visitor, log = Visitor(url), place / "log.txt"
    wrong = []
    for name, inputs in events(url).items():
        for number, junk in enumerate(JUNK):
            before = log.stat().st_size
            data = [junk] * inputs
            if number % 2 and inputs > 1:  # junk in one place only: the others let it through
                data = list(islice(cycle(CHOICES), inputs))
                data[number % inputs] = junk
            words = told(visitor, name, data)
            printed = log.read_text()[before:]
            if OURS.search(printed) or TOLD.search(words):
                wrong.append((name, repr(junk)[:40], words[:80], printed[-300:]))
    assert not wrong, "\n\n".join(f"{a} {b}: {c}\n{d}" for a, b, c, d in wrong)


@pytest.mark.parametrize("count", [0, 1, 100])
def test_a_wrong_number_of_values_is_refused(url: str, place: Path, count: int) -> None:
    visitor = Visitor(url)
    for name in ("generate", "train", "inspect", "load_model", "start"):
        with pytest.raises(RefusedError):
            visitor.call(name, *["x"] * count, seconds=60)

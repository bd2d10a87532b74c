"""Every event of the page answers every kind of nonsense with a sentence, never a traceback.

Private events count too, since anybody can call them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from serving import ROOT, serving
from visitor import RefusedError, Visitor

pytestmark = pytest.mark.slow

FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
JUNK: list[Any] = [
    None, True, -1, 2.5, 10**30, 1e308, "", "x", "\ud800\0<img src=x onerror=alert(1)>", "9" * 400,
    "/etc/passwd", "a" * 200_000, [], ["a"], [[1], {}], {}, {"a": None}, {"__type__": "update"},
    FILE, [FILE], {"path": "http://127.0.0.1:1/x", "meta": {"_type": "gradio.FileData"}},
]  # fmt: skip
CHOICES = ("standard", "own", "gru", "none", "lighthouse", "liked", "mit")


def own_frame(root: Path) -> re.Pattern[str]:
    """Matches a frame of this project's code in a traceback.

    Gradio logs a traceback of its own for a value that it does not pass on. The layers in
    charrnn/ui/server are in all of these, as every event goes through them; the folder's .venv is
    not the project's code.
    """
    folder = re.escape(str(root))
    return re.compile(
        rf'File "{folder}/(app\.py|charrnn/(?!ui/server/(middleware|page_cache|sessions|shares)))'
    )


OWN_FRAME = own_frame(ROOT)
INTERNALS = re.compile(r"Traceback|File \"|site-packages|\.py\b|hf_")
"""Matches what must be in no answer: the names of files, code or a token."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def url(place: Path) -> Iterator[str]:
    with serving(place, seconds=1) as address:
        yield address


def events(url: str) -> dict[str, int]:
    """How many inputs each event has; of events that differ only in their trigger, just one."""
    dependencies = json.loads(Visitor(url, {}).request("GET", "/config"))["dependencies"]
    own = [event for event in dependencies if event["backend_fn"]]
    return {
        event["api_name"]: len(event["inputs"])
        for event in own
        if not re.search(r"_\d+$", event["api_name"])
    }


def error_message(visitor: Visitor, name: str, data: list[Any]) -> str:
    """The page's error message, or "" if there is none."""
    try:
        visitor.call(name, *data, seconds=60)
    except RefusedError as error:
        return error.words
    return ""


def test_an_environment_in_a_clone_called_charrnn_is_not_own_code() -> None:
    root = Path("/home/somebody/charrnn")
    gradio = root / ".venv/lib/python3.12/site-packages/gradio/routes.py"
    assert not own_frame(root).search(f'File "{gradio}", line 1')
    assert not own_frame(root).search(f'File "{root}/charrnn/ui/server/middleware.py", line 1')
    assert own_frame(root).search(f'File "{root}/charrnn/ui/page.py", line 1')
    assert own_frame(root).search(f'File "{root}/app.py", line 1')


def test_junk_gets_a_sentence(url: str, place: Path) -> None:
    visitor, log = Visitor(url), place / "log.txt"
    wrong = []
    for name, inputs in events(url).items():
        for number, junk in enumerate(JUNK):
            before = log.stat().st_size
            data = [junk] * inputs
            if number % 2 and inputs > 1:  # junk in one place, among values that let it through
                data = list(islice(cycle(CHOICES), inputs))
                data[number % inputs] = junk
            words = error_message(visitor, name, data)
            printed = log.read_text()[before:]
            if OWN_FRAME.search(printed) or INTERNALS.search(words):
                wrong.append((name, repr(junk)[:40], words[:80], printed[-300:]))
    assert not wrong, "\n\n".join(f"{a} {b}: {c}\n{d}" for a, b, c, d in wrong)


@pytest.mark.parametrize("count", [0, 1, 100])
def test_a_wrong_number_of_values_is_refused(url: str, place: Path, count: int) -> None:
    visitor = Visitor(url)
    for name in ("generate", "train", "inspect", "load_model", "start"):
        with pytest.raises(RefusedError):
            visitor.call(name, *["x"] * count, seconds=60)

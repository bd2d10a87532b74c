"""A thousand interleaved requests of two visitors on the real server: neither sees the other's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from serving import serving
from visitor import RefusedError, Visitor

from charrnn.training.checkpoint import Checkpoint

pytestmark = pytest.mark.slow

REQUESTS = 1000
AT_ONCE = 5  # requests that a visitor has on the way together


@dataclass
class Person:
    """A visitor with their own alphabet, so that any letter of the other's is a leak."""

    visitor: Visitor
    letters: str
    token: str
    cell: str
    seen: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        dice = Random(self.letters)
        return "".join(dice.choice(self.letters) for _ in range(1500))

    def note(self, kind: str, value: object) -> None:
        self.seen.append(json.dumps(value, ensure_ascii=False))
        self.counts[kind] += 1

    def train(self) -> None:
        options = {"cell": self.cell, "hidden_size": 8, "steps": 30, "seq_length": 8}
        event = self.visitor.join("train", None, self.text, "standard", options, 20)
        outputs = [message.get("output") for message in self.visitor.listen(event)]
        assert outputs[-1]["data"][1]["step"] == 30
        self.note("train", outputs)

    def live(self, count: int) -> None:
        """Send `count` requests in a random order, several at once."""
        dice = Random(self.cell)
        names = ("generate", "inspect", "guess", "download_model", "load_model", "share_model")
        for start in range(0, count, AT_ONCE):
            chosen = dice.choices(names, (10, 4, 6, 3, 1, 1), k=min(AT_ONCE, count - start))
            answers = self.visitor.calls([self.request(name) for name in chosen])
            for name, outputs in zip(chosen, answers, strict=True):
                self.check(name, outputs)
                self.note(name, outputs)

    def request(self, name: str) -> tuple[Any, ...]:
        if name == "load_model":
            (file,) = self.visitor.call("download_model", None, True)
            sent = self.visitor.upload(f"{self.cell}.npz", self.visitor.download(file))
            return name, None, sent
        return {
            "generate": (name, None, self.letters, 1.5, 40, 0, 1.0, "", ""),
            "inspect": (name, None, self.text[:60]),
            "guess": (name, None, self.letters[:3]),
            "download_model": (name, None, False),
            # Refused without a network, in a sentence that must not contain the token.
            "share_model": (name, None, "somebody/model", "mit", False, False, self.token),
        }[name]

    def check(self, name: str, outputs: list[Any]) -> None:
        if name == "generate":
            assert len(outputs[0]) == 40
            assert set(outputs[0]) <= set(self.letters)
        elif name == "inspect":
            assert outputs[0]["characters"] == 60
        elif name == "download_model":
            model = Checkpoint.from_bytes(self.visitor.download(outputs[0])).model
            assert set(model.vocabulary.symbols) == set(self.letters)
            assert model.config.cell == self.cell
        elif name == "load_model":
            assert dict(outputs[1]["rows"])["cell"] == self.cell.upper()


@pytest.fixture
def people(tmp_path: Path) -> Iterator[list[Person]]:
    with serving(tmp_path) as url:
        one = Visitor(url)
        two = Visitor(url, one.functions)
        yield [
            Person(one, "αβγδεζηθ", "hf_" + "A" * 34, "gru"),
            Person(two, "бвгджзик", "hf_" + "B" * 34, "lstm"),
        ]


def test_a_thousand_interleaved_requests(people: list[Person], tmp_path: Path) -> None:
    def visit(person: Person) -> None:
        person.train()
        person.live(REQUESTS // 4 - 1)
        person.train()
        person.live(REQUESTS // 4 - 1)

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(visit, people))
    assert sum(len(person.seen) for person in people) == REQUESTS
    for person in people:
        assert min(person.counts.values()) >= 2, person.counts
        seen = "\n".join(person.seen)
        other = next(each for each in people if each is not person)
        assert not set(seen) & set(other.letters)
        assert "hf_" not in seen
        assert other.visitor.session not in seen
    log = (tmp_path / "log.txt").read_text()
    assert "hf_" not in log
    assert "Traceback" not in log
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"hf_A" in each or b"hf_B" in each for each in map(Path.read_bytes, written))


def test_a_stranger_with_another_session_holds_nothing(people: list[Person]) -> None:
    people[0].train()
    stranger = Visitor(f"http://{people[0].visitor.address}/", people[0].visitor.functions)
    (file,) = stranger.call("download_model", None, True)
    assert "α" not in Checkpoint.from_bytes(stranger.download(file)).model.vocabulary.symbols
    with pytest.raises(RefusedError, match="no run to continue"):
        stranger.call("resume", None, "own", people[1].text)

"""A class that presses Train at the same time: what `benchmarks/load.py --class` plays.

Each visitor opens the page, and within ten seconds trains on hello, on the notebook's sentence, or
on a pasted text of 4 KB with the settings that the page fits to it. With `--seconds S` all train
the standard network for S seconds instead: they wait long, which shows how true the waits are.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

from visitor import RefusedError, Visitor

from charrnn.corpora import load_corpus
from charrnn.ui.train.views import LEAST_TOLD

WITHIN = 10.0
"""Seconds within which all press Train."""
LIMIT = 60.0
"""Seconds within which all must see their result."""
STARTED = ('"starting"', '"training"', '"over"')
"""Found in a message when the wait is over; all messages but the first are differences."""
PASTED = 4096
"""Characters of a pasted text."""


class Pupil:
    """One visitor of the class."""

    def __init__(self, url: str, number: int, seconds: float) -> None:
        """seconds: those of a long training; 0 for a mixed class."""
        self.url, self.number, self.longest = url, number, seconds or LIMIT
        self.kind = "standard" if seconds else ("hello", "notebook", "pasted")[number % 3]
        self.pressed = self.seconds = 0.0
        self.shown: list[tuple[float, float]] = []  # (seconds since pressing, the wait shown)
        self.started: float | None = None  # seconds since pressing
        self.fault = ""

    def live(self, at: float) -> None:
        """Open the page, press Train at a moment, and wait for the result."""
        try:
            visitor = Visitor(self.url)
            visitor.load()
            wanted = self.pasted(visitor) if self.kind == "pasted" else self.by_recipe()
            time.sleep(max(0.0, at - time.monotonic()))
            self.pressed = time.monotonic()
            self.follow(visitor, visitor.join(*wanted))
        except (OSError, RefusedError) as error:
            self.fault = f"{type(error).__name__} {error}"[:200]

    def by_recipe(self) -> tuple[Any, ...]:
        text = {"hello": "hello", "notebook": "sentence", "standard": "lighthouse"}[self.kind]
        return "train", None, text, self.kind, {}, self.longest

    def pasted(self, visitor: Visitor) -> tuple[Any, ...]:
        """The button Train, with what the page has in its fields when it opens, and a text."""
        config = json.loads(visitor.request("GET", "/config"))
        fields = {each["id"]: each["props"] for each in config["components"]}
        (event,) = (each for each in config["dependencies"] if each["api_name"] == "start")
        start = self.number * 3000
        given = {
            "Paste a text": load_corpus("lighthouse").text[start : start + PASTED],
            "Text to learn": "own",
        }
        values = [fields[i].get("value") for i in event["inputs"]]
        labels = [fields[i].get("label") for i in event["inputs"]]
        chosen = [given.get(label, value) for label, value in zip(labels, values, strict=True)]
        return "start", None, *chosen[1:]

    def follow(self, visitor: Visitor, event: str) -> None:
        for message in visitor.listen(event, seconds=900):
            now = time.monotonic() - self.pressed
            summary = ((message.get("output") or {}).get("data") or [None])[-1]
            if isinstance(summary, dict) and "seconds_to_wait" in summary:
                self.shown.append((now, summary["seconds_to_wait"]))
            elif self.started is None and any(word in json.dumps(message) for word in STARTED):
                self.started = now
            if message["msg"] == "process_completed":
                self.seconds = now
                if not message["success"]:
                    self.fault = str(message["output"].get("error"))[:200]
                return
        self.fault = "the stream ended early"


def play(url: str, people: int, longest: float = 0.0) -> dict[str, Any]:
    """Let a class train; returns how long each kind took, and how true the waits were.

    longest: seconds of everybody's training; 0 for a mixed class.
    """
    Visitor(url).load()
    pupils = [Pupil(url, number, longest) for number in range(people)]
    begin = time.monotonic() + 3
    threads = [
        threading.Thread(target=each.live, args=(begin + WITHIN * n / people,), daemon=True)
        for n, each in enumerate(pupils)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(1000)
    seconds: dict[str, list[float]] = {}
    for each in pupils:
        seconds.setdefault(each.kind, []).append(round(each.seconds, 1))
    return {
        "people": people,
        "limit": LIMIT + people * longest,
        "seconds": {kind: sorted(taken) for kind, taken in seconds.items()},
        "waits": [w for each in pupils for w in first_wait(each)],
        "faults": dict(Counter(each.fault for each in pupils if each.fault)),
    }


def first_wait(pupil: Pupil) -> list[tuple[float, float]]:
    """(the wait shown first, the actual wait) in seconds, for a pupil who waited."""
    if not pupil.shown or pupil.started is None or not pupil.shown[0][1]:
        return []
    at, shown = pupil.shown[0]
    return [(round(shown, 1), round(pupil.started - at, 1))]


def report(found: dict[str, Any]) -> tuple[str, bool]:
    """The lines for people, and whether all saw their result in time."""
    taken = [second for kind in found["seconds"].values() for second in kind]
    kept = not found["faults"] and max(taken) <= found["limit"]
    lines = [f"a class of {found['people']}, all press Train within {WITHIN:.0f} s"]
    for kind, each in found["seconds"].items():
        lines.append(f"  {kind:<9} the result after {each[0]:.1f} to {each[-1]:.1f} s")
    lines.append(f"waits (estimated, came) in seconds: {found['waits']}")
    told = [came / shown for shown, came in found["waits"] if shown >= LEAST_TOLD]
    if told:
        lines.append(f"waits told in numbers came at {min(told):.2f} to {max(told):.2f} of them")
    lines += [f"FAULT {count} times: {fault}" for fault, count in found["faults"].items()]
    lines.append(f"the last result after {max(taken):.1f} s, {found['limit']:.0f} at most")
    return "\n".join(lines), kept

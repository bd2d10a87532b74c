"""Visitors who train, write, upload and leave, all at once, and then SIGTERM.

    python benchmarks/load.py --minutes 10 --json load.json
    python benchmarks/load.py --class

Starts the real page, lets 32 clients use it, and asks it to end while runs are in progress. Prints
the answers by kind, errors (those that say "busy" apart), how long the page took to load, and the
server's memory over time; then how long the end took, which runs were saved, and what was left
behind. The exit code is 1 where a promise is broken: an error that is not "busy", a page load at
p95 of a second or more, an end after ten seconds, a run lost, a process or a file left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

# ruff: noqa: E402
import classroom
from serving import free_port, start, wait_for
from visitor import RefusedError, Visitor

TEXT = "The cat sat on the mat. The dog lay on the log. The bird sang in the tree. " * 40
CELLS = ("rnn", "lstm", "gru")
BUSY = ("run already", "waiting already", "queue is full", "being restarted", "no run")
"""Words in the answers that ask a visitor to come back later."""


class Tally:
    """What all clients saw."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answers = Counter[str]()
        self.busy = Counter[str]()
        self.errors = Counter[str]()
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def measure(self, name: str, action: Callable[[], object]) -> None:
        """Carry out an action, and write down how it went."""
        started = time.monotonic()
        try:
            action()
        except RefusedError as error:
            kind = self.busy if is_busy(error) else self.errors
            with self.lock:
                kind[f"{name}: {error.status} {error.words[:90]}"] += 1
            return
        except OSError as error:
            with self.lock:
                self.errors[f"{name}: {type(error).__name__} {error}"[:110]] += 1
            return
        with self.lock:
            self.answers[name] += 1
            self.seconds[name].append(time.monotonic() - started)


def is_busy(error: RefusedError) -> bool:
    return error.status == 503 or any(word in error.words.lower() for word in BUSY)


class Client:
    """A visitor who does one thing after another, at random."""

    def __init__(self, url: str, functions: dict[str, int], tally: Tally, number: int) -> None:
        self.url, self.functions, self.tally = url, functions, tally
        self.dice = random.Random(number)
        self.visitor = Visitor(url, functions)
        self.file = b""  # the visitor's own model, after a training

    def live(self, until: float) -> None:
        time.sleep(self.dice.uniform(0, min(10.0, (until - time.monotonic()) / 4)))
        acts = (self.write, self.train, self.upload, self.leave, self.read, self.break_off)
        while time.monotonic() < until:
            self.tally.measure("page", self.visitor.load)
            act = self.dice.choices(acts, (8, 4, 3, 2, 2, 1))[0]
            self.tally.measure(act.__name__, act)
            time.sleep(self.dice.uniform(0.2, 2.0))

    def write(self) -> None:
        length = self.dice.randint(50, 500)
        values = ("The ", 0.8, length, 0, 1.0, "", str(self.dice.randint(0, 999)))
        (text,) = self.visitor.call("generate", None, *values)
        if len(text) != length:
            raise RefusedError(0, f"{len(text)} characters instead of {length}")

    def options(self) -> dict[str, Any]:
        size = self.dice.randint(8, 64)
        return {"cell": self.dice.choice(CELLS), "hidden_size": size, "steps": 100_000}

    def train(self) -> None:
        options, seconds = self.options(), self.dice.randint(1, 3)
        _, summary = self.visitor.call(
            "train", None, TEXT, "standard", options, seconds, seconds=900
        )
        if summary["state"] != "over" or not summary["step"]:
            raise RefusedError(0, f"a run that ended with {summary}")
        (file,) = self.visitor.call("download_model", None, True)
        self.file = self.visitor.download(file)

    def upload(self) -> None:
        """Upload the visitor's own model, or a pretrained one; then a file that is cut short."""
        data = self.file or (ROOT / "pretrained" / "lighthouse.npz").read_bytes()
        self.visitor.call("load_model", None, self.visitor.upload("mine.npz", data))
        with suppress(RefusedError):
            self.visitor.call("load_model", None, self.visitor.upload("bad.npz", data[:-9]))
            raise OSError("a file that was cut short was loaded")

    def read(self) -> None:
        self.visitor.call("inspect", None, TEXT[: self.dice.randint(100, 900)])

    def leave(self) -> None:
        """Start a run, watch a moment, and close the page for good."""
        event = self.visitor.join("train", None, TEXT, "standard", self.options(), 10)
        with closing(self.visitor.listen(event)) as messages:
            for message in messages:
                if message["msg"] == "process_generating" and self.dice.random() < 0.3:
                    break
        self.visitor = Visitor(self.url, self.functions)

    def break_off(self) -> None:
        self.visitor.broken_upload("half.npz", bytes(self.dice.randint(10**5, 5 * 10**6)))


def training_processes(server: psutil.Process) -> list[psutil.Process]:
    """The server's children that train; Python's resource tracker is a child too."""
    found = []
    for child in server.children():
        with suppress(psutil.Error):
            if "resource_tracker" not in " ".join(child.cmdline()):
                found.append(child)
    return found


def memory(server: psutil.Process) -> dict[str, float]:
    """MB of the server and of its training processes, and how many of these there are."""
    children = training_processes(server)
    sizes = []
    for child in children:
        with suppress(psutil.Error):
            sizes.append(child.memory_info().rss)
    return {
        "server_mb": round(server.memory_info().rss / 1e6, 1),
        "children_mb": round(sum(sizes) / 1e6, 1),
        "children": len(sizes),
    }


def load(url: str, server: psutil.Process, clients: int, minutes: float) -> dict[str, Any]:
    """Let the clients use the page, and record its memory meanwhile."""
    tally, functions = Tally(), Visitor(url).functions
    until = time.monotonic() + 60 * minutes
    people = [Client(url, functions, tally, number) for number in range(clients)]
    threads = [threading.Thread(target=each.live, args=(until,), daemon=True) for each in people]
    levels, started = [{"minute": 0.0, **memory(server)}], time.monotonic()
    for thread in threads:
        thread.start()
    every = min(60.0, 60 * minutes / 4)
    while any(thread.is_alive() for thread in threads) and time.monotonic() < until + 900:
        time.sleep(0.2)
        passed = time.monotonic() - started
        if passed >= every * len(levels):
            levels.append({"minute": round(passed / 60, 2), **memory(server)})
    return {
        "clients": clients,
        "minutes": minutes,
        "answers": dict(tally.answers.most_common()),
        "busy": dict(tally.busy.most_common()),
        "errors": dict(tally.errors.most_common()),
        "seconds": {name: quantiles(taken) for name, taken in tally.seconds.items()},
        "memory": levels,
        "stuck_clients": sum(thread.is_alive() for thread in threads),
    }


def quantiles(taken: list[float]) -> dict[str, float]:
    ordered, last = sorted(taken), len(taken) - 1
    marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "worst": 1.0}
    return {k: round(ordered[min(last, int(m * len(taken)))], 3) for k, m in marks.items()}


def end(url: str, process: subprocess.Popen[bytes], folder: Path) -> dict[str, Any]:
    """SIGTERM while two runs are in progress and a third waits."""
    last: dict[int, str] = {}

    def watch(number: int) -> None:
        try:
            visitor = Visitor(url)
            options = {"hidden_size": 32, "steps": 10**6}
            event = visitor.join("train", None, TEXT, "standard", options, 60)
            for message in visitor.listen(event):
                last[number] = json.dumps(message)
        except (OSError, RefusedError) as error:
            last[number] = str(error)

    threads = [threading.Thread(target=watch, args=(n,), daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while sum("step" in message for message in last.values()) < 2:
        if time.monotonic() > deadline:
            raise SystemExit(f"The last runs did not start: {last}")
        time.sleep(0.2)
    time.sleep(3)
    saved_before = set(folder.glob("cache/charrnn/visitors/*.npz"))
    children = training_processes(psutil.Process(process.pid))
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(60)
    seconds = time.monotonic() - started
    for thread in threads:
        thread.join(5)
    time.sleep(0.5)
    saved = set(folder.glob("cache/charrnn/visitors/*.npz")) - saved_before
    return {
        "seconds": round(seconds, 2),
        "exit": process.poll(),
        "runs": len(children),
        "saved": len(saved),
        "informed": sum("being restarted" in words for words in last.values()),
        "children_left": sum(child.is_running() for child in children),
        "files_left": [str(p.relative_to(folder)) for p in (folder / "tmp").rglob("*")],
        "log": (folder / "log.txt").read_text().splitlines()[-3:],
    }


def broken(load: dict[str, Any], end: dict[str, Any]) -> list[str]:
    """The promises that were not kept."""
    found = [f"error: {words} ({n})" for words, n in load["errors"].items()]
    if load["seconds"]["page"]["p95"] >= 1:
        found.append(f"page p95 {load['seconds']['page']['p95']} s")
    if load["stuck_clients"]:
        found.append(f"{load['stuck_clients']} clients never came to an end")
    if end["seconds"] >= 10 or end["exit"] != 0:
        found.append(f"ended after {end['seconds']} s with code {end['exit']}")
    if end["saved"] < end["runs"]:
        found.append(f"{end['runs']} runs in progress, {end['saved']} saved")
    if end["children_left"] or end["files_left"]:
        found.append(f"left: {end['children_left']} processes, files {end['files_left'][:5]}")
    return found


def table(results: dict[str, Any]) -> str:
    """All results as text for people."""
    load = results["load"]
    lines = [f"{load['clients']} clients, {load['minutes']:g} minutes", "", "answers"]
    for name, count in load["answers"].items():
        seconds = "  ".join(f"{k} {v:.2f} s" for k, v in load["seconds"][name].items())
        lines.append(f"  {name:<10}{count:>6}   {seconds}")
    for title in ("busy", "errors"):
        lines.append(f"{title}: {sum(load[title].values())}")
        lines += [f"  {count:>6}  {words}" for words, count in load[title].items()]
    lines.append("minute  server MB  training MB  training processes")
    for at in load["memory"]:
        level = f"{at['server_mb']:>11.0f}{at['children_mb']:>13.0f}{at['children']:>12}"
        lines.append(f"{at['minute']:>6.1f}{level}")
    lines.append(f"the end after SIGTERM: {json.dumps(results['end'])}")
    lines += [f"BROKEN PROMISE: {what}" for what in results["broken"]] or ["All promises kept."]
    return "\n".join(lines)


def train_a_class(people: int, seconds: float, runs_at_once: int, path: Path | None) -> int:
    """Let a class press Train within ten seconds on a new page; 0 if all have a result in time."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        process = start(folder, port, 120, "--runs-at-once", str(runs_at_once))
        url = f"http://127.0.0.1:{port}/"
        try:
            wait_for(url, process, folder / "log.txt")
            found = classroom.play(url, people, seconds)
        finally:
            process.kill()
    if path:
        path.write_text(json.dumps(found, indent=1))
    words, kept = classroom.report(found)
    print(words)
    return 0 if kept else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--runs-at-once", type=int, default=2, help="training runs at once")
    parser.add_argument(
        "--class", dest="people", type=int, nargs="?", const=30, help="a class trains at once"
    )
    parser.add_argument("--seconds", type=float, default=0, help="that each of a class trains")
    parser.add_argument("--json", type=Path, help="write all figures here too")
    options = parser.parse_args()
    if options.people:
        return train_a_class(options.people, options.seconds, options.runs_at_once, options.json)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        process = start(folder, port, 60, "--runs-at-once", str(options.runs_at_once))
        url = f"http://127.0.0.1:{port}/"
        try:
            wait_for(url, process, folder / "log.txt")
            results: dict[str, Any] = {
                "cores": len(os.sched_getaffinity(0)),
                "load": load(url, psutil.Process(process.pid), options.clients, options.minutes),
            }
            results["end"] = end(url, process, folder)
        finally:
            process.kill()
        log = (folder / "log.txt").read_text()
    results["tracebacks"] = log.count("Traceback")
    results["broken"] = broken(results["load"], results["end"])
    if results["tracebacks"]:
        results["broken"].append(f"{results['tracebacks']} tracebacks in the log: {log[-1500:]}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    print(table(results))
    return 1 if results["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())

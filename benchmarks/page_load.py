"""Measure the page under load.

    python benchmarks/page_load.py                  twenty visitors generate while two train
    python benchmarks/page_load.py --sessions 100   the server's memory with so many sessions

Starts the real page and real clients, and prints JSON: how fast two runs train alone and under
load, how long each visitor waited for the first characters, and the server's memory over rounds.
With --sessions: its memory before they come, when all have written with the page's model, and when
each has uploaded a model of 1.1 MB and written with that.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from gradio_client import Client
from serving import serving
from visitor import Visitor

VISITORS = 20
TRAININGS = 2
LENGTH = 300
"""Characters that a visitor asks for."""
ROUNDS = 3
ALONE = 8.0
"""Seconds of training before the visitors come."""
OPTIONS = {"cell": "lstm", "hidden_size": 128, "steps": 1_000_000}


def train(client: Client) -> Any:
    return client.submit("lighthouse", "standard", OPTIONS, 300, api_name="/train")


def speed(jobs: list[Any], seconds: float) -> float:
    """Steps per second of all runs together over the next `seconds`."""
    before = [job.outputs()[-1]["step"] for job in jobs]
    time.sleep(seconds)
    after = [job.outputs()[-1]["step"] for job in jobs]
    return (sum(after) - sum(before)) / seconds


def write(visitor: Visitor) -> tuple[float, float]:
    """One visitor's seconds to the first characters, and to the last."""
    started, first = time.perf_counter(), 0.0
    event = visitor.join("generate", None, "The ", 0.8, LENGTH, 0, 1.0, "", "")
    for message in visitor.listen(event):
        if message["msg"] == "process_generating":
            first = first or time.perf_counter() - started
        if message["msg"] == "process_completed":
            break
    return first, time.perf_counter() - started


def memory(port: str) -> float:
    """MB of the server's process, found by its port."""
    listed = subprocess.run(["ps", "ax", "-o", "rss=,args="], capture_output=True, text=True)
    lines = [line for line in listed.stdout.splitlines() if f"app.py --port {port}" in line]
    return round(int(lines[0].split()[0]) / 1024, 1)


def measure(url: str) -> dict[str, Any]:
    port = url.rstrip("/").rsplit(":", 1)[1]
    jobs = [train(Client(url, verbose=False)) for _ in range(TRAININGS)]
    functions = Visitor(url).functions
    visitors = [Visitor(url, functions) for _ in range(VISITORS)]
    for visitor in visitors:  # each has the page open, since opening it makes the session
        visitor.load()
        write(visitor)
    while any(not job.outputs() or job.outputs()[-1].get("step", 0) < 50 for job in jobs):
        time.sleep(0.2)
    alone = speed(jobs, ALONE)
    firsts, wholes, sizes, loaded = list[float](), list[float](), [memory(port)], list[float]()
    with ThreadPoolExecutor(VISITORS + 1) as pool:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            before = sum(job.outputs()[-1]["step"] for job in jobs)
            for first, whole in pool.map(write, visitors):
                firsts.append(first)
                wholes.append(whole)
            steps = sum(job.outputs()[-1]["step"] for job in jobs) - before
            loaded.append(steps / (time.perf_counter() - started))
            sizes.append(memory(port))
    for job in jobs:
        job.cancel()
    return {
        "visitors": VISITORS,
        "first_character_seconds": {
            "median": round(statistics.median(firsts), 2),
            "worst": round(max(firsts), 2),
        },
        "whole_text_seconds": {
            "median": round(statistics.median(wholes), 2),
            "worst": round(max(wholes), 2),
        },
        "training_steps_per_second": {
            "alone": round(alone, 1),
            "with_visitors": round(statistics.mean(loaded), 1),
            "share": round(statistics.mean(loaded) / alone, 2),
        },
        "server_megabytes_by_round": sizes,
    }


def sessions(url: str, count: int) -> dict[str, Any]:
    """The server's memory while so many sessions are open."""
    port = url.rstrip("/").rsplit(":", 1)[1]
    file = (ROOT / "pretrained" / "shakespeare-gru.npz").read_bytes()
    functions = Visitor(url).functions
    levels = {"before": memory(port)}
    visitors = [Visitor(url, functions) for _ in range(count)]
    asked = ("generate", None, "The ", 0.8, 100, 0, 1.0, "", "1")
    for visitor in visitors:
        visitor.load()
        visitor.call(*asked)
    levels["when all have written"] = memory(port)
    for visitor in visitors:
        visitor.call("load_model", None, visitor.upload("model.npz", file))
        visitor.call(*asked)
    levels["each with a model of its own"] = memory(port)
    return {"sessions": count, "server_megabytes": levels}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, metavar="N", help="how many to open")
    count = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), seconds=300) as url:
        print(json.dumps(sessions(url, count) if count else measure(url), indent=2))


if __name__ == "__main__":
    main()

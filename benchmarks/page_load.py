"""Measure the page while twenty visitors generate and two train: python benchmarks/page_load.py

Starts the real page and real clients, and prints JSON: how fast two runs train alone and under
load, how long each visitor waited for the first characters, and the server's memory over rounds.
"""

from __future__ import annotations

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


def write(client: Client) -> tuple[float, float]:
    """One visitor: seconds to the first characters, seconds to the last."""
    started = time.perf_counter()
    job = client.submit("The ", 0.8, LENGTH, api_name="/generate")
    first = 0.0
    while not job.done():
        if not first and job.outputs():
            first = time.perf_counter() - started
        time.sleep(0.02)
    job.result()
    whole = time.perf_counter() - started
    return first or whole, whole


def memory(port: str) -> float:
    """MB of the server's process, found by its port."""
    listed = subprocess.run(["ps", "ax", "-o", "rss=,args="], capture_output=True, text=True)
    lines = [line for line in listed.stdout.splitlines() if f"app.py --port {port}" in line]
    return round(int(lines[0].split()[0]) / 1024, 1)


def measure(url: str) -> dict[str, Any]:
    port = url.rstrip("/").rsplit(":", 1)[1]
    clients = [Client(url, verbose=False) for _ in range(VISITORS + TRAININGS)]
    trainers, visitors = clients[:TRAININGS], clients[TRAININGS:]
    for client in visitors:  # who writes has the page open: opening it made the session
        client.predict("The ", 0.8, 20, api_name="/generate")
    jobs = [train(client) for client in trainers]
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), seconds=300) as url:
        print(json.dumps(measure(url), indent=2))


if __name__ == "__main__":
    main()

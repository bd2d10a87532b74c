"""What strangers and odd machines do to the page, as figures.

    python benchmarks/strangers.py [--only NAME]

cards: CPU seconds for the slowest hostile model card. opens: 150 pages opened at once, how they are
answered and after how long. stop: seconds from Stop to the end of a worker that is frozen.
descriptors: lines in the log during ten seconds without file descriptors. A line of JSON each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
import test_hub_card
from serving import free_port, serving, wait_for
from visitor import RefusedError, Visitor
from waiting import wait_until

from charrnn.hub.card import card
from charrnn.network.model import CharRNN, ModelConfig
from charrnn.service.job import Job
from charrnn.service.scheduler import Scheduler
from charrnn.service.visitor import Visitor as Session
from charrnn.training.config import TrainConfig
from charrnn.vocabulary import Vocabulary

OPENS, SOCKETS, SECONDS, PATIENCE = 150, 400, 10.0, 600.0


def cards() -> dict[str, Any]:
    """Rewrite the tests' hostile cards, and time the slowest."""
    model = CharRNN(Vocabulary.from_text("ab"), ModelConfig("rnn", 4))
    seconds = {}
    for name, old in test_hub_card.HOSTILE.items():
        before = time.process_time()
        card(model, "alice/sea", old=old)
        seconds[name] = round(time.process_time() - before, 3)
    worst = max(seconds, key=lambda name: seconds[name])
    return {"cards": len(seconds), "slowest": worst, "cpu_seconds": seconds[worst]}


def opens() -> dict[str, Any]:
    """Let many visitors open the page at the same moment, its opening event included."""
    statuses, seconds, lock = Counter[str](), list[float](), threading.Lock()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        functions = Visitor(url).functions
        gate = threading.Barrier(OPENS)

        def one() -> None:
            gate.wait()
            started, status = time.monotonic(), "served"
            try:
                visitor = Visitor(url, functions)
                visitor.request("GET", "/", seconds=PATIENCE)
                visitor.call("opened", "", seconds=PATIENCE)
            except (RefusedError, OSError) as error:
                status = str(error)[:60]
            with lock:
                statuses[status] += 1
                seconds.append(time.monotonic() - started)

        threads = [threading.Thread(target=one) for _ in range(OPENS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {"opens": OPENS, "answers": dict(statuses), "last_after_seconds": round(max(seconds), 1)}


def stop() -> dict[str, Any]:
    """Freeze a worker in training, then stop its run."""

    async def scene() -> float:
        scheduler = Scheduler(60, 2)
        settings = TrainConfig(steps=10**6)
        job = Job("the cat sat on the mat. " * 50, (ModelConfig("gru", 16),), settings, 60)
        run = scheduler.start(job, Session(), "one", linger=60)
        while run.process is None or run.process.saved_step == 0:
            await asyncio.sleep(0.1)
        os.kill(run.process.process.pid or 0, signal.SIGSTOP)
        started = time.monotonic()
        scheduler.stop("one")
        while not run.over:
            await asyncio.sleep(0.01)
        assert scheduler.find(run.visitor.token)
        return time.monotonic() - started

    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        return {"seconds_from_stop_to_end": round(asyncio.run(scene()), 2)}


def descriptors() -> dict[str, Any]:
    """Open connections and close none, until the page has no descriptors left."""
    with tempfile.TemporaryDirectory() as folder:
        log, port = Path(folder) / "log.txt", free_port()
        script = 'ulimit -n 200 && exec "$0" "$@"'
        quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
        with log.open("w") as sink:
            process = subprocess.Popen(
                ["bash", "-c", script, sys.executable, "app.py", "--port", str(port)],
                cwd=ROOT, stdout=sink, stderr=sink, env={**os.environ, **quiet},
            )  # fmt: skip
        wait_for(f"http://127.0.0.1:{port}/", process, log)
        wait_until(lambda: "public link" in log.read_text())
        before = len(log.read_text().splitlines())
        with ExitStack() as stack:
            for _ in range(SOCKETS):
                stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            time.sleep(SECONDS)
            lines = len(log.read_text().splitlines()) - before
        wait_for(f"http://127.0.0.1:{port}/", process, log)
        process.terminate()
        process.wait(60)
    return {"seconds": SECONDS, "lines_in_the_log": lines, "answers_again": True}


FIGURES = {"cards": cards, "opens": opens, "stop": stop, "descriptors": descriptors}


def main() -> None:
    parser = argparse.ArgumentParser(description="What strangers and odd machines do to the page.")
    parser.add_argument("--only", choices=FIGURES, action="append")
    for name in parser.parse_args().only or FIGURES:
        print(json.dumps({"figure": name, **FIGURES[name]()}), flush=True)


if __name__ == "__main__":
    main()

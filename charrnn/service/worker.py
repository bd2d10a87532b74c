"""Trains in a process of its own: receives a job through a pipe, and sends snapshots back.

While 20 visitors streamed, threads inside the server's process trained at 4 steps a second; a
separate process trains at 20, and the visitors do not notice. It ends when the pipe does, so it
never outlives the server.
"""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from charrnn.baselines import Baselines, chart_baselines
from charrnn.network.model import CharRNN, ModelConfig, score_ids
from charrnn.network.sampling import Sampling, generate
from charrnn.service.job import Command, Job, Record, RunView, Snapshot
from charrnn.training.progress import Progress
from charrnn.training.trainer import VALIDATION_STREAMS, Trainer

SLICE = 0.05
"""Seconds that a model trains before the next model's turn or a check for commands."""
SNAPSHOT_EVERY = 0.25
"""Seconds between two snapshots."""
SAVE_EVERY = 5.0
"""Seconds between two snapshots with files, which survive when the process dies."""
SAVE_SHARE = 0.03
"""Share of the time that saving may take: 30 MB take longer than SAVE_EVERY allows."""
KEPT_BYTES = 24_000_000
"""Bytes of weights kept for the samples of a run, so that each can be written from."""
LIVE_SAMPLE = 1.5
"""Seconds between two samples of the current weights, besides those that are kept."""

PR_SET_PDEATHSIG = 1  # prctl.h

Commands = queue.SimpleQueue[Command]


class TrainingRun:
    """One model in training: its trainer, its curves and samples, the time it has used."""

    def __init__(self, job: Job, model: ModelConfig) -> None:
        self.job, self.config = job, model
        self.trainer = begin(job, model)
        if not job.checkpoint:  # a run that continues has its own factor
            self.trainer.learning_rate_scale = job.rate
        self.record = job.record if job.checkpoint else Record()
        self.steps = self.trainer.run(seconds=job.seconds if job.race else job.planned or None)
        self.progress: Progress | None = None
        self.seconds = 0.0
        self.sample = ""
        self.sampled = -LIVE_SAMPLE
        self.speed: deque[tuple[float, int]] = deque(maxlen=24)  # (seconds, characters read)
        self.over = False
        self.note = ""
        self.temperature = job.temperature
        self.kept = dict(job.weights)  # by step
        self.sample_due = 1 + (self.record.samples[-1][0] if self.record.samples else 0)
        if job.start and not job.checkpoint:
            self.measure_start()
        if not self.record.samples:
            self.add_sample(self.trainer.train_state.step, "")

    def work(self) -> None:
        """Train for one slice of time."""
        started = time.perf_counter()
        before = self.seconds
        while not self.over and self.seconds - before < SLICE:
            progress = next(self.steps, None)
            self.seconds = before + time.perf_counter() - started
            if progress is None:
                self.over = True
            else:
                self.log(progress)
        if self.progress:
            self.speed.append((self.seconds, self.progress.chars))

    def log(self, progress: Progress) -> None:
        self.progress = progress
        self.note = progress.note or self.note
        x = self.seconds if self.job.race else progress.step
        self.record.loss.add(x, progress.loss)
        self.record.smooth.add(x, progress.smooth_loss)
        if progress.val_loss is not None:
            self.record.validation.add(x, progress.val_loss)
        if progress.step >= self.sample_due:
            self.add_sample(progress.step, f"{progress.smooth_loss:.2f}")
        elif self.seconds - self.sampled > LIVE_SAMPLE:
            self.sample_now()

    def measure_start(self) -> None:
        """Begin the validation curve with the loss of the start before it learns."""
        if len(ids := self.trainer.val_ids):
            loss = score_ids(self.trainer.live, ids, VALIDATION_STREAMS)
            self.record.validation.add(0, loss)

    def add_sample(self, step: int, loss: str) -> None:
        """Keep a sample; the next is due 15 % later, which makes 50 samples in 5,000 steps."""
        self.sample_now()
        self.record.samples.append((step, loss, self.sample))
        self.keep_weights(step)
        self.sample_due = step + max(5, round(0.15 * step))

    def keep_weights(self, step: int) -> None:
        """Keep the weights of a sample; when there are too many, drop every other one."""
        vector = self.trainer.weights
        if self.job.race or not np.abs(vector).max() < np.finfo(np.float16).max:
            return
        self.kept[step] = vector.astype("<f2").tobytes()
        while len(self.kept) > 2 and sum(map(len, self.kept.values())) > KEPT_BYTES:
            for between in list(self.kept)[1:-1:2]:
                del self.kept[between]

    def sample_now(self) -> None:
        """Generate a sample with the weights that would be kept now."""
        self.sample = self.written_by(self.trainer.live.with_vector(self.trainer.weights))
        self.sampled = self.seconds

    def written_by(self, model: CharRNN) -> str:
        """The text that a model generates, always from the same random numbers."""
        sampling = Sampling(temperature=self.temperature, random_seed=1)
        return "".join(generate(model, self.job.seed, self.job.sample_length, sampling))

    def sample_best(self) -> None:
        """Generate a sample with the best weights too, if they are not the last ones."""
        state = self.trainer.train_state
        self.record.best = None
        if state.best is not None and not np.array_equal(state.best, self.trainer.weights):
            text = self.written_by(self.trainer.model)
            self.record.best = (state.best_step, f"{state.best_loss:.2f}", text)

    def view(self) -> RunView:
        speed = 0.0
        if len(self.speed) > 1:
            (t0, c0), (t1, c1) = self.speed[0], self.speed[-1]
            speed = (c1 - c0) / max(t1 - t0, 1e-9)
        return RunView(self.config, self.record, self.progress, self.seconds, speed, self.sample)


def begin(job: Job, model: ModelConfig) -> Trainer:
    """A new trainer, or the one that the job's checkpoint holds.

    A completed plan gets as many steps again. The schedule, which follows the plan, is then at its
    midpoint: the rate rises once more, as at a warm restart (Loshchilov & Hutter 2017).
    """
    if not job.checkpoint:
        start: dict[str, Any] = {"start": job.start, "start_name": job.start_name}
        return Trainer(job.text, model, job.config, corpus=job.corpus, **start)
    config, state = job.checkpoint.train_config(), job.checkpoint.state
    if state and state.step >= config.steps:
        config = replace(config, steps=2 * state.step)
    return Trainer.resume(job.checkpoint, job.text, config=config)


def train(job: Job, commands: Commands) -> Iterator[Snapshot]:
    """Run the job; the first snapshot comes before the first step, the last has the files."""
    runs = [TrainingRun(job, model) for model in job.models]
    text = runs[0].trainer.live.vocabulary.clean(job.config.arranged(job.text))
    baselines = () if job.config.words else chart_baselines(text, job.config.val_fraction)
    yield Snapshot(tuple(run.view() for run in runs), baselines)
    started = shown = time.perf_counter()
    stopped, save_due = False, started + 1
    while not stopped and any(not run.over for run in runs):
        min((run for run in runs if not run.over), key=lambda run: run.seconds).work()
        stopped = carry_out(runs, commands)
        now = time.perf_counter()
        stopped = stopped or now - started > job.seconds
        if now - shown > SNAPSHOT_EVERY:
            shown = now
            files: tuple[bytes, ...] = ()
            if now >= save_due:
                files = tuple(run.trainer.checkpoint.to_bytes() for run in runs)
                took = time.perf_counter() - now
                save_due = now + max(min(SAVE_EVERY, now - started), took / SAVE_SHARE)
            views = tuple(run.view() for run in runs)
            yield Snapshot(views, baselines, runs[0].note, files=files, best=leader(runs))
    yield finish(job, runs, baselines)


def carry_out(runs: list[TrainingRun], commands: Commands) -> bool:
    """Carry out the commands received; True to stop."""
    while not commands.empty():
        command = commands.get()
        if command.name == "stop":
            return True
        for run in runs:
            if command.name == "rate":
                run.trainer.learning_rate_scale = command.value
            elif command.name == "temperature":
                run.temperature = command.value
    return False


def finish(job: Job, runs: list[TrainingRun], baselines: Baselines) -> Snapshot:
    """The last snapshot: with a last sample each, the files, and which model won."""
    for run in runs:
        if run.progress and run.record.samples[-1][0] < run.progress.step:
            run.add_sample(run.progress.step, f"{run.progress.smooth_loss:.2f}")
        run.sample_best()
        if job.race and run.record.best:
            run.sample = run.record.best[2]  # the race is ranked by these weights
    return Snapshot(
        runs=tuple(run.view() for run in runs),
        baselines=baselines,
        note=runs[0].note,
        over=True,
        finished=job.race or all(run.over for run in runs),
        files=tuple(run.trainer.checkpoint.to_bytes() for run in runs),
        best=leader(runs),
        weights=() if job.race else tuple(runs[0].kept.items()),
    )


def leader(runs: list[TrainingRun]) -> int:
    """The model with the lowest loss."""

    def loss(run: TrainingRun) -> float:
        best = run.progress.best_loss if run.progress else None
        return float("inf") if best is None else best

    return min(range(len(runs)), key=lambda i: loss(runs[i]))


def listen(connection: Connection, commands: Commands) -> None:
    """Pass commands on, and stop when the server is gone, as nobody needs the training then."""
    try:
        while True:
            commands.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


def end_with_parent() -> None:
    """On Linux, have the system end this process with the server, even while it is stopped."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(connection: Connection) -> None:
    """Receive a job, and send snapshots until it is over or the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server, which saves the run
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(10)
    warnings.simplefilter("ignore")  # a seed's unknown characters are shown by the page
    job: Job = connection.recv()
    commands: Commands = queue.SimpleQueue()
    threading.Thread(target=listen, args=(connection, commands), daemon=True).start()
    try:
        for snapshot in train(job, commands):
            connection.send(snapshot)
    except (ValueError, MemoryError) as error:
        note = str(error) or "Out of memory."
        connection.send(Snapshot((), note=note, over=True, failed=True))
    except OSError:  # the server is gone
        os._exit(0)

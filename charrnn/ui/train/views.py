"""Turns a run's snapshot into the small values that the .js files draw. Pure functions."""

from __future__ import annotations

import math
from typing import Any

from charrnn.baselines import in_plain_words
from charrnn.network.model import ModelConfig
from charrnn.service.job import Job, RunView, Snapshot
from charrnn.service.versions import BEST, SHORT
from charrnn.service.visitor import LastRun, Visitor

Value = dict[str, Any]

CHART_NOTE = "average surprise per character, in nats (right: in bits); lower is better"
LEAST_TOLD = 10.0
"""The shortest wait in seconds that is shown as a number: shorter ones are too uncertain."""
NO_NUMBERS = [
    [name, "-"]
    for name in (
        "step",
        "like choosing among",
        "loss, nats",
        "unseen text",
        "chars / s",
        "time left",
    )
]
IDLE: Value = {
    "state": "idle",
    "title": "Ready",
    "note": "Choose a text and press Train.",
    "fraction": 0,
    "numbers": NO_NUMBERS,
}
GONE: Value = {
    **IDLE,
    "state": "failed",
    "title": "Your earlier model is no longer here",
    "note": "The server keeps a model for a day. Train again, or upload the file you saved.",
}
NO_CHART: Value = {
    "title": "Loss",
    "note": CHART_NOTE,
    "unit": "step",
    "baselines": [],
    "curves": [],
}
NO_SAMPLES: Value = {"seed": "", "samples": []}
NO_RACE: Value = {"seed": "", "runs": []}


def name(model: ModelConfig) -> str:
    """ "LSTM 192", "GRU 2 x 64"."""
    size = f"{model.layers} x {model.hidden_size}" if model.layers > 1 else f"{model.hidden_size}"
    return f"{model.cell.upper()} {size}"


def letters(nats: float) -> str:
    """A loss for people: it is like choosing among e^nats letters."""
    number = math.exp(min(abs(nats), 20.0))
    return f"{number:.1f}" if number < 9.95 else f"{number:,.0f}"


def duration(seconds: float) -> str:
    """ "0:34", "12:05"."""
    whole = max(0, math.ceil(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def waiting(ahead: int, wait: float) -> Value:
    """The status card of a run that waits for its turn."""
    expected = f"in about {duration(wait)}" if wait >= LEAST_TOLD else "in a few seconds"
    others = "1 run is" if ahead == 1 else f"{ahead} runs are"
    return {
        **IDLE,
        "state": "waiting",
        "title": f"In line: {others} ahead of yours",
        "note": f"It starts {expected}. Stop leaves the line.",
    }


def status(job: Job, snapshot: Snapshot, elapsed: float) -> Value:
    """The status card. elapsed: seconds since the run began to train."""
    if snapshot.failed:
        return {
            **IDLE,
            "state": "failed",
            "title": "This could not be trained",
            "note": snapshot.note,
        }
    who = "RNN, LSTM and GRU" if job.race else name(job.models[0])
    if not snapshot.runs:
        return {**IDLE, "state": "training", "title": f"Starting {who}", "note": on(job)}
    run_view = snapshot.runs[snapshot.best if snapshot.over else 0]
    fraction, left = progress(job, run_view, elapsed)
    limited = not job.planned and left == max(0.0, job.seconds - elapsed)
    title, state = f"{'Racing' if job.race else 'Training'} {who}", "training"
    note = snapshot.note or on(job)
    if snapshot.over:
        title, state, note = ending(job, snapshot, run_view, elapsed)
    return {
        "state": state,
        "title": title,
        "note": note,
        "fraction": fraction,
        "numbers": race_numbers(snapshot)
        if job.race
        else numbers(
            run_view, left, snapshot.over, job.seconds if limited else 0, bool(job.planned)
        ),
    }


def uploaded(visitor: Visitor) -> Value:
    """The status card of a file with an unfinished training."""
    title = f"An uploaded run of {name(visitor.current.config)}"
    note = "Continue picks up exactly where it stopped. If the text was your own, paste it first."
    return {**IDLE, "state": "stopped", "title": title, "note": note}


def on(job: Job) -> str:
    text = f"on {job.corpus}" if job.corpus else "on your text"
    return f"{text}, from {job.start_name}" if job.start_name else text


def progress(job: Job, run_view: RunView, elapsed: float) -> tuple[float, float]:
    """(share done, seconds left), by steps or by time, whichever ends first."""
    left = max(0.0, job.seconds - elapsed)
    if run_view.progress is None:
        return 0.0, left
    if job.race:
        return min(1.0, elapsed / job.seconds), left
    p = run_view.progress
    if job.planned:
        return p.fraction, max(0.0, job.planned * (1 - p.fraction))
    # A continued run has steps from an earlier one: only this run's pace counts.
    per_step = p.chars / max(p.step, 1)
    if run_view.chars_per_second > 0:
        left = min(left, (p.steps - p.step) * per_step / run_view.chars_per_second)
    return p.fraction, left


def ending(job: Job, snapshot: Snapshot, run_view: RunView, elapsed: float) -> tuple[str, str, str]:
    """(title, state, note) of a run that is over."""
    p = run_view.progress
    if p is None:
        return "Stopped before the first step", "stopped", "Nothing was learned yet."
    best = "" if p.best_loss is None else f" Best: {p.best_loss:.3f} nats at step {p.best_step:,}."
    if job.race:
        return f"The {run_view.model.cell.upper()} won", "done", f"Generate uses it now.{best}"
    writes = writer(job, run_view)
    late = bool(job.planned) and elapsed >= job.seconds and not snapshot.note  # the server is busy
    if snapshot.finished or late:
        note = snapshot.note or f"{writes} Continue trains for the same number of steps again."
        return "Done", "done", f"{note}{best}"
    if elapsed >= job.seconds:
        limit = f"A run can take up to {job.seconds:.0f} s. Continue picks up right here.{best}"
        return "Time is up", "stopped", limit
    why = f"{snapshot.note} " if snapshot.note else ""  # the server closes, the process died
    return "Stopped", "stopped", f"{why}{writes} Continue picks up right here.{best}"


def writer(job: Job, run_view: RunView) -> str:
    """The version of the model that Generate uses, unless the visitor chooses another."""
    if run_view.record.best is None:
        return "Generate uses it now."
    if len(job.text) < SHORT:
        return "Generate uses the last step; the switch below changes that."
    return "Generate uses what did best on unseen text; the switch below changes that."


def numbers(
    run_view: RunView, left: float, over: bool, limit: float, planned: bool = False
) -> list[list[str]]:
    """The card's row of numbers. limit: the run's seconds of wall time, if they end it early.
    planned: whether its schedule follows the clock."""
    p = run_view.progress
    if p is None:
        return NO_NUMBERS
    validation = run_view.record.validation.points
    endless = planned or p.steps > 1_000_000  # until its time is over, or until it is stopped
    measured = validation[-1][1] if validation else p.smooth_loss
    return [
        ["step" if endless else f"step of {p.steps:,}", f"{p.step:,}"],
        ["like choosing among", f"{letters(measured)} letters"],
        ["loss, nats", f"{abs(p.smooth_loss):.3f}"],
        ["unseen text", f"{validation[-1][1]:.3f}" if validation else "-"],
        ["chars / s", f"{run_view.chars_per_second:,.0f}"],
        [f"left of {limit:.0f} s" if limit else "time left", "-" if over else duration(left)],
    ]


def race_numbers(snapshot: Snapshot) -> list[list[str]]:
    """The loss that the race is ranked by, for each cell."""
    return [
        [
            f"{run_view.model.cell.upper()}, best loss",
            best_loss(run_view),
        ]
        for run_view in snapshot.runs
    ]


def best_loss(run_view: RunView) -> str:
    """The lowest validation loss in nats, or training loss where nothing is held out."""
    loss = run_view.progress.best_loss if run_view.progress else None
    return "-" if loss is None else f"{loss:.3f}"


def chart(job: Job, snapshot: Snapshot, previous: str = "") -> Value:
    """Training and validation curves with baselines; for a race a pair for each cell, over seconds.

    previous: the packed curve of the previous run, to compare two settings in one picture.
    """
    curves = [curve("the run before", "previous", 3, previous)] if previous else []
    for color, run_view in enumerate(snapshot.runs):
        record, title = run_view.record, run_view.model.cell.upper()
        if job.race:
            curves.append(curve(title, "", color, record.smooth.packed()))
            measured = curve(f"{title} validation", "dashed", color, record.validation.packed())
            curves.append({**measured, "quiet": True})  # keeps the legend at three entries
            continue
        curves.append(curve("each step", "faint", 0, record.loss.packed()))
        curves.append(curve("training", "", 0, record.smooth.packed()))
        if record.validation.points:
            curves.append(
                curve("validation (held-out text)", "dashed", 1, record.validation.packed())
            )
    return {
        **NO_CHART,
        "unit": "second" if job.race else "step",
        "least": 1 if job.race else 20,
        "baselines": rounded(snapshot.baselines),
        "curves": curves,
        "best": [] if job.race else best(snapshot),
    }


def best(snapshot: Snapshot) -> list[float]:
    """[step, loss] of the lowest validation so far, whose weights are kept; [] without any."""
    run_view = snapshot.runs[0] if snapshot.runs else None
    if run_view is None or run_view.progress is None or not run_view.record.validation.points:
        return []
    loss = run_view.progress.best_loss
    return [] if loss is None else [run_view.progress.best_step, round(loss, 4)]


def rounded(baselines: tuple[tuple[str, float], ...]) -> list[list[Any]]:
    return [[in_plain_words(name), round(abs(loss), 4)] for name, loss in baselines]


def previous_run(job: Job, run: LastRun | None) -> str:
    """The curve of the visitor's last run, if it learned the same text as this job will."""
    if run is None or run.job.race or job.race or job.checkpoint or run.job.text != job.text:
        return ""
    return run.snapshot.runs[0].record.smooth.packed() if run.snapshot.runs else ""


def curve(title: str, kind: str, color: int, points: str) -> Value:
    return {"name": title, "kind": kind, "color": color, "points": points}


def samples(job: Job, snapshot: Snapshot, visitor: Visitor | None = None) -> Value:
    """The samples so far, flat: step, loss, text, step, loss, text, ... and the current one.

    visitor: as after the run; says which of its versions writes, and which samples can write.
    """
    if not snapshot.runs:
        return NO_SAMPLES
    run_view = snapshot.runs[0]
    texts = [
        part for step, loss, text in run_view.record.samples for part in (str(step), loss, text)
    ]
    if run_view.progress and not snapshot.over:
        texts += [
            str(run_view.progress.step),
            f"{run_view.progress.smooth_loss:.2f}",
            run_view.sample,
        ]
    value: Value = {"seed": job.seed, "samples": texts}
    if visitor and snapshot.over:
        best = run_view.record.best
        chosen = visitor.chosen
        value |= {
            "best": [str(best[0]), *best[1:]] if best else [],
            "kept": " ".join(str(step) for step, _ in snapshot.weights),
            "version": chosen.kind if chosen else BEST,
            "step": chosen.step if chosen else 0,
        }
    return value


def race(job: Job, snapshot: Snapshot) -> Value:
    """Three samples side by side with their numbers."""
    runs = []
    for color, run_view in enumerate(snapshot.runs):
        p = run_view.progress
        numbers = f"{best_loss(run_view)} nats at best, {p.step:,} steps" if p else ""
        won = snapshot.over and color == snapshot.best
        runs.append(
            {
                "name": f"{name(run_view.model)}{', first' if won else ''}",
                "color": color,
                "numbers": numbers,
                "text": run_view.sample,
            }
        )
    return {"seed": job.seed, "runs": runs}

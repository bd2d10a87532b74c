"""What a start gives: short texts of several kinds, from the model that is chosen and from scratch.

    python benchmarks/fine_tuning.py                 a quarter of an hour of one core
    python benchmarks/fine_tuning.py --table         what is known, as Markdown
    python benchmarks/fine_tuning.py --write         the same, into docs/ and the README
    python benchmarks/fine_tuning.py --samples       what the models write, into the same
    python benchmarks/fine_tuning.py --texts "10 KB of the play" --seeds 0 1 2

A run is what `train TEXT --start auto --seconds S` does, but for the clock: the seconds are those
of the run's own processor time with one BLAS thread. The last tenth of the text is held out. The
loss is on that tenth in nats per character, read in one piece with the state carried, with the
weights that were best on it. Choosing the start sees the rest only. A model that learned from a
text is no candidate for it. Every run is one line of the results file, and is not run again.
"""

from __future__ import annotations

import argparse
import codecs
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

if __name__ == "__main__":  # before NumPy loads its BLAS
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import base_corpus
from bench import document

from charrnn import Sampling, Trainer, generate, load_corpus
from charrnn.baselines import kneser_ney
from charrnn.corpora import cache_folder
from charrnn.network.model import score_ids
from charrnn.pretrained import TrainingPlan, plan_training, pretrained_names
from charrnn.training import trainer as trainer_module
from charrnn.training.fitted_settings import settings_for_text

RESULTS = Path(__file__).with_suffix(".jsonl")
README = Path(__file__).parents[1] / "README.md"
DOCUMENT = README.parent / "docs" / "fine-tuning.md"
CLOCK = SimpleNamespace(perf_counter=time.process_time)
KINDS = ("start", "scratch")
DRAWN = (
    "10 KB of the play",
    "10 KB of a novel of 1817",
    "10 KB of Python, this package",
    "10 KB of python-docs",
)
"""Texts whose first PASTED characters are trained on for the samples."""
PASTED, LENGTH, TEMPERATURE = 4_000, 300, 0.8
PACKAGE = Path(__file__).parents[1] / "charrnn"


class Text(NamedTuple):
    """A text, and the seconds that a start may take on it."""

    read: Callable[[], str]
    seconds: float
    bar: str
    """The loss to reach, in words."""
    seen_by: tuple[str, ...] = ()
    """Models that learned from this text."""
    time: str = "quick"
    """The name of the time that the settings are for."""


def play(length: int) -> Callable[[], str]:
    return lambda: load_corpus("lighthouse").text[:length]


def packaged(name: str) -> Callable[[], str]:
    """The first 10,000 characters of a text in the public domain that no model learned from."""
    return lambda: base_corpus.held_out(name, cache_folder() / "packages")[:10_000]


def own_source() -> str:
    files = sorted((PACKAGE / "training").glob("*.py"))
    return "".join(path.read_text("utf-8") for path in files)[:10_000]


def javascript() -> str:
    files = sorted(PACKAGE.rglob("*.js"))
    return "".join(path.read_text("utf-8") for path in files)[:10_000]


def shuffled() -> str:
    letters = list(play(10_000)())
    random.Random(0).shuffle(letters)
    return "".join(letters)


OWN = ("lighthouse",)
SHAKESPEARE = tuple(name for name in pretrained_names() if name.startswith("shakespeare"))
SHORT = {
    "2 KB of the play": "2 KB of the play, 10 s",
    "10 KB of the play": "10 KB of the play, 15 s",
    "100 KB, the play": "100 KB of the play, 60 s",
    "1 MB, tinyshakespeare": "1 MB of plays by Shakespeare, 600 s",
    "10 KB of a novel of 1817": "10 KB of a novel of 1817, 15 s",
    "10 KB of a dictionary of 1911": "10 KB of a dictionary of 1911, 15 s",
    "10 KB of Python, this package": "10 KB of Python, 15 s",
    "10 KB of python-docs": "10 KB of Python's manual, 15 s",
}
"""The rows of the README's table, and their names there."""
TEXTS: dict[str, Text] = {
    "2 KB of the play": Text(play(2_000), 10, "0.3 below counting", OWN),
    "10 KB of the play": Text(play(10_000), 15, "1.45", OWN),
    "100 KB, the play": Text(play(100_000), 60, "1.25", OWN),
    "1 MB, tinyshakespeare": Text(
        lambda: load_corpus("tinyshakespeare").text, 600, "1.435", SHAKESPEARE, "best"
    ),
    "10 KB of a novel of 1817": Text(packaged("persuasion"), 15, "0.3 below counting"),
    "10 KB of a dictionary of 1911": Text(packaged("devils-dictionary"), 15, "0.3 below counting"),
    "10 KB of Python, this package": Text(own_source, 15, "counting"),
    "10 KB of python-docs": Text(lambda: load_corpus("python-docs").text[:10_000], 15, "1.55"),
    "10 KB of JavaScript": Text(javascript, 15, "from scratch + 0.02"),
    "10 KB of the play in rot13": Text(
        lambda: codecs.encode(play(10_000)(), "rot13"), 15, "from scratch + 0.02", OWN
    ),
    "10 KB of shuffled letters": Text(shuffled, 15, "from scratch + 0.02", OWN),
}


def plan_of(text: Text, seconds: float) -> TrainingPlan:
    """The plan for a text, made to end after some seconds."""
    plan = plan_training(text.read(), text.time, exclude=text.seen_by)
    return plan._replace(settings=plan.settings._replace(seconds=seconds))


def trained(text: Text, kind: str, seed: int) -> tuple[TrainingPlan, Trainer, float]:
    """A complete run: "start" as planned, or "scratch" with the settings for `quick`.

    Returns the plan, the trainer, and the loss of the weights it began with.
    """
    trainer_module.time = CLOCK  # type: ignore[assignment]  # this process's own time, not the wall's
    if kind == "start":
        plan = plan_of(text, text.seconds)
    else:
        fitted = settings_for_text(text.time, text.read())
        plan = TrainingPlan("", None, "", fitted)
    train = replace(plan.settings.train, random_seed=seed)
    trainer = Trainer(text.read(), plan.settings.model, train, start=plan.start)
    before = score_ids(trainer.live, trainer.val_ids)
    for _ in trainer.run(seconds=plan.settings.seconds):
        pass
    return plan, trainer, before


def measure(name: str, kind: str, seed: int) -> dict[str, Any]:
    """One run, as a line of the results file."""
    text = TEXTS[name].read()
    plan, trainer, before = trained(TEXTS[name], kind, seed)
    cut = len(text) - len(trainer.val_ids)
    last = trainer.live.with_vector(trainer.weights)
    return {
        "text": name,
        "kind": kind,
        "seed": seed,
        "start": plan.start_name,
        "reason": plan.reason,
        "before": round(before, 4),
        "loss": round(score_ids(trainer.model, trainer.val_ids), 4),
        "last": round(score_ids(last, trainer.val_ids), 4),
        "seconds": plan.settings.seconds,
        "used": round(trainer.train_state.seconds, 1),
        "best_step": trainer.train_state.best_step,
        "steps": trainer.train_state.step,
        "counting": round(kneser_ney(text[:cut], text[cut:], [6])[6], 4),
    }


def short_table(results: Path) -> str:
    """The README's table: medians over the seeds."""
    rows = list(known(results).values())

    def median(name: str, kind: str) -> str:
        losses = [row["loss"] for row in rows if (row["text"], row["kind"]) == (name, kind)]
        return f"{statistics.median(losses):.2f}" if losses else ""

    lines = [
        "| Held-out loss, nats per character | from the start | from scratch | last 6 characters |",
        "|---|---:|---:|---:|",
    ]
    for name, title in SHORT.items():
        counting = [row["counting"] for row in rows if row["text"] == name]
        if counting:
            cells = (title, median(name, "start"), median(name, "scratch"), f"{counting[0]:.2f}")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def samples() -> str:
    """What a model writes after 15 seconds on 4,000 characters, from a start and from scratch."""
    parts = []
    for name in DRAWN:
        whole = TEXTS[name]
        text = whole._replace(read=lambda whole=whole: whole.read()[:PASTED], seconds=15)
        parts.append(f"### 4,000 characters of {name.removeprefix('10 KB of ')}")
        for kind, title in (("scratch", "From scratch"), ("start", "From {}")):
            plan, trainer, _ = trained(text, kind, 0)
            drawn = generate(trainer.model, "", LENGTH, Sampling(TEMPERATURE, random_seed=1))
            title = title.format(f"`{plan.start_name}`")
            parts.append(f"{title}:\n\n```\n{''.join(drawn).strip()}\n```")
    return "\n\n".join(parts)


def known(results: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """The runs of the results file."""
    if not results.exists():
        return {}
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return {(row["text"], row["kind"], row["seed"]): row for row in rows}


def table(results: Path) -> str:
    """A row for every text: medians over the seeds."""
    head = [
        "Text",
        "Start",
        "Before",
        "After",
        "From scratch",
        "Counting",
        "Seconds",
        "Seeds",
        "Bar",
    ]
    lines = [f"| {' | '.join(head)} |", "|---|---|" + "---:|" * 6 + "---|"]
    rows = list(known(results).values())
    for name, text in TEXTS.items():
        ours = [row for row in rows if row["text"] == name and row["kind"] == "start"]
        plain = [row["loss"] for row in rows if row["text"] == name and row["kind"] == "scratch"]
        if ours:
            last = ours[-1]
            loss = f"**{statistics.median(row['loss'] for row in ours):.3f}**"
            scratch = f"{statistics.median(plain):.3f}" if plain else ""
            cells = [name, last["start"] or "scratch", f"{last['before']:.3f}", loss, scratch]
            cells += [f"{last['counting']:.3f}", f"{last['used']:.0f}", str(len(ours)), text.bar]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="(fine_tuning.jsonl)")
    parser.add_argument("--texts", nargs="*", help="which, by the start of their names")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--table", action="store_true", help="print what is known and end")
    parser.add_argument("--write", action="store_true", help="put it into the document and end")
    parser.add_argument("--samples", action="store_true", help="draw samples into the document")
    args = parser.parse_args()
    if args.samples:
        document.put(DOCUMENT, "samples", samples())
        return
    runs = [(n, k, s) for s in args.seeds for k in args.kinds for n in TEXTS]
    for run in [] if args.table or args.write else runs:
        wanted = not args.texts or run[0].startswith(tuple(args.texts))
        if wanted and run not in known(args.results):
            row = measure(*run)
            with args.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(*run, row["start"], row["loss"], flush=True)
    print(table(args.results))
    if args.write:
        document.put(DOCUMENT, "fine-tuning", table(args.results))
        document.put(README, "fine-tuning", short_table(args.results))


if __name__ == "__main__":
    main()

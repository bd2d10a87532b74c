"""Search the settings that learn best in 1, 3 and 10 minutes on texts of 10 KB, 100 KB and 1 MB.

    python benchmarks/search.py                 about two and a half hours on one core
    python benchmarks/search.py --table         the results, as Markdown
    python benchmarks/search.py --write         the same, into docs/presets.md
    python benchmarks/search.py --texts "10 KB" --jobs 2             one text, two runs at a time
    python benchmarks/search.py --on-jobs cpu-basic --jobs 20 --dry-run      on machines of the Hub

Successive halving: many settings get a little time, the best of them more, and the best of those
the entire budget. The settings are a center and its neighbors, each with one thing changed, so that
the first round also shows the effect of each. Some enter later, at the budget they are meant
for, because a large model and much dropout lose every short race.

A budget is seconds of the run's own processor time with one BLAS thread, evaluations included,
not of the clock on the wall: so runs may share a machine. Beside other work a processor second
does less than on an idle machine, so read the losses as a little too high. The learning rate's
schedule spans the budget, or `epochs` passes over the text if they take less.

The loss is in nats per character, on text that was not trained on, read in 25 parts side by side,
each in one piece with the state carried. For 100 KB and 1 MB that is the last tenth, which also
chose the best weights of a run; for 10 KB, whose tenth is 1,000 characters, it is the next 50,000.
Every run is one line of the results file; what stands there is not run again.

With --on-jobs each run is a job of its own on a rented machine: this file and its settings travel
there, and the line comes back in the job's log. --dry-run prints the jobs and starts none; those
that a round leaves over for the next are not known before it ends, so it prints how many they are.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

if __name__ == "__main__":  # before NumPy loads its BLAS
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from charrnn import ModelConfig, TrainConfig, Trainer, Vocabulary, load_corpus
from charrnn.network.model import score_ids
from charrnn.training import trainer as trainer_module

Settings = dict[str, Any]
RESULTS = Path(__file__).with_suffix(".jsonl")
DOCUMENT = Path(__file__).parents[1] / "docs" / "presets.md"
CLOCK = SimpleNamespace(perf_counter=time.process_time)
PARTS = 25
"""Parts of a judged text that are read side by side: ten times as fast as one, and at most 0.004
nats higher, for each starts cold."""
MODEL_FIELDS = {field.name for field in dataclasses.fields(ModelConfig)}
NEIGHBORS: list[Settings] = [
    {"learning_rate": 1e-2},
    {"learning_rate": 2e-3},
    {"learning_rate": 1.5e-2, "hidden_rate": 0.33},
    {"batch_size": 8},
    {"batch_size": 32},
    {"layers": 2},
    {"cell": "gru"},
    {"cell": "lstm"},
    {"cell": "rnn", "learning_rate": 2e-3},
    {"dropout": 0.0},
    {"dropout": 0.2},
    {"hidden_size": 192},
    {"hidden_size": 384},
    {"seq_length": 64},
    {"optimizer": "adamw", "weight_decay": 0.05},
    {"optimizer": "rmsprop", "learning_rate": 2e-3},
    {"initialization": "small"},
    {"clip_norm": 1.0},
    {"schedule": "constant"},
    {"schedule": "step"},
]
"""One change each; a change to a value that the center has already is left out."""
TOGETHER: list[Settings] = [
    {"layers": 2, "batch_size": 8},
    {"layers": 2, "learning_rate": 1e-2},
    {"batch_size": 4},
    {"batch_size": 8, "learning_rate": 1e-2},
    {"batch_size": 8, "layers": 2, "learning_rate": 1e-2},
    {"batch_size": 8, "layers": 2, "hidden_size": 192},
]
"""Changes that each helped the shortest text, tried together."""
LONGER: list[Settings] = [
    {"hidden_size": 256, "dropout": 0.7, "epochs": 100},
    {"hidden_size": 512, "dropout": 0.7, "epochs": 60},
    {"layers": 2, "batch_size": 8, "hidden_size": 256, "dropout": 0.6, "epochs": 60},
    {"optimizer": "adamw", "weight_decay": 0.3, "epochs": 60},
]
"""Changes that could use more time there: width, depth and passes, regularized by more dropout."""


class Text(NamedTuple):
    """A text to learn, where the search starts, and the rounds."""

    train: str
    judge: str  # "": the last tenth of `train`
    center: Settings
    rounds: tuple[tuple[float, int, tuple[Settings, ...]], ...]
    """(seconds, how many the round before leaves over, settings that enter here)."""


FAST: Settings = {"learning_rate": 1e-2}
SPLIT: Settings = {"learning_rate": 1.5e-2, "hidden_rate": 0.33}
SPLIT_WIDE: Settings = {"hidden_size": 384, "learning_rate": 1.5e-2, "hidden_rate": 0.22}
LSTM: Settings = {"cell": "lstm", "hidden_size": 384, "learning_rate": 1.5e-2, "hidden_rate": 0.2}
GRU: Settings = {"cell": "gru", "hidden_size": 256, "learning_rate": 5e-3, "dropout": 0.4}
"""Settings that several of the texts below try: one rate or two, and networks."""


def one_megabyte(text: str) -> Text:
    """A text where the clock ends a run: large networks enter late."""
    plain = {"cell": "gru", "hidden_size": 256, "learning_rate": 5e-3}
    wide = {**plain, "hidden_size": 384, "dropout": 0.1}
    widest = {"hidden_size": 512, "learning_rate": 1.5e-2, "hidden_rate": 0.17}
    return Text(
        text,
        "",
        plain,
        (
            (12, 0, tuple({**plain, **n} for n in NEIGHBORS)),
            (
                60,
                2,
                (
                    {**plain, **FAST, "hidden_size": 384},
                    {**plain, **FAST, "cell": "lstm"},
                    {**plain, **SPLIT, "cell": "lstm"},
                    {**plain, **SPLIT_WIDE},
                    {**plain, **SPLIT, "schedule": "constant"},
                    {**plain, **SPLIT, "learning_rate": 7.5e-3, "schedule": "constant"},
                ),
            ),
            (
                180,
                1,
                (
                    wide,
                    {**plain, "dropout": 0.2},
                    {**plain, **SPLIT, "dropout": 0.1},
                    {**wide, **SPLIT_WIDE},
                    {**LSTM, "hidden_size": 256, "hidden_rate": 0.25, "dropout": 0.1},
                    {**LSTM, "dropout": 0.1},
                    {**LSTM, "dropout": 0.3},
                ),
            ),
            (
                600,
                0,  # what wins in 3 minutes knows the text by heart in 10
                (
                    {**wide, **SPLIT_WIDE},
                    {**plain, "dropout": 0.2},
                    {**wide, "hidden_size": 512, "dropout": 0.2, "learning_rate": 4e-3},
                    {**plain, **widest, "dropout": 0.2},
                    {**plain, **widest, "dropout": 0.4},
                ),
            ),
        ),
    )


def hundred_kilobytes(text: str) -> Text:
    """A text that a run ends up knowing by heart: dropout is what counts."""
    return Text(
        text,
        "",
        GRU,
        (
            (15, 0, tuple({**GRU, **n} for n in NEIGHBORS)),
            (60, 2, ({**GRU, **FAST, "hidden_size": 384, "dropout": 0.5},)),
            (
                180,
                1,
                (
                    {**GRU, **SPLIT_WIDE, "dropout": 0.6},
                    {**GRU, **FAST, "hidden_size": 384, "dropout": 0.6},
                    {**GRU, **FAST, "hidden_size": 512, "dropout": 0.6},
                ),
            ),
            (
                600,
                1,
                (
                    {**GRU, **FAST, "hidden_size": 512, "dropout": 0.7},
                    {**LSTM, "hidden_size": 512, "dropout": 0.7},
                ),
            ),
        ),
    )


def ten_kilobytes(text: str) -> Text:
    """A text read so often that a minute is long."""
    small = {**GRU, "hidden_size": 128, "epochs": 40}
    return Text(
        text[:10_000],
        text[10_000:60_000],
        small,
        (
            (
                60,
                0,
                (
                    *({**small, **n} for n in NEIGHBORS),
                    *({**small, "epochs": epochs} for epochs in (20, 60)),
                    {**small, "dropout": 0.6},
                    {**small, "hidden_size": 64},
                ),
            ),
            (60, 3, tuple({**small, **more} for more in TOGETHER)),
            (180, 1, tuple({**small, **FAST, **more} for more in LONGER)),
            (
                600,
                1,
                (
                    {**small, **FAST, **LONGER[1], "epochs": 200},
                    {**small, **FAST, **LONGER[2], "epochs": 200},
                ),
            ),
        ),
    )


TEXTS: dict[str, tuple[str, Callable[[str], Text]]] = {
    "1 MB": ("tinyshakespeare", one_megabyte),
    "100 KB": ("lighthouse", hundred_kilobytes),
    "10 KB": ("lighthouse", ten_kilobytes),
}
"""The three sizes: a corpus, and what is searched on it. The play is this project's own."""


def text_of(name: str) -> Text:
    """A text by its size."""
    corpus, make = TEXTS[name]
    return make(load_corpus(corpus).text)


def configs(settings: Settings) -> tuple[ModelConfig, TrainConfig]:
    """The model's and the training's part of some settings."""
    model = {k: v for k, v in settings.items() if k in MODEL_FIELDS}
    train = {k: v for k, v in settings.items() if k not in MODEL_FIELDS and k != "epochs"}
    return ModelConfig(**model), TrainConfig(**train)


def measure(name: str, settings: Settings, seconds: float) -> dict[str, Any]:
    """Train once within `seconds` of processor time, and judge the best weights."""
    trainer_module.time = CLOCK  # type: ignore[assignment]  # this process's own time, not the wall's
    text = text_of(name)
    vocabulary = Vocabulary.from_text(text.train + text.judge)
    trainer = Trainer(text.train, *configs(settings), vocabulary=vocabulary)
    started = time.process_time()
    by_epochs = settings.get("epochs")
    if by_epochs:
        steps = round(by_epochs * trainer.steps_per_epoch)
        trainer.config = dataclasses.replace(trainer.config, steps=steps)
    for _ in trainer.run(seconds=None if by_epochs else seconds):
        if time.process_time() - started > seconds:
            break
    used = time.process_time() - started
    model, train_state = trainer.model, trainer.train_state
    ids = vocabulary.encode(text.judge) if text.judge else trainer.val_ids
    return {
        "text": name,
        "seconds": seconds,
        "settings": settings,
        "loss": round(score_ids(model, ids, PARTS), 4),
        "steps": train_state.step,
        "best_step": train_state.best_step,
        "epochs": round(train_state.step / trainer.steps_per_epoch, 2),
        "used": round(used, 1),
        "parameters": int(model.parameters.vector.size),
    }


def key(name: str, settings: Settings, seconds: float) -> str:
    return json.dumps([name, seconds, configs_key(settings)])


def configs_key(settings: Settings) -> list[Any]:
    """The identity of a run: two ways to give the same settings are one."""
    model, train = configs(settings)
    return [dataclasses.asdict(model), dataclasses.asdict(train), settings.get("epochs", 0)]


def known(results: Path) -> dict[str, dict[str, Any]]:
    """The runs of the results file, by key."""
    if not results.exists():
        return {}
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return {key(row["text"], row["settings"], row["seconds"]): row for row in rows}


RunAll = Callable[[str, list[Settings], float], Iterator[dict[str, Any]]]
"""(text, settings, seconds) -> the measured rows, in the order in which they come."""


def here(jobs: int) -> RunAll:
    """Measure on this machine, `jobs` at a time."""

    def run_all(name: str, wanted: list[Settings], seconds: float) -> Iterator[dict[str, Any]]:
        with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
            runs = [pool.submit(measure, name, settings, seconds) for settings in wanted]
            for run in concurrent.futures.as_completed(runs):
                yield run.result()

    return run_all


def submission(name: str, settings: Settings, seconds: float, args: argparse.Namespace) -> Any:
    """The job that measures one run."""
    from charrnn.hub import Submission

    words = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    timeout = f"{int(3 * seconds) + 600}s"  # the rest is for the installation
    arguments = ("--one", name, str(seconds), *words)
    return Submission(arguments, args.on_jobs, timeout, args.job_package, command=__file__)


def on_jobs(args: argparse.Namespace) -> RunAll:
    """Measure on rented machines, `--jobs` at a time."""
    from charrnn.hub import Machines, quiet

    quiet()
    machines, one_at_a_time = Machines(), threading.Lock()  # stdout is redirected meanwhile

    def rent(name: str, settings: Settings, seconds: float) -> dict[str, Any] | None:
        with one_at_a_time:
            job = machines.submit(submission(name, settings, seconds, args))
        rows = [line for line in machines.lines(job) if line.startswith('{"text"')]
        if not rows:
            print(f"{job.url} ended as {machines.stage(job)} without a result", flush=True)
        return json.loads(rows[-1]) if rows else None

    def run_all(name: str, wanted: list[Settings], seconds: float) -> Iterator[dict[str, Any]]:
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            runs = [pool.submit(rent, name, settings, seconds) for settings in wanted]
            for run in concurrent.futures.as_completed(runs):
                if row := run.result():
                    yield row

    return run_all


def print_jobs(name: str, text: Text, args: argparse.Namespace) -> None:
    """Print the jobs of all rounds that are known before any has run."""
    for seconds, keep, entering in text.rounds:
        if seconds <= args.longest:
            for settings in entering:
                job = submission(name, settings, seconds, args)
                print(json.dumps({**job.request(), "secrets": ["HF_TOKEN"], "files": job.files}))
            if keep:
                print(f"and the best {keep} of the round before, for {seconds:g} s")


def search(name: str, text: Text, results: Path, run_all: RunAll, longest: float) -> None:
    """All rounds of one text, up to the longest budget wanted."""
    left: list[Settings] = []
    for seconds, keep, entering in text.rounds:
        if seconds > longest:
            return
        entrants = {json.dumps(configs_key(s)): s for s in (*left[:keep], *entering)}
        done = known(results)
        missing = [s for s in entrants.values() if key(name, s, seconds) not in done]
        for row in run_all(name, missing, seconds):
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(name, f"{seconds:g} s", row["loss"], row["settings"], flush=True)
        done = known(results)  # a job that failed is not among them
        ran = [s for s in entrants.values() if key(name, s, seconds) in done]
        left = sorted(ran, key=lambda s: done[key(name, s, seconds)]["loss"])


def table(results: Path) -> str:
    """Every run, the best of each text and budget first."""
    lines = [
        "| Text | Budget, s | Loss | Changed | Passes | Used, s |",
        "|---|---:|---:|---|---:|---:|",
    ]
    by_name = {name: text_of(name) for name in TEXTS}
    rows = sorted(known(results).values(), key=lambda r: (r["text"], r["seconds"], r["loss"]))
    for row in rows:
        center = by_name[row["text"]].center
        changes = {k: v for k, v in row["settings"].items() if center.get(k) != v}
        settings = ", ".join(f"{name} {value}" for name, value in changes.items()) or "nothing"
        lines.append(
            f"| {row['text']} | {row['seconds']:g} | {row['loss']:.3f} | {settings} | "
            f"{row['epochs']:.1f} | {row['used']:.0f} |"
        )
    return "\n".join(lines)


def centers() -> str:
    """The settings that the changes in the table start from."""
    lines = ["The centers:", ""]
    for name in TEXTS:
        text = text_of(name)
        settings = ", ".join(f"{key} {value}" for key, value in text.center.items())
        lines.append(f"- {name}: {settings}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="(search.jsonl)")
    parser.add_argument("--texts", nargs="*", help="which: 10 KB, 100 KB, 1 MB")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, one core each")
    parser.add_argument("--on-jobs", metavar="FLAVOR", help="on machines of the Hub; costs money")
    parser.add_argument("--job-package", default="charrnn-numpy", help="what a job installs")
    parser.add_argument("--dry-run", action="store_true", help="print the jobs, and start none")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)  # what a job runs
    parser.add_argument("--longest", type=float, default=600, help="no budget above these seconds")
    parser.add_argument("--table", action="store_true", help="print what is known and end")
    parser.add_argument("--write", action="store_true", help="put it into docs/presets.md and end")
    args = parser.parse_args()
    if args.one:
        name, seconds, *words = args.one
        settings = {key: json.loads(value) for key, value in (word.split("=") for word in words)}
        print(json.dumps(measure(name, settings, float(seconds))), flush=True)
        return
    if args.table or args.write:
        from bench import document, machine

        made = f"{centers()}\n\n{table(args.results)}"
        print(made)
        if args.write:
            document.put(DOCUMENT, "search", made)
            document.put(DOCUMENT, "machine", machine.sentence())
        return
    run_all = on_jobs(args) if args.on_jobs and not args.dry_run else here(args.jobs)
    for name in args.texts or TEXTS:
        if args.dry_run:
            print_jobs(name, text_of(name), args)
        else:
            search(name, text_of(name), args.results, run_all, args.longest)


if __name__ == "__main__":
    main()

"""Measure the losses that the presets reach on texts of every size, and the baselines.

    python benchmarks/presets.py                about an hour on one core
    python benchmarks/presets.py --table        the results so far, as Markdown
    python benchmarks/presets.py --write        the same, into docs/presets.md and the README
    python benchmarks/presets.py --presets quick --texts "100 KB"

Each run does what `train TEXT --time NAME` does, except for the clock: the budget's seconds are
seconds of the run's own processor time with one BLAS thread, so other work may share the machine.
The loss is measured on the held-out end of the text in one pass with the state carried, or on the
text itself if nothing is held out. The held-out end also chose the best weights. Every run is one
line of the results file; runs that are already in it are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":  # before NumPy loads its BLAS
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench import document

from charrnn import Trainer, load_corpus, score
from charrnn.baselines import COMPRESSION, LETTERS, UNIFORM, baselines, counting
from charrnn.network.model import score_ids
from charrnn.training import trainer as trainer_module
from charrnn.training.fitted_settings import TIMES, settings_for_text

RESULTS = Path(__file__).with_suffix(".jsonl")
README = Path(__file__).parents[1] / "README.md"
DOCUMENT = README.parent / "docs" / "presets.md"
CLOCK = SimpleNamespace(perf_counter=time.process_time)
SHOWN = (UNIFORM, LETTERS, counting(6), COMPRESSION)


def library() -> str:
    """The ASCII of the standard library's plain modules, up to 5 MB."""
    folder = Path(sysconfig.get_path("stdlib"))
    text = "".join(path.read_text("utf-8") for path in sorted(folder.glob("[a-z]*.py")))
    return "".join(c for c in text if c.isascii())[:5_000_000]


TEXTS: dict[str, Callable[[], str]] = {
    "500 characters of the play": lambda: load_corpus("lighthouse").text[3000:3500],
    "10 KB of the play": lambda: load_corpus("lighthouse").text[:10_000],
    "100 KB, the play": lambda: load_corpus("lighthouse").text,
    "1 MB, tinyshakespeare": lambda: load_corpus("tinyshakespeare").text,
    "5 MB of Python": library,
}


def measure(name: str, preset: str) -> dict[str, Any]:
    """One run: its loss, and the baselines' losses."""
    trainer_module.time = CLOCK  # type: ignore[assignment]  # this process's own time, not the wall's
    text = TEXTS[name]()
    fitted = settings_for_text(preset, text)
    trainer = Trainer(text, fitted.model, fitted.train)
    started = time.process_time()
    for _ in trainer.run(seconds=fitted.seconds):
        pass
    used = time.process_time() - started
    model, held_out = trainer.model, len(trainer.val_ids)
    loss = score_ids(model, trainer.val_ids) if held_out else score(model, text)
    cut = len(text) - held_out
    simpler = baselines(text[:cut], text[cut:], orders=(6,)) if held_out else {}
    c = model.config
    return {
        "text": name,
        "preset": preset,
        "characters": len(text),
        "held_out": held_out,
        "model": f"{c.cell} {c.layers} x {c.hidden_size}",
        "dropout": c.dropout,
        "seconds": fitted.seconds,
        "used": round(used, 1),
        "passes": round(trainer.train_state.step / trainer.steps_per_epoch, 1),
        "best_pass": round(trainer.train_state.best_step / trainer.steps_per_epoch, 1),
        "loss": round(loss, 4),
        "baselines": {k: round(simpler[k], 4) for k in SHOWN if k in simpler},
    }


def known(results: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The runs of the results file."""
    if not results.exists():
        return {}
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    return {(row["text"], row["preset"]): row for row in rows}


def table(results: Path) -> str:
    """A row for every run, by text and budget."""
    head = ["Text", "Time", "Model", "Dropout", "Seconds", "Passes", "Loss", *SHOWN]
    lines = [f"| {' | '.join(head)} |", "|---|---|---|" + "---:|" * (len(head) - 3)]
    runs = known(results)
    for key in ((name, preset) for name in TEXTS for preset in TIMES):
        if key in runs:
            row = runs[key]
            simpler = _baseline_cells(row, SHOWN)
            cells = [*key, row["model"], row["dropout"], f"{row['used']:.0f}", row["passes"]]
            line = " | ".join(map(str, [*cells, f"{row['loss']:.3f}", *simpler]))
            lines.append(f"| {line} |")
    return "\n".join(lines)


def summary(results: Path) -> str:
    """A row for every text: the losses of all budgets, beside the baselines."""
    head = ["Loss, nats per character", *TIMES, *SHOWN[1:]]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    runs = known(results)
    for name in TEXTS:
        rows = {preset: runs[name, preset] for preset in TIMES if (name, preset) in runs}
        if not rows:
            continue
        losses = [f"{rows[preset]['loss']:.3f}" if preset in rows else "" for preset in TIMES]
        simpler = _baseline_cells(next(iter(rows.values())), SHOWN[1:])
        lines.append(f"| {' | '.join([name, *losses, *simpler])} |")
    return "\n".join(lines)


def _baseline_cells(row: dict[str, Any], names: Sequence[str]) -> list[str]:
    losses = row["baselines"]
    return [f"{losses[name]:.2f}" if name in losses else "" for name in names]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="(presets.jsonl)")
    parser.add_argument("--presets", nargs="*", choices=TIMES, default=list(TIMES))
    parser.add_argument("--texts", nargs="*", help="which, by the start of their names")
    parser.add_argument("--table", action="store_true", help="print what is known and end")
    parser.add_argument("--write", action="store_true", help="put it into the documents and end")
    args = parser.parse_args()
    for preset in [] if args.table or args.write else args.presets:
        for name in TEXTS:
            wanted = not args.texts or name.startswith(tuple(args.texts))
            if wanted and (name, preset) not in known(args.results):
                row = measure(name, preset)
                with args.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(preset, name, row["loss"], flush=True)
    print(table(args.results))
    if args.write:
        document.put(DOCUMENT, "presets", table(args.results))
        document.put(README, "presets", summary(args.results))


if __name__ == "__main__":
    main()

"""How the settings for training from a start were found: texts of five lengths, one change each.

    python benchmarks/fine_tuning_search.py                     goes on from the runs that are known
    python benchmarks/fine_tuning_search.py --lengths 1000 3000
    python benchmarks/fine_tuning_search.py --write             the table, into docs/fine-tuning.md

A run trains the start with the settings that the package would choose, or with one of them times a
factor, and reads the 6,000 characters that follow the text: a tenth of 1,000 characters would say
little. The first rows of the results file are an older search, at 10,000 characters only.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # before NumPy loads its BLAS
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench import document

from charrnn import TrainConfig, Trainer, load_corpus
from charrnn.network.model import CharRNN, score_ids
from charrnn.pretrained import load_pretrained
from charrnn.training.fine_tuning import PASSES, settings_for_start

RESULTS = Path(__file__).with_suffix(".jsonl")
DOCUMENT = Path(__file__).parents[1] / "docs" / "fine-tuning.md"

SOURCES: dict[str, Callable[[], str]] = {
    "play": lambda: load_corpus("lighthouse").text,
    "python-docs": lambda: load_corpus("python-docs").text,
}
SEARCHED = (("play", "english"), ("python-docs", "python"))
LENGTHS = (1_000, 3_000, 10_000, 30_000, 90_000)
FOLLOWING = 6_000
"""Characters after the text that judge a run: a tenth of 1,000 characters would say little."""
NEIGHBORS: list[dict[str, float]] = [
    {},
    {"learning_rate": 0.5},
    {"learning_rate": 2.0},
    {"hidden_rate": 0.5},
    {"hidden_rate": 2.5},
    {"units_kept": 0.7},
    {"units_kept": 1.4},
    {"batch_size": 0.5},
    {"batch_size": 2.0},
    {"passes": 0.5},
    {"passes": 2.0},
]
"""The search: the settings that the package would choose, then one of them times a factor."""


def settings_with(
    model: CharRNN, length: int, symbols: int, change: dict[str, float]
) -> dict[str, Any]:
    """The settings for a text of some length, with one change."""
    fitted = settings_for_start("best", model.config, length, symbols)
    train, kept = fitted.train, 1 - fitted.model.dropout
    batch_size = round(train.batch_size * change.get("batch_size", 1))
    passes = PASSES * change.get("passes", 1)
    return {
        "learning_rate": train.learning_rate * change.get("learning_rate", 1),
        "hidden_rate": round(train.hidden_rate * change.get("hidden_rate", 1), 4),
        "dropout": round(1 - min(1, kept * change.get("units_kept", 1)), 2),
        "batch_size": batch_size,
        "steps": round(passes * 0.9 * length / (batch_size * train.seq_length)),
        "schedule": train.schedule,
        "averaging": train.averaging,
        "keep_start": train.keep_start,
    }


def measure(name: str, start: str, length: int, change: dict[str, float]) -> dict[str, Any]:
    """One run of the search: the loss of the last weights on what follows the text."""
    whole, model = SOURCES[name](), load_pretrained(start)
    text, following = whole[:length], whole[length : length + FOLLOWING]
    settings = settings_with(model, length, len(set(text)), change)
    train = TrainConfig(**{k: v for k, v in settings.items() if k != "dropout"}, eval_every=10**9)
    trainer = Trainer(text, replace(model.config, dropout=settings["dropout"]), train, start=model)
    started = time.process_time()
    for _ in trainer.run():
        pass
    used = time.process_time() - started
    last = trainer.live.with_vector(trainer.weights)
    unseen = last.vocabulary.encode(following, "skip")
    row = {"text": name, "characters": length, "start": start, "change": change}
    return row | {
        "settings": settings,
        "used": round(used, 1),
        "loss": round(score_ids(last, trainer.val_ids), 4),
        "next": round(score_ids(last, unseen, 16), 4),
    }


def search(results: Path, lengths: Sequence[int]) -> None:
    """Every neighbor on every source at every length; known runs are not repeated."""
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    done = [(row["text"], row["start"], row["characters"], row.get("change")) for row in rows]
    for length in lengths:
        for name, start in SEARCHED:
            for change in NEIGHBORS:
                if (name, start, length, change) not in done:
                    row = measure(name, start, length, change)
                    with results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
                    print(name, length, change, row["next"], row["used"], flush=True)


def table(results: Path) -> str:
    """What each change does to the loss on further text, for every length."""
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    losses = {
        (row["text"], row["start"], row["characters"], json.dumps(row["change"])): row["next"]
        for row in rows
        if "change" in row
    }
    columns = [(name, start, length) for name, start in SEARCHED for length in LENGTHS]
    columns = [column for column in columns if (*column, "{}") in losses]
    lines = [
        "| Change | " + " | ".join(f"{n}, {c / 1000:g} KB" for n, _, c in columns) + " |",
        "|---" + "|---:" * len(columns) + "|",
    ]
    for change in NEIGHBORS:
        cells = []
        for column in columns:
            loss = losses.get((*column, json.dumps(change)))
            center = losses.get((*column, "{}"))
            if loss is None or center is None:
                cells.append("")
            else:
                cells.append(f"{loss - center:+.3f}" if change else f"**{loss:.3f}**")
        what = ", ".join(f"{key} x {factor:g}" for key, factor in change.items())
        lines.append(f"| {what or 'as chosen'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="(fine_tuning_search.jsonl)")
    parser.add_argument("--lengths", nargs="*", type=int, default=LENGTHS)
    parser.add_argument("--write", action="store_true", help="put the table into the document")
    args = parser.parse_args()
    if not args.write:
        search(args.results, args.lengths)
    print(table(args.results))
    if args.write:
        document.put(DOCUMENT, "search", table(args.results))


if __name__ == "__main__":
    main()

"""Measure the pretrained models for pretrained/README.md, and sample them for docs/samples.md.

    python benchmarks/pretrained.py            prints the table; 30 s for a model of 1 MB of text
    python benchmarks/pretrained.py --write    writes the table and the samples into the documents

Samples are not selected: they are the first 300 characters for the random seeds 1, 2 and 3, at
temperature 0.8. A model whose text is not available here keeps its row.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from bench import document

from charrnn import CharRNN, CorpusError, Sampling, generate, load_corpus
from charrnn.network.model import score_cold, score_ids
from charrnn.pretrained import load_pretrained, pretrained_folder, pretrained_names
from charrnn.training.checkpoint import info

ROOT = Path(__file__).parents[1]
README = ROOT / "pretrained" / "README.md"
SAMPLES = ROOT / "docs" / "samples.md"
WINDOW, LENGTH, TEMPERATURE, SEEDS = 256, 300, 0.8, (1, 2, 3)
HEAD = [
    "| Model | Cell | Parameters | Held-out text | Carried | Cold 256 | Seconds | File |",
    "|---|---|---:|---|---:|---:|---:|---:|",
]
STARTS = {"python-source": "def ", "python-mix": "def "}


def losses(model: CharRNN) -> tuple[float, float]:
    """Losses with the state carried and in windows. Raises CorpusError without the text."""
    facts = model.metadata
    corpus = load_corpus(facts["corpus"])
    if corpus.sha256 != facts["sha256"]:
        raise CorpusError(f"{facts['corpus']} is another version here.")
    ids = model.vocabulary.encode(corpus.text)
    held_out = ids[int(len(ids) * (1 - facts["config"]["val_fraction"])) :]
    return score_ids(model, held_out), score_cold(model, held_out, WINDOW)


def row(name: str) -> str:
    """One line of the table."""
    model, facts = load_pretrained(name), info(pretrained_folder() / f"{name}.npz")
    run: dict[str, Any] = facts["training"]
    carried, cold = losses(model)
    c = model.config
    share = f"last {100 * run['config']['val_fraction']:g} % of {run['corpus']}"
    return (
        f"| `{name}` | {c.cell} {c.layers} x {c.hidden_size} | {facts['parameters']:,} | {share} | "
        f"{carried:.3f} | {cold:.3f} | {run['seconds']:,.0f} | {facts['bytes'] / 1e6:.1f} MB |"
    )


def table(names: list[str]) -> str:
    """A row for every model; a model that is not measured now keeps its row in the document."""
    before = {
        match[1]: line
        for line in README.read_text("utf-8").splitlines()
        if (match := re.match(r"\| `([\w-]+)` \|", line))
    }
    rows = []
    for name in pretrained_names():
        if names and name not in names and name in before:
            rows.append(before[name])
            continue
        try:
            rows.append(row(name))
        except CorpusError as error:
            print(f"{name}: not measured. {error}")
            rows += [before[name]] if name in before else []
    return "\n".join([*HEAD, *rows])


def samples() -> str:
    """docs/samples.md: every model, the same seeds."""
    parts = [
        "# Samples",
        f"What the pretrained models write: drawn, not chosen. Random seeds "
        f"{', '.join(map(str, SEEDS))}, temperature {TEMPERATURE}, {LENGTH} characters, by\n"
        "`python benchmarks/pretrained.py --write`. On another processor a sample may part ways "
        "at some letter.",
    ]
    for name in pretrained_names():
        model = load_pretrained(name)
        start = STARTS.get(model.metadata["corpus"], "")
        flag = f' --seed "{start}"' if start else ""
        parts += [f"## `{name}`", f"    python -m charrnn generate {name}{flag} --length {LENGTH} "
                  f"--temperature {TEMPERATURE} --random-seed {SEEDS[0]}"]  # fmt: skip
        for seed in SEEDS:
            sampling = Sampling(TEMPERATURE, random_seed=seed)
            text = start + "".join(generate(model, start, LENGTH, sampling))
            parts.append(f"```\n{text.strip(chr(10))}\n```")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="measure these; the others keep their rows")
    parser.add_argument("--write", action="store_true", help="into the two documents")
    args = parser.parse_args()
    made = table(args.names)
    print(made)
    if args.write:
        document.put(README, "losses", made)
        SAMPLES.write_text(samples(), "utf-8")


if __name__ == "__main__":
    main()

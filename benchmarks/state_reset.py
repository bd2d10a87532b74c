"""Compare carrying the state with resetting it before every window, on the same text and budget.

    python benchmarks/state_reset.py                       about 10 minutes on one core
    python benchmarks/state_reset.py --steps 200 --seeds 1     a quick look

Three ways to train, each on windows of 20 characters, 32 of them a step, as many steps:

    carry     streams: each window continues where the last one stopped, and so does the state
    reset     the same windows in the same order, but each starts from a zero state
    shuffled  the recipe `windows`: overlapping windows in random order, from zeros

Two ways to measure the loss on the held-out end of the text: in one pass, and in pieces
of 20 characters from zeros. The recipe's cleaning applies: lowercase letters and spaces.
Prints a table and writes docs/pictures/state_reset.json, from which a picture is drawn.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

import bench  # noqa: F401  # finds the package beside it
import numpy as np

from charrnn import CELLS, RECIPES, CharRNN, Trainer, load_corpus
from charrnn.network.loss import surprise
from charrnn.network.model import score_ids

RECIPE = RECIPES["windows"]
WAYS = {
    "carry": {"batching": "streams", "state": "carry"},
    "reset": {"batching": "streams", "state": "reset"},
    "shuffled": {},
}
RESULT = Path(__file__).parents[1] / "docs" / "pictures" / "state_reset.json"


def in_pieces(model: CharRNN, ids: np.ndarray, length: int) -> float:
    """Nats per character when each `length` characters are read from a state of zeros."""
    count = (len(ids) - 1) // length
    x = ids[: count * length].reshape(count, length).T  # (T, N)
    y = ids[1 : count * length + 1].reshape(count, length).T
    logits, _, _ = model.forward(x)
    return float(surprise(logits, y).mean())


def measure(cell: str, way: str, steps: int, seed: int) -> dict[str, object]:
    """Train once and judge twice."""
    config = dataclasses.replace(
        RECIPE.train, steps=steps, patience=0, schedule="cosine", random_seed=seed, **WAYS[way]
    )
    model_config = dataclasses.replace(RECIPE.model, cell=cell)
    trainer = Trainer(load_corpus(RECIPE.corpus).text, model_config, config)
    started = time.process_time()
    for _ in trainer.run():
        pass
    model, ids = trainer.model, trainer.val_ids
    return {
        "cell": cell,
        "way": way,
        "seed": seed,
        "one_piece": score_ids(model, ids),
        "pieces_of_20": in_pieces(model, ids, config.seq_length),
        "seconds": round(time.process_time() - started, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each kind, averaged")
    args = parser.parse_args()
    runs = []
    print("cell  trained    one piece  pieces of 20   (nats per character, held out)")
    for cell in CELLS:
        for way in WAYS:
            results = [measure(cell, way, args.steps, seed) for seed in range(args.seeds)]
            runs += results
            one, pieces = (np.mean([r[k] for r in results]) for k in ("one_piece", "pieces_of_20"))
            print(f"{cell:<5} {way:<10} {one:9.3f} {pieces:13.3f}", flush=True)
    facts = {"corpus": RECIPE.corpus, "steps": args.steps, "batch_size": 32, "seq_length": 20}
    RESULT.write_text(json.dumps({**facts, "runs": runs}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""Compare the time to a loss of nanoGPT's CPU recipe and ours, on the same text and cores.

    git clone <nanoGPT> DIR
    python benchmarks/time_to_loss.py --nanogpt DIR          about 8 minutes of two idle cores
    python benchmarks/time_to_loss.py --nanogpt DIR --iterations 50      a quick look
    python benchmarks/time_to_loss.py --seconds 150          only ours

nanoGPT first: 4 layers, 4 heads, 128 wide, windows of 64 characters, 12 a step, 2,000 steps,
dropout 0, by its own train.py with PyTorch on all cores. Ours then gets the seconds of nanoGPT's
training steps, without evaluations: settings of a preset, one process for each core. Ours is
evaluated on the way with its clock stopped, and its learning rate follows that clock.

Both train on the first 90 % of tinyshakespeare and are judged on the last 10 %, in nats per
character: nanoGPT by its own estimate (20 random windows of its 240) and in windows of 64 over
all of it; ours in one pass with the state carried, and in windows of 256 and of 64.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":  # before NumPy loads its BLAS: a process for each core, one thread each
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench import machine, nanogpt

from charrnn import Trainer, load_corpus
from charrnn.cli import options
from charrnn.network.model import score_cold, score_ids
from charrnn.training import trainer as trainer_module
from charrnn.training.config import TrainConfig
from charrnn.training.fitted_settings import TIMES, settings_for, settings_for_text

TARGET = 1.8857
"""The final loss of nanoGPT's recipe in one run on two cores; the time to it is reported."""
FIRST_LOOKS, LATER_LOOKS = 1 / 60, 1 / 12
"""Shares of the time between two evaluations, before the target is passed and after."""
PARTS = 32
"""Parts of the last tenth that an evaluation reads side by side. Each starts cold, so the loss is
no lower than in one pass."""
NEVER = 10**9


class Stopwatch:
    """Counts seconds while it is not paused."""

    def __init__(self) -> None:
        self.paused = 0.0

    def read(self) -> float:
        return time.perf_counter() - self.paused

    def look(self, trainer: Trainer) -> float:
        """The loss of the present weights; it costs no time on this watch."""
        started = time.perf_counter()
        loss = score_ids(trainer.live, trainer.val_ids, PARTS)
        self.paused += time.perf_counter() - started
        return loss


def ours(args: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Train for `seconds` and judge: the curve, the losses, and when the target was passed."""
    text = load_corpus("tinyshakespeare").text
    fitted = settings_for_text(args.preset, text)
    given = options.given(args, type(fitted.model))
    config = replace(fitted.train, **options.given(args, TrainConfig), eval_every=NEVER)
    watch = Stopwatch()
    trainer_module.time = SimpleNamespace(perf_counter=watch.read)  # type: ignore[assignment]
    trainer = Trainer(text, replace(fitted.model, **given), config, workers=args.cores)
    started, due, passed = watch.read(), FIRST_LOOKS * seconds, None
    curve: list[tuple[float, float]] = []
    for progress in trainer.run(seconds=seconds):
        spent = watch.read() - started
        if spent >= due and progress.fraction < 1:
            curve.append((spent, watch.look(trainer)))
            print(f"    ours {spent:6.1f} s  {curve[-1][1]:.4f}", flush=True)
            if passed is None and curve[-1][1] < args.target:
                passed = spent
            due = spent + (FIRST_LOOKS if passed is None else LATER_LOOKS) * seconds
    model, ids = trainer.live, trainer.val_ids
    return {
        "model": vars(model.config) | {"parameters": int(model.parameters.vector.size)},
        "steps": trainer.train_state.step,
        "curve": curve,
        "passed_target": passed,
        "carried": score_ids(model, ids),
        "cold_256": score_cold(model, ids, 256),
        "cold_64": score_cold(model, ids, nanogpt.BLOCK),
    }


def theirs(args: argparse.Namespace) -> dict[str, Any]:
    """nanoGPT's run, in a temporary copy."""
    with tempfile.TemporaryDirectory() as folder:
        nanogpt.prepare(args.nanogpt, load_corpus("tinyshakespeare").text, Path(folder))
        run = nanogpt.train(Path(folder), args.cores, args.iterations)
        judged = nanogpt.judge(Path(folder), args.cores)
    return {
        "seconds": run.seconds,
        "iterations": run.iterations,
        "curve": run.curve,
        "estimate": run.curve[-1][1],
        "cold_64": judged["loss"],
        "later_half": judged["later_half"],
    }


def show(seconds: float, own: dict[str, Any], peer: dict[str, Any] | None, target: float) -> None:
    """Print both sides, line by line."""
    print(
        f"{seconds:.1f} seconds of training steps, last 10 % of tinyshakespeare, nats a character"
    )
    if peer:
        print(f"  nanoGPT, its own estimate       {peer['estimate']:.4f}")
        print(f"  nanoGPT, cold windows of 64     {peer['cold_64']:.4f}")
        print(f"    their later halves            {peer['later_half']:.4f}")
    print(f"  ours, state carried             {own['carried']:.4f}")
    print(f"  ours, cold windows of 256       {own['cold_256']:.4f}")
    print(f"  ours, cold windows of 64        {own['cold_64']:.4f}")
    passed = own["passed_target"]
    if passed is None:
        print(f"  ours did not pass {target}")
    else:
        print(f"  ours passed {target} after {passed:.1f} s, 1/{seconds / passed:.1f} of the time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--nanogpt", type=Path, metavar="DIR", help="a checkout of nanoGPT")
    side.add_argument("--seconds", type=float, help="only ours, for so long")
    parser.add_argument("--iterations", type=int, default=2000, help="nanoGPT's (2000)")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--target", type=float, default=TARGET)
    parser.add_argument("--preset", choices=TIMES, default="better", help="ours (better)")
    parser.add_argument("--json", type=Path, help="write all of it to this file")
    fitted = settings_for(
        "better", characters=1_115_394, symbols=65
    )  # without the text, for --help
    options.add_settings(parser, fitted.model, "our model, where it differs from the preset")
    options.add_settings(parser, fitted.train, "our training")
    args = parser.parse_args()
    peer = theirs(args) if args.nanogpt else None
    seconds = peer["seconds"] if peer else args.seconds
    own = ours(args, seconds)
    show(seconds, own, peer, args.target)
    if args.json:
        facts = machine.describe(Path(__file__).parents[1])
        results = {"seconds": seconds, "ours": own, "nanogpt": peer, "machine": facts}
        args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

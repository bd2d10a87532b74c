"""Logs each step's progress beside the user's other experiments, for `train --track`."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict

from charrnn.cli.training.plan import Plan
from charrnn.training.progress import Progress

TRACKERS = ("trackio",)
LOGGED = (
    "loss", "smooth_loss", "val_loss", "best_loss", "epoch", "learning_rate", "gradient_norm",
    "chars",
)  # fmt: skip
"""The fields of Progress that are logged, under their own names."""


@contextmanager
def tracking(tracker: str, plan: Plan) -> Iterator[Callable[[Progress], None]]:
    """A function that logs a step; it does nothing when `tracker` is "". Raises ValueError.

    The run is called as the model's file, in the project "charrnn". trackio writes it to a folder
    of this machine, or to the Space or server that its own environment variables name.
    """
    if not tracker:
        yield lambda progress: None
        return
    try:
        import trackio
    except ImportError:
        raise ValueError(
            "--track trackio needs the package trackio: pip install trackio."
        ) from None
    trainer = plan.trainer
    config = {
        "corpus": trainer.text["corpus"],
        "characters": trainer.text["characters"],
        "parameters": int(trainer.live.parameters.vector.size),
        **asdict(trainer.live.config),
        **asdict(trainer.config),
    }
    with redirect_stdout(sys.stderr):  # stdout is for results
        run = trackio.init("charrnn", name=plan.out.path.stem, config=config, embed=False)
    try:
        yield lambda progress: run.log(_numbers(progress), step=progress.step)
    finally:
        with redirect_stdout(sys.stderr):
            trackio.finish()  # not the run alone: that prints once more at exit


def _numbers(progress: Progress) -> dict[str, float]:
    """What was measured at this step, without values that are not numbers."""
    values = {name: getattr(progress, name) for name in LOGGED}
    return {name: x for name, x in values.items() if x is not None and math.isfinite(x)}

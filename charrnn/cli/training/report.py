"""Prints the progress of `train`: a bar in a terminal, lines in a pipe, objects with --json."""

from __future__ import annotations

import argparse
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from charrnn.cli.output import Mode, Output, safe
from charrnn.cli.training.plan import Plan
from charrnn.cli.training.samples import Samples, held_out_baselines
from charrnn.training.progress import Progress
from charrnn.training.recipes import UNTIL_STOPPED

REFRESH = 0.1
"""Seconds between two updates of the progress bar."""


class Report:
    """Shows the progress of a run. It remembers only what it has shown."""

    def __init__(self, plan: Plan, args: argparse.Namespace, output: Output) -> None:
        self.plan, self.args, self.output = plan, args, output
        self.last: Progress | None = None
        self.logged = plan.trainer.train_state.step
        self.samples = Samples(plan, args.sample_every)
        trainer, steps = plan.trainer, plan.trainer.config.steps
        self.unit = "word" if trainer.live.vocabulary.words else "character"
        self.log_every = args.log_every or plan.recipe.report_every or trainer.eval_every
        self.ends = plan.seconds is not None or steps < UNTIL_STOPPED  # by itself, not by Ctrl+C
        self.of = f"/{steps:,}" if self.ends and plan.seconds is None else ""
        self.started = self.timed = time.perf_counter()
        self.chars = plan.trainer.train_state.chars
        self.speed = 0.0
        self.start_fraction: float | None = None  # what was done before this run
        self.drawn = 0.0
        self._draw_bar: Callable[[float, str], None]

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the run while it goes on; the last step is shown too, however it ends."""
        if not self.output.json:
            self._introduce()
        with self.output.progress_bar(1.0 if self.ends else None) as self._draw_bar:
            try:
                yield
            finally:
                if self.last is not None and self.logged != self.last.step:
                    self._log(self.last, "")
                if self.last is not None:
                    self._draw(self.last)

    def step(self, progress: Progress) -> None:
        """Show what is due after this step."""
        self.last = progress
        if self.start_fraction is None:
            self.start_fraction = progress.fraction
        if time.perf_counter() - self.drawn > REFRESH:
            self._draw(progress)
        sample = self.samples.due(progress.step)
        if progress.note or sample or progress.step % self.log_every == 0:
            self._log(progress, sample)

    def end(self, stopped_by: signal.Signals | None) -> None:
        """Print where the model is and, after a complete run, its loss beside the baselines."""
        trainer, out = self.plan.trainer, self.plan.out
        train_state, write = trainer.train_state, self.output.write
        skipped = stopped_by or not self.args.baselines
        baselines = {} if skipped else held_out_baselines(self.plan)
        if self.output.json:
            stopped = stopped_by.name if stopped_by else None
            self.output.result(
                self._numbers()
                | {"best_loss": train_state.best_loss, "best_step": train_state.best_step}
                | {"out": str(out), "stopped": stopped, "baselines": baselines}
            )
            return
        for name, loss in baselines.items():
            write(f"{name:>20}  {nats(loss)}")
        if train_state.best_loss is not None:
            what = "validation" if len(trainer.val_ids) else "training"
            best = f"best {what} loss {nats(train_state.best_loss)} per {self.unit}"
            write(f"{best}, at step {train_state.best_step:,}")
        if not stopped_by and self.plan.recipe.final_length:
            write(safe(self.samples.write(trainer.model, self.plan.recipe.final_length)))
        step = f"{train_state.step:,}"
        end = (
            f"Stopped by {stopped_by.name} at step {step}" if stopped_by else f"Done: {step} steps"
        )
        write(f"{end}. The model is in {out}. To generate text with it:")
        write(f"    python -m charrnn generate {out}")

    def _introduce(self) -> None:
        trainer = self.plan.trainer
        text, model = trainer.text, trainer.live
        c = model.config
        self.output.write(
            f"{text['corpus']}: {text['characters']:,} characters, "
            f"{len(model.vocabulary):,} symbols. {c.cell}, {c.hidden_size} hidden units, "
            f"{c.layers} {'layer' if c.layers == 1 else 'layers'}, "
            f"{model.parameters.vector.size:,} parameters."
        )

    def _draw(self, progress: Progress) -> None:
        if self.output.mode is not Mode.TERMINAL:
            return
        best = f", best {progress.best_loss:.3f}" if progress.best_loss is not None else ""
        self._draw_bar(
            progress.fraction,
            f"step {progress.step:,}{self.of}, {nats(self._loss(progress))}{best}, "
            f"{self._speed(progress):,.0f} {self.unit}s/s{self._left(progress)}",
        )
        self.drawn = time.perf_counter()

    def _log(self, progress: Progress, sample: str) -> None:
        """One line or one object about a step."""
        self.logged = progress.step
        self._speed(progress)
        if self.output.json:
            extra = {"sample": sample} if sample else {}
            note = {"note": progress.note} if progress.note else {}
            self.output.result(self._numbers() | extra | note)
            return
        val = "" if progress.val_loss is None else f"  validation {nats(progress.val_loss)}"
        line = (
            f"step {progress.step:>6,}{self.of}  epoch {progress.epoch:.2f}  "
            f"loss {nats(self._loss(progress))}{val}  "
            f"{self.speed:,.0f} {self.unit}s/s{self._left(progress)}"
        )
        framed = f"----\n{safe(sample)}\n----" if sample else ""
        self.output.write("\n".join(part for part in (line, progress.note, framed) if part))

    def _numbers(self) -> dict[str, Any]:
        """The four numbers of every JSON line; a loss that is not finite is null."""
        progress = self.last
        loss = progress.loss if progress and math.isfinite(progress.loss) else None
        return {
            "step": progress.step if progress else self.plan.trainer.train_state.step,
            "loss": loss,
            "val_loss": progress.val_loss if progress else None,
            "chars_per_second": round(self.speed, 1),
        }

    def _loss(self, progress: Progress) -> float:
        """The step's own loss if a step reads the entire text, else the smoothed loss."""
        full_batch = self.plan.trainer.steps_per_epoch == 1
        return progress.loss if full_batch else progress.smooth_loss

    def _speed(self, progress: Progress) -> float:
        """Symbols per second, measured over at least half a second."""
        now = time.perf_counter()
        if now - self.timed > 0.5 or not self.speed:
            self.speed = (progress.chars - self.chars) / max(now - self.timed, 1e-9)
            self.timed, self.chars = now, progress.chars
        return self.speed

    def _left(self, progress: Progress) -> str:
        done = progress.fraction - (self.start_fraction or 0.0)
        if done <= 0 or not self.ends:
            return ""
        left = (time.perf_counter() - self.started) * (1 - progress.fraction) / done
        minutes, seconds = divmod(round(left), 60)
        return f", {minutes}:{seconds:02} left"


def nats(loss: float) -> str:
    """A loss for a person: nats, and bits beside them."""
    return f"{loss:.4f} nats ({loss / math.log(2):.3f} bits)"

"""What `train` shows: a bar on a terminal, lines in a pipe, objects for a machine."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from typing import Any

from charrnn.cli import output
from charrnn.cli.plan import Plan
from charrnn.cli.samples import Samples, held_out_rulers
from charrnn.training.progress import Progress
from charrnn.training.recipes import UNTIL_STOPPED

REFRESH = 0.1
"""Seconds between two looks of the bar."""
BAR, BAR_WITHOUT_END = "{percentage:3.0f}%|{bar:24}| {desc}", "{desc}"


class Report:
    """Shows a run as it goes. It remembers only what it has shown."""

    def __init__(self, plan: Plan, args: argparse.Namespace) -> None:
        self.plan, self.args = plan, args
        self.last: Progress | None = None
        self.logged = plan.trainer.train_state.step
        self.samples = Samples(plan, args.sample_every)
        self.started = self.timed = time.perf_counter()
        self.chars = plan.trainer.train_state.chars
        self.speed = 0.0
        self.begun: float | None = None  # the fraction that was done before
        self.bar: Any = None
        self.drawn = 0.0
        if not args.json:
            self._introduce()
            if sys.stdout.isatty() and sys.stderr.isatty():
                self.bar = self._make_bar()

    def step(self, progress: Progress) -> None:
        """Show what is due after a step."""
        self.last = progress
        if self.begun is None:
            self.begun = progress.fraction
        if self.bar is not None and time.perf_counter() - self.drawn > REFRESH:
            self._draw(progress)
        sample = self.samples.due(progress.step)
        if progress.note or sample or progress.step % self._log_every == 0:
            self._log(progress, sample)

    def close(self) -> None:
        """Show the last step, if it was not, and take the bar away."""
        if self.last is not None and self.logged != self.last.step:
            self._log(self.last, "")
        if self.bar is not None:
            self._draw(self.last) if self.last else None
            self.bar.close()
            self.bar = None

    def end(self, stopped_by: signal.Signals | None) -> None:
        """Say what was kept, and after a whole run what it is worth."""
        trainer, out = self.plan.trainer, self.plan.out
        train_state = trainer.train_state
        marks = {} if stopped_by or not self.args.baselines else held_out_rulers(self.plan)
        if self.args.json:
            stopped = stopped_by.name if stopped_by else None
            output.emit(
                self._numbers()
                | {"best_loss": train_state.best_loss, "best_step": train_state.best_step}
                | {"out": str(out), "stopped": stopped, "rulers": marks}
            )
            return
        for name, loss in marks.items():
            print(f"{name:>20}  {nats(loss)}")
        if train_state.best_loss is not None:
            what = "validation" if len(trainer.val_ids) else "training"
            best = f"best {what} loss {nats(train_state.best_loss)} per {self._unit}"
            print(f"{best}, at step {train_state.best_step:,}")
        if not stopped_by and self.plan.recipe.final_length:
            print(self.samples.write(trainer.model, self.plan.recipe.final_length))
        why = f"Stopped by {stopped_by.name} at step" if stopped_by else "Done:"
        then = "" if stopped_by else " steps"
        print(f"{why} {train_state.step:,}{then}. The model is in {out}; it writes with:")
        print(f"    python -m charrnn generate {out}", flush=True)

    @property
    def _unit(self) -> str:
        return "word" if self.plan.trainer.live.vocabulary.words else "character"

    @property
    def _log_every(self) -> int:
        return self.args.log_every or self.plan.recipe.report_every or self.plan.trainer.eval_every

    def _introduce(self) -> None:
        trainer = self.plan.trainer
        text, model = trainer.text, trainer.live
        c = model.config
        print(
            f"{text['corpus']}: {text['characters']:,} characters, "
            f"{len(model.vocabulary):,} symbols. {c.cell}, {c.hidden_size} hidden units, "
            f"{c.layers} {'layer' if c.layers == 1 else 'layers'}, "
            f"{model.parameters.vector.size:,} parameters.",
            flush=True,
        )

    def _make_bar(self) -> Any:
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread beside a process that handles signals
        bar_format = BAR if self._ends else BAR_WITHOUT_END
        return tqdm(total=1.0, bar_format=bar_format, dynamic_ncols=True)

    def _draw(self, progress: Progress) -> None:
        self.bar.n = progress.fraction
        best = f", best {progress.best_loss:.3f}" if progress.best_loss is not None else ""
        self.bar.set_description_str(
            f"step {progress.step:,}{self._of()}, {nats(self._loss(progress))}{best}, "
            f"{self._speed(progress):,.0f} {self._unit}s/s{self._left(progress)}",
            refresh=False,
        )
        self.bar.refresh()
        self.drawn = time.perf_counter()

    def _log(self, progress: Progress, sample: str) -> None:
        """One line or one object about a step."""
        self.logged = progress.step
        self._speed(progress)
        if self.args.json:
            extra = {"sample": sample} if sample else {}
            note = {"note": progress.note} if progress.note else {}
            output.emit(self._numbers() | extra | note)
            return
        val = "" if progress.val_loss is None else f"  validation {nats(progress.val_loss)}"
        line = (
            f"step {progress.step:>6,}{self._of()}  epoch {progress.epoch:.2f}  "
            f"loss {nats(self._loss(progress))}{val}  "
            f"{self.speed:,.0f} {self._unit}s/s{self._left(progress)}"
        )
        framed = f"----\n{sample}\n----" if sample else ""
        self._say("\n".join(part for part in (line, progress.note, framed) if part))

    def _say(self, text: str) -> None:
        if self.bar is not None:
            self.bar.write(text, file=sys.stdout)
        else:
            print(text, flush=True)

    def _numbers(self) -> dict[str, Any]:
        """The four numbers of every JSON line; a loss that is no number is null."""
        progress = self.last
        loss = progress.loss if progress and math.isfinite(progress.loss) else None
        return {
            "step": progress.step if progress else self.plan.trainer.train_state.step,
            "loss": loss,
            "val_loss": progress.val_loss if progress else None,
            "chars_per_second": round(self.speed, 1),
        }

    def _loss(self, progress: Progress) -> float:
        """The step's own loss where a step reads the whole text, else the smoothed one."""
        whole = len(self.plan.trainer.batches) == 1
        return progress.loss if whole else progress.smooth_loss

    def _speed(self, progress: Progress) -> float:
        """Symbols a second since the last look, over half a second at least."""
        now = time.perf_counter()
        if now - self.timed > 0.5 or not self.speed:
            self.speed = (progress.chars - self.chars) / max(now - self.timed, 1e-9)
            self.timed, self.chars = now, progress.chars
        return self.speed

    @property
    def _ends(self) -> bool:
        """Whether the run has an end other than Ctrl+C."""
        return self.plan.seconds is not None or self.plan.trainer.config.steps < UNTIL_STOPPED

    def _of(self) -> str:
        by_steps = self._ends and self.plan.seconds is None
        return f"/{self.plan.trainer.config.steps:,}" if by_steps else ""

    def _left(self, progress: Progress) -> str:
        done = progress.fraction - (self.begun or 0.0)
        if done <= 0 or not self._ends:
            return ""
        left = (time.perf_counter() - self.started) * (1 - progress.fraction) / done
        minutes, seconds = divmod(round(left), 60)
        return f", {minutes}:{seconds:02} left"


def nats(loss: float) -> str:
    """A loss for a person: nats, and bits beside them."""
    return f"{loss:.4f} nats ({loss / math.log(2):.3f} bits)"

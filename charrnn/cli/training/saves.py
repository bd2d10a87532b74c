"""The last two saves of a training run, from which the same command continues a killed run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from charrnn.training.checkpoint import Checkpoint, ModelFileError
from charrnn.training.trainer import Trainer


def previous(out: Path) -> Path:
    """The file that keeps the save before the last one."""
    return out.with_name(f"{out.stem}.previous.npz")


def last(out: Path) -> Checkpoint | None:
    """The last save of a run, or the one before if that is damaged; None without either."""
    for path in filter(Path.is_file, (out, previous(out))):
        with suppress(ModelFileError):
            checkpoint = Checkpoint.load(path)
            return checkpoint if checkpoint.state else None
    return None


def killed_run(
    saved: Checkpoint, trainer: Trainer, text: str, seconds: float | None
) -> Trainer | None:
    """The saved run, if it has this trainer's text and settings and has not ended."""
    same = (
        saved.training.sha256 == trainer.text["sha256"]
        and saved.training.start == trainer.start
        and saved.model.config == trainer.live.config
        and saved.train_config() == trainer.config
    )
    if not same:
        return None
    resumed = Trainer.resume(saved, text)
    state, steps = resumed.train_state, trainer.config.steps
    done = state.step >= steps if seconds is None else state.seconds >= seconds
    return None if done or resumed.has_ended else resumed

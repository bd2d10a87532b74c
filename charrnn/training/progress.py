"""What a training run tells whoever watches, and what it must remember to be continued."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """What one training step did. Losses are in nats per symbol."""

    step: int
    """Steps done, this one included."""
    steps: int
    """Steps planned."""
    fraction: float
    """Share of the plan that is done, in steps or in seconds, 0 to 1."""
    epoch: float
    loss: float
    smooth_loss: float
    val_loss: float | None
    """The validation loss, at the steps that measured it."""
    best_loss: float | None
    """The lowest loss that was watched: validation, or training where there is none."""
    best_step: int
    learning_rate: float
    gradient_norm: float
    chars: int
    """Symbols read so far, over all epochs."""
    note: str = ""
    """A sentence when something happened: a rescue, an early stop."""


@dataclass
class TrainState:
    """The numbers a run keeps, apart from arrays: all that JSON needs to continue it."""

    step: int = 0
    updates: int = 0
    chars: int = 0
    smooth_loss: float = 0.0
    best_loss: float | None = None
    best_step: int = 0
    stale: int = 0
    """Evaluations since the best one."""
    rescues: int = 0
    rate_scale: float = 1.0
    seconds: float = 0.0
    history: list[list[float | None]] = field(default_factory=list)
    """[step, smoothed training loss, validation loss or None] at every evaluation."""


def thin(history: list[list[float | None]], most: int = 200) -> list[list[float | None]]:
    """Drop every other point of a history that has grown too long, but not the last."""
    return history if len(history) <= most else history[-1::-2][::-1]

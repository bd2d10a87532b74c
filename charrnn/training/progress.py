"""What one step of training did, as the trainer reports it."""

from __future__ import annotations

from dataclasses import dataclass


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

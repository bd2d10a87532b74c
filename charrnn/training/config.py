"""What can be set about a training, with the range of each setting."""

from __future__ import annotations

import math
from dataclasses import dataclass

from charrnn.training.optimizers import OPTIMIZERS, SCHEDULES
from charrnn.vocabulary import CLEANINGS


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. Raises ValueError with a sentence."""

    batch_size: int = 16
    """Sequences side by side, N. It shrinks by itself when the text is short."""
    seq_length: int = 32
    """Symbols through which gradients flow back, T; 0 takes the whole text as one window."""
    batching: str = "streams"
    """streams: each window goes on where the last one stopped; windows: shuffled pieces."""
    stride: int = 0
    """Symbols from one window's start to the next's, for windows; 0 puts them end to end."""
    state: str = "carry"
    """carry it until the text starts again; reset it before every window; endless: never."""
    optimizer: str = "adam"
    """The rule that turns a gradient into a change of the weights."""
    learning_rate: float = 0.0
    """0 takes the optimizer's own."""
    hidden_rate: float = 0.0
    """Factor on the learning rate of the matrices between hidden units (all Whh, Wxh above); 0
    takes the optimizer's own, or 1 where a learning rate is given."""
    schedule: str = "cosine"
    """How the learning rate falls over the run."""
    final_learning_rate: float = 0.02
    """Where the schedule ends, as a share of the learning rate."""
    warmup_steps: int = 0
    """Steps over which the learning rate first rises from 0."""
    clip_norm: float = 5.0
    """Longest gradient allowed; 0 switches this off."""
    clip_value: float = 0.0
    """Largest gradient element allowed; 0 switches this off."""
    weight_decay: float = 0.0
    """Pull of the weights towards 0; adamw keeps it out of its moments."""
    steps: int = 2000
    """Steps in all."""
    val_fraction: float = 0.1
    """Share of the text, its last part, that is kept for validation."""
    eval_every: int = 0
    """Steps between two evaluations; 0 spends about a tenth of the time on them."""
    patience: int = 0
    """Evaluations without progress before training stops early; 0 never does."""
    rescue: bool = True
    """Go back to good weights when the loss explodes. Not-a-number is always caught."""
    cleaning: str = "none"
    """What is done to the text first; letters: lowercased, the rest becomes spaces."""
    words: bool = False
    """Read words instead of characters."""
    min_count: int = 1
    """Symbols seen fewer times than this are merged into one."""
    max_vocab: int = 0
    """Most symbols to keep, the rarest merged into one; 0 keeps all."""
    random_seed: int = 0
    """The same seed and settings give the same model, on one machine."""

    def __post_init__(self) -> None:
        for name, choices in (
            ("batching", ("streams", "windows")),
            ("state", ("carry", "reset", "endless")),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("cleaning", CLEANINGS),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}.")
        for name, least, below in (
            ("batch_size", 1, 4097),
            ("seq_length", 0, 100_001),
            ("stride", 0, math.inf),
            ("learning_rate", 0, 1e3),
            ("hidden_rate", 0, 1e3),
            ("final_learning_rate", 1e-6, 1.000001),
            ("warmup_steps", 0, math.inf),
            ("clip_norm", 0, math.inf),
            ("clip_value", 0, math.inf),
            ("weight_decay", 0, 1),
            ("steps", 1, math.inf),
            ("val_fraction", 0, 0.91),
            ("eval_every", 0, math.inf),
            ("patience", 0, math.inf),
            ("min_count", 1, math.inf),
            ("max_vocab", 0, math.inf),
            ("random_seed", 0, math.inf),
        ):
            if not least <= getattr(self, name) < below:  # false for NaN too
                raise ValueError(f"{name} is {getattr(self, name)}, which is out of range.")

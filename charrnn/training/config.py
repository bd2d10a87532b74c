"""The settings of a training run, each with its help and its range."""

from __future__ import annotations

from dataclasses import dataclass

from charrnn.config_fields import setting, validate
from charrnn.held_out import shuffled_lines
from charrnn.training.optimizers import OPTIMIZERS, SCHEDULES
from charrnn.vocabulary import CLEANINGS

CLEANING_TITLES = {"none": "as it is", "letters": "letters only"}
"""Labels of the cleanings whose name is not clear enough."""


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. Raises ValueError."""

    steps: int = setting(2000, "Number of training steps.", minimum=1)
    batch_size: int = setting(
        16,
        "Pieces of the text read side by side; fewer when the text is short.",
        minimum=1,
        maximum=4096,
    )
    seq_length: int = setting(
        32,
        "Characters through which the error flows back; 0 takes the whole text.",
        minimum=0,
        maximum=100_000,
        label="Sequence length",
    )
    accumulate: int = setting(
        1,
        "Pieces read one after the other for each step, whose gradients are averaged.",
        minimum=1,
        maximum=4096,
    )
    batching: str = setting(
        "streams",
        "How the text is cut: streams continue in order, windows are shuffled pieces.",
        choices=("streams", "windows"),
    )
    stride: int = setting(
        0,
        "Characters from the start of one window to the next; 0 puts windows end to end.",
        minimum=0,
    )
    state: str = setting(
        "carry",
        "The memory between pieces: carry it until the text starts again, reset it before "
        "each piece, or never clear it (endless).",
        choices=("carry", "reset", "endless"),
    )
    optimizer: str = setting(
        "adam", "The rule that turns a gradient into a step.", choices=OPTIMIZERS
    )
    learning_rate: float = setting(
        0.0, "Size of a step; 0 uses the optimizer's default.", minimum=0, below=1000
    )
    hidden_rate: float = setting(
        0.0,
        "Multiplies the learning rate for the matrices between hidden units (all Whh, and Wxh "
        "above the first layer); 0 uses the optimizer's default, or 1 if you set the rate.",
        minimum=0,
        below=1000,
    )
    schedule: str = setting(
        "cosine", "How the learning rate falls during training.", choices=SCHEDULES
    )
    final_learning_rate: float = setting(
        0.02, "Where the schedule ends, as a share of the learning rate.", minimum=1e-6, maximum=1
    )
    warmup_steps: int = setting(
        0, "Steps over which the learning rate first rises from 0.", minimum=0
    )
    clip_norm: float = setting(5.0, "The longest gradient allowed; 0 for no limit.", minimum=0)
    clip_value: float = setting(
        0.0, "The largest gradient element allowed; 0 for no limit.", minimum=0
    )
    weight_decay: float = setting(
        0.0, "How strongly the weights are pulled toward 0 at every step.", minimum=0, below=1
    )
    averaging: float = setting(
        0.0,
        "Keep an average of the weights over about this share of the latest steps; 0 keeps the "
        "weights themselves. Works well with a constant schedule.",
        minimum=0,
        maximum=1,
    )
    keep_start: float = setting(
        0.0,
        "How much of the starting model to mix into the weights that are kept. It keeps a short "
        "text from being learned by heart.",
        minimum=0,
        below=1,
    )
    val_fraction: float = setting(
        0.1,
        "Share of the text, its end, held out to measure real progress.",
        minimum=0,
        below=0.91,
        label="Validation share",
    )
    eval_every: int = setting(
        0,
        "Steps between validations; 0 spends about a tenth of the time on them.",
        minimum=0,
        label="Validate every",
    )
    patience: int = setting(
        0, "Validations without progress before training stops early; 0 never stops.", minimum=0
    )
    rescue: bool = setting(True, "Restore the last good weights when the loss explodes.")
    cleaning: str = setting(
        "none",
        "What is done to the text before the model reads it; letters: lowercase, and "
        "everything else becomes spaces.",
        choices=CLEANINGS,
        title=lambda name: CLEANING_TITLES.get(name, name),
    )
    shuffle_lines: bool = setting(
        False,
        "Shuffle the lines first. For lists in alphabetical order, whose end is not like the rest.",
    )
    words: bool = setting(False, "Read whole words instead of characters.")
    min_count: int = setting(
        1, "Merge characters seen fewer times than this into one symbol.", minimum=1
    )
    max_vocab: int = setting(
        0,
        "How many symbols to keep; the rarest are merged into one. 0 keeps all.",
        minimum=0,
        label="Largest vocabulary",
    )
    random_seed: int = setting(
        0, "The same number and settings give the same model on the same machine.", minimum=0
    )

    def __post_init__(self) -> None:
        validate(self)

    def arranged(self, text: str) -> str:
        """The text as training reads it: with its lines shuffled by the random seed, if wanted."""
        return shuffled_lines(text, self.random_seed) if self.shuffle_lines else text

    def starts_fresh(self, first: bool) -> bool:
        """Whether a window starts from a state of zeros; first: it is the first of an epoch."""
        fresh = self.state == "reset" or self.batching == "windows"
        return fresh or (first and self.state == "carry")

    @property
    def base_rates(self) -> tuple[float, float]:
        """The learning rate, and the factor on it for the matrices between hidden units."""
        optimizer = OPTIMIZERS[self.optimizer]
        own = 1.0 if self.learning_rate else optimizer.hidden_rate
        return self.learning_rate or optimizer.learning_rate, self.hidden_rate or own

    def rate(self, step: int, done: float) -> float:
        """The learning rate at a step, `done` being the share of the run before it."""
        warm = min(1.0, step / self.warmup_steps) if self.warmup_steps else 1.0
        return self.base_rates[0] * SCHEDULES[self.schedule](done, self.final_learning_rate) * warm

"""Defines what the server and a training process send each other: jobs, commands and snapshots.

Only NumPy and the core are imported here, so that a process starts in a third of a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from charrnn.network.model import CharRNN, ModelConfig
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.config import TrainConfig
from charrnn.training.progress import Progress

POINTS = 300
"""Points kept per curve: more than a chart of 700 pixels can show."""


KeptWeights = tuple[tuple[int, bytes], ...]
"""(step, weights as float16) of the samples whose weights the visitor can write with."""


@dataclass
class Curve:
    """A curve that stays small: beyond POINTS it drops every other point, and from then on takes
    only every second, fourth, ... new one."""

    points: list[tuple[float, float]] = field(default_factory=list)
    every: int = 1
    seen: int = 0

    def add(self, x: float, y: float) -> None:
        if self.seen % self.every == 0:
            self.points.append((x, y))
            if len(self.points) > POINTS:
                self.points = self.points[::2]
                self.every *= 2
        self.seen += 1

    def packed(self) -> str:
        """The points as the chart reads them: "x,y x,y ..."."""
        return " ".join(f"{x:.6g},{y:.4f}" for x, y in self.points)


@dataclass
class Record:
    """One model's training so far: curves over steps (in a race: over seconds), and samples."""

    loss: Curve = field(default_factory=Curve)
    smooth: Curve = field(default_factory=Curve)
    validation: Curve = field(default_factory=Curve)
    samples: list[tuple[int, str, str]] = field(default_factory=list)  # (step, loss, sample)
    best: tuple[int, str, str] | None = None  # by the best weights, where the last ones differ


@dataclass(frozen=True)
class Job:
    """A training to run: one model, or several in a race for the same seconds."""

    text: str
    models: tuple[ModelConfig, ...]
    config: TrainConfig
    seconds: float  # wall-clock limit of this run, all models together
    corpus: str = ""
    seed: str = ""  # what the samples start with
    sample_length: int = 240
    temperature: float = 0.8
    rate: float = 1.0  # a factor on the learning rate, from the first step
    checkpoint: Checkpoint | None = None  # continue from here (one model only)
    record: Record = field(default_factory=Record)  # what that run has shown so far
    weights: KeptWeights = ()  # of samples in `record`
    start: CharRNN | None = None  # the model that training starts from
    start_name: str = ""
    planned: float = 0.0  # seconds that the schedule spans; 0 for the configuration's steps

    @property
    def race(self) -> bool:
        return len(self.models) > 1


@dataclass(frozen=True)
class RunView:
    """One model in training, as a page shows it."""

    model: ModelConfig
    record: Record
    progress: Progress | None  # None before its first step
    seconds: float  # of training in this run
    chars_per_second: float
    sample: str  # by the current weights


@dataclass(frozen=True)
class Snapshot:
    """The state of a run. The last one, `over`, has the files."""

    runs: tuple[RunView, ...]
    baselines: tuple[tuple[str, float], ...] = ()
    note: str = ""
    over: bool = False
    finished: bool = False  # all steps are done; False if it was stopped or ran out of time
    failed: bool = False  # then `note` says why
    files: tuple[bytes, ...] = ()  # a resumable .npz per model
    weights: KeptWeights = ()  # of the samples of one model, in the last snapshot
    best: int = 0  # the model with the lowest loss


@dataclass(frozen=True)
class Command:
    """Steers a run: "stop", "rate" (a factor on the learning rate), "temperature" (of samples)."""

    name: str
    value: float = 0.0

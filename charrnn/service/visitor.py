"""Holds one visitor's model, the text it was trained on, and the last training run."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from charrnn.corpora import CORPORA, cache_folder, data_folder, load_corpus
from charrnn.network.model import CharRNN
from charrnn.pretrained import DEFAULT, load_pretrained, pretrained_names
from charrnn.service.job import Job, Snapshot
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.record import TrainingRecord

KEPT_CHARACTERS = 2_000_000
"""Characters of training text kept per visitor: 2 MB of ASCII, so 64 sessions stay under 128 MB."""

READY_MADE = "pretrained: "
"""The start of a ready-made model's name, as people see it."""


@dataclass(frozen=True)
class LastRun:
    """A finished training, to be shown again."""

    job: Job
    snapshot: Snapshot


@dataclass(frozen=True, eq=False)
class Chosen:
    """A model used in place of the visitor's own; see service/versions.py."""

    kind: str  # versions.LAST, SAMPLE or READY
    model: CharRNN
    name: str  # for people
    text: str  # what it was trained on, "" when unknown
    step: int = 0  # of the sample
    ready_made: str = ""  # its name among the ready-made models


@dataclass(frozen=True, eq=False)
class Visitor:
    """The state of one browser session; never changed in place, see `with_model`.

    The model is read through `current`, which is the pretrained one until the visitor has trained,
    uploaded or pulled another. Two visitors are equal only if they are the same object: comparing
    or hashing one must not read a megabyte of weights.
    """

    model: CharRNN | None = None  # None: the pretrained one, shared by all visitors
    model_name: str = ""  # for people: "your LSTM on lighthouse", "uploaded: verse.npz"
    training_text: str = (
        ""  # what the model was trained on, at most KEPT_CHARACTERS; "" when unknown
    )
    checkpoint: Checkpoint | None = None  # of `model`, where its training can be continued
    run: LastRun | None = None
    token: str = ""  # the session's key in the stores; "" before anything is worth keeping
    chosen: Chosen | None = None  # used in place of `model`, which is kept

    @property
    def current(self) -> CharRNN:
        """The model every tab works with."""
        if self.chosen:
            return self.chosen.model
        return self.model if self.model is not None else starting_model()[0]

    @property
    def name(self) -> str:
        """The name of `current`, for people."""
        if self.chosen:
            return self.chosen.name
        return self.model_name if self.model is not None else starting_model()[1]

    @property
    def text(self) -> str:
        """What `current` was trained on, or "" when that is not known."""
        if self.chosen:
            return self.chosen.text
        return self.training_text if self.model is not None else starting_text()

    @property
    def resumable(self) -> bool:
        """Whether "Continue" works; after a completed plan, it adds as many steps again."""
        return self.checkpoint is not None and not (self.run and self.run.job.race)

    def with_model(self, model: CharRNN, name: str, training_text: str = "") -> Visitor:
        """The visitor with another model, and without a run."""
        return replace(
            self,
            model=model,
            model_name=name,
            training_text=training_text[:KEPT_CHARACTERS],
            checkpoint=None,
            run=None,
            chosen=None,
        )

    def with_checkpoint(
        self, checkpoint: Checkpoint, name: str, training_text: str = ""
    ) -> Visitor:
        """The visitor with a checkpoint's model, able to continue its training if possible."""
        visitor = self.with_model(checkpoint.model, name, training_text)
        return replace(visitor, checkpoint=checkpoint if checkpoint.state else None)

    def to_bytes(self) -> bytes:
        """The file of the visitor's own model, with what is needed to continue its training.

        Raises ModelFileError.
        """
        return (self.checkpoint or Checkpoint(self.model or self.current)).to_bytes()

    def with_run(self, run: LastRun | None) -> Visitor:
        """The visitor with another last run."""
        return replace(self, run=run)

    def __deepcopy__(self, memo: dict[int, Any]) -> Visitor:
        # Nothing inside ever changes, so a copy may share it all. The page's framework copies a
        # session's first value for each session: sharing saves about 1 MB a visitor.
        return self


@cache
def starting_model() -> tuple[CharRNN, str]:
    """The pretrained model that the page opens with, read once for all visitors, and its name."""
    name = pretrained_names()[0] if pretrained_names() else DEFAULT
    return load_pretrained(name), READY_MADE + name


@cache
def starting_text() -> str:
    """The text of the pretrained model if it is on this machine, else ""."""
    return text_of(starting_model()[0])


def text_of(model: CharRNN) -> str:
    """What a model was trained on, its first KEPT_CHARACTERS characters; "" unless it is at hand.

    The model's file names a corpus and gives the text's sha256; a file by a stranger may name any.
    """
    record = TrainingRecord.from_metadata(model.metadata)
    if not is_here(record.corpus):
        return ""
    corpus = load_corpus(record.corpus)
    return corpus.text[:KEPT_CHARACTERS] if corpus.sha256 == record.sha256 else ""


def is_here(corpus: str) -> bool:
    """Whether a named corpus can be read without a download."""
    places = [*filter(None, os.environ.get("CHARRNN_DATA", "").split(os.pathsep))]
    folders = [*map(Path, places), data_folder(), cache_folder()]
    return corpus in CORPORA and any((folder / f"{corpus}.txt").is_file() for folder in folders)

"""What one visitor holds: a model, the text it read, and the last training run."""

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
from charrnn.training.config import TrainConfig

TEXT_LIMIT = 2_000_000
"""Characters of training text kept per visitor: 2 MB of ASCII, so 64 sessions stay under 128 MB."""


@dataclass(frozen=True)
class LastRun:
    """A training that is over: what is needed to show it again and to go on with it exactly."""

    job: Job
    snapshot: Snapshot

    @property
    def resumable(self) -> bool:
        """Whether "Continue" can go on; after a plan that is done, with as many steps again."""
        return bool(self.snapshot.files) and not self.job.race


@dataclass(frozen=True, eq=False)
class Visitor:
    """What one browser session holds; never changed in place, see `with_model`.

    The model is read through `current`, which is the pretrained one until the visitor has trained,
    uploaded or pulled another. Two visitors are equal only if they are the same object: comparing
    or hashing one must not read a megabyte of weights.
    """

    model: CharRNN | None = None  # None: the pretrained one, shared by all visitors
    model_name: str = ""  # for people: "your LSTM on lighthouse", "uploaded: verse.npz"
    training_text: str = ""  # what the model was trained on, at most TEXT_LIMIT; "" when unknown
    run: LastRun | None = None
    token: str = ""  # the session's key in the stores; "" before anything is worth keeping

    @property
    def current(self) -> CharRNN:
        """The model every tab works with."""
        return self.model if self.model is not None else starting_model()[0]

    @property
    def name(self) -> str:
        """The name of `current`, for people."""
        return self.model_name if self.model is not None else starting_model()[1]

    @property
    def text(self) -> str:
        """What `current` was trained on, or "" when that is not known."""
        return self.training_text if self.model is not None else starting_text()

    def with_model(self, model: CharRNN, name: str, training_text: str = "") -> Visitor:
        """A visitor who holds another model, and no run; to be returned to the `gr.State`."""
        return replace(
            self,
            model=model,
            model_name=name,
            training_text=training_text[:TEXT_LIMIT],
            run=None,
        )

    def with_run(self, run: LastRun | None) -> Visitor:
        """A visitor with another last run."""
        return replace(self, run=run)

    def __deepcopy__(self, memo: dict[int, Any]) -> Visitor:
        # Nothing inside ever changes, so a copy may share it all. The page's framework copies a
        # session's first value for each session: sharing saves about 1 MB a visitor.
        return self


def uploaded_run(model: CharRNN, data: bytes) -> LastRun:
    """The run that a file holds; its text is not in the file, and is asked for by Continue."""
    corpus = model.metadata.get("corpus")
    job = Job("", (model.config,), TrainConfig(), 0.0, corpus if isinstance(corpus, str) else "")
    return LastRun(job, Snapshot((), over=True, files=(data,)))


@cache
def starting_model() -> tuple[CharRNN, str]:
    """The pretrained model that the page opens with, read once for all visitors, and its name."""
    name = pretrained_names()[0] if pretrained_names() else DEFAULT
    return load_pretrained(name), f"pretrained: {name}"


@cache
def starting_text() -> str:
    """The text of the pretrained model where it lies on this machine, else ""."""
    return text_of(starting_model()[0])


def text_of(model: CharRNN) -> str:
    """What a model was trained on, its first TEXT_LIMIT characters; "" unless it is at hand.

    The model's file names a corpus and gives the text's sha256; a file by a stranger may name any.
    """
    name = model.metadata.get("corpus")
    if not isinstance(name, str) or not is_here(name):
        return ""
    corpus = load_corpus(name)
    return corpus.text[:TEXT_LIMIT] if corpus.sha256 == model.metadata.get("sha256") else ""


def is_here(corpus: str) -> bool:
    """Whether a named corpus can be read without a download."""
    places = [*filter(None, os.environ.get("CHARRNN_DATA", "").split(os.pathsep))]
    folders = [*map(Path, places), data_folder(), cache_folder()]
    return corpus in CORPORA and any((folder / f"{corpus}.txt").is_file() for folder in folders)

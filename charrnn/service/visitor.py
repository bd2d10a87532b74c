"""What one visitor holds: a model, the text it read, and the last training run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True)
class Visitor:
    """The value of the page's one `gr.State`; never changed in place, see `with_model`.

    A tab takes it as an input and reads the model through `current`, which is the pretrained one
    until the visitor has trained, uploaded or pulled another. `version` grows by one with every
    change of model, so whoever caches something per model compares versions.
    """

    model: CharRNN | None = None  # None: the pretrained one, shared by all visitors
    model_name: str = ""  # for people: "your LSTM on lighthouse", "uploaded: verse.npz"
    training_text: str = ""  # what the model was trained on, at most TEXT_LIMIT; "" when unknown
    version: int = 0
    run: LastRun | None = None
    token: str = ""  # the vault's key for this visitor; "" before anything is worth keeping

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
            version=self.version + 1,
            run=None,
        )

    def with_run(self, run: LastRun | None) -> Visitor:
        """A visitor with another last run."""
        return replace(self, run=run)

    def __deepcopy__(self, memo: dict[int, Any]) -> Visitor:
        # Everything inside is treated as a constant, and Gradio copies a State's value for each
        # session: sharing saves one model (about 1 MB) a visitor.
        return self


@dataclass(frozen=True)
class Tab:
    """What a tab's `build(visitor)` gives back to the page's frame.

    refresh(visitor) -> values for `outputs`: the frame calls it when the page opens and after every
    change of model. changed: the tab's own events after which the visitor may hold another model.
    address: components by the name under which the page's address may set them, `?name=value`.
    """

    refresh: Callable[[Visitor], Any] | None = None
    outputs: Sequence[Any] = ()
    changed: Sequence[Any] = ()
    address: Mapping[str, Any] = field(default_factory=dict)


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
    """The named corpus a model was trained on where it lies on this machine, else ""."""
    name = str(model.metadata.get("corpus", ""))
    return load_corpus(name).text[:TEXT_LIMIT] if is_here(name) else ""


def is_here(corpus: str) -> bool:
    """Whether a named corpus can be read without a download."""
    places = [*filter(None, os.environ.get("CHARRNN_DATA", "").split(os.pathsep))]
    folders = [*map(Path, places), data_folder(), cache_folder()]
    return corpus in CORPORA and any((folder / f"{corpus}.txt").is_file() for folder in folders)

"""What one visitor holds: a model, the text it read, and the last training run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from charrnn.checkpoint import load
from charrnn.model import CharRNN

TEXT_LIMIT = 2_000_000
"""Characters of training text kept per visitor: 2 MB of ASCII, so 64 sessions stay under 128 MB."""

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"


@dataclass(frozen=True)
class LastRun:
    """What is needed to show a training run again and to go on with it exactly."""

    card: dict[str, Any] = field(default_factory=dict)  # the status card's value
    chart: dict[str, Any] = field(default_factory=dict)  # the loss chart's value
    film: dict[str, Any] = field(default_factory=dict)  # the sample film's value
    checkpoint: bytes = b""  # a resumable .npz; empty when the run cannot be continued
    text: str = ""  # the text the run learns, needed by Trainer.resume


@dataclass(frozen=True)
class Visitor:
    """The value of the page's one `gr.State`; never changed in place, see `with_model`.

    A tab takes it as an input and reads the model through `current`, which is the pretrained one until
    the visitor has trained, uploaded or pulled another. `version` grows by one with every change of
    model, so whoever caches something per model compares versions.
    """

    model: CharRNN | None = None  # None: the pretrained one, shared by all visitors
    model_name: str = ""  # for people: "your LSTM on lighthouse", "uploaded: verse.npz"
    training_text: str = ""  # what the model was trained on, at most TEXT_LIMIT; "" when unknown
    version: int = 0
    run: LastRun | None = None
    ticket: str = ""  # the vault's key for this visitor; "" before anything is worth keeping

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
        """A visitor who holds another model; the caller returns it to the `gr.State`."""
        return replace(
            self,
            model=model,
            model_name=name,
            training_text=training_text[:TEXT_LIMIT],
            version=self.version + 1,
        )

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


@cache
def starting_model() -> tuple[CharRNN, str]:
    """The pretrained model that the page opens with, read once for all visitors, and its name.

    Raises FileNotFoundError, with what to do, when pretrained/ holds no model.
    """
    files = sorted(PRETRAINED.glob("*.npz"))
    if not files:
        raise FileNotFoundError(f"There is no model in {PRETRAINED}: its README tells how to make one.")
    return load(files[0]), f"pretrained: {files[0].stem}"


@cache
def starting_text() -> str:
    """The text of the pretrained model, when it is one of the named corpora that lie here; else ""."""
    from charrnn.corpora import CORPORA, CorpusError, load_corpus

    name = str(starting_model()[0].metadata.get("corpus", ""))
    try:
        return load_corpus(name).text[:TEXT_LIMIT] if name in CORPORA else ""
    except CorpusError:
        return ""

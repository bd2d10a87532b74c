"""Character-level recurrent networks in NumPy: train, understand and share them.

Shapes are written with these sizes everywhere:

    T  steps in a window            N  sequences side by side
    V  symbols in the vocabulary    D  width of a layer's input
    H  hidden units                 G  gates of a cell

Arrays are feature-first, (features, T, N). A gradient is named `d` plus the name of its array.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from charrnn.network.cells import CELLS, Cell
from charrnn.network.model import CharRNN, ModelConfig, score
from charrnn.network.sampling import Sampling, generate
from charrnn.training.checkpoint import ModelFileError, load, save
from charrnn.training.config import TrainConfig
from charrnn.vocabulary import UnknownSymbolError, Vocabulary

if TYPE_CHECKING:
    from charrnn.corpora import CORPORA, Corpus, CorpusError, load_corpus
    from charrnn.formats.torch import from_torch, to_torch
    from charrnn.hub import from_hub, push_to_hub
    from charrnn.network.gradient_check import gradient_check
    from charrnn.training.progress import Progress
    from charrnn.training.recipes import RECIPES, Recipe
    from charrnn.training.trainer import Trainer

__version__ = "0.1.0"

__all__ = [
    "CELLS",
    "CORPORA",
    "RECIPES",
    "Cell",
    "CharRNN",
    "Corpus",
    "CorpusError",
    "ModelConfig",
    "ModelFileError",
    "Progress",
    "Recipe",
    "Sampling",
    "TrainConfig",
    "Trainer",
    "UnknownSymbolError",
    "Vocabulary",
    "from_hub",
    "from_torch",
    "generate",
    "gradient_check",
    "load",
    "load_corpus",
    "push_to_hub",
    "save",
    "score",
    "to_torch",
]


_ON_FIRST_USE = {
    "corpora": ("CORPORA", "Corpus", "CorpusError", "load_corpus"),
    "formats.torch": ("from_torch", "to_torch"),
    "hub": ("from_hub", "push_to_hub"),
    "network.gradient_check": ("gradient_check",),
    "training.progress": ("Progress",),
    "training.recipes": ("RECIPES", "Recipe"),
    "training.trainer": ("Trainer",),
}
"""What is imported when it is first used, by module: a program that only loads a model and writes
with it need not wait for the rest."""


def _of_model(name: str) -> Any:
    """The function behind a method of a model, from a package above `network`."""
    module = "analysis.summary" if name == "html" else "hub"
    return getattr(import_module(f"charrnn.{module}"), name)


CharRNN.function = _of_model


def __getattr__(name: str) -> Any:
    for module, names in _ON_FIRST_USE.items():
        if name in names:
            value = globals()[name] = getattr(import_module(f"charrnn.{module}"), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Character-level recurrent networks in NumPy: train, understand and share them.

Shapes are written with these sizes everywhere:

    T  steps in a window            N  sequences side by side
    V  symbols in the vocabulary    D  width of a layer's input
    H  hidden units                 G  gates of a cell

Arrays are feature-first, (features, T, N). A gradient is named `d` plus the name of its array.
"""

from typing import TYPE_CHECKING, Any

from charrnn.corpora import CORPORA, Corpus, CorpusError, load_corpus
from charrnn.formats.torch import from_torch, to_torch
from charrnn.network.cells import CELLS, Cell
from charrnn.network.gradient_check import gradient_check
from charrnn.network.model import CharRNN, ModelConfig, score
from charrnn.network.sampling import Sampling, generate
from charrnn.training.checkpoint import ModelFileError, load, save
from charrnn.training.config import TrainConfig
from charrnn.training.progress import Progress
from charrnn.training.recipes import RECIPES, Recipe
from charrnn.training.trainer import Trainer
from charrnn.vocabulary import UnknownSymbolError, Vocabulary

if TYPE_CHECKING:
    from charrnn.hub import from_hub, push_to_hub

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


def _of_hub(name: str) -> Any:
    """Import the Hub's functions on first use: its client takes longer than all the rest."""
    from charrnn import hub

    return getattr(hub, name)


def _of_model(name: str) -> Any:
    """The function behind a method of a model, from a room above the network."""
    if name == "html":
        from charrnn.analysis.summary import html

        return html
    return _of_hub(name)


CharRNN.function = _of_model


def __getattr__(name: str) -> Any:
    if name in ("push_to_hub", "from_hub"):
        return _of_hub(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

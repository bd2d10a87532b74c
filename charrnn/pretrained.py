"""The pretrained models that come with the project, so the page can write from the start."""

from __future__ import annotations

from pathlib import Path

from charrnn.network.model import CharRNN
from charrnn.training.checkpoint import load

DEFAULT = "lighthouse"
"""What the page starts with. Its text is included too, so baselines and copies work offline."""


def pretrained_folder() -> Path:
    """The folder of models: inside an installed package, else beside it."""
    package = Path(__file__).parent
    inside = package / "pretrained"
    return inside if inside.is_dir() else package.parent / "pretrained"


def pretrained_names() -> list[str]:
    """The names of the models that come with the project, the default first."""
    names = sorted(path.stem for path in pretrained_folder().glob("*.npz"))
    return sorted(names, key=lambda name: name != DEFAULT)


def load_pretrained(name: str = DEFAULT) -> CharRNN:
    """Load a model by name. Raises ValueError for an unknown name."""
    if name not in pretrained_names():
        known = ", ".join(pretrained_names()) or "none"
        raise ValueError(f"There is no pretrained model {name!r}. There are: {known}.")
    return load(pretrained_folder() / f"{name}.npz")

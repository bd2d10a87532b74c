"""from_pretrained and save_pretrained, the names that other libraries of the Hub use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charrnn import files
from charrnn.hub.card import card
from charrnn.hub.faults import HubError
from charrnn.hub.pull import from_hub
from charrnn.hub.push import CARD, WEIGHTS, model_files
from charrnn.network.model import CharRNN
from charrnn.training.checkpoint import load


def from_pretrained(name: str | Path, **options: Any) -> CharRNN:
    """A model from a folder, from a file or from the Hub, in this order.

    name: a folder that `save_pretrained` wrote, a model file, or what `from_hub` takes: USER/NAME,
    USER/NAME@REVISION, hf://USER/NAME or an address. options: as in `from_hub`, for the Hub alone.
    Raises ModelFileError, and HubError for a folder without a model and for what the Hub refuses.
    """
    path = Path(name)
    if path.is_dir():
        return load(weights_in(path))
    if path.is_file():
        return load(path)
    if isinstance(name, Path):
        raise HubError(f"There is no file or folder {name}.")
    return from_hub(name, **options)


def weights_in(folder: Path) -> Path:
    """The model file of a folder: weights.npz, or the only .npz. Raises HubError."""
    if (folder / WEIGHTS).is_file():
        return folder / WEIGHTS
    found = sorted(folder.glob("*.npz"))
    if len(found) != 1:
        raise HubError(f"The folder {folder} holds no charrnn model: there is no {WEIGHTS} in it.")
    return found[0]


def save_pretrained(model: CharRNN, folder: str | Path, **options: Any) -> None:
    """Write what a push would put on the Hub into a folder, created if needed.

    options: as in `card`: license, dataset, space. A card that is there keeps what people wrote.
    Raises OSError, HubError.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    old = path / CARD
    text = old.read_bytes().decode("utf-8", "replace") if old.is_file() else ""
    name = f"USER/{path.resolve().name or 'model'}"
    contents = model_files(model) | {CARD: card(model, name, old=text, **options).encode()}
    for file, data in contents.items():
        files.write(path / file, data)

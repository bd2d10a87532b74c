"""Exports a model as one web page that contains its weights and plays them offline.

The page makes no requests. Its content security policy forbids them all, and allows no script but
the player, which it names by its hash. Text goes into the page as JSON without "<" and out of it as
textContent, so that a vocabulary or a title is never read as HTML.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from string import Template

import numpy as np

from charrnn.network.model import CharRNN

HERE = Path(__file__).parent
RULES = HERE / "rules.js"
"""Cleaning, symbols and the sampling rule in JavaScript, for the exported page and the demo."""
PLAYED_CELLS = ("rnn", "lstm", "gru")
"""The cells that network.js computes."""


def to_html(model: CharRNN, title: str = "charrnn", seed: str = "") -> str:
    """The complete page, about 5.4 bytes for each weight.

    seed: the opening words that its field shows. Raises ValueError for a cell that the player
    cannot play, and for weights that are not finite.
    """
    if model.config.cell not in PLAYED_CELLS:
        raise ValueError(
            f"The web player plays {', '.join(PLAYED_CELLS)}, and this is a {model.config.cell}."
        )
    player = "".join(map(_read, ("rules.js", "network.js", "player.js")))
    style = _read("player.css")
    return Template(_read("player.html")).substitute(
        player=player,
        style=style,
        player_hash=csp_hash(player),
        style_hash=csp_hash(style),
        model=json_without_tags(_content(model, title, seed)),
    )


def _content(model: CharRNN, title: str, seed: str) -> dict[str, object]:
    config, vocabulary = model.config, model.vocabulary
    vector = model.parameters.vector.astype("<f4")
    if not np.isfinite(vector).all():
        raise ValueError("The model's weights are not finite, so it cannot write.")
    kind = "words" if vocabulary.words else "characters"
    layers = f"{config.layers} layer{'s' if config.layers > 1 else ''}"
    start = model.metadata.get("start")
    name = start.get("name") if isinstance(start, dict) else ""
    return {
        "title": title,
        "summary": f"{config.cell.upper()}, {layers} of {config.hidden_size} units, "
        f"{len(vocabulary):,} {kind}, {vector.size:,} weights"
        + (f", started from {name}" if name else ""),
        "seed": seed,
        "cell": config.cell,
        "hidden_size": config.hidden_size,
        "layers": config.layers,
        "symbols": list(vocabulary.symbols),
        "words": vocabulary.words,
        "cleaning": vocabulary.cleaning,
        "shapes": list(model.parameters.shapes.items()),
        "weights": base64.b64encode(vector.tobytes()).decode(),
    }


def json_without_tags(value: object) -> str:
    """ASCII JSON in which nothing can end the script element around it."""
    return json.dumps(value).replace("<", "\\u003c")


def csp_hash(text: str) -> str:
    """The hash by which a content security policy names a script or a style sheet."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")

"""Settings in the page's address: `?recipe=notebook&hidden_size=20`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from charrnn.training.recipes import RECIPES
from charrnn.ui.train import settings
from charrnn.ui.train.texts import OWN

LONGEST = 300
"""Characters of one value."""


def convert(default: Any, value: str) -> Any:
    """An address's text as the type of the default. Raises ValueError."""
    if isinstance(default, bool):
        return value.lower() in ("1", "true", "yes", "on")
    if isinstance(default, int):
        return int(value)
    if isinstance(default, float):
        return float(value)
    return value[:LONGEST]


def read(query: Mapping[str, str]) -> dict[str, Any]:
    """Every training setting that the address asks for, by name, with "recipe" and "corpus".

    What is unknown or out of range is left out: an old link still opens the page.
    """
    wanted: dict[str, Any] = {}
    if (recipe := query.get("recipe", "")) in RECIPES:
        wanted = {
            "recipe": recipe,
            "corpus": RECIPES[recipe].corpus,
            **settings.of_recipe(RECIPES[recipe]),
        }
    if (corpus := query.get("corpus", "")) and corpus != OWN:
        wanted["corpus"] = corpus
    for name in settings.NAMES:
        if name in query:
            try:
                value = convert(settings.DEFAULTS[name], query[name])
                settings.parse({**wanted, name: value})
            except ValueError:
                continue
            wanted[name] = value
    return wanted

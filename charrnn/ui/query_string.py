"""Settings in the page's address: `?recipe=notebook&hidden_size=20`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from charrnn.config_fields import Setting
from charrnn.corpora import CORPORA
from charrnn.pretrained import pretrained_names
from charrnn.training.fitted_settings import TIMES
from charrnn.training.recipes import RECIPES
from charrnn.ui.components.controls import checked
from charrnn.ui.generate.layout import SETTINGS as GENERATION
from charrnn.ui.limits import SEED_CHARACTERS
from charrnn.ui.train.plans import AUTO, SCRATCH
from charrnn.ui.train.settings import BY_HAND, FITTED, SETTINGS, of_recipe
from charrnn.ui.train.texts import OWN

TABS = ("train", "generate", "how", "inside", "share")


def write(values: Mapping[str, Any]) -> str:
    """The query string of a training: time and start, or a recipe and what differs from it."""
    if values.get("settings_by") == FITTED:
        corpus = {} if values["corpus"] == OWN else {"corpus": values["corpus"]}
        start = {} if values["start"] == AUTO else {"start": values["start"]}
        return urlencode({"time": values["time"], **corpus, **start})
    recipe = RECIPES[values["recipe"]]
    query = {"recipe": values["recipe"]}
    if values["corpus"] not in (OWN, recipe.corpus):
        query["corpus"] = values["corpus"]
    usual = of_recipe(recipe)
    changed = {name: value for name in usual if (value := values[name]) not in (None, usual[name])}
    return urlencode(query | changed)


def read(query: Mapping[str, str]) -> dict[str, Any]:
    """The training settings in a query string by name, with "recipe" and "corpus".

    Values that are unknown or out of range are left out, so that an old link still opens the page.
    """
    values: dict[str, Any] = {}
    if (name := query.get("recipe", "")) in RECIPES:
        recipe = RECIPES[name]
        values = {"recipe": name, "corpus": recipe.corpus, **of_recipe(recipe)}
    values |= _valid(SETTINGS, query)
    if values:
        values["settings_by"] = BY_HAND
    if (corpus := query.get("corpus", "")) in CORPORA:
        values["corpus"] = corpus
    if query.get("time", "") in TIMES:
        values |= {"time": query["time"], "settings_by": FITTED}
    if query.get("start", "") in (SCRATCH, *pretrained_names()):
        values["start"] = query["start"]
    return values


def read_generation(query: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a text to generate in a query string by name, with its "seed".

    "tab" holds the update of the tabs, where the query string names one to open, and "model" the
    name of a model of the Hub to open.
    """
    tab = query.get("tab", "")
    opened = {"tab": gr.Tabs(selected=tab)} if tab in TABS else {}
    named = {"model": query["model"][:200]} if query.get("model") else {}
    seed = {"seed": query["seed"][:SEED_CHARACTERS]} if "seed" in query else {}
    return opened | named | seed | _valid(GENERATION, query)


def write_generation(values: Mapping[str, Any], ready_made: str) -> str:
    """The query string of the Generate tab: its seed, and the settings that are not defaults."""
    query = {"tab": "generate", **({"ready": ready_made} if ready_made else {})}
    if values.get("seed"):
        query["seed"] = str(values["seed"])
    for name, row in GENERATION.items():
        if (value := values.get(name)) not in (None, "", row.default):
            query[name] = str(value)
    return urlencode(query)


def _valid(rows: Mapping[str, Setting], query: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, row in rows.items():
        if name in query:
            with suppress(ValueError):
                values |= checked({name: row}, {name: row.parse(query[name])})
    return values

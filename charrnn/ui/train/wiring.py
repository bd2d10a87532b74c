"""The Train tab's wires: which event calls which handler, with what inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from charrnn.service.scheduler import Scheduler
from charrnn.training.recipes import RECIPES
from charrnn.ui.train import settings, texts
from charrnn.ui.train.api import wire_api
from charrnn.ui.train.events import Events, refusal
from charrnn.ui.train.layout import TrainTab
from charrnn.ui.train.text_events import TextEvents

PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class Wired:
    """What the frame needs from the wired tab."""

    tab: TrainTab
    handlers: Events
    outputs: list[Any]  # everything that a run paints
    changed: list[Any]  # events after which the visitor may hold another model


def wire(tab: TrainTab, scheduler: Scheduler, visitor: gr.State, token: gr.BrowserState) -> Wired:
    handlers = Events(tab, scheduler, visitor, token)
    c = tab.controls
    buttons = [c.train, c.race, c.stop, c.go_on]
    outputs = [visitor, token, tab.address, *tab.pictures, *buttons]
    # No limit of Gradio's: the hall has a line of its own, which tells one's place.
    run: Any = {"outputs": outputs, "concurrency_limit": None, **PRIVATE}
    changed = [
        c.train.click(handlers.start, [visitor, *tab.inputs], **run),
        c.race.click(handlers.start_race, [visitor, c.race_seconds, *tab.inputs], **run),
        c.go_on.click(handlers.go_on, [visitor, tab.text.corpus, tab.text.own], **run),
        wire_api(tab, scheduler, visitor),
    ]
    c.stop.click(handlers.stop, None, None, queue=False, **PRIVATE)
    # Not `release`: that is the mouse's alone, and sliders are moved by keys too.
    last: Any = {"queue": False, "trigger_mode": "always_last", **PRIVATE}
    c.rate.input(handlers.set_rate, c.rate, None, **last)
    c.temperature.input(handlers.set_temperature, c.temperature, None, **last)
    wire_settings(tab)
    wire_text(tab, scheduler)
    return Wired(tab, handlers, outputs, changed)


def wire_settings(tab: TrainTab) -> None:
    """A recipe fills in every setting, its text and its seed, and takes a preset's place."""
    c = tab.controls

    def take(recipe: Any) -> list[Any]:
        if not isinstance(recipe, str) or recipe not in RECIPES:
            raise refusal(ValueError("There is no recipe of that name."))
        chosen = RECIPES[recipe]
        values = settings.of_recipe(chosen)
        return [
            None,
            chosen.corpus,
            chosen.seed,
            chosen.temperature,
            *(values[n] for n in settings.NAMES),
        ]

    fields = [c.fields[name] for name in settings.NAMES]
    taken = [tab.text.preset, tab.text.corpus, c.seed, c.temperature, *fields]
    c.recipe.input(take, c.recipe, taken, **PRIVATE)


def wire_text(tab: TrainTab, scheduler: Scheduler) -> None:
    """Look at a text when the panel opens or the text changes; a chosen preset follows the text."""
    text, c = tab.text, tab.controls
    handlers = TextEvents(tab, scheduler)
    shown = [text.facts, tab.pictures.chart]
    chosen = [text.corpus, text.own, text.cleaning]
    model = [c.fields["cell"], c.fields["hidden_size"], c.fields["layers"]]
    for event in (text.look_box.expand, text.corpus.input, text.cleaning.input, text.own.blur):
        event(
            handlers.look,
            [*chosen, *model],
            shown,
            trigger_mode="always_last",
            concurrency_limit=4,
            **PRIVATE,
        )
    # A text that is pasted is the text that is meant. In the browser: it may be a megabyte long.
    meant = f"(own, corpus) => own ? {texts.OWN!r} : corpus"
    text.own.change(None, [text.own, text.corpus], text.corpus, js=meant, **PRIVATE)
    text.upload.upload(handlers.uploaded, text.upload, [text.own, text.corpus], **PRIVATE)
    fields = [c.fields[name] for name in settings.NAMES]
    for event in (text.preset.input, text.corpus.input, text.cleaning.input, text.own.blur):
        event(
            handlers.fit,
            [text.preset, *chosen],
            [c.recipe, *fields],
            trigger_mode="always_last",
            concurrency_limit=4,
            **PRIVATE,
        )
    text.corpus.input(handlers.opened, text.corpus, text.own_box, **PRIVATE)

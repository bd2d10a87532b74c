"""The events of the Look inside tab, in which the model reads a text and drawings show how."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import gradio as gr

from charrnn import analysis
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate
from charrnn.service.visitor import Visitor
from charrnn.ui.components.drawing import event_values
from charrnn.ui.errors import refusal
from charrnn.ui.inspect import layout, values
from charrnn.ui.inspect.values import COMPARED, Ids, Value
from charrnn.ui.limits import INSPECTED_CHARACTERS
from charrnn.ui.tab import PRIVATE

HEAVY: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "heavy"}
"""For events that compute for a second: two at a time, so that generated text stays fluent."""
START = 480
"""Characters of the text that the tab shows when it opens."""


def start_text(visitor: Visitor) -> str:
    """The beginning of the training text, or a generated text if that is unknown."""
    vocabulary = visitor.current.vocabulary
    kept = analysis.known(vocabulary, visitor.text[: 4 * START])[:START]
    if len(vocabulary.encode(kept, unknown="skip")) >= 2:
        return kept
    return "".join(generate(visitor.current, "", START, Sampling(0.7, random_seed=0)))


def model_and_ids(visitor: Visitor, text: Any) -> tuple[CharRNN, Ids]:
    """The model, and the ids of the text to read. Raises gr.Error for fewer than two symbols."""
    vocabulary = visitor.current.vocabulary
    ids = vocabulary.encode(str(text or "")[:INSPECTED_CHARACTERS], unknown="skip")
    if len(ids) < 2:
        raise refusal("Enter at least two characters that the model knows.")
    return visitor.current, ids


def refresh(visitor: Visitor) -> tuple[str, Value, Value, Value, Value, Value]:
    """A text, the units on it, the weights of the visitor's model, and empty other drawings."""
    text = start_text(visitor)
    model, ids = model_and_ids(visitor, text)
    first, weights = values.units(model, ids), values.weights(model)
    return (
        text,
        {"about": layout.UNITS, **first},
        {"about": layout.SALIENCY},
        {"about": layout.GRADIENT_REACH},
        {"about": layout.WEIGHTS, **weights},
        {"about": layout.GRADIENT_CHECK},
    )


def take_over(event: gr.EventData) -> tuple[str, Any]:
    """A text that was written on another tab, and this tab to show it."""
    (text,) = event_values(event, "text")
    return str(text or "")[:INSPECTED_CHARACTERS], gr.Tabs(selected="inside")


def units(visitor: Visitor, text: str | None) -> Value:
    """The units of the lowest layer, beginning with the one that follows a trait best."""
    return {"about": layout.UNITS, **values.units(*model_and_ids(visitor, text))}


def choose(visitor: Visitor, text: str | None, event: gr.EventData) -> Value:
    """Another layer, gate or unit, as chosen in the drawing."""
    model, ids = model_and_ids(visitor, text)
    layer, part, unit = event_values(event, "layer", "part", "unit")
    if not (isinstance(layer, int) and isinstance(part, str)):
        layer, part = -1, ""
    cell = model.cell
    parts = (*cell.state, *(cell.gates if len(cell.gates) > 1 else ()))
    if layer not in range(model.config.layers) or part not in parts:
        raise refusal("This model has no such layer or gate: press Read again.")
    chosen = unit if isinstance(unit, int) else -1
    return {"about": layout.UNITS, **values.units(model, ids, layer, part, chosen)}


def saliency(visitor: Visitor, text: str | None) -> Value:
    """Which earlier letters mattered for every guess."""
    return {"about": layout.SALIENCY, **values.saliency(*model_and_ids(visitor, text))}


async def gradient_reach(visitor: Visitor, text: str | None) -> AsyncIterator[Value]:
    """How far back the gradient reaches, one curve after another as they are computed."""
    model, ids = model_and_ids(visitor, text)
    own = partial(values.own_reach, model, ids, "your model")
    trained = [partial(values.trained_reach, cell) for cell in COMPARED]
    untrained = [partial(values.untrained_reach, cell) for cell in COMPARED]
    curves: list[Value] = []
    for curve in (own, *trained, *untrained):
        curves.append(await asyncio.to_thread(curve))
        yield {"about": layout.GRADIENT_REACH, "curves": list(curves), "of": 7}


def check(visitor: Visitor, text: str | None) -> Value:
    """The gradient check of this model, over the first letters of the text."""
    return {"about": layout.GRADIENT_CHECK, **values.gradient_errors(*model_and_ids(visitor, text))}


def report(visitor: Visitor, text: str) -> Value:
    """Read a text with the session's model; report its surprise and the units that follow traits.

    Returns characters, nats_per_character, surprise (nats for each character, null for the first),
    likeliest (the five likeliest for each) and units (trait, layer, part, unit, correlation).
    """
    model, ids = model_and_ids(visitor, text)
    symbols = model.vocabulary.symbols
    reading = analysis.read(model, ids)
    surprise = [round(float(s), 4) if s == s else None for s in reading.surprise]  # NaN != NaN
    traits = analysis.features([symbols[i] for i in ids])
    matches = analysis.find_units(analysis.activations(model, ids), traits, 1)
    return {
        "characters": len(ids),
        "nats_per_character": round(reading.nats_per_character, 4),
        "surprise": surprise,
        "likeliest": [[symbols[i] for i in row] for row in reading.likeliest],
        "units": [{"trait": name, **best[0]._asdict()} for name, best in matches.items()],
    }


def build(visitor: gr.State, model: gr.State, written: gr.HTML, tabs: gr.Tabs) -> None:
    """Build the tab and wire it; clients see only /inspect.

    visitor, model: the session's Visitor and its CharRNN, whose change refreshes the tab. written:
    the component of the Generate tab whose event `look` brings a text here.
    """
    tab = layout.InspectTab()
    inputs = [visitor, tab.text]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
    heavy: dict[str, Any] = {**private, **HEAVY}
    read = gr.on([tab.read.click, tab.text.submit], units, inputs, tab.units, **private)
    brought = written.look(take_over, None, [tab.text, tabs], **PRIVATE)
    brought.then(units, inputs, tab.units, **private)
    # A second choice, made before the first is answered, must not be lost.
    tab.units.choose(choose, inputs, tab.units, trigger_mode="multiple", **PRIVATE)
    # After the units, which are seen first and would take twice as long beside the others.
    for event in (read.then, tab.saliency_view.select):
        event(saliency, inputs, tab.saliency, **heavy)
    for event in (read.then, tab.reach_view.select):
        event(gradient_reach, inputs, tab.reach, **PRIVATE, **HEAVY)
    tab.check.click(check, inputs, tab.errors, **heavy)
    tab.report.change(report, inputs, tab.report, api_name="inspect", show_progress="hidden")
    shown = [tab.text, tab.units, tab.saliency, tab.reach, tab.weights, tab.errors]
    model.change(refresh, visitor, shown, **PRIVATE)

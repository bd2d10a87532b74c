"""What happens on the Look inside tab: the model reads, and the pictures follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from charrnn import analysis
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate
from charrnn.service.visitor import Visitor
from charrnn.ui.errors import refusal
from charrnn.ui.inspect import layout, values
from charrnn.ui.inspect.layout import InspectTab
from charrnn.ui.inspect.values import CELL_NAMES, Ids, Value
from charrnn.ui.limits import INSPECTED_CHARACTERS
from charrnn.ui.tab import Tab

HEAVY = {"concurrency_limit": 2, "concurrency_id": "heavy"}
"""For events of about a second of computing: two at a time, so that writing texts stays fluent."""
START = 480
"""Characters of the text that stands there when the tab opens."""


def start_text(visitor: Visitor) -> str:
    """The beginning of the training text, or what the model writes itself where that is unknown."""
    vocabulary = visitor.current.vocabulary
    kept = analysis.known(vocabulary, visitor.text[: 4 * START])[:START]
    if len(vocabulary.encode(kept, unknown="skip")) >= 2:
        return kept
    return "".join(generate(visitor.current, "", START, Sampling(0.7, random_seed=0)))


def ids_of(visitor: Visitor, text: Any) -> Ids:
    """The text as the model reads it. Raises ValueError with a sentence."""
    vocabulary = visitor.current.vocabulary
    ids = vocabulary.encode(str(text or "")[:INSPECTED_CHARACTERS], unknown="skip")
    if len(ids) < 2:
        raise ValueError("Give at least two characters that the model knows.")
    return ids


def asked(visitor: Visitor, text: Any) -> tuple[CharRNN, Ids]:
    """The model and what it shall read; a toast where that cannot be."""
    try:
        return visitor.current, ids_of(visitor, text)
    except ValueError as error:
        raise refusal(error) from None


def refresh(visitor: Visitor) -> tuple[str, Value, Value, Value, Value, Value]:
    """A text, its units and the weights of the visitor's present model; the rest cleared."""
    text = start_text(visitor)
    model, ids = asked(visitor, text)
    first, weights = values.units(model, ids), values.weights(model)
    return (
        text,
        {"about": layout.UNITS, **first},
        {"about": layout.SALIENCY},
        {"about": layout.GRADIENT_REACH},
        {"about": layout.WEIGHTS, **weights},
        {"about": layout.GRADIENT_CHECK},
    )


def units(visitor: Visitor, text: str | None) -> Value:
    """The best unit of the lowest layer's hidden state over the text."""
    return {"about": layout.UNITS, **values.units(*asked(visitor, text))}


def choose(visitor: Visitor, text: str | None, event: gr.EventData) -> Value:
    """Another layer, gate or unit, as picked in the picture."""
    model, ids = asked(visitor, text)
    try:
        layer, part, unit = (getattr(event, name, None) for name in ("layer", "part", "unit"))
    except TypeError:  # no data came with the event
        layer = part = unit = None
    if not (isinstance(layer, int) and isinstance(part, str)):
        layer, part = -1, ""
    cell = model.cell
    parts = (*cell.state, *(cell.gates if len(cell.gates) > 1 else ()))
    if layer not in range(model.config.layers) or part not in parts:
        raise refusal(ValueError("This model has no such layer or gate: press Read again."))
    chosen = unit if isinstance(unit, int) else -1
    return {"about": layout.UNITS, **values.units(model, ids, layer, part, chosen)}


def saliency(visitor: Visitor, text: str | None) -> Value:
    """Which earlier letters every guess hung on."""
    return {"about": layout.SALIENCY, **values.saliency(*asked(visitor, text))}


async def gradient_reach(visitor: Visitor, text: str | None) -> AsyncIterator[Value]:
    """The gradient's reach, row by row as they are computed."""
    model, ids = asked(visitor, text)
    rows: list[Value] = []
    for cell in CELL_NAMES:
        rows.append(await asyncio.to_thread(values.reach_row, model, ids, cell))
        yield {"about": layout.GRADIENT_REACH, "rows": list(rows), "of": len(CELL_NAMES)}


def check(visitor: Visitor, text: str | None) -> Value:
    """The gradient check on this very model, over the first letters of the text."""
    return {"about": layout.GRADIENT_CHECK, **values.gradient_errors(*asked(visitor, text))}


def report(visitor: Visitor, text: str) -> Value:
    """Let the session's model read a text, and tell its surprise and the units that follow traits.

    Returns characters, nats_per_character, surprise (nats for each character, null for the first),
    likeliest (the five likeliest for each) and units (trait, layer, part, unit, correlation).
    """
    model, ids = asked(visitor, text)
    symbols = model.vocabulary.symbols
    reading = analysis.read(model, ids)
    surprise = [round(float(s), 4) if s == s else None for s in reading.surprise]  # NaN != NaN
    found = analysis.find_units(analysis.activations(model, ids), [symbols[i] for i in ids], 1)
    return {
        "characters": len(ids),
        "nats_per_character": round(reading.nats_per_character, 4),
        "surprise": surprise,
        "likeliest": [[symbols[i] for i in row] for row in reading.likeliest],
        "units": [{"trait": name, **matches[0]._asdict()} for name, matches in found.items()],
    }


def connect(tab: InspectTab, visitor: gr.State) -> None:
    """Wire the tab's events; /inspect is the one that clients see."""
    inputs, p = [visitor, tab.text], tab.pictures
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
    heavy: dict[str, Any] = {**private, **HEAVY}
    _, saliency_view, reach_view, _, _ = tab.views
    gr.on([tab.read.click, tab.text.submit], units, inputs, p.units, **private)
    # A second pick while the first is on its way must not be lost.
    picked = {**private, "show_progress": "hidden", "trigger_mode": "multiple"}
    p.units.choose(choose, inputs, p.units, **picked)
    gr.on([tab.read.click, saliency_view.select], saliency, inputs, p.saliency, **heavy)
    gr.on(
        [tab.read.click, reach_view.select],
        gradient_reach,
        inputs,
        p.gradient_reach,
        **{**heavy, "show_progress": "hidden"},
    )
    tab.check.click(check, inputs, p.gradient_check, **heavy)
    tab.report.change(report, inputs, tab.report, api_name="inspect", show_progress="hidden")


def build(visitor: gr.State) -> Tab:
    """The tab's components, wired, inside the present Gradio context."""
    tab = layout.layout()
    connect(tab, visitor)
    return Tab(refresh, [tab.text, *tab.pictures])

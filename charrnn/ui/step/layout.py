"""The How it works tab: a network small enough to read every number of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from charrnn.formats import web
from charrnn.service.visitor import Visitor
from charrnn.ui.components.drawing import Drawing, LetterDrawing
from charrnn.ui.step import lessons, values
from charrnn.ui.tab import PRIVATE

HERE = Path(__file__).parent
NETWORK = Path(web.__file__).parent / "network.js"


class Tour(Drawing):
    """Eight lessons with a question each, links to them, and a teacher's sheet."""


class StepView(LetterDrawing):
    """One step of a network in numbers; the word unrolled, backwards, and updates."""

    helpers = (
        *LetterDrawing.helpers,
        NETWORK,
        *(HERE / f"{name}.js" for name in values.SCRIPTS),
    )


def build(visitor: gr.State, model: gr.State) -> None:
    """Build the tab and wire it. visitor, model: the session's Visitor and its CharRNN."""
    Tour(lessons.value(), "tour")
    view = StepView({"starts": values.starts()}, "one step in numbers")
    model.change(refresh, visitor, view, **PRIVATE)


def refresh(visitor: Visitor) -> dict[str, Any]:
    """The step view's value: first weights, and the visitor's model if it is small."""
    return {"starts": values.starts(), "own": values.own(visitor)}

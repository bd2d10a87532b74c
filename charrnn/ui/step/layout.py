"""Builds the How it works tab: a tour, a network small enough to read, and a trained one."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from charrnn.service.visitor import Visitor
from charrnn.ui.share.model import offered
from charrnn.ui.step import values
from charrnn.ui.step.standalone import to_html
from charrnn.ui.step.tour import chapters, lessons
from charrnn.ui.step.tour.tour import Tour
from charrnn.ui.step.trained.model import TrainedModel
from charrnn.ui.step.view.step_view import StepView
from charrnn.ui.tab import PRIVATE


def build(visitor: gr.State, model: gr.State) -> None:
    """Build the tab and wire it. visitor, model: the session's Visitor and its CharRNN."""
    Tour(lessons.value(), "tour")
    StepView({"starts": values.starts()}, "one step in numbers")
    trained = TrainedModel(values.outline(Visitor()), "a trained model")
    if chapters.there():
        with gr.Accordion(
            "The chapters, with the code", open=False, elem_id="charrnn-chapters"
        ) as box:
            text = gr.Markdown(elem_classes="chapters")
        box.expand(chapters.chapters, None, text, queue=False, **PRIVATE)
    with gr.Row():
        export = gr.Button(
            "Download the step view as one HTML file", size="sm", scale=0, min_width=300
        )
    hidden = gr.DownloadButton("step view", visible="hidden", elem_id="charrnn-step-download")
    model.change(values.outline, visitor, trained, **PRIVATE)
    trained.ask(load, visitor, trained, **PRIVATE)
    made = export.click(download, visitor, hidden, **PRIVATE)
    # A DownloadButton with a handler of its own needs two clicks: click the hidden one here.
    press = "() => setTimeout(() => document.querySelector('#charrnn-step-download').click(), 60)"
    made.success(None, js=press, **PRIVATE)


def load(visitor: Visitor) -> dict[str, Any]:
    """All of the visitor's model, when the browser asks for it."""
    outline = values.outline(visitor)
    return outline if "refused" in outline else values.whole(visitor)


def download(visitor: Visitor) -> str:
    """The step view as one HTML file, with the visitor's model in it if that is small."""
    try:
        return offered("charrnn-one-step.html", to_html(values.outline(visitor)).encode())
    except ValueError as error:
        raise gr.Error(escape(str(error)), print_exception=False) from None

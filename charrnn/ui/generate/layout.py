"""The Generate tab: where everything is. What happens on it is in generate.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from charrnn.network.sampling import Sampling
from charrnn.settings import Setting, table
from charrnn.ui.components.controls import control
from charrnn.ui.components.drawing import LetterDrawing
from charrnn.ui.limits import EVALUATED_CHARACTERS, SEED_CHARACTERS

SETTINGS: dict[str, Setting] = {
    "temperature": table(Sampling)["temperature"],
    "length": Setting(
        "How many characters to write.",
        step=10,
        label="Length",
        name="length",
        kind=int,
        default=400,
        advanced=False,
    ),
    **table(Sampling),
}
"""What can be set about a text to write: in this order the endpoint /generate takes it."""

IDLE: dict[str, Any] = {
    "title": "Output",
    "note": "the stronger the color, the more the letter surprised the model; point at any letter",
    "empty": "Press Generate, and the model writes here.",
}
NO_VERDICT: dict[str, Any] = {
    "title": "Your text, as the model reads it",
    "empty": "Paste a text on the left and press the button: every letter gets a color.",
}


class Reading(LetterDrawing):
    """A text colored by how much each letter surprised the model."""


class NextSymbol(LetterDrawing):
    """What may come next: one bar for each symbol."""


class Temperatures(LetterDrawing):
    """One seed continued at five temperatures, side by side."""


class Alphabet(LetterDrawing):
    """The symbols that the model knows, as keys, and which ones of the seed it does not know."""


class Baselines(LetterDrawing):
    """The loss of a text beside the losses of simpler predictors."""


class Controls(NamedTuple):
    """What says which text to write."""

    seed: gr.Textbox
    settings: dict[str, Any]  # a component for each of SETTINGS


class Pictures(NamedTuple):
    """What is drawn."""

    alphabet: gr.HTML
    output: gr.HTML
    next: gr.HTML
    strip: gr.HTML
    verdict: gr.HTML
    scale: gr.HTML


class Buttons(NamedTuple):
    """What can be pressed."""

    generate: gr.Button
    stop: gr.Button
    strip: gr.Button
    judge: gr.Button


class GenerateTab(NamedTuple):
    controls: Controls
    pictures: Pictures
    buttons: Buttons
    text: gr.Textbox  # to be judged
    plain: gr.Textbox  # what the endpoint /generate returns


def layout() -> GenerateTab:
    """Slot the components: settings on the left, pictures on the right."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            controls, alphabet, buttons = _settings()
        with gr.Column(scale=8, min_width=320):
            output = Reading(IDLE, "text as judged", elem_id="generate-output")
            following = NextSymbol({}, "next character")
    strip = Temperatures({}, "five temperatures")
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            text = gr.Textbox(
                value="",
                lines=6,
                max_lines=12,
                max_length=EVALUATED_CHARACTERS,
                label="How much does this sound like my model?",
                info="Any text; the model reads it and says letter by letter how surprised it is.",
            )
            judge = gr.Button("Let the model read it", size="sm")
        with gr.Column(scale=8, min_width=320):
            verdict = Reading(NO_VERDICT, "your text as judged")
            scale = Baselines({}, "losses", container=False, padding=False)
    plain = gr.Textbox(value="", label="text", visible=False)
    pictures = Pictures(alphabet, output, following, strip, verdict, scale)
    return GenerateTab(controls, pictures, Buttons(*buttons, judge), text, plain)


def _settings() -> tuple[Controls, gr.HTML, tuple[gr.Button, gr.Button, gr.Button]]:
    seed = gr.Textbox(
        value="",
        lines=2,
        max_lines=5,
        max_length=SEED_CHARACTERS,
        label="Seed",
        info="How the text begins: the model reads it and goes on.",
        placeholder="Type a beginning, or leave it empty",
        elem_id="generate-seed",
    )
    alphabet = Alphabet({}, "alphabet", container=False, padding=False)
    with gr.Group():
        settings = _controls(advanced=False)
    with gr.Row():
        generate = gr.Button("Generate", variant="primary", min_width=80)
        halt = gr.Button("Stop", min_width=80)
    strip = gr.Button("Write the same at five temperatures", size="md")
    with gr.Accordion("More control", open=False):
        settings |= _controls(advanced=True)
    return Controls(seed, settings), alphabet, (generate, halt, strip)


def _controls(advanced: bool) -> dict[str, Any]:
    rows = [row for row in SETTINGS.values() if row.advanced == advanced]
    return {
        row.name: control(row, elem_id=f"generate-{row.name}".replace("_", "-")) for row in rows
    }

"""The layout of the Generate tab. What happens on the tab is in events.py."""

from __future__ import annotations

from typing import Any

import gradio as gr

from charrnn.config_fields import Setting, table
from charrnn.formats.web import RULES
from charrnn.network.sampling import Sampling
from charrnn.ui.components.controls import control
from charrnn.ui.components.drawing import Drawing, LetterDrawing
from charrnn.ui.limits import EVALUATED_CHARACTERS, SEED_CHARACTERS
from charrnn.ui.models import version_menu

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
"""The settings of a generated text, in the order of /generate's arguments."""

IDLE: dict[str, Any] = {
    "title": "Output",
    "note": "point at any letter for its surprise",
    "empty": "Press Generate, and the model writes here.",
}
NOTHING_YET: dict[str, Any] = {"query": "", "space": ""}
NOT_SCORED: dict[str, Any] = {
    "title": "Your text, as the model reads it",
    "empty": "Paste a text and press Test: every letter gets a color.",
}


def written_by(name: str) -> str:
    """The note of a text, which stays when another model is chosen: at most 80 characters."""
    return f"point at any letter · model: {name if len(name) <= 48 else name[:47] + '…'}"


class Reading(LetterDrawing):
    """A text colored by how much each letter surprised the model."""


class TakeAway(Drawing):
    """Copies the generated text: as text, as a picture, as a link, as code for a page."""


class NextSymbol(LetterDrawing):
    """What may come next: one bar for each symbol."""

    helpers = (*LetterDrawing.helpers, RULES)


class Temperatures(LetterDrawing):
    """One seed continued at five temperatures, side by side."""


class Alphabet(LetterDrawing):
    """The symbols that the model knows, as keys, and those of the seed that it does not know."""

    helpers = (*LetterDrawing.helpers, RULES)


class Baselines(LetterDrawing):
    """The loss of a text beside the losses of simpler predictors."""


class GenerateTab:
    """The tab's components: settings on the left, drawings on the right."""

    def __init__(self) -> None:
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                self._place_settings()
            with gr.Column(scale=8, min_width=320):
                self.output = Reading(IDLE, "generated text", elem_id="generate-output")
                self.take_away = TakeAway(
                    NOTHING_YET, "take it away", container=False, padding=False
                )
                self.next_symbol = NextSymbol({}, "next character")
        self.temperatures = Temperatures({}, "five temperatures")
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                self.text = gr.Textbox(
                    value="",
                    lines=6,
                    max_lines=12,
                    max_length=EVALUATED_CHARACTERS,
                    label="Test any text",
                    info="How much does it sound like this model? Surprising letters are marked.",
                )
                self.score = gr.Button("Test", size="sm")
            with gr.Column(scale=8, min_width=320):
                self.scored = Reading(NOT_SCORED, "your text, scored")
                self.baselines = Baselines({}, "losses", container=False, padding=False)
        self.plain = gr.Textbox(value="", label="text", visible=False)  # of the endpoint /generate

    def _place_settings(self) -> None:
        self.seed = gr.Textbox(
            value="",
            lines=2,
            max_lines=5,
            max_length=SEED_CHARACTERS,
            label="Opening words",
            info="How the text begins; the model continues it.",
            placeholder="Type the first words, or leave this empty",
            elem_id="generate-seed",
        )
        self.alphabet = Alphabet({}, "alphabet", container=False, padding=False)
        with gr.Group():
            self.settings = _controls(advanced=False)
        self.version = version_menu()
        with gr.Row():
            self.generate = gr.Button("Generate", variant="primary", min_width=80)
            self.stop = gr.Button("Stop", min_width=80)
        self.compare = gr.Button("Compare five temperatures", size="md")
        with gr.Accordion("More control", open=False):
            self.settings |= _controls(advanced=True)


def _controls(advanced: bool) -> dict[str, Any]:
    """A component for each of these SETTINGS, by name."""
    return {
        name: control(row, elem_id=f"generate-{name}".replace("_", "-"))
        for name, row in SETTINGS.items()
        if row.advanced == advanced
    }

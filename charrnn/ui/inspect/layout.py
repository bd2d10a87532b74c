"""The layout of the Look inside tab: a text, and five views of the model that reads it."""

from __future__ import annotations

import gradio as gr

from charrnn.ui.components.drawing import LetterDrawing
from charrnn.ui.inspect.values import LAGS
from charrnn.ui.limits import INSPECTED_CHARACTERS


class Units(LetterDrawing):
    """A text colored by one unit of a layer or gate; a map of all units."""


class Saliency(LetterDrawing):
    """How much each earlier letter mattered for the guess of a later one."""


class GradientReach(LetterDrawing):
    """How much of the gradient is left at each distance, for RNN, LSTM and GRU."""


class Weights(LetterDrawing):
    """Every array of the model as a picture."""


class GradientCheck(LetterDrawing):
    """The largest relative error of the gradient in every array."""


UNITS = (
    "The model's memory is a row of numbers, its units. Each letter is colored by the value of one "
    "unit after that letter was read: blue for positive, orange for negative. Move the slider, or "
    "ask for a unit that follows something you know."
)
SALIENCY = (
    "Point at a letter, or click to hold it. The letters before it are colored by how much they "
    "mattered for its guess: the size of the gradient of its loss with respect to each of them."
)
GRADIENT_REACH = (
    "To learn, a network sends the error of a guess back to earlier letters. The chart shows how "
    f"much of that gradient is left 1, 2, 3 ... {LAGS} characters back, in three networks of 256 "
    "units that were trained on Shakespeare and read the same passage, and in the model of this "
    "page, which reads the text above. What is nearly gone teaches nothing."
)
WEIGHTS = (
    "Everything that the model has learned. A tile is a weight (or the largest of a few): blue for "
    "positive, orange for negative, stronger for larger. A row is a unit, a column is one of its "
    "inputs. Below each picture is the histogram of its values."
)
GRADIENT_CHECK = (
    "Backpropagation is a long chain of formulas, and one mistake ruins learning silently. This "
    "check changes some weights of every array one at a time, measures the change of the loss, and "
    "compares it with the gradient. Correct formulas differ by 0.000000001 or less; a mistake is "
    "0.01 or more."
)


class InspectTab:
    """The tab's components: the text on top, the views below."""

    def __init__(self) -> None:
        with gr.Row():
            self.text = gr.Textbox(
                value="",
                lines=2,
                max_lines=3,
                max_length=INSPECTED_CHARACTERS,
                label="Text to read",
                info="Any text of a few hundred characters: the model reads it, and you watch.",
                scale=9,
                min_width=280,
            )
            self.read = gr.Button("Read", variant="primary", min_width=100, elem_id="inspect-read")
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab("Watch a unit"):
                self.units = Units({"about": UNITS}, "units")
            with gr.Tab("Which letters mattered") as self.saliency_view:
                self.saliency = Saliency({"about": SALIENCY}, "saliency")
            with gr.Tab("How far back it learns") as self.reach_view:
                self.reach = GradientReach({"about": GRADIENT_REACH}, "gradient reach")
            with gr.Tab("The weights"):
                self.weights = Weights({"about": WEIGHTS}, "weights")
            with gr.Tab("Check the math"):
                self.errors = GradientCheck({"about": GRADIENT_CHECK}, "gradient check")
                self.check = gr.Button("Check the gradients of this model", size="sm")
        self.report = gr.JSON(label="report", visible=False)  # what /inspect returns

"""The Train tab's components. What happens on them is in events.py and text_events.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from charrnn.corpora import CORPORA
from charrnn.network.sampling import Sampling
from charrnn.settings import table
from charrnn.training.fitted_settings import TIMES
from charrnn.training.recipes import RECIPES
from charrnn.ui.components.controls import control
from charrnn.ui.components.drawing import Card
from charrnn.ui.limits import SAMPLE_SEED_CHARACTERS, TRAINING_CHARACTERS
from charrnn.ui.train import views
from charrnn.ui.train.drawings import Chart, QueryString, Race, Samples, Status
from charrnn.ui.train.settings import DEFAULTS, SETTINGS
from charrnn.ui.train.texts import OWN


class TextPart(NamedTuple):
    """The text to learn, and a check of it."""

    corpus: gr.Dropdown
    own: gr.Textbox
    upload: gr.UploadButton
    own_box: gr.Accordion
    check_box: gr.Accordion
    card: gr.HTML
    time: gr.Radio


class Controls(NamedTuple):
    """Everything else on the left side."""

    recipe: gr.Dropdown
    settings: dict[str, Any]  # a component for each of SETTINGS
    train: gr.Button
    stop: gr.Button
    resume: gr.Button
    seed: gr.Textbox
    temperature: gr.Slider
    rate: gr.Slider
    race: gr.Button
    race_seconds: gr.Slider


class Pictures(NamedTuple):
    """The right side."""

    status: gr.HTML
    chart: gr.HTML
    samples: gr.HTML
    race: gr.HTML


class TrainTab(NamedTuple):
    text: TextPart
    controls: Controls
    pictures: Pictures
    query_string: gr.HTML  # writes the settings of a run into the page's address

    @property
    def inputs(self) -> dict[str, Any]:
        """The components that describe a job, by the names that `job_of` knows."""
        c = self.controls
        fixed = {"corpus": self.text.corpus, "own": self.text.own, "recipe": c.recipe}
        return fixed | {"seed": c.seed, "temperature": c.temperature, "rate": c.rate} | c.settings

    def updates(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        """Values by name as an event's outputs."""
        inputs = self.inputs
        return {inputs[name]: value for name, value in values.items()}


def layout() -> TrainTab:
    """Place the components: settings on the left, pictures on the right."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            text, controls = _settings()
        with gr.Column(scale=8, min_width=320, elem_classes="pictures"):
            pictures = Pictures(
                Status(views.IDLE, "training status"),
                Chart(views.NO_CHART, "loss"),
                Samples(views.NO_SAMPLES, "samples"),
                Race(views.NO_RACE, "race", visible=False),
            )
            query_string = QueryString({"query": ""}, "query string", visible="hidden")
    return TrainTab(text, controls, pictures, query_string)


def _settings() -> tuple[TextPart, Controls]:
    recipe = gr.Dropdown(
        [(f"{name}: {r.summary}", name) for name, r in RECIPES.items()],
        value="standard",
        label="Ready-made settings",
        info="Start here, then change anything.",
    )
    text, cleaning = _text()
    shown = [name for name, row in SETTINGS.items() if name != "cleaning" and not row.advanced]
    with gr.Group():
        settings = cleaning | _controls(shown)
    with gr.Row():
        train = gr.Button("Train", variant="primary", min_width=80)
        stop = gr.Button("Stop", interactive=False, min_width=80)
        resume = gr.Button("Continue", interactive=False, min_width=80)
    with gr.Accordion("Advanced settings", open=False):
        hidden = [name for name in SETTINGS if name not in settings]
        for pair in zip(hidden[::2], [*hidden[1::2], ""], strict=False):
            with gr.Row():
                settings |= _controls(filter(None, pair))
    with gr.Accordion("While it runs", open=False):
        rate, seed, temperature = _running()
    with gr.Accordion("Race: RNN, LSTM and GRU", open=False):
        race, seconds = _race()
    return text, Controls(
        recipe, settings, train, stop, resume, seed, temperature, rate, race, seconds
    )


def _controls(names: Any) -> dict[str, Any]:
    return {name: control(SETTINGS[name], value=DEFAULTS[name]) for name in names}


def _text() -> tuple[TextPart, dict[str, Any]]:
    corpora = [(f"{name}: {info.summary}", name) for name, info in CORPORA.items()]
    corpus = gr.Dropdown(
        [*corpora, ("your own text", OWN)],
        value="lighthouse",
        label="Text",
        info="Choose an example or paste your own.",
    )
    with gr.Accordion("Your own text", open=False) as own_box:
        own = gr.Textbox(
            value="",
            lines=4,
            max_lines=8,
            max_length=TRAINING_CHARACTERS,
            label="Paste a text",
            info="It stays in this session: it is neither stored nor published.",
        )
        upload = gr.UploadButton("Or upload a .txt file", file_types=[".txt"], size="sm")
    with gr.Accordion("Check this text", open=False) as check_box:
        card = Card({}, "text", container=False, padding=False)
        cleaning = _controls(["cleaning"])
    time = gr.Radio(
        [(f"{name}, {seconds / 60:g} min", name) for name, seconds in TIMES.items()],
        value=None,
        label="How long to train",
        info="We choose the best settings for your text and time.",
    )
    return TextPart(corpus, own, upload, own_box, check_box, card, time), cleaning


def _running() -> tuple[gr.Slider, gr.Textbox, gr.Slider]:
    rate = gr.Slider(
        0.1,
        3.0,
        value=1.0,
        step=0.1,
        label="Learning-rate multiplier",
        info="Changes the learning rate while training: watch how the curve responds.",
        buttons=["reset"],
    )
    seed = gr.Textbox(
        value="",
        max_length=SAMPLE_SEED_CHARACTERS,
        label="Opening words",
        info="What every sample starts with; empty takes the first words of the text.",
    )
    temperature = control(
        table(Sampling)["temperature"],
        label="Temperature of the samples",
        info="Low is safe and repetitive, high is daring. Can be changed while training.",
    )
    return rate, seed, temperature


def _race() -> tuple[gr.Button, gr.Slider]:
    seconds = gr.Slider(
        5,
        40,
        value=10,
        step=1,
        label="Seconds for each",
        info="All three get the same text, the same settings and the same computing time.",
    )
    return gr.Button("Start the race"), seconds

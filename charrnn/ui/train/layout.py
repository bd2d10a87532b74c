"""The Train tab's components. What happens on them is in events.py and text_events.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from charrnn.config_fields import table
from charrnn.network.sampling import Sampling
from charrnn.training.fitted_settings import TIMES
from charrnn.training.recipes import RECIPES
from charrnn.ui.components.controls import control
from charrnn.ui.components.drawing import Card
from charrnn.ui.limits import SAMPLE_SEED_CHARACTERS, TRAINING_CHARACTERS
from charrnn.ui.models import labels, version_menu
from charrnn.ui.train import views
from charrnn.ui.train.drawings import (
    Chart,
    LiveWriter,
    QueryString,
    Race,
    Samples,
    Status,
    Verdict,
)
from charrnn.ui.train.live import live_network
from charrnn.ui.train.plans import AUTO, DEFAULT_TIME, SCRATCH
from charrnn.ui.train.plans import OWN as OWN_MODEL
from charrnn.ui.train.settings import BY_HAND, DEFAULTS, FITTED, SETTINGS
from charrnn.ui.train.texts import EXAMPLES, OWN


class TextPart(NamedTuple):
    """The text to learn, and the forecast of training on it."""

    corpus: gr.Radio
    own: gr.Textbox
    upload: gr.UploadButton
    verdict: gr.HTML
    time: gr.Radio


class Controls(NamedTuple):
    """The controls that start and steer a run, and its settings."""

    settings_by: gr.Radio  # FITTED or BY_HAND
    start: gr.Dropdown
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
    card: gr.HTML


class Pictures(NamedTuple):
    """What is drawn before and while a network learns."""

    live: gr.HTML
    status: gr.HTML
    version: gr.Radio  # which weights write after a run
    samples: gr.HTML
    race: gr.HTML
    chart: gr.HTML


class TrainTab(NamedTuple):
    text: TextPart
    controls: Controls
    pictures: Pictures
    query_string: gr.HTML  # writes the settings of a run into the page's address

    @property
    def inputs(self) -> dict[str, Any]:
        """The components that describe a job, by the names that `job_of` knows."""
        c, text = self.controls, self.text
        fixed = {"corpus": text.corpus, "own": text.own, "time": text.time, "recipe": c.recipe}
        fixed |= {"settings_by": c.settings_by, "start": c.start}
        return fixed | {"seed": c.seed, "temperature": c.temperature, "rate": c.rate} | c.settings

    def updates(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        """Values by name as an event's outputs."""
        inputs = self.inputs
        return {inputs[name]: value for name, value in values.items()}


def layout() -> TrainTab:
    """Place the components: what the network does on the left, the text on the right."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=7, min_width=320, elem_classes="pictures"):
            pictures = Pictures(
                LiveWriter(live_network(), "a small network writes", elem_id="live"),
                Status(views.IDLE, "training status", visible=False),
                version_menu(),
                Samples(views.NO_SAMPLES, "samples", visible=False),
                Race(views.NO_RACE, "race", visible=False),
                Chart(views.NO_CHART, "loss", visible=False),
            )
            query_string = QueryString({"query": ""}, "query string", visible="hidden")
        with gr.Column(scale=5, min_width=320):
            text = _text()
            with gr.Row(elem_classes="run"):
                train = gr.Button("Train", variant="primary", min_width=120, scale=3)
                stop = gr.Button("Stop", interactive=False, min_width=80, scale=1)
                resume = gr.Button("Continue", interactive=False, min_width=80, scale=1)
            with gr.Accordion("Settings", open=False):
                settings_by, start, recipe, settings, card = _settings()
            with gr.Accordion("While it trains", open=False):
                rate, seed, temperature = _running()
            with gr.Accordion("Race: RNN, LSTM and GRU", open=False):
                race, seconds = _race()
    controls = Controls(
        settings_by, start, recipe, settings, train, stop, resume, seed, temperature, rate, race,
        seconds, card,
    )  # fmt: skip
    return TrainTab(text, controls, pictures, query_string)


def _text() -> TextPart:
    with gr.Row(elem_classes="heading"):
        gr.Markdown("## Teach it your text")
        upload = gr.UploadButton("Upload a file", size="sm", min_width=104, scale=0)
    own = gr.Textbox(
        value="",
        lines=6,
        max_lines=6,
        label="Paste a text",
        show_label=False,
        container=False,
        placeholder="Paste lyrics, a story, a chat, a poem. It stays in this session.",
        elem_id="train-text",
        html_attributes=gr.InputHTMLAttributes(spellcheck=False),
    )
    corpus = gr.Radio(
        [("Your text", OWN), *((title, name) for name, title in EXAMPLES.items())],
        value="lighthouse",
        label="Text to learn",
        show_label=False,
        container=False,
        elem_classes="chips",
    )
    first = {"plan": "", "most": TRAINING_CHARACTERS}
    verdict = Verdict(first, "what to expect", container=False, padding=False)
    time = gr.Radio(
        [(name.capitalize(), name) for name in TIMES],
        value=DEFAULT_TIME,
        label="How long to train",
        elem_classes="times",
    )
    return TextPart(corpus, own, upload, verdict, time)


def _settings() -> tuple[gr.Radio, gr.Dropdown, gr.Dropdown, dict[str, Any], gr.HTML]:
    settings_by = gr.Radio(
        [("Fitted to the text", FITTED), ("As set below", BY_HAND)],
        value=FITTED,
        label="Settings",
        info="Fitted: the best settings we measured for a text and a time like yours.",
    )
    start = gr.Dropdown(
        [("Choose for me", AUTO), ("From scratch", SCRATCH), *labels(), OWN_MODEL],
        value=AUTO,
        label="Start from",
        info="A model that can already write learns a short text far better.",
    )
    recipe = gr.Dropdown(
        [(f"{name}: {r.summary}", name) for name, r in RECIPES.items()],
        value="standard",
        label="Ready-made settings",
        info="Start here, then change anything.",
    )
    settings: dict[str, Any] = {}
    for pair in zip(SETTINGS, [*list(SETTINGS)[1:], ""], strict=True):
        if pair[0] not in settings:
            with gr.Row():
                settings |= _controls(filter(None, pair))
    card = Card({}, "text", container=False, padding=False)
    return settings_by, start, recipe, settings, card


def _controls(names: Any) -> dict[str, Any]:
    return {name: control(SETTINGS[name], value=DEFAULTS[name]) for name in names}


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
        info="Every sample starts with these; if empty, with the first words of your text.",
    )
    temperature = control(
        table(Sampling)["temperature"],
        label="Temperature of the samples",
        info="Low is safe and repetitive, high is daring. You can change it while it trains.",
    )
    return rate, seed, temperature


def _race() -> tuple[gr.Button, gr.Slider]:
    seconds = gr.Slider(
        5,
        40,
        value=10,
        step=1,
        label="Seconds for each",
        info="All three get the same text, settings and computing time.",
    )
    return gr.Button("Start the race"), seconds

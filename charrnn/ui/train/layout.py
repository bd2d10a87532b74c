"""The Train tab: what is on it. What happens on it is in train_events.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from charrnn.corpora import CORPORA
from charrnn.training.presets import BUDGETS
from charrnn.training.recipes import RECIPES
from charrnn.ui.components.drawing import Card
from charrnn.ui.train import settings, views
from charrnn.ui.train.drawings import Chart, QueryString, Race, Samples, Status
from charrnn.ui.train.texts import OWN, OWN_LIMIT


class TextPart(NamedTuple):
    """Which text to learn, and a look at it."""

    corpus: gr.Dropdown
    own: gr.Textbox
    upload: gr.UploadButton
    own_box: gr.Accordion
    look_box: gr.Accordion
    cleaning: gr.Radio
    facts: gr.HTML
    preset: gr.Radio


class Controls(NamedTuple):
    """Everything else on the left side."""

    recipe: gr.Dropdown
    fields: dict[str, Any]  # a component for each of settings.NAMES
    train: gr.Button
    stop: gr.Button
    go_on: gr.Button
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
    address: gr.HTML  # writes the settings of a run into the page's address

    @property
    def inputs(self) -> list[Any]:
        """What makes a job, in the order of `train_events.job_of`."""
        c = self.controls
        parts = [self.text.corpus, self.text.own, c.recipe, c.seed, c.temperature, c.rate]
        return [*parts, *(c.fields[name] for name in settings.NAMES)]


def layout() -> TrainTab:
    """Slot the components: settings on the left, pictures on the right."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            recipe = gr.Dropdown(
                [(f"{name}: {r.summary}", name) for name, r in RECIPES.items()],
                value="standard",
                label="Recipe",
                info="A set of settings that works, or teaches; a start to change from.",
            )
            text = text_part()
            with gr.Group():
                fields = {name: settings.component(name, s) for name, s in settings.MAIN.items()}
            with gr.Row():
                train = gr.Button("Train", variant="primary", min_width=80)
                stop = gr.Button("Stop", interactive=False, min_width=80)
                go_on = gr.Button("Continue", interactive=False, min_width=80)
            with gr.Accordion("Advanced settings", open=False):
                fields |= advanced()
            with gr.Accordion("While it runs", open=False):
                rate, seed, temperature = running()
            with gr.Accordion("Race: RNN, LSTM and GRU", open=False):
                race, race_seconds = racing()
        with gr.Column(scale=8, min_width=320, elem_classes="pictures"):
            pictures = Pictures(
                Status(views.IDLE, "training status"),
                Chart(views.NO_CHART, "loss"),
                Samples(views.NO_SAMPLES, "samples"),
                Race(views.NO_RACE, "race", visible=False),
            )
            address = QueryString({"query": ""}, "query string", visible="hidden")
    fields["cleaning"] = text.cleaning
    controls = Controls(
        recipe, fields, train, stop, go_on, seed, temperature, rate, race, race_seconds
    )
    return TrainTab(text, controls, pictures, address)


def text_part() -> TextPart:
    corpus = gr.Dropdown(
        [
            *((f"{name}: {info.summary}", name) for name, info in CORPORA.items()),
            ("your own text", OWN),
        ],
        value="lighthouse",
        label="Text",
        info="What to learn: a text that is here, or your own.",
    )
    with gr.Accordion("Your own text", open=False) as own_box:
        own = gr.Textbox(
            value="",
            lines=4,
            max_lines=8,
            max_length=OWN_LIMIT,
            label="Paste a text",
            info="It stays in this session: it is neither stored nor published.",
        )
        upload = gr.UploadButton("Or upload a .txt file", file_types=[".txt"], size="sm")
    with gr.Accordion("Look at this text first", open=False) as look_box:
        facts = Card({}, "text", container=False, padding=False)
        cleaning = gr.Radio(
            [(title, name) for name, title in settings.CLEANING.items()],
            value="none",
            label="Cleaning",
            info="What is done to the text before the model reads it.",
        )
    preset = gr.Radio(
        [(f"{name}, {seconds / 60:g} min", name) for name, seconds in BUDGETS.items()],
        value=None,
        label="Preset",
        info="Settings that fit this text: what learns most of it in that time.",
    )
    return TextPart(corpus, own, upload, own_box, look_box, cleaning, facts, preset)


def advanced() -> dict[str, Any]:
    fields = {}
    names = list(settings.ADVANCED)
    for pair in (names[i : i + 2] for i in range(0, len(names), 2)):
        with gr.Row():
            for name in pair:
                fields[name] = settings.component(name, settings.ADVANCED[name])
    return fields


def running() -> tuple[gr.Slider, gr.Textbox, gr.Slider]:
    rate = gr.Slider(
        0.1,
        3.0,
        value=1.0,
        step=0.1,
        label="Learning rate, times",
        info="Moves the learning rate of a run that is going on: watch the curve answer.",
        buttons=["reset"],
    )
    seed = gr.Textbox(
        value="",
        max_length=200,
        label="Seed of the samples",
        info="What every sample starts with; empty takes the first words of the text.",
    )
    temperature = gr.Slider(
        0.0,
        2.0,
        value=0.8,
        step=0.05,
        label="Temperature of the samples",
        info="Low is safe and repetitive, high is daring; it can be moved while it trains.",
        buttons=["reset"],
    )
    return rate, seed, temperature


def racing() -> tuple[gr.Button, gr.Slider]:
    seconds = gr.Slider(
        5,
        40,
        value=10,
        step=1,
        label="Seconds for each",
        info="All three get the same text, the same settings and the same computing time.",
    )
    return gr.Button("Start the race"), seconds

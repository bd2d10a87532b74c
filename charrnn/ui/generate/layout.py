"""The Generate tab: where everything is. What happens on it is in generate.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from charrnn.ui.components.explain import picture

SEED_LIMIT = 2_000
LENGTH_LIMIT = 2_000
TEXT_LIMIT = 5_000
"""Symbols of a seed, of a generated text, of a text to judge: a second or two of computing."""

IDLE: dict[str, Any] = {
    "title": "Output",
    "note": "the stronger the color, the more the letter surprised the model; point at any letter",
    "empty": "Press Generate, and the model writes here.",
}
NO_VERDICT: dict[str, Any] = {
    "title": "Your text, as the model reads it",
    "empty": "Paste a text on the left and press the button: every letter gets a color.",
}


class Controls(NamedTuple):
    """The settings of a text to be written."""

    seed: gr.Textbox
    temperature: gr.Slider
    length: gr.Slider
    top_k: gr.Slider
    top_p: gr.Slider
    stop: gr.Textbox
    random_seed: gr.Textbox


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
            output = picture("reading", IDLE, "text as judged", elem_id="generate-output")
            following = picture("next", {}, "next character")
    strip = picture("strip", {}, "five temperatures")
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            text = gr.Textbox(
                value="",
                lines=6,
                max_lines=12,
                max_length=TEXT_LIMIT,
                label="How much does this sound like my model?",
                info="Any text; the model reads it and says letter by letter how surprised it is.",
            )
            judge = gr.Button("Let the model read it", size="sm")
        with gr.Column(scale=8, min_width=320):
            verdict = picture("reading", NO_VERDICT, "your text as judged")
            scale = picture("scale", {}, "losses", container=False, padding=False)
    plain = gr.Textbox(value="", label="text", visible=False)
    pictures = Pictures(alphabet, output, following, strip, verdict, scale)
    return GenerateTab(controls, pictures, Buttons(*buttons, judge), text, plain)


def _settings() -> tuple[Controls, gr.HTML, tuple[gr.Button, gr.Button, gr.Button]]:
    seed = gr.Textbox(
        value="",
        lines=2,
        max_lines=5,
        max_length=SEED_LIMIT,
        label="Seed",
        info="How the text begins: the model reads it and goes on.",
        placeholder="Type a beginning, or leave it empty",
        elem_id="generate-seed",
    )
    alphabet = picture("alphabet", {}, "alphabet", container=False, padding=False)
    with gr.Group():
        temperature = gr.Slider(
            0.0,
            2.0,
            value=0.8,
            step=0.05,
            label="Temperature",
            info="Low is safe and repetitive, high is daring with more mistakes; 0 takes the best.",
            buttons=["reset"],
            elem_id="generate-temperature",
        )
        length = gr.Slider(
            20,
            LENGTH_LIMIT,
            value=400,
            step=10,
            label="Length",
            info="How many characters to write.",
            buttons=["reset"],
        )
    with gr.Row():
        generate = gr.Button("Generate", variant="primary", min_width=80)
        halt = gr.Button("Stop", min_width=80)
    strip = gr.Button("Write the same at five temperatures", size="md")
    with gr.Accordion("More control", open=False):
        more = _more()
    return Controls(seed, temperature, length, *more), alphabet, (generate, halt, strip)


def _more() -> tuple[gr.Slider, gr.Slider, gr.Textbox, gr.Textbox]:
    top_k = gr.Slider(
        0,
        100,
        value=0,
        step=1,
        label="Top-k",
        info="Draw only from this many of the likeliest characters; 0 allows all.",
        buttons=["reset"],
        elem_id="generate-top-k",
    )
    top_p = gr.Slider(
        0.05,
        1.0,
        value=1.0,
        step=0.05,
        label="Top-p",
        info="Draw only from the likeliest characters that together have this probability.",
        buttons=["reset"],
        elem_id="generate-top-p",
    )
    stop = gr.Textbox(
        value="",
        max_length=100,
        label="Stop at",
        info="Writing ends as soon as it has written this; empty for never.",
    )
    random_seed = gr.Textbox(
        value="",
        max_length=12,
        label="Random seed",
        info="A whole number: the same number gives the same text again. Empty rolls new dice.",
    )
    return top_k, top_p, stop, random_seed

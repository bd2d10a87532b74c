"""The layout of the Hub column on the Share tab, and its connections to hub_events.py.

Nothing here waits for the Hub when the page opens: without a network the rest works as usual.
"""

from __future__ import annotations

import os
from typing import Any

import gradio as gr

from charrnn import hub
from charrnn.ui.components.drawing import Drawing
from charrnn.ui.share import hub_events
from charrnn.ui.tab import PRIVATE

TOKENS = "huggingface.co/settings/tokens"
CALLS = 16
"""Simultaneous calls to the Hub. Each takes a thread, for a minute if the Hub is down."""


class Transfer(Drawing):
    """The progress of a transfer to or from the Hub, then its result."""


class Gallery(Drawing):
    """Models that others have shared; a click picks one."""


def build(visitor: gr.State) -> dict[str, Any]:
    """Build the column and wire it. Returns the component that `?model=` sets, by that name."""
    hub.quiet()
    panel = Panel()
    connect_push(panel, visitor)
    connect_pull(panel, visitor)
    connect_gallery(panel)
    return {"model": panel.arrived}


def can_sign_in() -> bool:
    """Whether the Hub's sign-in works here: on a Space with OAuth, and nowhere else.

    Elsewhere gr.LoginButton keeps the page from starting if the machine is not logged in or has no
    network.
    """
    return bool(os.environ.get("SPACE_ID") and os.environ.get("OAUTH_CLIENT_ID"))


class Panel:
    """The column's components, top to bottom."""

    def __init__(self) -> None:
        self._place_push()
        with gr.Accordion("Open a model", open=True):
            self._place_pull()
        self.most, self.arrived = gr.State(hub_events.FIRST), gr.State("")
        self.answer = gr.JSON(label="answer", visible=False)
        self.asked = gr.Button(visible=False)  # the endpoints /push and /pull belong to it

    def _place_push(self) -> None:
        """Sign-in or token, name, license, visibility, the button, the card."""
        if can_sign_in():
            gr.LoginButton()
        self.token = gr.Textbox(
            label="Token",
            type="password",
            max_lines=1,
            visible=not can_sign_in(),
            info=f"A fine-grained token with write access, from {TOKENS}. Used once, never stored.",
            placeholder="hf_... (on your own machine, leave it empty to use HF_TOKEN)",
            elem_id="hub-token",
        )
        with gr.Row():
            self.name = gr.Textbox(
                label="Name",
                info="The name of the model on the Hub.",
                placeholder="my-model",
                max_lines=1,
                elem_id="hub-name",
            )
            licenses = [(text, key) for key, text in hub.LICENSES.items()]
            self.license = gr.Dropdown(
                licenses,
                value="unknown",
                label="License",
                info="What others may do with it.",
            )
        self.private = gr.Checkbox(False, label="Private", info="Only you can see it.")
        self.page = gr.Checkbox(
            False,
            label="With a playable page",
            info="A static Space where anyone can try the model. It is free for every account.",
        )
        self.push = gr.Button("Share on the Hub", variant="primary")
        self.pushed = Transfer({}, "shared", container=False)

    def _place_pull(self) -> None:
        with gr.Row():
            self.wanted = gr.Textbox(
                label="Model on the Hub",
                info="The owner and the name, as in its address.",
                placeholder="user/name",
                max_lines=1,
                scale=3,
                elem_id="hub-wanted",
            )
            self.revision = gr.Textbox(
                label="Revision",
                info="A branch, tag or commit.",
                placeholder="the newest",
                max_lines=1,
                scale=1,
                min_width=110,
                elem_id="hub-revision",
            )
        self.pull = gr.Button("Open")
        self.pulled = Transfer({}, "opened", container=False)
        with gr.Row():
            self.order = gr.Radio(
                [("newest", "newest"), ("most liked", "liked")],
                value="newest",
                label="Shared by others",
                info="Models with the tag charrnn.",
                scale=2,
            )
            self.show = gr.Button("Show models", min_width=120, scale=1)
        self.models = Gallery({}, "gallery", container=False)


# Events with a token among their inputs are in no list of endpoints and in no history.
CALL: dict[str, Any] = {"concurrency_id": "hub", "concurrency_limit": CALLS, **PRIVATE}


def endpoint(name: str) -> dict[str, Any]:
    """Options of an event that clients call by this name."""
    return {**CALL, "api_visibility": "public", "api_name": name}


def connect_push(panel: Panel, visitor: gr.State) -> None:
    """The button, and /push for clients."""
    form = [visitor, panel.name, panel.license, panel.private]
    panel.asked.click(hub_events.push_by_api, form, panel.answer, **endpoint("push"))
    inputs, outputs = [*form, panel.page, panel.token], [panel.pushed, panel.token]
    panel.push.click(hub_events.share_model, inputs, outputs, **CALL)


def connect_pull(panel: Panel, visitor: gr.State) -> None:
    """The button, a click in the gallery, ?model= in the query string, and /pull for clients."""
    asked, outputs = [visitor, panel.wanted, panel.revision], [visitor, panel.pulled]
    gr.on(
        [panel.pull.click, panel.wanted.submit],
        hub_events.open_model,
        [*asked, panel.token],
        [*outputs, panel.token],
        **CALL,
    )
    picked = [*outputs, panel.token, panel.wanted, panel.revision]
    panel.models.pick(  # gallery.js triggers it
        hub_events.open_picked, [visitor, panel.token], picked, **CALL
    )
    arrived = [visitor, panel.arrived]
    panel.arrived.change(hub_events.arrive, arrived, [*outputs, panel.wanted], **CALL)
    answer = [visitor, panel.answer]
    panel.asked.click(hub_events.pull_by_api, asked, answer, **endpoint("pull"))


def connect_gallery(panel: Panel) -> None:
    """Show the gallery when asked for, and more of it when asked again."""
    outputs = [panel.models, panel.most]
    panel.show.click(hub_events.gallery, [panel.order, panel.most], outputs, **CALL)
    panel.order.change(hub_events.gallery, panel.order, outputs, **CALL)

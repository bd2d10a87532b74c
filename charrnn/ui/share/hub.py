"""The layout of the Hub column on the Share tab, and its connections to hub_events.py.

Nothing here waits for the Hub when the page opens: without a network the rest works as usual.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import gradio as gr

from charrnn import hub
from charrnn.ui.components.drawing import Drawing
from charrnn.ui.share import hub_events

TOKENS = "huggingface.co/settings/tokens"
CALLS = 8
"""Simultaneous calls to the Hub. Each holds a thread, for a minute if the Hub is down."""


class Transfer(Drawing):
    """The progress of a transfer to or from the Hub, then what came of it."""


class Gallery(Drawing):
    """Models that others have shared; a click picks one."""


class Panel(NamedTuple):
    """The column's components."""

    token: gr.Textbox
    name: gr.Textbox
    license: gr.Dropdown
    private: gr.Checkbox
    page: gr.Checkbox
    push: gr.Button
    pushed: gr.HTML
    wanted: gr.Textbox
    revision: gr.Textbox
    pull: gr.Button
    pulled: gr.HTML
    order: gr.Radio
    show: gr.Button
    models: gr.HTML
    most: gr.State
    arrived: gr.State
    answer: gr.JSON
    asked: gr.Button  # invisible: the endpoints /push and /pull belong to it


def build(visitor: gr.State) -> dict[str, Any]:
    """Build the column and wire it. Returns the component that `?model=` sets, by that name."""
    hub.quiet()
    panel = layout()
    connect_push(panel, visitor)
    connect_pull(panel, visitor)
    connect_gallery(panel)
    return {"model": panel.arrived}


def can_sign_in() -> bool:
    """Whether the Hub's sign-in works here: on a Space with OAuth, and nowhere else.

    Elsewhere gr.LoginButton stops the page from starting, when the machine is not logged in or
    has no network.
    """
    return bool(os.environ.get("SPACE_ID") and os.environ.get("OAUTH_CLIENT_ID"))


def layout() -> Panel:
    """The components, top to bottom."""
    token, name, license_, private, page, push, pushed = share_part()
    with gr.Accordion("Open a model", open=True):
        with gr.Row():
            wanted = gr.Textbox(
                label="Model on the Hub",
                info="The owner and the name, as in its address.",
                placeholder="user/name",
                max_lines=1,
                scale=3,
                elem_id="hub-wanted",
            )
            revision = gr.Textbox(
                label="Revision",
                info="Which version.",
                placeholder="the newest",
                max_lines=1,
                scale=1,
                min_width=110,
                elem_id="hub-revision",
            )
        pull = gr.Button("Open")
        pulled = Transfer({}, "opened", container=False)
        with gr.Row():
            order = gr.Radio(
                [("newest", "newest"), ("most liked", "liked")],
                value="newest",
                label="Shared by others",
                info="Models with the tag charrnn.",
                scale=2,
            )
            show = gr.Button("Show models", min_width=120, scale=1)
        models = Gallery({}, "gallery", container=False)
    return Panel(
        token, name, license_, private, page, push, pushed, wanted, revision, pull, pulled,
        order, show, models, gr.State(hub_events.FIRST), gr.State(""),
        gr.JSON(label="answer", visible=False), gr.Button(visible=False),
    )  # fmt: skip


def share_part() -> tuple[Any, ...]:
    """Sign-in or token, name, license, visibility, the button, the card."""
    if can_sign_in():
        gr.LoginButton()
    token = gr.Textbox(
        label="Token",
        type="password",
        max_lines=1,
        visible=not can_sign_in(),
        info=f"Fine-grained, with write access; made at {TOKENS}. Used once and kept nowhere.",
        placeholder="hf_... (empty on your own machine: its HF_TOKEN)",
        elem_id="hub-token",
    )
    with gr.Row():
        name = gr.Textbox(
            label="Name",
            info="What the model is called there.",
            placeholder="my-model",
            max_lines=1,
            elem_id="hub-name",
        )
        licenses = [(text, key) for key, text in hub.LICENSES.items()]
        chosen = gr.Dropdown(
            licenses, value="unknown", label="License", info="What others may do with it."
        )
    private = gr.Checkbox(False, label="Private", info="Only you can see it.")
    page = gr.Checkbox(
        False,
        label="With a playable page",
        info="A static Space: it writes in any browser, and every account may host it free.",
    )
    push = gr.Button("Share on the Hub", variant="primary")
    pushed = Transfer({}, "shared", container=False)
    return token, name, chosen, private, page, push, pushed


def private_event(**more: Any) -> dict[str, Any]:
    """For events with a token among their inputs: on no list of endpoints, in no history."""
    shared: dict[str, Any] = {"concurrency_id": "hub", "concurrency_limit": CALLS}
    return {"api_visibility": "private", "show_progress": "hidden", **shared, **more}


def public_event(name: str) -> dict[str, Any]:
    return private_event(api_visibility="public", api_name=name)


def connect_push(panel: Panel, visitor: gr.State) -> None:
    """The button, and /push for clients."""
    form = [visitor, panel.name, panel.license, panel.private]
    panel.asked.click(hub_events.push_by_api, form, panel.answer, **public_event("push"))
    panel.push.click(
        hub_events.share_model,
        [*form, panel.page, panel.token],
        [panel.pushed, panel.token],
        **private_event(),
    )


def connect_pull(panel: Panel, visitor: gr.State) -> None:
    """The button, a click in the gallery, ?model= in the query string, and /pull for clients."""
    outputs = [visitor, panel.pulled]
    gr.on(
        [panel.pull.click, panel.wanted.submit],
        hub_events.open_model,
        [visitor, panel.wanted, panel.revision, panel.token],
        [*outputs, panel.token],
        **private_event(),
    )
    panel.models.pick(  # gallery.js triggers it
        hub_events.open_picked,
        [visitor, panel.token],
        [*outputs, panel.token, panel.wanted, panel.revision],
        **private_event(),
    )
    panel.arrived.change(
        hub_events.arrive, [visitor, panel.arrived], [*outputs, panel.wanted], **private_event()
    )
    panel.asked.click(
        hub_events.pull_by_api,
        [visitor, panel.wanted, panel.revision],
        [visitor, panel.answer],
        **public_event("pull"),
    )


def connect_gallery(panel: Panel) -> None:
    """Shown when asked for; asked again, it shows more."""
    outputs = [panel.models, panel.most]
    panel.show.click(hub_events.gallery, [panel.order, panel.most], outputs, **private_event())
    panel.order.change(
        lambda order: hub_events.gallery(order, hub_events.FIRST),
        panel.order,
        outputs,
        **private_event(),
    )

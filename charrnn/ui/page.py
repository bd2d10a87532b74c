"""The frame around the tabs: the header, what happens when the page opens, how it is launched."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from charrnn.network.model import CharRNN
from charrnn.service.scheduler import Scheduler
from charrnn.service.visitor import Visitor
from charrnn.ui import query_string, theme, tools
from charrnn.ui.components.drawing import Drawing
from charrnn.ui.generate import events as generate_tab
from charrnn.ui.inspect import events as inspect_tab
from charrnn.ui.server.middleware import RequestGuard
from charrnn.ui.share import hub as hub_column
from charrnn.ui.share import model as model_column
from charrnn.ui.step import layout as step_tab
from charrnn.ui.tab import PRIVATE
from charrnn.ui.train import events as train_tab
from charrnn.ui.train import layout, views

# The page's HTML is 350 kB, compressed 50 kB. This middleware never compresses event streams.
PACKED = Middleware(GZipMiddleware, minimum_size=2000, compresslevel=4)


class Header(Drawing):
    """The name of the page, one sentence, and the model that every tab uses."""


class Session(NamedTuple):
    """What the page keeps for one visitor."""

    visitor: gr.State  # a Visitor
    token: gr.BrowserState
    model: gr.State  # the visitor's CharRNN: when it changes, every tab refreshes itself


def page(scheduler: Scheduler) -> gr.Blocks:
    """Build the page around a scheduler; see `charrnn.ui.build`."""
    blocks = gr.Blocks(title="charrnn", analytics_enabled=False, delete_cache=(600, 3600))
    with blocks:
        session = Session(
            gr.State(Visitor()),
            # The token is random: the secret only has to stay the same across restarts.
            gr.BrowserState("", storage_key="charrnn-session", secret="charrnn"),
            gr.State(None),
        )
        header = Header({"model": ""}, "model", container=False, padding=False)
        with gr.Tabs():
            with gr.Tab("Train"):
                training = layout.layout()
                train = train_tab.wire(training, scheduler, session.visitor, session.token)
            fields = other_tabs(session)
        follow_visitor(session, header, train, scheduler)
        restore(blocks, session, train, scheduler, fields)
        tools.wire()
    blocks.queue(max_size=60, default_concurrency_limit=20, api_open=False)
    return blocks


def other_tabs(session: Session) -> dict[str, Any]:
    """Build the tabs after Train; returns the components that the query string sets."""
    with gr.Tab("Generate"):
        fields = generate_tab.build(session.visitor, session.model)
    with gr.Tab("How it works"):
        step_tab.build(session.visitor, session.model)
    with gr.Tab("Look inside"):
        inspect_tab.build(session.visitor, session.model)
    with gr.Tab("Share"), gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("## Your model")
            model_column.build(session.visitor, session.model)
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("## Hub")
            fields |= hub_column.build(session.visitor)
    return fields


def follow_visitor(
    session: Session, header: gr.HTML, train: train_tab.Wired, scheduler: Scheduler
) -> None:
    """When any event changes the visitor: keep it for a reload, and show which model it holds."""
    received = gr.State(None)  # the last model that was opened or uploaded, not trained here

    def changed(visitor: Visitor, model: CharRNN | None) -> dict[Any, Any]:
        updates: dict[Any, Any] = {header: title_of(visitor)}
        if visitor.current is model:
            return updates
        updates[session.model] = visitor.current
        if visitor.model is not None:
            kept = scheduler.session_store.keep(visitor)
            if kept is not visitor:
                updates |= {session.visitor: kept, session.token: kept.token}
        if model is not None and visitor.run is None:  # without a model, the page has just opened
            updates[received] = visitor.current
        return updates

    outputs = [header, received, *session]
    session.visitor.change(changed, [session.visitor, session.model], outputs, **PRIVATE)
    # An event of its own: one that also ran when a training starts would disable its buttons.
    received.change(train.handlers.shown, session.visitor, train.outputs, **PRIVATE)


def title_of(visitor: Visitor) -> views.Value:
    """The header's value: which model all tabs work with."""
    return {"model": f"{visitor.name} · {views.name(visitor.current.config)}"}


def restore(
    blocks: gr.Blocks,
    session: Session,
    train: train_tab.Wired,
    scheduler: Scheduler,
    others: dict[str, Any],
) -> None:
    """When the page opens: restore the visitor's session, and the settings of the query string.

    others: components by the query parameter that sets them, besides the training settings.
    """

    async def opened(token: str, request: gr.Request) -> dict[Any, Any]:
        visitor = await asyncio.to_thread(scheduler.find, str(token or ""))
        query = dict(request.query_params)
        wanted = query_string.read(query)
        updates = train.tab.updates(wanted)
        updates |= {others[n]: value for n, value in query_string.read_generation(query).items()}
        if visitor is not None:
            updates |= train.handlers.shown(visitor, request)
        # A new object even for a new visitor: the change makes every tab show the model.
        return {**updates, session.visitor: visitor or Visitor()}

    outputs = [*train.outputs, *train.tab.inputs.values(), *others.values()]
    blocks.load(opened, session.token, list(dict.fromkeys(outputs)), **PRIVATE)


def settings() -> dict[str, Any]:
    """The arguments of `launch`, each for a reason measured or read.

    run_history would keep every input in the visitor's browser; monitoring would show the traffic
    to anyone; sessions hold a model each, so their number is bounded.
    """
    return {
        "theme": theme.theme(),
        "css": theme.css(),
        "run_history": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "show_error": False,
        "max_file_size": "50mb",
        "state_session_capacity": 100,
        "footer_links": ["api", "gradio", "settings"],
        "app_kwargs": {"middleware": [Middleware(RequestGuard), PACKED]},
    }

"""Builds the page around the tabs: its header, what happens when it opens, how it is launched."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, NamedTuple

import gradio as gr
from fastapi import Depends
from gradio.brotli_middleware import BrotliMiddleware
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from charrnn.network.model import CharRNN
from charrnn.pretrained import pretrained_names
from charrnn.service import versions
from charrnn.service.pools import WAITING
from charrnn.service.scheduler import Scheduler
from charrnn.service.visitor import Visitor
from charrnn.ui import models, query_string, theme, tools
from charrnn.ui.components.drawing import Drawing
from charrnn.ui.generate import events as generate_tab
from charrnn.ui.inspect import events as inspect_tab
from charrnn.ui.server.middleware import RequestGuard
from charrnn.ui.server.page_cache import PageCache
from charrnn.ui.server.routes import check_route
from charrnn.ui.server.sessions import ARRIVE, CHOOSE, HEAD, OPEN, REMEMBER, RESTORE, Page, token_of
from charrnn.ui.server.shares import Shares
from charrnn.ui.share import hub as hub_column
from charrnn.ui.share import model as model_column
from charrnn.ui.step import layout as step_tab
from charrnn.ui.tab import PRIVATE
from charrnn.ui.tab import session as session_of
from charrnn.ui.train import events as train_tab
from charrnn.ui.train import layout, views


class Brotli(BrotliMiddleware):
    """Gradio's own compression of its files, also for the page itself, whose path has no suffix.

    The page repeats the drawings' helpers in each drawing, further apart than gzip looks back: 720
    kB become 205 kB with gzip and 150 kB with Brotli.
    """

    def _is_compressible_file_type(self, scope: Any) -> bool:
        return bool(scope.get("path") == "/")


# Gzip for browsers without Brotli. Neither compresses event streams.
COMPRESSED = [
    Middleware(GZipMiddleware, minimum_size=2000, compresslevel=4),
    Middleware(Brotli, quality=5, gzip_fallback=False),
]


class Header(Drawing):
    """The name of the page, one sentence, and the model that every tab uses."""


class Session(NamedTuple):
    """What the page keeps for one visitor."""

    visitor: gr.State  # a Visitor
    token: gr.Textbox  # never shown; browser_tab.js keeps it
    model: gr.State  # the visitor's CharRNN: when it changes, every tab refreshes itself


def page(scheduler: Scheduler) -> gr.Blocks:
    """Build the page around a scheduler; see `charrnn.ui.build`."""
    blocks = Page(title="charrnn", analytics_enabled=False, delete_cache=(600, 3600))
    with blocks:
        tools.wire(scheduler)  # first, because events of the same names come later
        session = Session(
            gr.State(Visitor()),
            # Not gr.BrowserState: it stops the page where a browser blocks storage, as in a frame
            # of another site, and adds 26 kB of cryptography.
            gr.Textbox("", label="session token", visible=False),
            gr.State(None),
        )
        header = Header({"model": ""}, "model", container=False, padding=False)
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            with gr.Tab("Train", id="train"):
                training = layout.layout()
                train = train_tab.wire(training, scheduler, session.visitor, session.token)
            fields, version = other_tabs(session, tabs)
        pictures = training.pictures
        menus = [pictures.version, version]
        models.wire(header, menus, pictures.samples, tabs, session.visitor, scheduler)
        follow_visitor(session, header, train)
        restore(blocks, session, train, scheduler, {"tab": tabs, **fields})
    blocks.scheduler, blocks.visitor = scheduler, session.visitor
    blocks.queue(max_size=60, default_concurrency_limit=20, api_open=False)
    return blocks


def other_tabs(session: Session, tabs: gr.Tabs) -> tuple[dict[str, Any], gr.Radio]:
    """Build the tabs after Train.

    Returns the components that the query string sets, and the menu of versions on Generate.
    """
    with gr.Tab("Generate", id="generate") as generate:
        fields, version, written = generate_tab.build(session.visitor, session.model)
    # A menu in a tab that was never opened accepts its choices, but not the chosen one.
    generate.select(models.offered, session.visitor, version, **PRIVATE)
    with gr.Tab("How it works", id="how"):
        step_tab.build(session.visitor, session.model)
    with gr.Tab("Look inside", id="inside"):
        inspect_tab.build(session.visitor, session.model, written, tabs)
    with gr.Tab("Share", id="share"), gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("## Your model")
            model_column.build(session.visitor, session.model)
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("## Hub")
            fields |= hub_column.build(session.visitor)
    return fields, version


def follow_visitor(session: Session, header: gr.HTML, train: train_tab.Wired) -> None:
    """When any event changes the visitor: tell the browser its token, and show its model."""
    received = gr.State(None)  # the last model that was opened or uploaded rather than trained here

    def changed(visitor: Visitor, model: CharRNN | None) -> dict[Any, Any]:
        updates: dict[Any, Any] = {header: models.title_of(visitor)}
        if visitor.token:
            updates[session.token] = visitor.token
        if visitor.current is model:
            return updates
        updates[session.model] = visitor.current
        if model is not None and visitor.run is None:  # without a model, the page has just opened
            updates[received] = visitor.current
        return updates

    outputs = [header, received, *session]
    known = session.visitor.change(changed, [session.visitor, session.model], outputs, **PRIVATE)
    known.then(None, session.token, None, js=REMEMBER, **PRIVATE)
    # A separate event: one that also ran when a training starts would disable its buttons.
    received.change(train.handlers.shown, session.visitor, train.outputs, **PRIVATE)


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

    followed = gr.State("")  # the token of a run in progress

    async def opened(sent: str, request: gr.Request) -> dict[Any, Any]:
        token, own = token_of(sent)
        key = session_of(request)
        visitor = await WAITING.run(key, scheduler.arrive, token, own, key)
        query = dict(request.query_params)
        updates = train.tab.updates(query_string.read(query))
        updates |= {others[n]: value for n, value in query_string.read_generation(query).items()}
        if visitor is None and own:
            updates[train.tab.pictures.status] = gr.update(value=views.GONE, visible=True)
        if visitor is not None:
            updates |= {**train.handlers.shown(visitor, request), session.token: visitor.token}
            updates[followed] = visitor.token if scheduler.run_of(visitor.token) else ""
        visitor = visitor or Visitor()
        if (name := query.get("ready", "")) in pretrained_names():
            visitor = versions.with_ready_made(visitor, name)
        # A new object even for a new visitor: the change makes every tab show the model.
        return {**updates, session.visitor: visitor}

    outputs = [followed, *train.outputs, *train.tab.inputs.values(), *others.values()]
    ready = blocks.load(opened, session.token, list(dict.fromkeys(outputs)), js=ARRIVE, **PRIVATE)
    own_text, corpus = train.tab.text.own, train.tab.text.corpus
    text = ready.then(None, [own_text, corpus], [own_text, corpus], js=RESTORE, **PRIVATE)
    text.then(None, js=OPEN, **PRIVATE)
    ready.failure(None, js=OPEN, **PRIVATE)
    corpus.change(None, corpus, None, js=CHOOSE, **PRIVATE)
    followed.change(
        train.handlers.rejoin, session.visitor, train.outputs, concurrency_limit=None, **PRIVATE
    )


def settings() -> dict[str, Any]:
    """The arguments of `launch`, each for a reason that was measured or read.

    run_history would keep every input in the visitor's browser; monitoring would show the traffic
    to anyone; each session has a model, so their number is bounded. An event that streams, such as
    a training in the queue, takes one of `max_threads` places: a class would use up all 40.
    """
    return {
        "theme": theme.theme(),
        "css": theme.css(),
        "head": HEAD + theme.head(),
        "run_history": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "show_error": False,
        "max_file_size": "50mb",
        "state_session_capacity": 100,
        "max_threads": 400,
        "_frontend": False,  # its check of the page ends the server if it once takes 3 seconds
        "mcp_server": find_spec("mcp") is not None,  # comes with gradio[mcp], as on a Space
        "footer_links": ["api", "gradio", "settings"],
        "app_kwargs": {
            "dependencies": [Depends(check_route)],
            "middleware": [Middleware(each) for each in (RequestGuard, Shares, PageCache)]
            + COMPRESSED,
        },
    }

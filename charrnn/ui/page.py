"""The frame around the tabs: the header, what happens when the page opens, how it is launched."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from charrnn.baselines import corpus_baselines
from charrnn.service.scheduler import Scheduler
from charrnn.service.visitor import Visitor, is_here
from charrnn.ui import query_string, theme
from charrnn.ui.components.drawing import Drawing
from charrnn.ui.generate import events as generate_tab
from charrnn.ui.inspect import events as inspect_tab
from charrnn.ui.server.middleware import RequestGuard
from charrnn.ui.share import hub, model
from charrnn.ui.tab import Tab
from charrnn.ui.train import events as train_tab
from charrnn.ui.train import layout, views
from charrnn.ui.train import settings as train_settings

# The page's own HTML is 350 kB, 50 kB packed. Event streams are never packed by this middleware.
PACKED = Middleware(GZipMiddleware, minimum_size=2000, compresslevel=4)


class Header(Drawing):
    """The name of the page, one sentence, and the model that every tab uses."""


class Frame(NamedTuple):
    """What all tabs share."""

    visitor: gr.State
    token: gr.BrowserState
    header: gr.HTML


def page(scheduler: Scheduler) -> gr.Blocks:
    """Build the page around a scheduler; see `charrnn.ui.build`."""
    blocks = gr.Blocks(title="charrnn", analytics_enabled=False, delete_cache=(600, 3600))
    with blocks:
        frame = Frame(
            gr.State(Visitor()),
            # The ticket is random: the secret only has to be the same after a restart.
            gr.BrowserState("", storage_key="charrnn-ticket", secret="charrnn"),
            Header({"model": ""}, "model", container=False, padding=False),
        )
        with gr.Tabs():
            with gr.Tab("Train"):
                training = layout.layout()
                events = train_tab.wire(training, scheduler, frame.visitor, frame.token)
            tabs = other_tabs(frame.visitor)
        refresh(frame, [Tab(changed=events.changed), *tabs])
        for event in (event for tab in tabs for event in tab.changed):
            after(event, events.handlers.shown, frame.visitor, events.outputs)
            after(event, events.handlers.keep, frame.visitor, [frame.visitor, frame.token])
        restore(blocks, frame, scheduler, events, tabs)
    blocks.queue(max_size=60, default_concurrency_limit=20, api_open=False)
    return blocks


def other_tabs(visitor: gr.State) -> list[Tab]:
    """Generate, Look inside, and Share with its two columns."""
    with gr.Tab("Generate"):
        tabs = [generate_tab.build(visitor)]
    with gr.Tab("Look inside"):
        tabs.append(inspect_tab.build(visitor))
    with gr.Tab("Share"), gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("## Your model")
            tabs.append(model.build(visitor))
        with gr.Column(scale=1, min_width=320):
            gr.Markdown("## Hub")
            tabs.append(hub.build(visitor))
    return tabs


def title_of(visitor: Visitor) -> views.Value:
    """The header's value: which model all tabs work with."""
    return {"model": f"{visitor.name} · {views.name(visitor.current.config)}"}


def refresh(frame: Frame, tabs: list[Tab]) -> None:
    """After every event that may change the model, tell the header and all tabs."""
    for event in (event for tab in tabs for event in tab.changed):
        after(event, title_of, frame.visitor, frame.header)
        for tab in tabs:
            if tab.refresh:
                after(event, tab.refresh, frame.visitor, list(tab.outputs))


def after(event: Any, fn: Any, visitor: gr.State, outputs: Any) -> Any:
    hidden: Any = {"show_progress": "hidden", "api_visibility": "private"}
    return event.then(fn, visitor, outputs, **hidden)


def restore(
    blocks: gr.Blocks, frame: Frame, scheduler: Scheduler, events: train_tab.Wired, tabs: list[Tab]
) -> None:
    """When the page opens: what the ticket's holder had, and the settings of the address."""
    others = {name: part for tab in tabs for name, part in tab.address.items()}

    async def opened(token: str, request: gr.Request) -> dict[Any, Any]:
        visitor = await asyncio.to_thread(scheduler.find, str(token or ""))
        query = dict(request.query_params)
        wanted = query_string.read(query)
        updates = events.tab.updates(wanted)
        updates |= {others[n]: value for n, value in query_string.read_generation(query).items()}
        corpus = str(wanted.get("corpus", "lighthouse"))
        if visitor is None or visitor.run is None:
            updates[events.tab.pictures.chart] = await asyncio.to_thread(
                first_chart, corpus, wanted
            )
        if visitor is not None:
            updates |= {frame.visitor: visitor, **events.handlers.shown(visitor, request)}
        return updates

    outputs = [frame.visitor, frame.header, *events.tab.inputs.values(), *others.values()]
    pictures = [*events.outputs, *outputs]
    hidden: Any = {"show_progress": "hidden", "api_visibility": "private"}
    loaded = blocks.load(opened, frame.token, list(dict.fromkeys(pictures)), **hidden)
    refresh(frame, [Tab(changed=[loaded]), *(Tab(t.refresh, t.outputs) for t in tabs)])


def first_chart(corpus: str, wanted: dict[str, Any]) -> views.Value:
    """The chart before the first step: the baselines of the chosen text."""
    if not is_here(corpus):
        return views.NO_CHART
    chosen = {**train_settings.DEFAULTS, **wanted}
    levels = corpus_baselines(corpus, str(chosen["cleaning"]), float(chosen["val_fraction"]))
    return views.only_baselines(levels)


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
        "max_file_size": "20mb",
        "state_session_capacity": 100,
        "footer_links": ["api", "gradio", "settings"],
        "app_kwargs": {"middleware": [Middleware(RequestGuard), PACKED]},
    }

"""Chooses the model that all tabs use: the visitor's own, in its versions, or a ready-made one."""

from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr

from charrnn.pretrained import load_pretrained, pretrained_names
from charrnn.service import versions
from charrnn.service.scheduler import Scheduler
from charrnn.service.visitor import Visitor
from charrnn.ui.components.drawing import event_values
from charrnn.ui.errors import refusal
from charrnn.ui.tab import PRIVATE, session
from charrnn.ui.train import views

Value = dict[str, Any]


def version_menu() -> gr.Radio:
    """The switch between the versions of the visitor's model; hidden if there is only one."""
    return gr.Radio(
        [],
        label="Which version writes",
        info="Best on unseen text invents more; the last step knows the text by heart.",
        visible=False,
        elem_classes="versions",
    )


def labels() -> list[tuple[str, str]]:
    """(label, name) of the ready-made models, for menus: "shakespeare-gru · GRU 256"."""
    configs = {name: load_pretrained(name).config for name in pretrained_names()}
    return [(f"{name} · {views.name(config)}", name) for name, config in configs.items()]


def title_of(visitor: Visitor) -> Value:
    """The header's value: the model that all tabs use, and the models to choose from."""
    return {
        "model": f"{visitor.name} · {views.name(visitor.current.config)}",
        "own": visitor.model_name if visitor.model else "",
        "ready": labels(),
        "chosen": in_use(visitor),
    }


def in_use(visitor: Visitor) -> str:
    """The name of the ready-made model that all tabs use; empty for the visitor's own model."""
    chosen = visitor.chosen.ready_made if visitor.chosen else ""
    first = next(iter(pretrained_names()), "") if visitor.model is None else ""
    return chosen or first


def menu_value(visitor: Visitor) -> Any:
    """The update of a menu of ready-made models."""
    return gr.update(value=in_use(visitor) or None)


def pick(visitor: Visitor, event: gr.EventData) -> Visitor:
    """Use the model that was chosen in the header."""
    (name,) = event_values(event, "name")
    return ready_made(visitor, name)


def ready_made(visitor: Visitor, name: Any) -> Visitor:
    """Use a ready-made model, or the visitor's own for "". None, a closed list, changes nothing."""
    visitor = visitor or Visitor()
    if name is None:
        return visitor
    try:
        return versions.with_ready_made(visitor, str(name))
    except ValueError as error:
        raise refusal(error) from None


def switch(visitor: Visitor, key: Any) -> Visitor:
    """Use the best or the last weights of the visitor's model."""
    return versions.with_version(visitor or Visitor(), str(key))


def at_sample(visitor: Visitor, event: gr.EventData) -> tuple[Visitor, Any]:
    """Use the weights of a sample, and show the Generate tab."""
    (step,) = event_values(event, "step")
    visitor = visitor or Visitor()
    try:
        if step == versions.BEST:
            visitor = versions.with_version(visitor, versions.BEST)
        else:
            visitor = versions.with_sample(visitor, int(str(step)))
    except ValueError as error:
        raise refusal(error) from None
    return visitor, gr.Tabs(selected="generate")


def offered(visitor: Visitor) -> Any:
    """The update of a version menu."""
    names = versions.versions(visitor)
    choices = [(title, key) for key, title in names.items()]
    key = versions.version(visitor)
    value = key if key in names else None
    ready = visitor.chosen is not None and visitor.chosen.kind == versions.READY
    return gr.update(choices=choices, value=value, visible=bool(names) and not ready)


def wire(
    header: gr.HTML,
    menus: list[gr.Radio],
    samples: gr.HTML,
    tabs: gr.Tabs,
    visitor: gr.State,
    scheduler: Scheduler,
) -> None:
    """Connect the header's menu, the version menus and "Write from here" of the samples."""
    header.pick(pick, visitor, visitor, **PRIVATE)
    for menu in menus:
        menu.input(switch, [visitor, menu], visitor, **PRIVATE)
    samples.write(at_sample, visitor, [visitor, tabs], **PRIVATE)

    async def shown(visitor: Visitor, request: gr.Request) -> list[Any]:
        if scheduler.running(session(request)):  # the run draws its own samples
            return [gr.skip()] * (len(menus) + 1)
        update = await asyncio.to_thread(offered, visitor)
        run = visitor.run
        drawn = views.samples(run.job, run.snapshot, visitor) if run else gr.skip()
        return [*[update] * len(menus), drawn]

    visitor.change(shown, visitor, [*menus, samples], **PRIVATE)

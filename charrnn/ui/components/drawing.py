"""The base classes of the page's own components, drawn in the browser by JavaScript.

A component is a subclass of `Drawing` and a JavaScript file of the same name beside its module.
Text from people or models reaches the page only through `textContent` in those scripts. A template
with `{{value}}` or `${value}` would run it as code, so the templates never hold a value.
"""

from __future__ import annotations

import inspect
import re
from abc import ABCMeta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from gradio.component_meta import ComponentMeta, updateable

HERE = Path(__file__).parent


class _NoInterfaceFile(ComponentMeta):
    """Gradio's metaclass, but without the .pyi file that it writes beside a component's source."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
        if "__init__" in attributes:
            attributes["__init__"] = updateable(attributes["__init__"])  # type: ignore[no-untyped-call]
        return ABCMeta.__new__(cls, name, bases, attributes)


@cache
def _source(path: Path) -> str:
    return path.read_text("utf-8")


class Drawing(gr.HTML, metaclass=_NoInterfaceFile):
    """A `gr.HTML` that JavaScript draws from its value, again at every change of the value.

    value: JSON-able and small (under 100 KB). Pack long series into strings: 1,000 characters cost
    13 ms of server time per update as nested lists and 0.2 ms as one string. The value has a
    default, because Gradio remakes the component without one to change another property. label:
    for the API. The script of class NextSymbol is next_symbol.js. It sees `element`, `props`,
    `trigger`, `watch` and the helpers of common.js; it ends by calling `always(draw)`.
    """

    helpers: ClassVar[tuple[Path, ...]] = (HERE / "common.js",)
    css_class: ClassVar[str] = "drawing"

    def __init__(
        self, value: dict[str, Any] | None = None, label: str = "", **options: Any
    ) -> None:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        script = Path(inspect.getfile(type(self))).with_name(f"{name}.js")
        super().__init__(
            value,
            label=label,
            html_template=f'<div class="{self.css_class} {name.replace("_", "-")}"></div>',
            js_on_load="".join(map(_source, (*self.helpers, script))),
            apply_default_css=False,
            **{"container": True, "padding": True, **options},
        )


def event_values(event: gr.EventData, *names: str) -> tuple[Any, ...]:
    """What a script sent with an event, by name; None for what it did not send."""
    try:
        return tuple(getattr(event, name, None) for name in names)
    except TypeError:  # no data came with the event
        return (None,) * len(names)


class LetterDrawing(Drawing):
    """A drawing that shows symbols of a model: it also has the helpers of symbols.js."""

    helpers = (*Drawing.helpers, HERE / "symbols.js")
    css_class = "drawing letters"


class Card(Drawing):
    """A title, a sentence, name-value pairs, small labeled chips, a text."""

"""Pictures drawn in the browser: a fixed template, JavaScript from static/, a small JSON value.

Text from people or models reaches the page only through `textContent` in those scripts. A template
with `{{value}}` or `${value}` would run it as code, so templates here never hold a value.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parents[1] / "static"


@cache
def script(name: str) -> str:
    """The JavaScript of picture `name`: what all pictures share, then its own file."""
    return "".join((STATIC / f"{part}.js").read_text("utf-8") for part in ("common", name))


def drawing(name: str, value: dict[str, Any], label: str, **options: Any) -> gr.HTML:
    """A `gr.HTML` that static/`name`.js draws from `value`, again at every change of it.

    value: JSON-able and small (under 100 KB). Pack long series into strings: 1,000 characters cost
    13 ms of server time per update as nested lists and 0.2 ms as one string. label: for the API.
    The script sees `element`, `props`, `trigger`, `watch` and the helpers of static/common.js; it
    ends by calling `always(draw)`.
    """
    return gr.HTML(
        value,
        label=label,
        html_template=f'<div class="drawing {name}"></div>',
        js_on_load=script(name),
        apply_default_css=False,
        **{"container": True, "padding": True, **options},
    )

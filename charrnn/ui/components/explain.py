"""The pictures of the Generate and Look inside tabs: as in drawing.py, with letters shown."""

from __future__ import annotations

from functools import cache
from typing import Any

import gradio as gr

from charrnn.ui.components.drawing import STATIC, script


@cache
def _scripts(name: str) -> str:
    """What all pictures share, what those of letters share, and the picture's own file."""
    return script("symbols") + (STATIC / f"{name}.js").read_text("utf-8")


def picture(name: str, value: dict[str, Any], label: str, **options: Any) -> gr.HTML:
    """A `gr.HTML` drawn by static/`name`.js with the helpers of common.js and symbols.js.

    The rules are those of `components.drawing.drawing`: a fixed template, a small value, packed
    strings (see packing.py), and text that reaches the page through `textContent` only.
    """
    return gr.HTML(
        value,
        label=label,
        html_template=f'<div class="drawing explain {name}"></div>',
        js_on_load=_scripts(name),
        apply_default_css=False,
        **{"container": True, "padding": True, **options},
    )

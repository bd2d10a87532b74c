"""Exports the step view as one HTML file, which a teacher can put on a course page.

The file makes no requests, and its content security policy forbids them: see `charrnn.formats.web`.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from charrnn.formats.web import csp_hash, json_without_tags
from charrnn.ui.step.values import starts
from charrnn.ui.step.view.step_view import StepView

HERE = Path(__file__).parent
UI = HERE.parent
STYLES = (
    UI / "page.css",
    UI / "components" / "drawing.css",
    UI / "components" / "letters.css",
    UI / "inspect" / "inspect.css",
    HERE / "step.css",
    HERE / "view" / "view.css",
    HERE / "standalone.css",
)
FRAME = """'use strict';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark', dark.matches);
dark.addEventListener('change', follow);
follow();
const element = document.querySelector('main'), watch = () => {}, trigger = () => {};
const props = { value: JSON.parse(document.getElementById('value').textContent) };
"""
"""A replacement for what Gradio passes to a drawing's script, for a page without Gradio."""


def to_html(own: dict[str, Any] | None = None) -> str:
    """The page, complete, about 90 KB.

    own: what `values.outline` returns for a visitor's model. If it contains the whole model, the
    page offers that beside `hello`.
    """
    scripts = (*StepView.helpers, HERE / "view" / "step_view.js")
    script = FRAME + "".join(path.read_text("utf-8") for path in scripts)
    style = "\n".join(path.read_text("utf-8") for path in STYLES)
    return Template((HERE / "standalone.html").read_text("utf-8")).substitute(
        script=script,
        style=style,
        script_hash=csp_hash(script),
        style_hash=csp_hash(style),
        value=json_without_tags(
            {"starts": starts(), "own": own if "model" in (own or {}) else None}
        ),
    )

"""Makes a control for each row of the table of settings, and checks the values that come back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gradio as gr

from charrnn.config_fields import LONGEST_TEXT, Setting
from charrnn.ui.limits import RANGES


def control(row: Setting, **options: Any) -> Any:
    """The Gradio component of a setting; the options go to the component."""
    low, high = RANGES.get(row.name, (row.minimum, row.maximum))
    options = {"label": row.label, "info": row.help, "value": row.default, **options}
    if row.kind is bool:
        return gr.Checkbox(min_width=130, **options)
    if row.choices:
        choices = [(row.title(choice), choice) for choice in row.choices]
        return (
            gr.Dropdown(choices, min_width=130, **options)
            if row.advanced
            else gr.Radio(choices, **options)
        )
    if row.step:
        return gr.Slider(low, high, step=row.step, **{"buttons": ["reset"], **options})
    if row.kind is str or row.optional:  # a number field cannot be left empty
        options["value"] = row.default or ""
        return gr.Textbox(max_length=LONGEST_TEXT, **options)
    return gr.Number(
        minimum=low, precision=0 if row.kind is int else None, min_width=130, **options
    )


def checked(rows: Mapping[str, Setting], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values from a browser or a client, each of its setting's type and in the page's range.

    A missing value or None, as from a part of the page never opened, becomes the default. Raises
    ValueError.
    """
    return {name: _checked(row, values.get(name)) for name, row in rows.items()}


def _checked(row: Setting, value: Any) -> Any:
    value = row.convert(value)
    low, high = RANGES.get(row.name, (-math.inf, math.inf))
    if row.name in RANGES and not low <= value <= high:
        raise ValueError(f"{row.label} must lie between {low:g} and {high:g} on this page.")
    row.check(value)
    return value

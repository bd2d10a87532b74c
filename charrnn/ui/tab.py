"""What a tab of the page gives to the frame that holds the tabs together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from charrnn.service.visitor import Visitor

PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}
"""Options of an event that clients do not see and that shows no progress."""


@dataclass(frozen=True)
class Tab:
    """What a tab's `build(visitor)` returns.

    refresh(visitor) -> values for `outputs`: called when the page opens and after every change of
    model. changed: the tab's own events after which the visitor may hold another model. address:
    components by the query parameter that sets them, `?name=value`.
    """

    refresh: Callable[[Visitor], Any] | None = None
    outputs: Sequence[Any] = ()
    changed: Sequence[Any] = ()
    address: Mapping[str, Any] = field(default_factory=dict)


def session(request: gr.Request) -> str:
    """The key of the visitor's session."""
    return request.session_hash or ""

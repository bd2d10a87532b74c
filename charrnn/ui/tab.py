"""What every tab of the page needs to connect its events."""

from __future__ import annotations

from typing import Any

import gradio as gr

PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}
"""Options of an event that clients do not see and that shows no progress."""


def session(request: gr.Request) -> str:
    """The key of the visitor's session."""
    return request.session_hash or ""

"""What every tab of the page needs to connect its events."""

from __future__ import annotations

import os
from typing import Any

import gradio as gr

PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}
"""Options of an event that clients do not see and that shows no progress."""


def session(request: gr.Request) -> str:
    """The key of the visitor's session."""
    return request.session_hash or ""


def client(request: gr.Request) -> str:
    """Who asks, for a fair order."""
    host = request.client.host if request.client else ""
    return address(str(host), str(request.headers.get("x-forwarded-for", "")))


def address(host: str, forwarded: str) -> str:
    """A client's address: on a Space, where all come from a proxy, as the proxy reports it.

    Only the last entry of its header is the proxy's own; a client may send any before it.
    """
    reported = forwarded.rpartition(",")[2].strip()
    return reported if reported and os.environ.get("SPACE_ID") else host

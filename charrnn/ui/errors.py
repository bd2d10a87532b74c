"""Errors as the page shows them: a toast with one sentence."""

from __future__ import annotations

from html import escape

import gradio as gr

from charrnn.service.scheduler import BusyError
from charrnn.service.training_queue import QueueFullError

REFUSALS = (ValueError, BusyError, QueueFullError)
"""Errors of a training whose message is for people."""


def refusal(error: Exception | str) -> gr.Error:
    """A sentence as a toast. Gradio shows the message as HTML, so it is escaped."""
    return gr.Error(escape(str(error)), duration=8, print_exception=False)

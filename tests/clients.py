"""A client of a page of Gradio that is served in this process, for tests of endpoints."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr
from gradio_client import Client


@contextmanager
def client_of(demo: gr.Blocks) -> Iterator[Client]:
    """Launch the page in this process and connect a client to it; both end with the block."""
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, show_error=False)
    with warnings.catch_warnings():
        # Gradio and its client leave sockets and event loops to the garbage collector, which
        # warns wherever it runs next: it runs here.
        warnings.simplefilter("ignore")
        client = Client(url, verbose=False)
        try:
            yield client
        finally:
            client.close()
            demo.close(verbose=False)
            del client
            gc.collect()

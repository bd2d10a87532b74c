"""The page from launch to end: asked to end, it saves every run and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import gradio as gr

from charrnn.service.scheduler import Scheduler
from charrnn.ui.page import page, settings
from charrnn.ui.server.temp_files import TempFiles

SAVING, ANSWERS = 5.0, 3.0
"""Seconds at most for saving runs, and for answers on their way. Docker gives ten between SIGTERM
and SIGKILL."""


def live(scheduler: Scheduler, temp_files: TempFiles, host: str | None, port: int | None) -> None:
    """Launch the page and never come back: the process ends when it is asked to."""
    temp_files.watch()
    scheduler.disk_store.sweep()
    blocks = page(scheduler)
    asked = threading.Event()

    def end(*_: Any) -> None:
        if asked.is_set():  # asked twice: at once
            os._exit(1)
        asked.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    # Gradio's own wait ends at Ctrl+C without saving, and at SIGTERM not at all.
    blocks.launch(server_name=host, server_port=port, prevent_thread_lock=True, **settings())
    while not asked.wait(0.5):  # with a limit, for Windows hears no signal while it waits
        pass
    close(blocks, scheduler, temp_files)


def close(blocks: gr.Blocks, scheduler: Scheduler, temp_files: TempFiles) -> None:
    """Save every run, say so, and end the process: in a second, and at most in nine."""
    saved, found = scheduler.close(SAVING)
    told = f"Closed. Saved {saved} of {found} models of visitors in {scheduler.disk_store.folder}"
    if blocks.server:
        blocks.server.config.timeout_graceful_shutdown = 1
    # In a thread: Gradio waits without a limit for calls that hang.
    closing = threading.Thread(target=blocks.close, args=(False,), daemon=True)
    closing.start()
    closing.join(ANSWERS)
    temp_files.remove()
    print(told, flush=True)
    os._exit(0)  # threads that still compute would hold up the end

"""Launches the page, and at the end saves every run and removes all temporary files."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from typing import Any

import gradio as gr

from charrnn.service.scheduler import Scheduler
from charrnn.ui.page import page, settings
from charrnn.ui.server.temp_files import TempFiles
from charrnn.ui.server.zerogpu import end_children

SAVING, ANSWERS = 5.0, 3.0
"""Seconds at most for saving runs, and for sending pending answers. Docker gives ten between
SIGTERM and SIGKILL."""


def launch(scheduler: Scheduler, temp_files: TempFiles, host: str | None, port: int | None) -> None:
    """Serve the page until SIGTERM or Ctrl+C, which end the process. Never returns."""
    temp_files.watch()
    scheduler.disk_store.sweep()
    blocks = page(scheduler)
    closing = threading.Event()

    def end(*_: Any) -> None:
        if closing.is_set():  # a second signal ends the process at once
            end_children()
            os._exit(1)
        closing.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    # Gradio's own loop ends at Ctrl+C without saving, and does not end at SIGTERM.
    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            **settings(),
        )
    except BaseException:  # Gradio's threads would keep alive a page that nobody can reach
        traceback.print_exc()
        temp_files.remove()
        end_children()
        os._exit(1)
    while not closing.wait(0.5):  # on Windows, signals arrive only between waits
        pass
    close(blocks, scheduler, temp_files)


def close(blocks: gr.Blocks, scheduler: Scheduler, temp_files: TempFiles) -> None:
    """Save every run, print how many, and end the process: within a second, at most nine."""
    saved, models = scheduler.close(SAVING)
    if blocks.server:
        blocks.server.config.timeout_graceful_shutdown = 1
    # In a thread, since Gradio waits without limit for calls that hang.
    thread = threading.Thread(target=blocks.close, args=(False,), daemon=True)
    thread.start()
    thread.join(ANSWERS)
    temp_files.remove()
    folder = scheduler.disk_store.folder
    print(f"Closed. Saved {saved} of {models} models of visitors in {folder}", flush=True)
    end_children()
    os._exit(0)  # threads that still compute would delay the end

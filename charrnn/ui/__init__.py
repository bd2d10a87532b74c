"""The page. Importing this package is light; Gradio comes with `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr

__all__ = ["build", "launch_settings", "serve"]


def build(seconds: float = 120.0, workers: int = 2) -> gr.Blocks:
    """The page as a `gr.Blocks`, ready to launch with `launch_settings()`.

    seconds: wall-clock limit of one training run; "Continue" goes on. workers: runs at once.
    """
    from charrnn.service.scheduler import Scheduler
    from charrnn.ui.page import page

    return page(Scheduler(seconds, workers))


def launch_settings() -> dict[str, Any]:
    """The arguments of `Blocks.launch` that the page needs for its look and its safety."""
    from charrnn.ui.page import settings

    return settings()


def serve(seconds: float, workers: int, host: str | None, port: int | None) -> None:
    """Launch the page; asked to end, by SIGTERM or Ctrl+C, it saves every run and ends the process.

    seconds, workers: as for `build`. host, port: where to listen; None for Gradio's own choice.
    """
    from charrnn.training.memory import share_arenas
    from charrnn.ui.server.temp_files import TempFiles

    share_arenas()  # before there are threads
    temp_files = TempFiles()  # first: Gradio makes a folder when it is imported
    from charrnn.service.scheduler import Scheduler
    from charrnn.ui.server.launch import live

    live(Scheduler(seconds, workers), temp_files, host, port)

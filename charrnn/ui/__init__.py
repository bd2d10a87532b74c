"""Builds and serves the page. Importing this package is quick: Gradio is imported by `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from charrnn.ui.server.listen import LaunchError, check_address

if TYPE_CHECKING:
    import gradio as gr

__all__ = ["LaunchError", "build", "launch_settings", "serve"]


def build(seconds: float = 120.0, runs_at_once: int = 2) -> gr.Blocks:
    """The page as a `gr.Blocks`, ready to launch with `launch_settings()`.

    seconds: wall-clock limit of one training run; "Continue" continues it. runs_at_once: training
    runs; the others wait. Each run is a process that imports the main module again, so launch the
    page under `if __name__ == "__main__":`.
    """
    from charrnn.service.scheduler import Scheduler
    from charrnn.ui.page import page

    return page(Scheduler(seconds, runs_at_once))


def launch_settings() -> dict[str, Any]:
    """The arguments of `Blocks.launch` that the page needs for its look and its safety."""
    from charrnn.ui.page import settings

    return settings()


def serve(seconds: float, runs_at_once: int, host: str | None, port: int | None) -> None:
    """Launch the page. At SIGTERM or Ctrl+C it saves every run and ends the process.

    seconds, runs_at_once: as for `build`. host, port: where to listen; None lets Gradio choose.
    Raises LaunchError where it cannot listen there, or finds no folder to write to.
    """
    check_address(host, port)
    from charrnn.corpora import cache_folder
    from charrnn.training.parallel.memory import share_arenas
    from charrnn.ui.server.descriptors import prepare_descriptors
    from charrnn.ui.server.temp_files import TempFiles

    share_arenas()  # before there are threads
    try:
        temp_files = TempFiles()  # first, because Gradio makes a folder when it is imported
        cache_folder()
    except OSError as error:
        raise LaunchError(f"The page finds no folder for its files. {error}") from None
    prepare_descriptors()
    from charrnn.service.scheduler import Scheduler
    from charrnn.ui.server.launch import launch

    launch(Scheduler(seconds, runs_at_once), temp_files, host, port)

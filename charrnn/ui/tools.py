"""Endpoints that need no session, for clients and agents: each call says all that it needs."""

from __future__ import annotations

import os
import time
from typing import Any

import gradio as gr

from charrnn.corpora import load_corpus
from charrnn.network.model import ModelConfig
from charrnn.training.config import TrainConfig
from charrnn.training.trainer import Trainer
from charrnn.ui.server.zerogpu import for_zerogpu

MEASURED_SECONDS = 1.0
MEASURED = ModelConfig(cell="gru", hidden_size=128)
"""What `hardware` trains: the page's usual size."""


def wire() -> None:
    """Add the endpoints to the page that is being built."""
    add: Any = gr.api  # type: ignore[attr-defined]  # Gradio's types leave it out
    add(for_zerogpu(hardware), api_name="hardware", concurrency_limit=1)


def hardware() -> dict[str, Any]:
    """Say what this server trains on, and measure for a second how fast it is.

    Everything here is computed by NumPy on a processor, with one thread. On a Space with ZeroGPU
    the call runs in the process that ZeroGPU lends and takes a few seconds of the caller's daily
    time there; nothing else on the page does.

    Returns:
        The processor's cores, the accelerator that the platform names ("none" if there is none,
        and never used), and how many characters a second a GRU of 128 units reads in training.
    """
    trainer = Trainer(load_corpus("lighthouse").text, MEASURED, TrainConfig(steps=10_000))
    started, chars = time.perf_counter(), 0
    for progress in trainer.run(seconds=MEASURED_SECONDS):
        chars = progress.chars
    seconds = time.perf_counter() - started
    return {
        "cores": os.cpu_count() or 1,
        "accelerator": os.environ.get("ACCELERATOR") or "none",
        "cell": MEASURED.cell,
        "hidden_size": MEASURED.hidden_size,
        "characters_per_second": round(chars / seconds),
    }

"""Endpoints that need no session, for clients and agents: each call says all that it needs."""

from __future__ import annotations

import math
import os
import time
from typing import Any

import gradio as gr

from charrnn import analysis, hub
from charrnn.corpora import load_corpus
from charrnn.network.model import CharRNN, ModelConfig, score_ids
from charrnn.network.sampling import Sampling, generate
from charrnn.pretrained import load_pretrained, pretrained_names
from charrnn.service.pools import WAITING
from charrnn.service.scheduler import Scheduler
from charrnn.training.checkpoint import HOSTED_BYTES, Checkpoint
from charrnn.training.config import TrainConfig
from charrnn.training.trainer import Trainer
from charrnn.ui.errors import REFUSALS, refusal
from charrnn.ui.limits import EVALUATED_CHARACTERS, RANGES, SEED_CHARACTERS
from charrnn.ui.server.zerogpu import for_zerogpu
from charrnn.ui.tab import client
from charrnn.ui.train.api import api_job

MEASURED_SECONDS = 1.0
MEASURED = ModelConfig(cell="gru", hidden_size=128)
"""What `hardware` trains: the page's usual size."""


SHORTEST = 0.1
TRAINING_SECONDS = 30.0
"""The longest training of one call: an agent waits for the answer."""
WRITTEN = 300
"""Symbols that a model trained by a call writes in the answer."""


def wire(scheduler: Scheduler) -> None:
    """Add the endpoints to the page that is being built."""
    add: Any = gr.api  # type: ignore[attr-defined]  # Gradio's types leave it out

    async def train_and_write(
        text: str, request: gr.Request, seconds: float = 10.0
    ) -> dict[str, Any]:
        """Train a new network on a text for some seconds, and let it write. It is not kept.

        Args:
            text: what to learn from, 2 to 1,000,000 characters, or the name of a text that comes
                with the page, such as lighthouse.
            seconds: how long to train, above 0 and at most 30. More seconds write better.

        Returns:
            What it wrote, the loss in nats per character (lower is better; validation says whether
            it was measured on text that it had not seen), and the steps it trained. While others
            train here it refuses: try again later.
        """
        try:
            limit = _number("seconds", seconds, SHORTEST, TRAINING_SECONDS)
            job = await WAITING.run(
                client(request), api_job, scheduler, _text("text", text), "standard", {}, limit
            )
            snapshot = await scheduler.trial(job)
            if snapshot.failed or not snapshot.files:
                raise ValueError(snapshot.note or "Others train here now. Try again in a minute.")
        except REFUSALS as error:
            raise refusal(error) from None
        model = Checkpoint.from_bytes(snapshot.files[snapshot.best]).model
        written = await WAITING.run(client(request), _written, model, "", WRITTEN, 0.8)
        best, smooth = (model.metadata.get(name) for name in ("best_loss", "smooth_loss"))
        return {
            "text": written,
            "loss": best if best is not None else smooth,
            "validation": bool(model.metadata.get("validated")),
            "steps": model.metadata.get("steps"),
        }

    add(write, api_name="write", concurrency_limit=2)
    add(score, api_name="score", concurrency_limit=2)
    add(train_and_write, api_name="train_and_write", concurrency_limit=None)
    add(for_zerogpu(hardware), api_name="hardware", concurrency_limit=1)


def write(
    model: str = "lighthouse", seed: str = "", length: int = 300, temperature: float = 0.8
) -> str:
    """Write a text with a character-level network, symbol by symbol.

    Args:
        model: a model that comes with the page, such as lighthouse, or USER/NAME of a public one
            that charrnn put on the Hub, up to 32 MB.
        seed: what the text starts from, up to 2,000 characters; it is not repeated in the answer.
            Symbols that the model never saw are left out.
        length: how many symbols to write, 1 to 2,000.
        temperature: 0 always takes the likeliest symbol, 1 draws as the model expects, at most 2.

    Returns:
        The text. These networks are small: it reads like the text they learned and means nothing.
    """
    try:
        symbols = int(_number("length", length, *RANGES["length"]))
        heat = _number("temperature", temperature, *RANGES["temperature"])
        return _written(_model(model), _text("seed", seed)[:SEED_CHARACTERS], symbols, heat)
    except REFUSALS as error:
        raise refusal(error) from None


def score(model: str, text: str) -> dict[str, Any]:
    """Measure how surprised a network is by a text: low for text like that it learned from.

    Args:
        model: as in `write`.
        text: 2 to 5,000 characters; what is longer is cut, and symbols that the model never saw
            are left out.

    Returns:
        nats and bits per symbol, how many symbols were read and how many were left out.
    """
    try:
        loaded = _model(model)
        cleaned = loaded.vocabulary.clean(_text("text", text)[:EVALUATED_CHARACTERS])
        ids = loaded.vocabulary.encode(cleaned, unknown="skip")
        nats = float(score_ids(loaded, ids))
    except REFUSALS as error:
        raise refusal(error) from None
    left_out = 0 if loaded.vocabulary.words else len(cleaned) - len(ids)
    return {"nats": nats, "bits": nats / math.log(2), "symbols": len(ids), "left_out": left_out}


def _number(name: str, value: Any, low: float, high: float) -> float:
    """A number that an agent sent, in its range. Raises ValueError."""
    if type(value) not in (int, float) or not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}.")
    return float(value)


def _text(name: str, value: Any) -> str:
    """A text that an agent sent. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text.")
    return value


def _model(name: str) -> CharRNN:
    """A pretrained model, or a public one of the Hub. Raises ValueError."""
    if _text("model", name) in pretrained_names():
        return load_pretrained(name)
    if "/" not in name:
        known = ", ".join(pretrained_names())
        raise ValueError(f"There is no model {name[:100]!r} here. There are {known}, or USER/NAME.")
    return hub.from_hub(name, token=False, max_bytes=HOSTED_BYTES, cache=False)


def _written(model: CharRNN, seed: str, length: int, temperature: float) -> str:
    kept = analysis.known(model.vocabulary, seed)
    return "".join(generate(model, kept, length, Sampling(temperature=temperature)))


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

"""Describes a model in HTML for a notebook: what it is, how it was trained, a sample."""

from __future__ import annotations

import math
from html import escape

from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate
from charrnn.training.record import TrainingRecord, one_line

SAMPLE = Sampling(temperature=0.7, random_seed=1)
SAMPLE_LENGTH = 240


def html(model: CharRNN) -> str:
    """A table and a sample. Everything that comes from the model's file is escaped."""
    rows = "".join(
        f"<tr><th style='text-align: left'>{name}</th>"
        f"<td style='text-align: left'>{escape(value)}</td></tr>"
        for name, value in _rows(model)
    )
    seed = "\n" if "\n" in model.vocabulary.ids else ""
    sample = escape("".join(generate(model, seed, SAMPLE_LENGTH, SAMPLE)).strip())
    return f"<table>{rows}</table><pre style='white-space: pre-wrap'>{sample}</pre>"


def _rows(model: CharRNN) -> list[tuple[str, str]]:
    """The name and value of each line."""
    c, record = model.config, TrainingRecord.from_metadata(model.metadata)
    unit = "word" if model.vocabulary.words else "character"
    layers = "1 layer" if c.layers == 1 else f"{c.layers} layers"
    rows = [
        ("Network", f"{c.cell.upper()}, {layers} of {c.hidden_size} units"),
        ("Parameters", f"{model.parameters.vector.size:,}"),
        ("Vocabulary", f"{len(model.vocabulary):,} {unit}s"),
    ]
    if record.steps is None:
        return [*rows, ("Training", "none yet")]
    corpus = one_line(record.corpus) or "a text without a name"
    rows.append(("Training", f"{record.steps:,.0f} steps on {corpus}"))
    loss = record.smooth_loss if record.best_loss is None else record.best_loss
    if loss is not None:
        validated = record.validated and record.best_loss is not None
        kind = "Validation loss" if validated else "Training loss"
        rows.append((kind, f"{loss:.3f} nats ({loss / math.log(2):.3f} bits) per {unit}"))
    return rows

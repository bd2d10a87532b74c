"""The limits of the page's server for one visitor. The command line has no such limits."""

from __future__ import annotations

RANGES: dict[str, tuple[float, float]] = {
    "hidden_size": (1, 640),
    "layers": (1, 4),
    "accumulate": (1, 16),
    "temperature": (0, 2),
    "length": (1, 2_000),
    "top_k": (0, 100),
    "top_p": (0.05, 1),
}
"""Settings whose range is narrower on the page, by name."""

MODEL_WEIGHTS = 2_300_000
"""Weights of a model: a resumable file of 46 MB, which can still be uploaded again."""
STEP_CHARACTERS = 32_768
"""Characters in one training step, batch_size * seq_length: 300 MB for the widest LSTM."""

TRAINING_CHARACTERS = 1_000_000
"""Characters of a visitor's own training text."""
SEED_CHARACTERS = 2_000
"""Characters of a seed: a second or two of computing."""
SAMPLE_SEED_CHARACTERS = 200
"""Characters of the seed for the samples while training."""
EVALUATED_CHARACTERS = 5_000
"""Characters of a text to evaluate on the Generate tab: a second or two of computing."""
INSPECTED_CHARACTERS = 1_000
"""Characters of a text on the Look inside tab: units are searched on all of them."""

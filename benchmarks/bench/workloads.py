"""What is measured, against whom, and the bar that each ratio must reach."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.sides import Way
from charrnn.training.recipes import RECIPES

SIZES = ((1, 128, 32, 64), (2, 128, 50, 50), (2, 256, 64, 64), (2, 512, 64, 64))
"""Layers, hidden size, sequences, steps."""
CELLS = ("rnn", "lstm", "gru")
TRAIN_BARS = {
    "rnn": (1.3, 1.3, 1.3, 1.3),
    "lstm": (0.9, 0.9, 1.0, 1.0),
    "gru": (1.15, 1.15, 1.15, 1.15),
}
GENERATE_BARS = {"rnn": (4, 3, 1.5), "lstm": (3, 2, 1.6), "gru": (3, 2, 1.6)}
THREADS = (1, 2)

TORCH_TRAIN = [
    Way("pytorch", threads, {"inputs": inputs, "onednn": onednn})
    for threads in THREADS
    for inputs in ("onehot", "embedding")
    for onednn in (True, False)
]
TORCH_STEP = [
    Way("pytorch", threads, {"way": way, "onednn": onednn})
    for threads in THREADS
    for way in ("embedding", "cells")
    for onednn in (True, False)
]
TORCH_AS_WRITTEN = [Way("pytorch", max(THREADS), {"way": "onehot", "onednn": True})]


class Workload(NamedTuple):
    """A row of the table: our work, and the ways of the peer to do the same."""

    name: str
    work: dict[str, Any]
    peer: str = ""
    ways: list[Way] = []
    bar: float | None = None
    peer_work: dict[str, Any] | None = None
    """Where the peer's work is not the same as ours."""

    @property
    def shared(self) -> bool:
        """Whether workers may share it."""
        return self.work["kind"] in ("train", "train default")


def training(scale: int) -> list[Workload]:
    rows = []
    for cell in CELLS:
        for (layers, hidden, batch, steps), bar in zip(SIZES, TRAIN_BARS[cell], strict=True):
            work = {"kind": "train", "cell": cell, "layers": layers, "hidden": hidden // scale}
            work |= {"batch": batch, "steps": steps}
            name = f"train {cell} {layers}x{hidden} N={batch} T={steps}"
            rows.append(Workload(name, work, "PyTorch", TORCH_TRAIN, bar))
    recipe = RECIPES["standard"]
    model, config = recipe.model, recipe.train
    default = {"kind": "train", "cell": model.cell, "layers": model.layers}
    default |= {"hidden": model.hidden_size, "batch": config.batch_size, "steps": config.seq_length}
    rows.append(
        Workload(
            "train the page's default",
            {"kind": "train default"},
            "PyTorch",
            TORCH_TRAIN,
            peer_work=default,
        )
    )
    plain = {"kind": "train plain", "hidden": 100, "steps": 25}
    rows.append(Workload("train rnn 1x100 N=1 T=25", plain, "min-char-rnn", [Way("plain", 1)]))
    return rows


def generation(scale: int) -> list[Workload]:
    rows = []
    for cell in CELLS:
        for hidden, bar in zip((128, 256, 512), GENERATE_BARS[cell], strict=True):
            work = {"kind": "generate", "cell": cell, "layers": 2, "hidden": hidden // scale}
            name = f"generate {cell} 2x{hidden}"
            rows.append(Workload(name, work, "PyTorch's best", TORCH_STEP, bar))
            plain_bar = 8 if cell == "lstm" else None
            as_written = ("PyTorch as written", TORCH_AS_WRITTEN, plain_bar)
            rows.append(Workload(f"{name}, plain module", work, *as_written))
    for cell in CELLS:
        work = {"kind": "generate many", "cell": cell, "layers": 2, "hidden": 256 // scale}
        work |= {"streams": 64}
        name = f"generate {cell} 2x256, 64 streams"
        rows.append(Workload(name, work, "PyTorch's best", TORCH_STEP))
    return rows


def encoding(megabytes: float) -> list[Workload]:
    work = {"kind": "encode", "megabytes": megabytes / 10}
    return [Workload("encode text", work, "dict and list", [Way("plain", 1)])]


def growth(scale: int) -> list[tuple[str, dict[str, Any], dict[str, Any], float]]:
    """Name, a work, the same with one thing four times as large, and the growth of its cost."""
    train = {"kind": "train", "cell": "lstm", "layers": 2, "batch": 32}
    length = {"kind": "generate length", "cell": "lstm", "layers": 2, "hidden": 128 // scale}
    small, large = 128 // scale, 512 // scale
    return [
        ("text to encode", *({"kind": "encode", "megabytes": m / scale} for m in (4, 16)), 1),
        (
            "hidden size in training",
            *(train | {"hidden": h, "steps": 64} for h in (small, large)),
            16,
        ),
        ("steps of a window", *(train | {"hidden": small, "steps": t} for t in (32, 128)), 1),
        ("length of a written text", *(length | {"length": n} for n in (500, 2000)), 1),
    ]

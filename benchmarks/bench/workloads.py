"""The workloads to measure, the peers to compare with, and the bar for each ratio."""

from __future__ import annotations

from typing import Any, NamedTuple

from bench.sides import Way
from charrnn.training.fitted_settings import TIMES, settings_for
from charrnn.training.recipes import RECIPES

SIZES = ((1, 128, 32, 64), (2, 128, 50, 50), (2, 256, 64, 64), (2, 512, 64, 64))
"""Layers, hidden size, sequences, steps."""
CELLS = ("rnn", "lstm", "gru")
TRAIN_BARS = {
    "rnn": (1.3, 1.3, 1.3, 1.3),
    "lstm": (1.0, 1.0, 1.1, 1.1),
    "gru": (1.15, 1.15, 1.15, 1.15),
}
GENERATE_BARS = {"rnn": (2.8, 2.2, 1.8), "lstm": (1.8, 1.5, 1.2), "gru": (1.8, 1.4, 1.25)}
ONE_THREAD_BAR = 1.1
STREAMS_BAR = 1.2
FITTED_BAR = 1.0
THREADS = (1, 2)

OURS = [Way("ours", threads) for threads in THREADS]
OURS_TRAINING = [*OURS, Way("ours", 1, {"workers": max(THREADS)})]
TORCH_TRAIN = [
    Way("pytorch", threads, {"inputs": inputs, "onednn": onednn})
    for threads in THREADS
    for inputs in ("onehot", "embedding")
    for onednn in (True, False)
]
JAX_TRAIN = [Way("jax_cpu", threads, {"unroll": n}) for threads in THREADS for n in (1, 4)]
TORCH_STEP = [
    Way("pytorch", threads, {"way": way, "onednn": onednn})
    for threads in THREADS
    for way in ("embedding", "cells")
    for onednn in (True, False)
]
TORCH_AS_WRITTEN = [Way("pytorch", max(THREADS), {"way": "onehot", "onednn": True})]
ONNX_STEP = [
    Way("onnx_runtime", threads, {"way": way, "spinning": spinning})
    for threads, spinning in ((1, False), (2, False), (2, True))  # one thread never spins
    for way in ("arrays", "bound")
]
TRAIN_PEERS = {"PyTorch": TORCH_TRAIN, "JAX": JAX_TRAIN}
PLAIN = [Way("plain", 1)]
STEP_PEERS = {"PyTorch": TORCH_STEP, "ONNX Runtime": ONNX_STEP}


class Workload(NamedTuple):
    """A row of the table: our work, and the ways of each peer to do the same."""

    name: str
    work: dict[str, Any]
    peers: dict[str, list[Way]]
    bar: float | None = None
    ours: list[Way] = OURS
    repeats: bool = False
    """Whether another row has the same work of ours."""

    def with_one_thread(self, bar: float) -> Workload:
        """The same row with one thread on each side."""
        return self._replace(
            name=f"{self.name}, one thread each",
            ours=[Way("ours", 1)],
            peers={name: [w for w in ways if w.threads == 1] for name, ways in self.peers.items()},
            bar=bar,
            repeats=True,
        )


def training(scale: int) -> list[Workload]:
    rows = []
    for cell in CELLS:
        for (layers, hidden, batch, steps), bar in zip(SIZES, TRAIN_BARS[cell], strict=True):
            work = {"kind": "train", "cell": cell, "layers": layers, "hidden": hidden // scale}
            work |= {"batch": batch, "steps": steps}
            name = f"train {cell} {layers}x{hidden} N={batch} T={steps}"
            rows.append(Workload(name, work, TRAIN_PEERS, bar, ours=OURS_TRAINING))
    recipe = RECIPES["standard"]
    models = {"the page's default": (recipe.model, recipe.train)}
    for time in TIMES:
        fitted = settings_for(time, characters=1_115_394, symbols=65)
        models[f"the preset {time}"] = (fitted.model, fitted.train)
    for label, (model, config) in models.items():
        work = {"kind": "train", "cell": model.cell, "layers": model.layers}
        work |= {"hidden": model.hidden_size // scale, "dropout": model.dropout}
        work |= {"batch": config.batch_size, "steps": config.seq_length}
        name = f"train {label}, {model.cell} {model.layers}x{model.hidden_size}"
        row = Workload(name, work, TRAIN_PEERS, FITTED_BAR, ours=OURS_TRAINING)
        rows += [row, row.with_one_thread(FITTED_BAR)]
    plain = {"kind": "train plain", "hidden": 100, "steps": 25}
    rows.append(Workload("train rnn 1x100 N=1 T=25", plain, {"min-char-rnn": PLAIN}))
    return rows


def generation(scale: int) -> list[Workload]:
    rows = []
    for cell in CELLS:
        for hidden, bar in zip((128, 256, 512), GENERATE_BARS[cell], strict=True):
            work = {"kind": "generate", "cell": cell, "layers": 2, "hidden": hidden // scale}
            row = Workload(f"generate {cell} 2x{hidden}", work, STEP_PEERS, bar)
            as_written = {"PyTorch": TORCH_AS_WRITTEN}
            plain_bar = 8 if cell == "lstm" else None
            plain = row._replace(
                name=f"{row.name}, plain module", peers=as_written, bar=plain_bar, repeats=True
            )
            rows += [row, row.with_one_thread(ONE_THREAD_BAR), plain]
    for cell in CELLS:
        work = {"kind": "generate many", "cell": cell, "layers": 2, "hidden": 256 // scale}
        work |= {"streams": 64}
        name = f"generate {cell} 2x256, 64 streams"
        rows.append(Workload(name, work, STEP_PEERS, STREAMS_BAR))
    return rows


def encoding(megabytes: float) -> list[Workload]:
    work = {"kind": "encode", "megabytes": megabytes / 10}
    return [Workload("encode text", work, {"dict and list": PLAIN})]


def growth(scale: int) -> list[tuple[str, dict[str, Any], dict[str, Any], float]]:
    """Name, some work, the same with one size several times as large, and how its cost grows."""
    small, large = 128 // scale, 512 // scale
    train = {"kind": "train", "cell": "lstm", "layers": 2, "hidden": small, "batch": 32}
    train |= {"steps": 64}
    length = {"kind": "generate length", "cell": "lstm", "layers": 2, "hidden": small}

    def trainings(name: str, **sizes: tuple[int, int]) -> Any:
        before, after = (train | {k: pair[i] for k, pair in sizes.items()} for i in (0, 1))
        return name, before, after, products(after) / products(before)

    return [
        ("four times the text to encode",
         *({"kind": "encode", "megabytes": m / scale} for m in (4, 16)), 1),
        trainings("four times the text in training", windows=(20, 80)),
        trainings("four times the hidden size in training", hidden=(small, large)),
        trainings("four times the steps of a window", steps=(32, 128)),
        trainings("ten times the symbols, 500 to 5,000, in training", symbols=(500, 5000)),
        trainings("four layers in training instead of one", layers=(1, 4)),
        ("four times the length of a written text",
         *(length | {"length": n} for n in (500, 2000)), 1),
    ]  # fmt: skip


def products(work: dict[str, Any]) -> int:
    """Multiplications for each character that is read, of an LSTM that selects its first columns.

    The backward pass has twice as many; a ratio of two works does not see that.
    """
    H, V = work["hidden"], work.get("symbols", 65)
    return V * H + (2 * work["layers"] - 1) * 4 * H * H

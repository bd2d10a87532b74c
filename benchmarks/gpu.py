"""A GPU by way of CuPy: the same losses, and how fast beside cuDNN's nn.LSTM and nn.GRU.

    python benchmarks/gpu.py              needs an NVIDIA GPU, CuPy and a PyTorch built for CUDA
    python benchmarks/gpu.py --device cpu --scale 16 --seconds 0.1     whether the script runs

For each cell, size and batch it prints characters a second of a whole training step (forward, back,
clipping, Adam) on both sides, the kernels that a step launches, and the share of its time in which
one of them runs. The rest is the time to launch them: CUDA graphs could save at most that. A fused
kernel, as cuDNN has, would save launches and the time between memory and processor too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

sys.path.insert(1, str(Path(__file__).parent.parent))

from charrnn import ModelConfig, TrainConfig, Trainer, load_corpus

T, V = 64, 65
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
ROWS = [(layers, hidden, N) for layers, hidden in ((1, 512), (2, 1024)) for N in (64, 256)]


def trainer(cell: str, layers: int, hidden: int, N: int, device: str) -> Trainer:
    """Our trainer, on the device."""
    config = TrainConfig(steps=10**9, batch_size=N, seq_length=T, eval_every=10**9)
    made = Trainer(load_corpus("lighthouse").text, ModelConfig(cell, hidden, layers), config)
    if device == "cuda":
        import cupy

        made.move(cupy.asarray)
    return made


def ours(cell: str, layers: int, hidden: int, N: int, device: str) -> Iterator[None]:
    """Our training steps, one at a time; the loss comes back, so each waits for the device."""
    for _ in trainer(cell, layers, hidden, N, device).run():
        yield


def theirs(cell: str, layers: int, hidden: int, N: int, device: str) -> Iterator[None]:
    """The same step by PyTorch's module, which runs cuDNN on a GPU."""
    embed, rnn, out = nn.Embedding(V, V), KINDS[cell](V, hidden, layers), nn.Linear(hidden, V)
    net = nn.ModuleList([embed, rnn, out]).to(device)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    text = torch.randint(V, (T + 1, N), device=device)
    state: Any = None
    while True:
        adam.zero_grad(set_to_none=True)
        y, after = rnn(embed(text[:-1]), state)
        state = tuple(s.detach() for s in after) if cell == "lstm" else after.detach()
        loss = nn.functional.cross_entropy(out(y.flatten(0, 1)), text[1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        adam.step()
        loss.item()
        yield


def speed(steps: Iterator[None], characters: int, seconds: float) -> float:
    """Characters a second, after three steps to warm up."""
    for _ in range(3):
        next(steps)
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        next(steps)
        done += 1
    return done * characters / (time.perf_counter() - started)


def kernels(steps: Iterator[None], device: str) -> tuple[int, float]:
    """Kernels that a step launches, of whichever library, and the share of time they run."""
    if device == "cpu":
        return 0, 0.0
    next(steps)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        started = time.perf_counter()
        next(steps)
        took = time.perf_counter() - started
    events = [e for e in profile.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    return len(events), sum(e.device_time_total for e in events) / 1e6 / took


def losses_apart(cell: str, device: str, steps: int = 50) -> float:
    """The largest difference between a loss on the device and on this machine's processor."""
    sides = []
    for where in ("cpu", device):
        run = trainer(cell, 2, 64, 16, where).run(steps=steps)
        sides.append([progress.loss for progress in run])
    return float(np.abs(np.subtract(*sides)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--scale", type=int, default=1, help="divide the hidden units by this")
    parser.add_argument("--seconds", type=float, default=3, help="for each number (3)")
    args = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    for cell in KINDS:
        print(f"{cell}: losses of 50 steps differ by {losses_apart(cell, args.device):.1e} at most")
    print("| Cell | Size | Sequences | Ours, chars/s | cuDNN, chars/s | Ratio | Kernels a step | "
          "cuDNN's | Busy |\n|---|---|---:|---:|---:|---:|---:|---:|---:|")  # fmt: skip
    for cell in ("lstm", "gru"):
        for layers, hidden, N in ROWS:
            makers: list[Callable[..., Iterator[None]]] = [ours, theirs]
            sides = [make(cell, layers, hidden // args.scale, N, args.device) for make in makers]
            a, b = (speed(side, N * T, args.seconds) for side in sides)
            (launched, busy), (launched_there, _) = (kernels(side, args.device) for side in sides)
            print(f"| {cell} | {layers} x {hidden // args.scale} | {N} | {a:,.0f} | {b:,.0f} | "
                  f"{a / b:.2f} | {launched:,} | {launched_there:,} | {busy:.0%} |",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

"""Runs nanoGPT's recipe for a CPU from a checkout of it, as its own README says.

None of its code is kept here. `judge` starts `python benchmarks/bench/nanogpt.py`.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

BLOCK = 64
EVALUATIONS = 8
"""Evaluations in a run: one every 250 of 2,000 iterations, as in nanoGPT's own settings."""
OPTIONS = {
    "device": "cpu",
    "compile": False,
    "eval_iters": 20,
    "log_interval": 1,
    "block_size": BLOCK,
    "batch_size": 12,
    "n_layer": 4,
    "n_head": 4,
    "n_embd": 128,
    "max_iters": 2000,
    "lr_decay_iters": 2000,
    "dropout": 0.0,
    "always_save_checkpoint": True,  # so that the last weights can be judged
}
STEP = re.compile(r"iter (\d+): loss [\d.]+, time ([\d.]+)ms")
ESTIMATE = re.compile(r"step (\d+): train loss [\d.]+, val loss ([\d.]+)")
FILES = ("train.py", "model.py", "configurator.py", "config/train_shakespeare_char.py")


class Run(NamedTuple):
    """What nanoGPT reported about a training."""

    seconds: float  # of training steps alone, without evaluations
    curve: list[tuple[float, float]]  # (training seconds, its own estimate on the last tenth)
    iterations: int


def prepare(checkout: Path, text: str, folder: Path) -> None:
    """Copy what is needed, and write the data as nanoGPT's prepare.py does. Raises ValueError."""
    for name in FILES:
        if not (checkout / name).is_file():
            raise ValueError(f"{checkout} is no checkout of nanoGPT: it has no {name}.")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / name, folder / name)
    data = folder / "data" / "shakespeare_char"
    data.mkdir(parents=True)
    symbols = sorted(set(text))
    table = {symbol: i for i, symbol in enumerate(symbols)}
    encoded = np.array([table[c] for c in text], np.uint16)
    cut = int(len(text) * 0.9)
    encoded[:cut].tofile(data / "train.bin")
    encoded[cut:].tofile(data / "val.bin")
    meta = {"vocab_size": len(symbols), "stoi": table, "itos": dict(enumerate(symbols))}
    (data / "meta.pkl").write_bytes(pickle.dumps(meta))


def train(folder: Path, threads: int, iterations: int) -> Run:
    """Run nanoGPT's train.py, and show its estimates as they come. Raises RuntimeError."""
    every = max(1, iterations // EVALUATIONS)
    last = every * EVALUATIONS
    options = OPTIONS | {"max_iters": last, "lr_decay_iters": last, "eval_interval": every}
    argv = ["train.py", "config/train_shakespeare_char.py"]
    argv += [f"--{name}={value}" for name, value in options.items()]
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-u", *argv],
        cwd=folder,
        env=_environment(threads),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if ESTIMATE.match(line):
                print(f"    nanoGPT {line.strip()}", flush=True)
    if process.returncode:
        raise RuntimeError(f"nanoGPT's train.py ended with exit code {process.returncode}.")
    return read(lines)


def read(lines: list[str]) -> Run:
    """Training seconds from the log. A step that includes an evaluation counts as the median."""
    times: dict[int, float] = {}
    estimates: dict[int, float] = {}
    for line in lines:
        if match := STEP.match(line):
            times[int(match[1])] = float(match[2]) / 1000
        elif match := ESTIMATE.match(line):
            estimates[int(match[1])] = float(match[2])
    usual = statistics.median(times.values())
    spent, clock = 0.0, {}
    for step in sorted(times):
        clock[step] = spent
        spent += usual if step in estimates else times[step]
    curve = [(clock.get(step, spent), loss) for step, loss in sorted(estimates.items())]
    return Run(spent, curve, len(times))


def judge(folder: Path, threads: int) -> dict[str, float]:
    """The last weights' losses on all of the last tenth, in cold windows of nanoGPT's block size.

    `loss` is the mean over every character; `later_half` over those with half a block before them.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(Path(__file__).resolve())],
        cwd=folder,
        env=_environment(threads),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    losses: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return losses


def _environment(threads: int) -> dict[str, str]:
    return os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))


def _judge_here() -> None:
    """In the folder of the copy: print the losses of out-shakespeare-char/ckpt.pt."""
    import torch

    sys.path.insert(0, str(Path.cwd()))
    nanogpt: Any = __import__("model")
    saved = torch.load("out-shakespeare-char/ckpt.pt", map_location="cpu", weights_only=False)
    model = nanogpt.GPT(nanogpt.GPTConfig(**saved["model_args"]))
    model.load_state_dict(saved["model"])
    model.eval()
    ids = np.fromfile("data/shakespeare_char/val.bin", np.uint16).astype(np.int64)
    count = (len(ids) - 1) // BLOCK
    x = torch.from_numpy(ids[: count * BLOCK].reshape(count, BLOCK))
    y = torch.from_numpy(ids[1 : count * BLOCK + 1].reshape(count, BLOCK))
    losses = []
    with torch.no_grad():
        for part in range(0, count, 64):
            logits, _ = model(x[part : part + 64], y[part : part + 64])
            each = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), y[part : part + 64], reduction="none"
            )
            losses.append(each)
    every = torch.cat(losses)  # (windows, BLOCK)
    later = every[:, BLOCK // 2 :].mean().item()
    print(json.dumps({"loss": every.mean().item(), "later_half": later}))


if __name__ == "__main__":
    _judge_here()

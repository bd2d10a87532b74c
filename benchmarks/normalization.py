"""Compare a GRU with and without layer normalization at the same number of steps, in PyTorch.

    python benchmarks/normalization.py             about 8 minutes on one core
    python benchmarks/normalization.py --steps 100     a quick look
    python benchmarks/normalization.py --write     the table, into docs/presets.md

It normalizes the pre-activations of the gates (Ba et al. 2016): the input's, Wxh x + bh, or those
and the state's, Whh h. A new recurrent layer in NumPy would need its own form in every file format
and in the generation step, so it was tried here first, where gradients are automatic.
The weights start as in charrnn; Adam, a cosine, 16 sequences of 32 steps, gradients clipped at 5.
The loss is in nats per character on the last tenth of tinyshakespeare, in 25 parts with the state
carried.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from bench import document
from torch import nn

from charrnn import CharRNN, ModelConfig, TrainConfig, Trainer, load_corpus

DOCUMENT = Path(__file__).parents[1] / "docs" / "presets.md"
H, N, T, PARTS, WINDOW = 256, 16, 32, 25, 200


class Variant(NamedTuple):
    """What is normalized, and at what rates it learns."""

    normalized: str
    rate: float
    hidden_rate: float = 1.0


VARIANTS = [
    Variant("nothing", 5e-3),
    Variant("nothing", 1e-2),
    Variant("nothing", 1.5e-2, 0.33),
    Variant("input", 1e-2),
    Variant("input and state", 1e-2),
    Variant("input and state", 1.5e-2, 0.33),
]


class GRU(nn.Module):
    """The GRU of charrnn/network/cells/gru.py with a normalization in one or two places."""

    def __init__(self, model: CharRNN, normalized: str) -> None:
        super().__init__()
        start = {name: nn.Parameter(torch.tensor(a)) for name, a in model.parameters.items()}
        self.p = nn.ParameterDict(start)
        self.of_input = nn.LayerNorm(3 * H) if "input" in normalized else nn.Identity()
        self.of_state = nn.LayerNorm(3 * H) if "state" in normalized else nn.Identity()

    def forward(self, ids: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """ids (T, N), h (N, H): logits (T, N, V) and the state after them."""
        p, tops = self.p, []
        for x in self.of_input(p["Wxh0"].T[ids] + p["bh0"]):
            s = self.of_state(h @ p["Whh0"].T) + p["bhh0"]
            r, z = torch.sigmoid(x[:, : 2 * H] + s[:, : 2 * H]).chunk(2, 1)
            n = torch.tanh(x[:, 2 * H :] + r * s[:, 2 * H :])
            h = n + z * (h - n)
            tops.append(h)
        return torch.stack(tops) @ p["Why"].T + p["by"], h


def nats(logits: torch.Tensor, y: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    flat = logits.reshape(-1, logits.shape[-1])
    return nn.functional.cross_entropy(flat, y.reshape(-1), reduction=reduction)


@torch.no_grad()
def judge(model: GRU, ids: torch.Tensor) -> float:
    length = (len(ids) - 1) // PARTS
    x, y = (ids[k : k + PARTS * length].reshape(PARTS, length).T for k in (0, 1))
    h, total = torch.zeros(PARTS, H), 0.0
    for t in range(0, length, WINDOW):
        logits, h = model(x[t : t + WINDOW], h)
        total += float(nats(logits, y[t : t + WINDOW], "sum"))
    return total / x.numel()


def measure(variant: Variant, steps: int) -> tuple[float, float]:
    """(loss, seconds of training)"""
    text = load_corpus("tinyshakespeare").text
    trainer = Trainer(text, ModelConfig("gru", H), TrainConfig(batch_size=N, seq_length=T))
    torch.manual_seed(0)
    model = GRU(trainer.live, variant.normalized)
    hidden = [model.p["Whh0"]]
    others = [p for p in model.parameters() if p is not hidden[0]]
    groups = [{"params": others}, {"params": hidden}]
    rates = (variant.rate, variant.rate * variant.hidden_rate)
    optimizer = torch.optim.Adam(groups, lr=variant.rate)
    h, started = torch.zeros(N, H), time.process_time()
    for step in range(steps):
        window = trainer.batches.window(step)
        x, y = (torch.from_numpy(np.ascontiguousarray(a)).long() for a in (window.x, window.y))
        logits, h = model(x, h * (not window.first))
        loss = nats(logits, y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)
        optimizer.step()
        h = h.detach()
    used = time.process_time() - started
    return judge(model, torch.from_numpy(trainer.val_ids.astype(np.int64))), used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--write", action="store_true", help="put the table into docs/presets.md")
    args = parser.parse_args()
    torch.set_num_threads(1)
    lines = [
        f"| Normalized | Rate | Hidden rate | Loss after {args.steps:,} steps | Seconds |",
        "|---|---:|---:|---:|---:|",
    ]
    print("\n".join(lines))
    for v in VARIANTS:
        loss, used = measure(v, args.steps)
        line = f"| {v.normalized} | {v.rate:g} | {v.hidden_rate:g} | {loss:.3f} | {used:.0f} |"
        lines.append(line)
        print(line, flush=True)
    if args.write:
        document.put(DOCUMENT, "normalization", "\n".join(lines))


if __name__ == "__main__":
    main()

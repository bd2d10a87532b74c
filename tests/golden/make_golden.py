"""Write what PyTorch computes, so that tests can compare without PyTorch.

    python tests/golden/make_golden.py

One file for each cell, in float64 and under PyTorch's own names: weights, inputs, a starting
state, outputs, the loss, every gradient, and 20 steps of Adam. Where our cell has one bias,
PyTorch's second one is zero and frozen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

MODULES = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
V, H, LAYERS, T, N = 9, 11, 2, 13, 3
STEPS, LEARNING_RATE = 20, 0.01


class TorchCharRNN(torch.nn.Module):
    """The module of charrnn/formats/torch.py."""

    def __init__(self, cell: str, vocab_size: int, hidden_size: int, layers: int) -> None:
        super().__init__()
        self.rnn = MODULES[cell](vocab_size, hidden_size, layers)
        self.head = torch.nn.Linear(hidden_size, vocab_size)

    def forward(self, x, state=None):  # x (T, N, V), one-hot
        outputs, state = self.rnn(x, state)
        return self.head(outputs), state


def golden(cell: str) -> dict[str, np.ndarray]:
    """All arrays of one file."""
    torch.manual_seed(7)
    module = TorchCharRNN(cell, V, H, LAYERS).double()
    if cell != "gru":
        for name, parameter in module.named_parameters():
            if "bias_hh" in name:
                torch.nn.init.zeros_(parameter).requires_grad_(False)
    ids = torch.randint(V, (T + 1, N))
    states = torch.randn(2 if cell == "lstm" else 1, LAYERS, N, H, dtype=torch.float64)
    arrays = {"ids": ids.numpy().astype(np.uint8), "start": states.numpy()}
    arrays |= {f"weights/{k}": v.numpy().copy() for k, v in module.state_dict().items()}

    def forward():
        one_hot = torch.nn.functional.one_hot(ids[:-1], V).double()
        logits, after = module(one_hot, tuple(states) if cell == "lstm" else states[0])
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, V), ids[1:].reshape(-1))
        return logits, after, loss

    logits, after, loss = forward()
    loss.backward()
    after = torch.stack(after) if cell == "lstm" else after[None]
    arrays |= {"logits": logits.detach().numpy(), "after": after.detach().numpy()}
    arrays |= {
        f"gradients/{k}": p.grad.numpy().copy()
        for k, p in module.named_parameters()
        if p.requires_grad
    }
    optimizer = torch.optim.Adam(
        [p for p in module.parameters() if p.requires_grad], lr=LEARNING_RATE
    )
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        _, _, loss = forward()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    arrays |= {"losses": np.array(losses), "learning_rate": np.array(LEARNING_RATE)}
    return arrays | {f"trained/{k}": v.numpy().copy() for k, v in module.state_dict().items()}


if __name__ == "__main__":
    for cell in MODULES:
        path = Path(__file__).with_name(f"{cell}.npz")
        np.savez(path, **golden(cell))
        print(f"{path.name}: {path.stat().st_size:,} bytes")

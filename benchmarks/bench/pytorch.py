"""The peer: PyTorch on the CPU, in the ways its users write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from child import Work, peak_megabytes, serve
from torch import Tensor, nn
from torch.nn import functional

V = 65
KINDS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


class Net(nn.Module):
    """Input, recurrent layers, logits; (T, N) ids to (T * N, V)."""

    def __init__(
        self, cell: str, layers: int, hidden: int, inputs: str, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, V) if inputs == "embedding" else None
        self.rnn = getattr(nn, KINDS[cell])(V, hidden, layers, dropout=dropout * (layers > 1))
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.out = nn.Linear(hidden, V)

    def forward(self, ids: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        if self.embedding is not None:
            x = self.embedding(ids)
        else:
            x = functional.one_hot(ids, V).float()
        y, state = self.rnn(x, state)
        return self.out(self.dropout(y).flatten(0, 1)), state


def detached(state: Any) -> Any:
    if isinstance(state, tuple):
        return tuple(s.detach() for s in state)
    return state.detach()


def train(
    cell: str, layers: int, hidden: int, batch: int, steps: int, inputs: str, onednn: bool,
    dropout: float = 0.0,
) -> Work:  # fmt: skip
    """Forward, back, clip, Adam in its fused form; the state is carried."""
    torch.backends.mkldnn.enabled = onednn
    torch.manual_seed(0)
    net = Net(cell, layers, hidden, inputs, dropout)
    adam = torch.optim.Adam(net.parameters(), lr=4e-3, fused=True)
    text = torch.randint(V, (21 * steps + 1, batch))
    state, place = None, 0

    def run(n: int) -> None:
        nonlocal state, place
        for _ in range(n):
            x, y = text[place : place + steps], text[place + 1 : place + steps + 1]
            place = (place + steps) % (20 * steps)
            adam.zero_grad(set_to_none=True)
            logits, after = net(x, state)
            state = detached(after)
            loss = functional.cross_entropy(logits, y.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            adam.step()
            loss.item()

    return Work(run, batch * steps)


def by_module(net: Net) -> Callable[[Tensor, Any], tuple[Tensor, Any]]:
    """One step through nn.RNN, nn.LSTM or nn.GRU: ids (N,) to logits (N, V)."""
    return lambda ids, state: net(ids[None], state)


def by_cells(net: Net, cell: str) -> Callable[[Tensor, Any], tuple[Tensor, Any]]:
    """One step through nn.RNNCell and the like: less machinery, often faster."""
    rnn: Any = net.rnn
    cells = [
        getattr(nn, KINDS[cell] + "Cell")(rnn.input_size if i == 0 else rnn.hidden_size,
                                          rnn.hidden_size)
        for i in range(rnn.num_layers)
    ]  # fmt: skip
    identity = torch.eye(V)

    def step(ids: Tensor, states: Any) -> tuple[Tensor, Any]:
        x, after = identity[ids], []
        for one, state in zip(cells, states or [None] * len(cells), strict=True):
            state = one(x, state)
            x = state[0] if isinstance(state, tuple) else state
            after.append(state)
        return net.out(x), after

    return step


def generate_many(
    cell: str, layers: int, hidden: int, streams: int, way: str, onednn: bool
) -> Work:
    """Softmax and a draw for every character of every stream."""
    torch.backends.mkldnn.enabled = onednn
    torch.manual_seed(0)
    net = Net(cell, layers, hidden, "onehot" if way == "onehot" else "embedding").eval()
    step = by_cells(net, cell) if way == "cells" else by_module(net)
    ids, state = torch.zeros(streams, dtype=torch.long), None

    @torch.inference_mode()
    def run(n: int) -> None:
        nonlocal ids, state
        for _ in range(n):
            logits, state = step(ids, state)
            chances = torch.softmax(logits / 0.8, dim=-1)
            ids = torch.multinomial(chances, 1)[:, 0]
            if streams == 1:
                ids.item()  # the character goes to the reader

    return Work(run, streams)


def generate(cell: str, layers: int, hidden: int, way: str, onednn: bool) -> Work:
    return generate_many(cell, layers, hidden, 1, way, onednn)


def train_memory(cell: str, layers: int, hidden: int, batch: int, steps: int) -> dict[str, Any]:
    """The peak of a few training steps, in a fresh process."""
    before = peak_megabytes()
    train(cell, layers, hidden, batch, steps, "onehot", True).run(3)
    return {"megabytes": peak_megabytes(), "megabytes above imports": peak_megabytes() - before}


if __name__ == "__main__":
    serve(
        {"train": train, "generate": generate, "generate many": generate_many},
        {"train memory": train_memory},
    )

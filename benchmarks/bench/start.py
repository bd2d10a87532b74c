"""From the start of a process to the first character of a trained model, ours and PyTorch's."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

OURS = """
import sys, charrnn
print(next(charrnn.generate(charrnn.load(sys.argv[1]), " ", 1)), flush=True)
"""

PEER = """
import sys, torch
from torch import nn
saved = torch.load(sys.argv[1], weights_only=True)
symbols, weights = saved["symbols"], saved["weights"]
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = getattr(nn, saved["kind"])(len(symbols), saved["hidden"], saved["layers"])
        self.head = nn.Linear(saved["hidden"], len(symbols))
net = Net()
net.load_state_dict(weights)
with torch.no_grad():
    ids = torch.tensor([symbols.index(c) for c in " " if c in symbols])
    y, state = net.rnn(nn.functional.one_hot(ids, len(symbols)).float()[:, None])
    chances = torch.softmax(net.head(y[-1, 0]) / 0.8, -1)
    print(symbols[torch.multinomial(chances, 1).item()], flush=True)
"""

SAVE_PEER = """
import sys, torch, charrnn
model = charrnn.load(sys.argv[1])
weights = {name: torch.tensor(array) for name, array in charrnn.to_torch(model).items()}
torch.save({"symbols": list(model.vocabulary.symbols), "kind": model.config.cell.upper(),
            "hidden": model.config.hidden_size, "layers": model.config.layers,
            "weights": weights}, sys.argv[2])
"""


def save_for_peer(npz: Path, target: Path, env: dict[str, str]) -> None:
    """Write the model as a state dict that the peer's script loads."""
    subprocess.run([sys.executable, "-c", SAVE_PEER, str(npz), str(target)], env=env, check=True)


def seconds_to_first_character(argv: list[str], env: dict[str, str]) -> float:
    """Start a process and wait for the first byte it prints."""
    started = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        first = process.stdout.read(1)
        took = time.perf_counter() - started
        process.stdout.read()
    if not first or process.returncode:
        raise RuntimeError(f"{' '.join(argv[:3])} printed nothing")
    return took

"""Times a process from its start to the first character of a trained model: ours, the peers'."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

OURS = """
import sys, charrnn
print(next(charrnn.generate(charrnn.load(sys.argv[1]), " ", 1)), flush=True)
"""

PYTORCH = """
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

SAVE_PYTORCH = """
import sys, torch, charrnn
model = charrnn.load(sys.argv[1])
weights = {name: torch.tensor(array) for name, array in charrnn.to_torch(model).items()}
torch.save({"symbols": list(model.vocabulary.symbols), "kind": model.config.cell.upper(),
            "hidden": model.config.hidden_size, "layers": model.config.layers,
            "weights": weights}, sys.argv[2])
"""

ONNX_RUNTIME = """
import json, sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
symbols = json.loads(session.get_modelmeta().custom_metadata_map["symbols"])
inputs = {i.name: np.zeros((1, 1, i.shape[2]), np.float32) for i in session.get_inputs()[1:]}
logits = session.run(["logits"], {"ids": np.array([[symbols.index(" ")]]), **inputs})[0][0, 0]
weights = np.exp((logits - logits.max()) / 0.8).cumsum()
print(symbols[weights.searchsorted(np.random.random() * weights[-1])], flush=True)
"""

SAVE_ONNX = """
import sys, charrnn
from pathlib import Path
from charrnn.formats.onnx import to_onnx
Path(sys.argv[2]).write_bytes(to_onnx(charrnn.load(sys.argv[1])))
"""

PEERS = {"PyTorch": (SAVE_PYTORCH, PYTORCH), "ONNX Runtime": (SAVE_ONNX, ONNX_RUNTIME)}
"""For each peer, the script that writes our model to its file, and the one that starts from it."""


def commands(npz: Path, env: dict[str, str], peers: list[str]) -> list[list[str]]:
    """Command lines that start from the model and print a character: ours, then each peer's."""
    lines = [[sys.executable, "-c", OURS, str(npz)]]
    for k, peer in enumerate(peers):
        save, code = PEERS[peer]
        target = str(npz.with_suffix(f".peer{k}"))
        subprocess.run([sys.executable, "-c", save, str(npz), target], env=env, check=True)
        lines.append([sys.executable, "-c", code, target])
    return lines


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

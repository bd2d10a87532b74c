"""Kills processes that save without pause, and reports what each left behind.

`python tests/killer.py FOLDER KILLS save|savez` prints a line of JSON a kill: `told`, the number
of the last save that returned; `found`, the number in the file; `error`, why it does not load;
`inside`, whether the kill came while a file was being written. It kills until a tenth of KILLS came
inside, at most five times KILLS.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.training import checkpoint

MODEL = CharRNN(Vocabulary.from_text("hello"), ModelConfig("rnn", 500))  # 1 MB


def write(path: Path, how: str) -> None:
    if how == "save":
        checkpoint.save(MODEL, path)
    else:
        np.savez(path, **np.load(io.BytesIO(checkpoint.Checkpoint(MODEL).to_bytes())))


def save_without_pause(path: Path, how: str, start: int, told: int) -> NoReturn:
    number = start
    while True:
        number += 1
        MODEL.metadata["number"] = number
        write(path, how)
        os.write(told, b"%d\n" % number)


def one_kill(path: Path, how: str, start: int, seconds: float) -> dict[str, object]:
    reading, told = os.pipe()
    child = os.fork()
    if child == 0:
        save_without_pause(path, how, start, told)
    os.close(told)
    first = os.read(reading, 64)  # the child saves without pause from here on
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        last = [start, *map(int, (first.decode() + pipe.read()).split())][-1]
    inside = any(path.parent.glob(".charrnn-*.tmp"))
    try:
        found, error = checkpoint.load(path).metadata["number"], ""
    except checkpoint.ModelFileError as broken:
        found, error = None, str(broken)
    return {"told": last, "found": found, "error": error, "inside": inside}


def main(folder: Path, kills: int, how: str) -> None:
    path = folder / "model.npz"
    rng = random.Random(0)
    MODEL.metadata["number"] = 0
    checkpoint.save(MODEL, path)
    number = done = inside = 0
    while done < kills or (inside < kills // 10 and done < 5 * kills):
        result = one_kill(path, how, number, rng.uniform(0.0, 0.1))
        print(json.dumps(result), flush=True)
        done += 1
        inside += bool(result["inside"])
        for rest in folder.glob(".charrnn-*.tmp"):
            rest.unlink()
        if result["error"]:
            checkpoint.save(MODEL, path)
        number = checkpoint.load(path).metadata["number"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])

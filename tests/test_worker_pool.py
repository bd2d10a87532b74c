"""Several processes train as one does, and leave nothing behind, however they end."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from waiting import PATIENCE, wait_until

from charrnn import ModelConfig, TrainConfig, Trainer, load
from charrnn.training.parallel.gradients import WorkerError

ROOT = Path(__file__).parent.parent
TEXT = "The keeper climbs the stair, and counts; the lamp is lit before the dark. " * 20
CONFIG = TrainConfig(batch_size=5, seq_length=12, steps=40, eval_every=10)


def losses(workers: int, cell: str, config: TrainConfig, dropout: float) -> list[float]:
    trainer = Trainer(TEXT, ModelConfig(cell, 24, 2, dropout), config, workers=workers)
    return [progress.loss for progress in trainer.run()]


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_losses_are_those_of_one_worker(cell: str, workers: int) -> None:
    one, several = losses(1, cell, CONFIG, 0.3), losses(workers, cell, CONFIG, 0.3)
    assert len(one) == 40
    assert one[-1] < one[0] - 0.2
    np.testing.assert_allclose(several, one, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, batch_size=1),  # more workers than sequences
        replace(CONFIG, batching="windows", state="reset"),
        replace(CONFIG, optimizer="adagrad", state="endless", clip_value=1.0),
    ],
    ids=["one sequence", "windows", "adagrad"],
)
def test_any_way_to_train_can_be_shared(config: TrainConfig) -> None:
    one, two = losses(1, "gru", config, 0.0), losses(2, "gru", config, 0.0)
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-5)


def test_a_run_goes_on_with_another_number_of_workers(tmp_path: Path) -> None:
    expected = losses(1, "lstm", CONFIG, 0.0)
    trainer = Trainer(TEXT, ModelConfig("lstm", 24, 2), CONFIG, workers=2)
    first = [progress.loss for progress in trainer.run(steps=20)]
    trainer.save(tmp_path / "run.npz")
    resumed = Trainer.resume(tmp_path / "run.npz", TEXT)
    rest = [progress.loss for progress in resumed.run()]
    np.testing.assert_allclose(first + rest, expected, rtol=0, atol=1e-5)


def test_a_killed_worker_ends_the_run_and_the_best_weights_stay() -> None:
    trainer = Trainer(TEXT, ModelConfig("lstm", 24), CONFIG, workers=2)
    run = trainer.run()
    for _ in range(15):
        next(run)
    best = trainer.model.parameters.vector.copy()
    (worker,) = multiprocessing.active_children()
    worker.kill()
    with pytest.raises(WorkerError, match=r"exit code -9.*best weights so far are kept"):
        list(run)
    np.testing.assert_array_equal(trainer.model.parameters.vector, best)
    assert trainer.train_state.best is not None
    assert multiprocessing.active_children() == []


def test_processes_end_with_the_run_that_nobody_finishes() -> None:
    run = Trainer(TEXT, ModelConfig("rnn", 8), CONFIG, workers=3).run()
    next(run)
    assert len(multiprocessing.active_children()) == 2
    run.close()
    assert multiprocessing.active_children() == []


SCRIPT = """
import multiprocessing, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
from charrnn import ModelConfig, TrainConfig, Trainer, load
if __name__ == "__main__":
    config = TrainConfig(batch_size=4, steps=10**6)
    run = Trainer("abcdefg " * 200, ModelConfig("rnn", 8), config, workers=2).run()
    next(run)
    print(multiprocessing.active_children()[0].pid, flush=True)
    for _ in run: pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /dev/shm and /proc")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_killed_trainer_leaves_no_worker_and_no_memory(tmp_path: Path, end: str) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    ) as process:
        assert process.stdout is not None
        worker = Path("/proc") / process.stdout.readline().strip()
        assert worker.exists()
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        shared = re.findall(r"/dev/shm/.+", maps)
        assert shared
        process.send_signal(getattr(signal, end))
    wait_until(lambda: not worker.exists())
    assert not [name for name in shared if Path(name).exists()]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A `train --processes 2` that has reported its first step, in a process group of its own."""
    argv = "train hello --processes 2 --batch-size 2 --seq-length 1 --steps 1000000 --out run.npz"
    with subprocess.Popen(
        [sys.executable, "-m", "charrnn", *argv.split(), "--json", "--log-every", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        yield process
        process.kill()


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in map(int, listed.split())}
    return [pid for pid, command in commands.items() if "spawn_main" in command]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_terminal_says_that_a_worker_was_killed(
    terminal: subprocess.Popen[str], tmp_path: Path
) -> None:
    (worker,) = children(terminal)
    os.kill(worker, signal.SIGKILL)
    _, errors = terminal.communicate(timeout=PATIENCE)
    assert terminal.returncode == 2
    assert "A worker process ended unexpectedly (exit code -9)" in errors
    assert "Traceback" not in errors
    assert load(tmp_path / "run.npz").metadata["steps"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_saves(
    terminal: subprocess.Popen[str], tmp_path: Path, end: signal.Signals
) -> None:
    os.killpg(terminal.pid, end)
    _, errors = terminal.communicate(timeout=PATIENCE)
    assert terminal.returncode == 128 + end
    assert "Traceback" not in errors
    assert load(tmp_path / "run.npz").metadata["steps"] > 0

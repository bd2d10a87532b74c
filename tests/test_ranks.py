"""MPI ranks train as one process does, on one machine and over a network, however they end."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpi
import numpy as np
import pytest
from waiting import PATIENCE

from charrnn import CharRNN, ModelConfig, TrainConfig, Trainer, load
from charrnn.training.checkpoint import Checkpoint

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mpich of PyPI, /proc")

TEXT = "The keeper climbs the stair, and counts; the lamp is lit before the dark. " * 20
CONFIG = TrainConfig(batch_size=6, seq_length=12, steps=25, eval_every=10)
RUNS = [
    (ModelConfig("rnn", 24), CONFIG),
    (ModelConfig("lstm", 24, 2, dropout=0.3), CONFIG),
    (ModelConfig("gru", 24), replace(CONFIG, batching="windows", state="reset", averaging=0.1)),
    (ModelConfig("gru", 24), replace(CONFIG, batch_size=1, accumulate=3)),  # ranks without any
    (ModelConfig("lstm", 24), replace(CONFIG, learning_rate=50.0, optimizer="sgd")),  # explodes
]
SCRIPT = """
import json, sys, pickle
from mpi4py import MPI
from charrnn import Trainer
text, runs = pickle.load(open("runs.pickle", "rb"))
for model, config in runs:
    trainer = Trainer(text, model, config, comm=MPI.COMM_WORLD)
    seen = [[p.loss, p.val_loss, p.note] for p in trainer.run()]
    timed = Trainer(text, model, config, comm=MPI.COMM_WORLD)
    steps = len([p for p in timed.run(seconds=0.05)])
    steps = MPI.COMM_WORLD.allgather(steps)
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps([seen, steps]), flush=True)
"""
TRAIN = ["-m", "charrnn", "train", "sea.txt", "--json", "--log-every", "1", "--sample-every", "0"]
SMALL = ["--hidden-size", "12", "--batch-size", "6", "--seq-length", "10", "--eval-every", "5"]
LONG = [sys.executable, *TRAIN, *SMALL, "--steps", "1000000", "--schedule", "constant"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sea.txt").write_text(TEXT)
    return tmp_path


def ended(process: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], str]:
    """What a launcher printed until it ended: the JSON objects, and the other stream."""
    out, errors = process.communicate(timeout=PATIENCE)
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")], errors


def read(process: subprocess.Popen[str], lines: int) -> list[dict[str, Any]]:
    """The next objects that a launcher prints."""
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(lines)]


@pytest.mark.parametrize(("ranks", "over_tcp"), [(2, False), (4, False), (2, True)])
def test_losses_are_those_of_one_process(folder: Path, ranks: int, over_tcp: bool) -> None:
    (folder / "runs.pickle").write_bytes(pickle.dumps((TEXT, RUNS)))
    words = ["-n", str(ranks), sys.executable, "-c", SCRIPT]
    with mpi.start(words, folder, mpi.OVER_TCP if over_tcp else {}) as process:
        out, errors = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == 0, errors
    results = [json.loads(line) for line in out.splitlines()]
    assert len(results) == len(RUNS)
    for (model, config), (seen, steps) in zip(RUNS, results, strict=True):
        alone = list(Trainer(TEXT, model, config).run())
        losses, val_losses, notes = zip(*seen, strict=True)
        assert notes == tuple(p.note for p in alone)
        exploded = config.learning_rate > 1  # rounding grows with the weights
        tolerance = 1e-3 if exploded else 1e-5
        np.testing.assert_allclose(losses, [p.loss for p in alone], rtol=tolerance, atol=tolerance)
        for got, progress in zip(val_losses, alone, strict=True):
            assert (got is None) == (progress.val_loss is None)
            assert got is None or got == pytest.approx(progress.val_loss, abs=10 * tolerance)
        assert len(set(steps)) == 1  # a limit in seconds stops all at the same step


def test_ranks_in_networks_of_their_own_train_as_one_process(folder: Path) -> None:
    try:
        with mpi.namespaces(folder) as launcher:
            words = ["-n", "2", sys.executable, *TRAIN, *SMALL, "--steps", "20", "--out", "two.npz"]
            with mpi.start(words, folder, launcher=launcher) as process:
                printed, errors = ended(process)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces on this machine: {error}")
    assert process.returncode == 0, errors
    assert [line["step"] for line in printed] == [*range(1, 21), 20]  # rank 0 alone prints
    one = Trainer(
        TEXT,
        ModelConfig("lstm", 12),
        TrainConfig(steps=20, batch_size=6, seq_length=10, eval_every=5),
    )
    losses = [progress.loss for progress in one.run()]
    np.testing.assert_allclose([line["loss"] for line in printed[:20]], losses, atol=1e-5)
    assert weights_apart(load(folder / "two.npz"), one.model) < 1e-4


def weights_apart(a: CharRNN, b: CharRNN) -> float:
    return float(np.abs(a.parameters.vector - b.parameters.vector).max())


def test_a_killed_rank_ends_the_run_with_its_best_weights_which_other_ranks_continue(
    folder: Path,
) -> None:
    with mpi.start(["-n", "2", *LONG], folder) as process:
        printed = read(process, 30)
        mpi.rank_process(process, 1).kill()
        more, _ = ended(process)
    assert process.returncode != 0
    best = min(line["val_loss"] for line in printed + more if line["val_loss"] is not None)
    saved = Checkpoint.load(folder / "sea.npz")
    assert saved.training.best_loss is not None
    assert saved.training.best_loss <= best
    start = saved.state.step if saved.state else 0
    one = Trainer.resume(saved, TEXT)
    with mpi.start(["-n", "4", *LONG], folder) as process:  # the same command
        continued = read(process, 20)
        mpi.rank_process(process, 0).send_signal(signal.SIGTERM)
        _, errors = ended(process)
    assert f"from step {start:,}" in errors
    expected = [next(steps).loss for steps in [one.run()] for _ in range(20)]
    assert [line["step"] for line in continued] == [*range(start + 1, start + 21)]
    np.testing.assert_allclose([line["loss"] for line in continued], expected, atol=1e-5)


def test_a_stopped_run_is_saved_with_the_states_of_all_ranks(folder: Path) -> None:
    words = [*LONG, "--eval-every", "100000"]
    with mpi.start(["-n", "3", *words], folder) as process:
        read(process, 7)
        mpi.rank_process(process, 0).send_signal(signal.SIGTERM)
        _, errors = ended(process)
    assert process.returncode == 128 + signal.SIGTERM, errors
    saved = Checkpoint.load(folder / "sea.npz")
    assert saved.state is not None
    one = Trainer(TEXT, saved.model.config, saved.train_config())
    for _ in one.run(steps=saved.state.step):
        pass
    for ours, theirs in zip(saved.state.recurrent[0], one.train_state.recurrent[0], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_ranks_with_other_settings_or_texts_end_with_a_sentence(folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    (other / "sea.txt").write_text(TEXT[1:])
    command = [sys.executable, *TRAIN, *SMALL, "--steps", "5", "--out", "x.npz"]
    for second, named in (
        (["-n", "1", *command, "--cell", "gru"], "cell"),
        (["-n", "1", "-wdir", str(other), *command], "text"),
    ):
        with mpi.start(["-n", "1", *command, ":", *second], folder) as process:
            printed, errors = ended(process)
        assert process.returncode == 2
        assert printed == []
        (sentence,) = [line for line in errors.splitlines() if line.startswith("charrnn:")]
        assert f"Rank 1 differs from rank 0 in {named}:" in sentence
        assert "Traceback" not in errors
    assert not (folder / "x.npz").exists()


def test_bad_input_is_said_once(folder: Path) -> None:
    command = [sys.executable, *TRAIN, "--processes", "2"]
    for words, named in ((command, "--processes"), ([*command[:4], "none.txt"], "none.txt")):
        with mpi.start(["-n", "2", *words], folder) as process:
            _, errors = ended(process)
        assert process.returncode == 2
        assert errors.count("charrnn: ") == 1
        assert named in errors


def test_without_mpi4py_one_sentence_says_what_to_install(folder: Path) -> None:
    code = "import sys; sys.modules['mpi4py'] = None; from charrnn.__main__ import main; "
    code += "sys.exit(main(['train', 'hello']))"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PMI_SIZE": "2", "PMI_RANK": "0", "PYTHONPATH": str(mpi.ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "charrnn-numpy[mpi]" in errors
    assert "Traceback" not in errors

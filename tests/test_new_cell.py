"""A fourth cell is one file and one line: everything else follows from the registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mgu import MGU

import charrnn
from charrnn import CELLS, CharRNN, ModelConfig, TrainConfig, Trainer, Vocabulary
from charrnn.__main__ import main

ROOT = Path(__file__).parent.parent
TEXT = "The lamp turns, and the sea turns with it.\n" * 20

WALK_THE_REGISTRY = ("test_cells.py", "test_model.py", "test_training.py", "test_sampling.py")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one line."""
    monkeypatch.setitem(CELLS, "mgu", MGU)


@pytest.mark.parametrize("layers", [1, 2])
def test_its_gradients_are_exact(layers: int) -> None:
    model = CharRNN(Vocabulary.from_text(TEXT), ModelConfig("mgu", 5, layers))
    ids = np.random.default_rng(0).integers(len(model.vocabulary), size=(8, 3))
    errors = charrnn.gradient_check(model, ids[:-1], ids[1:])
    assert max(errors.values()) < 1e-9, errors


def test_it_learns_and_its_file_comes_back(tmp_path: Path) -> None:
    config = TrainConfig(batch_size=4, seq_length=20, steps=300, learning_rate=1e-2)
    trainer = Trainer(TEXT, ModelConfig("mgu", 32), config)
    losses = [progress.loss for progress in trainer.run()]
    assert losses[0] > 2.5
    assert losses[-1] < 0.2
    charrnn.save(trainer.model, tmp_path / "mgu.npz")
    loaded = charrnn.load(tmp_path / "mgu.npz")
    assert loaded.config.cell == "mgu"
    assert charrnn.score(loaded, TEXT) == charrnn.score(trainer.model, TEXT) < 0.3
    sampling = charrnn.Sampling(temperature=0)
    assert "".join(charrnn.generate(loaded, "The lamp", 8, sampling)) == " turns, "


def test_the_terminal_offers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "lighthouse", "--cell", "mgu", "--steps", "3", "--no-baselines"]) == 0
    assert charrnn.load("lighthouse.npz").config.cell == "mgu"
    main(["train", "--help"])
    assert "{rnn,lstm,gru,mgu}" in capsys.readouterr().out


@pytest.mark.slow
def test_it_passes_what_walks_the_registry() -> None:
    files = [str(Path("tests") / name) for name in WALK_THE_REGISTRY]
    argv = [sys.executable, "-m", "pytest", "-p", "with_mgu", "-k", "mgu", "-q", *files]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout

"""Training and generation run on any array type that answers NumPy's protocols, such as CuPy's."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device_array import TRANSFERS, DeviceArray

from charrnn import ModelConfig, Sampling, TrainConfig, Trainer, generate, score
from charrnn.__main__ import main
from charrnn.network.cells import CELLS
from charrnn.training.optimizers import OPTIMIZERS

TEXT = "The keeper climbs the stair, and counts; the lamp is lit before the dark. " * 12
CONFIG = TrainConfig(batch_size=4, seq_length=20, steps=30, eval_every=10)


def on_device(trainer: Trainer) -> Trainer:
    trainer.move(DeviceArray.from_host)  # type: ignore[arg-type]
    return trainer


def losses(trainer: Trainer) -> list[Any]:
    return [(p.loss, p.val_loss, p.note) for p in trainer.run()]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_trains_and_writes_on_a_device(cell: str, layers: int) -> None:
    model = ModelConfig(cell, 12, layers, dropout=0.2)
    here, there = Trainer(TEXT, model, CONFIG), on_device(Trainer(TEXT, model, CONFIG))
    assert losses(there) == losses(here)
    assert isinstance(there.live.parameters.vector, DeviceArray)
    sampling = Sampling(random_seed=2, top_k=5)
    written = "".join(generate(there.live, "The ", 40, sampling))
    assert written == "".join(generate(here.live, "The ", 40, sampling))
    assert score(there.live, TEXT) == score(here.live, TEXT)
    assert score(there.live, TEXT, cold=32) == score(here.live, TEXT, cold=32)


@pytest.mark.parametrize(
    "config",
    [
        *(replace(CONFIG, optimizer=name, weight_decay=0.01) for name in OPTIMIZERS),
        replace(CONFIG, clip_value=0.01, averaging=0.1, accumulate=2),
        replace(CONFIG, batching="windows", state="reset", learning_rate=50.0, optimizer="sgd"),
    ],
    ids=[*OPTIMIZERS, "averaging", "explosion"],
)
def test_every_way_to_train_does(config: TrainConfig) -> None:
    model = ModelConfig("gru", 8)
    here, there = Trainer(TEXT, model, config), on_device(Trainer(TEXT, model, config))
    assert losses(there) == losses(here)


def test_a_step_sends_ids_and_brings_two_numbers_back() -> None:
    trainer = on_device(Trainer(TEXT, ModelConfig("lstm", 12, 2), CONFIG))
    run = trainer.run()
    next(run)
    TRANSFERS.clear()
    next(run)
    x = trainer.batches.window(1).x
    assert TRANSFERS["to device"] == 2 * x.size  # the ids, and those one symbol on
    assert TRANSFERS["to host"] == 2  # the loss, and the gradient's length
    run.close()
    TRANSFERS.clear()
    assert len(list(generate(trainer.live, "The ", 10, Sampling(random_seed=1)))) == 10
    V = len(trainer.live.vocabulary)
    assert TRANSFERS["to host"] == 11 * V  # the logits to draw from, and those after the last


def test_weights_are_saved_and_loaded_from_either_side(tmp_path: Path) -> None:
    model, path = ModelConfig("lstm", 12), tmp_path / "run.npz"
    whole = losses(Trainer(TEXT, model, CONFIG))
    for first, second in ((on_device, lambda t: t), (lambda t: t, on_device)):
        trainer = first(Trainer(TEXT, model, CONFIG))
        begun = [(p.loss, p.val_loss, p.note) for p in trainer.run(steps=15)]
        trainer.save(path)
        assert isinstance(trainer.model.parameters.vector, np.ndarray)
        resumed = second(Trainer.resume(path, TEXT))
        assert begun + losses(resumed) == whole


def test_what_the_stand_in_refuses() -> None:
    array = DeviceArray(np.ones(3))
    for silent in (
        lambda: np.asarray(array),
        lambda: np.ones(3) + array,
        lambda: array[np.array([0])],
        lambda: np.add(array, 1, out=np.ones(3)),
        lambda: array.__setitem__(0, np.ones(1)),
    ):
        with pytest.raises(TypeError):
            silent()


@pytest.mark.parametrize(
    ("more", "named"), [([], "charrnn-numpy[cuda]"), (["--processes", "2"], "--processes")]
)
def test_a_gpu_that_is_not_there_is_one_sentence(
    more: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert main(["train", "hello", "--device", "cuda", *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line
    assert not list(tmp_path.iterdir())

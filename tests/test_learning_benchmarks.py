"""The computations of the learning benchmarks, apart from the training itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    for name in ("search", "presets", "time_to_loss", "scale"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_training_seconds_leave_evaluations_out() -> None:
    from bench import nanogpt

    log = ["step 0: train loss 4.2, val loss 4.1\n"]
    log += ["iter 0: loss 4.2, time 9000.00ms, mfu -100.00%\n"]  # with the evaluation before it
    log += [f"iter {i}: loss 3.0, time 100.00ms, mfu 0.1%\n" for i in range(1, 10)]
    log += ["step 10: train loss 2.0, val loss 2.1\n"]
    run = nanogpt.read([*log, "iter 10: loss 2.0, time 9000.00ms, mfu 0.1%\n"])
    assert run.seconds == pytest.approx(1.1)
    assert run.curve == [(0.0, 4.1), (pytest.approx(1.0), 2.1)]
    assert run.iterations == 11


def test_the_data_is_split_and_numbered_as_there(tmp_path: Path) -> None:
    from bench import nanogpt

    checkout, folder = tmp_path / "checkout", tmp_path / "copy"
    with pytest.raises(ValueError, match="no checkout"):
        nanogpt.prepare(checkout, "text", folder)
    for name in nanogpt.FILES:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("")
    nanogpt.prepare(checkout, "hello wordy" * 10, folder)
    data = folder / "data" / "shakespeare_char"
    train, held_out = (np.fromfile(data / f"{n}.bin", np.uint16) for n in ("train", "val"))
    assert (len(train), len(held_out)) == (99, 11)
    assert "".join(sorted(set("hello wordy"))[i] for i in held_out) == "hello wordy"


def test_settings_said_in_two_ways_are_one_run(tmp_path: Path) -> None:
    import search

    assert search.key("10 KB", {}, 60) == search.key("10 KB", {"dropout": 0.0}, 60)
    assert search.key("10 KB", {}, 60) != search.key("10 KB", {"epochs": 5}, 60)
    row: dict[str, Any] = {"text": "10 KB", "seconds": 60, "settings": {"cell": "gru"}}
    row |= {"loss": 2.0, "steps": 9, "epochs": 3.0, "used": 7.0}
    results = tmp_path / "search.jsonl"
    results.write_text(json.dumps(row) + "\n")
    assert search.key("10 KB", {"cell": "gru", "dropout": 0.0}, 60) in search.known(results)


def test_a_stopwatch_does_not_count_looks() -> None:
    import time_to_loss

    from charrnn import ModelConfig, TrainConfig, Trainer

    trainer = Trainer("a text of some length. " * 100, ModelConfig("rnn", 4), TrainConfig())
    watch = time_to_loss.Stopwatch()
    before = watch.paused
    loss = watch.look(trainer)
    assert loss == pytest.approx(np.log(len(trainer.live.vocabulary)), abs=0.7)
    assert watch.paused > before


def test_a_document_gets_its_part_and_keeps_the_rest(tmp_path: Path) -> None:
    from bench import document

    page = tmp_path / "page.md"
    page.write_text("above\n<!-- begin table -->\nold\n<!-- end table -->\nbelow\n")
    document.put(page, "table", "| new |\n")
    document.put(page, "table", "| newer |\n")
    assert page.read_text() == (
        "above\n<!-- begin table -->\n| newer |\n<!-- end table -->\nbelow\n"
    )
    with pytest.raises(ValueError, match="picture"):
        document.put(page, "picture", "")


def test_a_predicted_step_adds_latency_and_bytes() -> None:
    import scale

    times = {"64": 2e-5, "1000": 1e-4, "4000000": 2e-5 + 4e-3}  # bytes: seconds of two ranks
    latency, bandwidth = scale.link(times)
    assert latency == pytest.approx(1e-5)
    assert bandwidth == pytest.approx(1e9)
    assert scale.all_reduce(2, 4_000_000, latency, bandwidth) == pytest.approx(times["4000000"])
    assert scale.all_reduce(4, 10**6, 0, 1e9) == pytest.approx(1.5e-3)  # 2 * 3/4 of the bytes
    assert scale.all_reduce(1024, 0, 1e-5, 1e9) == pytest.approx(2e-4)  # 10 rounds, there and back
    by_n = {1: 1.0, 4: 2.0, 16: 5.0, 32: 9.0}
    assert [scale.interpolated(by_n, n) for n in (1, 10, 32, 64)] == [1.0, 3.5, 9.0, 17.0]

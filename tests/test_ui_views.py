"""The values that the page draws, from snapshots of runs."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from builders import tiny_model

from charrnn import ModelConfig, Progress, TrainConfig
from charrnn.service.job import Job, Record, RunView, Snapshot
from charrnn.service.visitor import LastRun, Visitor
from charrnn.ui.train import views

JOB = Job("some text", (ModelConfig("lstm", 32),), TrainConfig(steps=200), 60.0, "lighthouse", "so")
PROGRESS = Progress(
    step=50,
    steps=200,
    fraction=0.25,
    epoch=1.5,
    loss=2.1,
    smooth_loss=2.0,
    val_loss=None,
    best_loss=1.9,
    best_step=40,
    learning_rate=0.01,
    gradient_norm=1.0,
    chars=5_000,
)


def record() -> Record:
    made = Record()
    for step in range(1, 51):
        made.loss.add(step, 3.0)
        made.smooth.add(step, 3.0 - step / 50)
    made.validation.add(40, 1.9)
    made.samples = [(0, "", "xx"), (20, "2.60", "so it")]
    return made


RUN = RunView(JOB.models[0], record(), PROGRESS, 5.0, 1_000.0, "so it goes")
RUNNING = Snapshot((RUN,), (("uniform", 4.0),))
STOPPED = replace(RUNNING, over=True, files=(b"x",))


def numbers(value: views.Value) -> dict[str, str]:
    return dict(value["numbers"])


def test_the_card_says_loss_speed_and_time_left() -> None:
    card = views.status(JOB, RUNNING, elapsed=5.0)
    assert card["state"] == "training"
    assert card["title"] == "Training LSTM 32"
    assert numbers(card) == {
        "step of 200": "50",
        "like choosing among": "6.7 letters",
        "loss, nats": "2.000",
        "unseen text": "1.900",
        "chars / s": "1,000",
        "time left": "0:15",  # 150 steps of 100 characters at 1,000 a second
    }


def test_time_left_is_never_more_than_the_limit() -> None:
    assert numbers(views.status(JOB, RUNNING, elapsed=58.0))["left of 60 s"] == "0:02"


@pytest.mark.parametrize(
    ("snapshot", "title", "state"),
    [
        (Snapshot(()), "Starting LSTM 32", "training"),
        (STOPPED, "Stopped", "stopped"),
        (replace(STOPPED, finished=True), "Done", "done"),
        (Snapshot((), note="No.", over=True, failed=True), "This could not be trained", "failed"),
    ],
)
def test_every_end_has_its_words(snapshot: Snapshot, title: str, state: str) -> None:
    card = views.status(JOB, snapshot, 1.0)
    assert (card["title"], card["state"]) == (title, state)


def test_a_run_that_was_planned_by_the_clock_is_done_when_its_time_is_over() -> None:
    late = JOB.seconds + 1
    assert views.status(JOB, STOPPED, late)["state"] == "stopped"
    assert views.status(replace(JOB, planned=5.0), STOPPED, late)["state"] == "done"


def test_a_place_in_line_is_told_with_the_likely_wait() -> None:
    card = views.waiting(1, 29.2)
    assert card["title"] == "In line: 1 run is ahead of yours"
    assert "0:30" in card["note"]
    assert not re.search(r"\d", views.waiting(2, 4.0)["note"])


def test_the_chart_has_curves_and_baselines() -> None:
    chart = views.chart(JOB, RUNNING)
    names = [curve["name"] for curve in chart["curves"]]
    assert names == ["each step", "training", "validation (held-out text)"]
    assert chart["curves"][1]["points"].split()[-1] == "50,2.0000"
    assert chart["baselines"] == [["blind guess", 4.0]]


def test_the_best_validation_is_marked_where_there_is_one() -> None:
    assert views.chart(JOB, RUNNING)["best"] == [40, 1.9]
    unmeasured = replace(RUN, record=Record())
    assert views.chart(JOB, Snapshot((unmeasured,)))["best"] == []
    assert views.chart(JOB, Snapshot((replace(RUN, progress=None),)))["best"] == []
    race = replace(JOB, models=(JOB.models[0],) * 2)
    assert views.chart(race, RUNNING)["best"] == []


def test_the_run_before_on_the_same_text_stays_in_the_picture() -> None:
    last = LastRun(JOB, STOPPED)
    assert views.previous_run(JOB, last) == record().smooth.packed()
    assert views.previous_run(replace(JOB, text="other"), last) == ""
    assert views.previous_run(JOB, None) == ""
    chart = views.chart(JOB, RUNNING, views.previous_run(JOB, last))
    assert chart["curves"][0]["name"] == "the run before"


def test_the_samples_are_flat_and_ends_with_the_present() -> None:
    samples = views.samples(JOB, RUNNING)
    assert samples["seed"] == "so"
    assert samples["samples"] == ["0", "", "xx", "20", "2.60", "so it", "50", "2.00", "so it goes"]
    assert len(views.samples(JOB, STOPPED)["samples"]) == 6


def test_an_uploaded_run_is_announced() -> None:
    card = views.uploaded(Visitor().with_model(tiny_model("gru", hidden_size=8), "mine"))
    assert (card["title"], card["state"]) == ("An uploaded run of GRU 8", "stopped")


def test_a_race_names_its_winner() -> None:
    models = tuple(ModelConfig(cell, 8) for cell in ("rnn", "lstm", "gru"))
    job = replace(JOB, models=models)
    runs = tuple(replace(RUN, model=model) for model in models)
    over = Snapshot(runs, over=True, finished=True, files=(b"",) * 3, best=2)
    assert views.status(job, over, 9.0)["title"] == "The GRU won"
    assert [run_view["name"] for run_view in views.race(job, over)["runs"]][2] == "GRU 8, first"
    assert views.chart(job, over)["unit"] == "second"


def test_a_race_shows_the_loss_that_it_is_ranked_by() -> None:
    models = tuple(ModelConfig(cell, 8) for cell in ("rnn", "lstm"))
    job = replace(JOB, models=models)
    held_out = [replace(PROGRESS, smooth_loss=1.0, best_loss=2.5), PROGRESS]
    runs = tuple(
        replace(RUN, model=model, progress=progress)
        for model, progress in zip(models, held_out, strict=True)
    )
    card = views.status(job, Snapshot(runs, over=True, finished=True, best=1), 9.0)
    assert list(numbers(card).values()) == ["2.500", "1.900"]
    assert views.race(job, Snapshot(runs))["runs"][0]["numbers"].startswith("2.500 nats")


def test_values_are_json_and_small() -> None:
    values = [
        views.status(JOB, RUNNING, 1.0),
        views.chart(JOB, RUNNING),
        views.samples(JOB, RUNNING),
    ]
    assert len(json.dumps(values)) < 10_000

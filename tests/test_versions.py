"""The weights that write after a run: the best, the last, a sample's, or a ready-made model's."""

from __future__ import annotations

import queue
from dataclasses import replace

import numpy as np
import pytest

from charrnn import generate
from charrnn.corpora import load_corpus
from charrnn.network.model import ModelConfig
from charrnn.network.sampling import Sampling
from charrnn.service import versions, worker
from charrnn.service.job import Job
from charrnn.service.run import with_run
from charrnn.service.session_store import weight
from charrnn.service.visitor import Visitor
from charrnn.training.config import TrainConfig
from charrnn.ui.train import views

TEXT = load_corpus("lighthouse").text[:1500]
"""So short that its last weights know it by heart, and its best ones come early."""
JOB = Job(
    text=TEXT,
    models=(ModelConfig("gru", 64),),
    config=TrainConfig(steps=400, eval_every=10, batch_size=8, seq_length=32, learning_rate=0.02),
    seconds=100.0,
    seed="The ",
    sample_length=120,
)


def trained(job: Job = JOB) -> Visitor:
    last = list(worker.train(job, queue.SimpleQueue()))[-1]
    return with_run(Visitor(), job, last)


@pytest.fixture(scope="module")
def visitor() -> Visitor:
    return trained()


def written(visitor: Visitor) -> str:
    sampling = Sampling(temperature=JOB.temperature, random_seed=1)
    return "".join(generate(visitor.current, JOB.seed, JOB.sample_length, sampling))


def test_the_last_sample_is_what_generate_writes(visitor: Visitor) -> None:
    assert visitor.run
    shown = views.samples(visitor.run.job, visitor.run.snapshot, visitor)
    assert shown["version"] == versions.LAST  # by default, for a short text
    assert written(visitor) == shown["samples"][-1]
    best = versions.with_version(visitor, versions.BEST)
    shown = views.samples(visitor.run.job, visitor.run.snapshot, best)
    assert shown["version"] == versions.BEST
    assert written(best) == shown["best"][-1]
    assert written(best) != written(visitor)


def test_both_versions_have_names_and_the_file_holds_both(visitor: Visitor) -> None:
    assert list(versions.versions(visitor)) == [versions.BEST, versions.LAST]
    best = versions.with_version(visitor, versions.BEST)
    assert visitor.to_bytes() == best.to_bytes()
    assert best.current is visitor.model


def test_a_long_text_is_written_by_the_best_weights(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "SHORT", len(TEXT))
    assert versions.with_default(versions.with_version(visitor, "")).chosen is None


def test_a_model_with_one_version_has_no_switch() -> None:
    assert versions.versions(Visitor()) == {}
    assert versions.versions(trained(replace(JOB, config=TrainConfig(steps=1)))) == {}


def test_a_sample_can_be_written_from(visitor: Visitor) -> None:
    assert visitor.run
    kept = [step for step, _ in visitor.run.snapshot.weights]
    record = visitor.run.snapshot.runs[0].record
    assert kept == [step for step, _, _ in record.samples]
    there = versions.with_sample(visitor, kept[-1])
    close = versions.with_version(visitor, versions.LAST).current.parameters.vector
    np.testing.assert_allclose(there.current.parameters.vector, close, rtol=1e-3, atol=1e-6)
    first = versions.with_sample(visitor, kept[0])
    assert "step 0" in first.name
    assert weight(visitor) > sum(len(data) for _, data in visitor.run.snapshot.weights)
    with pytest.raises(ValueError, match="not kept"):
        versions.with_sample(visitor, 7)


def test_kept_weights_stay_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    run = worker.TrainingRun(JOB, JOB.models[0])
    size = 2 * run.trainer.weights.size
    monkeypatch.setattr(worker, "KEPT_BYTES", 4 * size)
    for step in range(1, 30):
        run.keep_weights(step)
    assert len(run.kept) <= 4
    kept = list(run.kept)
    assert (kept[0], kept[-1]) == (0, 29)


def test_ones_own_model_comes_back_after_a_ready_made_one(visitor: Visitor) -> None:
    ready = versions.with_ready_made(visitor, "lighthouse")
    assert ready.name == "pretrained: lighthouse"
    assert ready.run is visitor.run
    own = versions.with_ready_made(ready, "")
    assert own.current is visitor.model
    assert own.name == visitor.model_name

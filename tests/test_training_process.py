"""Training in a real child process: snapshots, stop, continue, race, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from builders import from_bytes
from waiting import wait_until

from charrnn import ModelConfig, Progress, TrainConfig, score
from charrnn.network.sampling import Sampling, generate
from charrnn.pretrained import load_pretrained
from charrnn.service.job import POINTS, Curve, Job, Snapshot
from charrnn.service.process import TrainingProcess
from charrnn.service.worker import begin
from charrnn.training.checkpoint import Checkpoint, load

ROOT = Path(__file__).resolve().parents[1]
TEXT = "the cat sat on the mat, and the dog sat on the log. " * 60
JOB = Job(
    text=TEXT,
    models=(ModelConfig("gru", 24),),
    config=TrainConfig(steps=100_000, batch_size=4, eval_every=20),
    seconds=30,
    seed="the ",
    sample_length=40,
)


def until(run: TrainingProcess, done: Callable[[Snapshot], bool]) -> Snapshot:
    """The first snapshot for which `done` is true."""
    wait_until(lambda: done(run.snapshot), "the worker did not get there")
    return run.snapshot


def finished(job: Job) -> Snapshot:
    """The last snapshot of a job."""
    return until(TrainingProcess(job), lambda s: s.over)


def job_of(steps: int) -> Job:
    return replace(JOB, config=replace(JOB.config, steps=steps))


def steps(snapshot: Snapshot) -> int:
    progress = snapshot.runs[0].progress if snapshot.runs else None
    return progress.step if progress else 0


def progress(snapshot: Snapshot, run_view: int = 0) -> Progress:
    found = snapshot.runs[run_view].progress
    assert found
    return found


@pytest.mark.parametrize(
    "imports",
    ["import charrnn.service.worker", "import runpy; runpy.run_path('app.py', {}, '__mp_main__')"],
    ids=["worker", "app.py as a spawned process imports it"],
)
def test_a_worker_imports_neither_gradio_nor_the_hub(imports: str) -> None:
    code = f"import sys; {imports}; print({{'gradio', 'huggingface_hub'}} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "set()"


def test_baselines_and_a_first_sample_come_before_the_first_step() -> None:
    run = TrainingProcess(JOB)
    snapshot = until(run, lambda s: bool(s.runs))
    run.stop()
    assert [name for name, _ in snapshot.baselines][:2] == ["uniform", "letter frequencies"]
    assert snapshot.runs[0].record.samples[0][0] == 0


def test_the_curve_of_unseen_text_begins_with_what_the_start_guesses() -> None:
    start = load_pretrained("shakespeare-small")
    job = replace(JOB, models=(start.config,), start=start, start_name="shakespeare-small")
    run = TrainingProcess(job)
    ((step, loss),) = until(run, lambda s: bool(s.runs)).runs[0].record.validation.points
    run.stop()
    unseen = TEXT[len(TEXT) - int(len(TEXT) * JOB.config.val_fraction) :]
    assert step == 0
    assert loss == pytest.approx(score(start, unseen), abs=0.1)  # read in parts side by side


def test_stop_keeps_the_best_weights() -> None:
    run = TrainingProcess(JOB)
    until(run, lambda s: steps(s) > 100)
    run.send("stop")
    assert run.over.wait(30)
    assert not run.process.is_alive()
    snapshot = run.snapshot
    assert not snapshot.finished
    model = from_bytes(snapshot.files[0])
    assert model.metadata["best_loss"] == pytest.approx(progress(snapshot).best_loss)
    written = "".join(generate(model, "the ", 30, Sampling(temperature=0.5, random_seed=0)))
    assert len(written) == 30


def test_a_stopped_run_continues_bit_for_bit() -> None:
    job = replace(job_of(2000), seconds=600)  # the steps end it, not the clock
    uninterrupted = finished(job)
    run = TrainingProcess(job)
    until(run, lambda s: steps(s) > 0)
    run.send("stop")
    part = until(run, lambda s: s.over)
    assert 0 < steps(part) < 2000
    more = replace(job, checkpoint=Checkpoint.from_bytes(part.files[0]), record=part.runs[0].record)
    rest = finished(more)
    assert steps(rest) == 2000
    assert rest.finished
    first, second = from_bytes(uninterrupted.files[0]), from_bytes(rest.files[0])
    assert (first.parameters.vector == second.parameters.vector).all()
    samples = rest.runs[0].record.samples
    assert [frame[0] for frame in samples] == sorted({frame[0] for frame in samples})


def test_continue_gives_a_plan_that_is_done_as_many_steps_again() -> None:
    job = job_of(60)
    done = finished(job)
    assert done.finished
    more = replace(job, checkpoint=Checkpoint.from_bytes(done.files[0]), record=done.runs[0].record)
    warm = next(begin(more, job.models[0]).run()).learning_rate
    assert warm > 10 * progress(done).learning_rate
    rest = finished(more)
    assert (steps(rest), progress(rest).steps) == (120, 120)
    assert rest.finished
    again = replace(
        job, checkpoint=Checkpoint.from_bytes(rest.files[0]), record=rest.runs[0].record
    )
    assert steps(finished(again)) == 240


def test_the_samples_start_alike_and_end_at_the_last_step() -> None:
    snapshot = until(TrainingProcess(job_of(60)), lambda s: s.over)
    samples = snapshot.runs[0].record.samples
    assert samples[0][0] == 0
    assert samples[-1][0] == 60
    assert all(len(text) == 40 for _, _, text in samples)


def test_a_race_shares_the_time_between_the_cells() -> None:
    models = tuple(ModelConfig(cell, 24) for cell in ("rnn", "lstm", "gru"))
    snapshot = finished(replace(JOB, models=models, seconds=1.8))
    seconds = [run_view.seconds for run_view in snapshot.runs]
    assert min(seconds) > max(seconds) / 3  # a step of one may take long on a busy machine
    losses = [progress(snapshot, run_view).best_loss or 9.0 for run_view in range(3)]
    assert snapshot.best == losses.index(min(losses))
    assert [from_bytes(file).config.cell for file in snapshot.files] == ["rnn", "lstm", "gru"]


def test_the_learning_rate_moves_while_it_runs() -> None:
    run = TrainingProcess(
        replace(JOB, config=replace(JOB.config, schedule="constant", learning_rate=0.002))
    )
    until(run, lambda s: steps(s) > 0)
    for factor in (4.0, 2.0, 0.5):  # they arrive in this order
        run.send("rate", factor)
    until(run, lambda s: progress(s).learning_rate < 0.0015)
    snapshot = run.stop()
    assert progress(snapshot).learning_rate == pytest.approx(0.001)


def test_bad_settings_come_back_as_a_sentence() -> None:
    snapshot = finished(replace(JOB, text="a"))
    assert snapshot.failed
    assert "at least 2" in snapshot.note


def test_a_worker_that_dies_is_reported() -> None:
    run = TrainingProcess(JOB)
    until(run, lambda s: bool(s.runs))
    run.kill()
    snapshot = until(run, lambda s: s.over)
    assert snapshot.failed
    assert "unexpectedly" in snapshot.note


def test_a_worker_never_outlives_the_page() -> None:
    """A parent that is killed starts a worker; the worker ends with it."""
    code = (
        "import os, time\n"
        "from charrnn.service.process import TrainingProcess\n"
        "from test_training_process import JOB, until\n"
        "run = TrainingProcess(JOB)\n"
        "until(run, lambda s: bool(s.runs))\n"
        "print(run.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    path = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=path
    )
    assert parent.stdout
    with parent.stdout:
        worker = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 30  # on a busy machine it may wait for its turn
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_curve_stays_small_and_keeps_its_shape() -> None:
    curve = Curve()
    for step in range(10_000):
        curve.add(step, step * 2.0)
    assert POINTS / 2 <= len(curve.points) <= POINTS + 1
    assert all(y == 2 * x for x, y in curve.points)
    gaps = {b[0] - a[0] for a, b in zip(curve.points, curve.points[1:], strict=False)}
    assert gaps == {curve.every}


def test_a_file_of_the_page_is_a_file_of_the_terminal(tmp_path: Path) -> None:
    snapshot = until(TrainingProcess(job_of(30)), lambda s: s.over)
    path = tmp_path / "m.npz"
    path.write_bytes(snapshot.files[0])
    assert load(path).config == JOB.models[0]

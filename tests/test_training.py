"""Training: it learns, it stops where it should, and it continues to the last bit."""

import dataclasses
import io
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from builders import TEXT

from charrnn import (
    CELLS,
    ModelConfig,
    ModelFileError,
    Sampling,
    TrainConfig,
    Trainer,
    generate,
    load,
    score,
)
from charrnn.formats import npz
from charrnn.held_out import split
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.fine_tuning import StartError, weights_sha256
from charrnn.training.optimizers import OPTIMIZERS
from charrnn.training.state import thin
from charrnn.training.trainer import MAX_RESCUES

SMALL = ModelConfig("gru", 16)
SHORT = TrainConfig(batch_size=4, seq_length=16, steps=30, learning_rate=0.01)


def run(trainer, **limits):
    return list(trainer.run(**limits))


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns(cell):
    trainer = Trainer(TEXT, ModelConfig(cell, 24), dataclasses.replace(SHORT, steps=250))
    progress = run(trainer)
    assert progress[0].loss == pytest.approx(math.log(len(trainer.model.vocabulary)), abs=0.3)
    assert progress[-1].best_loss < 0.6
    assert score(trainer.model, TEXT) < 0.6
    assert "the " in "".join(generate(trainer.model, "the cat", 60, Sampling(0)))


def test_progress_says_what_happened():
    trainer = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, eval_every=10))
    progress = run(trainer)
    assert [p.step for p in progress] == list(range(1, 31))
    assert progress[-1].fraction == 1
    assert progress[-1].steps == 30
    assert [p.step for p in progress if p.val_loss is not None] == [10, 20, 30]
    assert progress[-1].chars == sum(trainer.batches.window(k).x.size for k in range(30))
    assert progress[-1].epoch == pytest.approx(30 / len(trainer.batches))
    assert progress[0].learning_rate == pytest.approx(0.01)
    assert progress[-1].learning_rate < 0.001
    assert all(p.gradient_norm > 0 for p in progress)
    best = min((p for p in progress if p.val_loss), key=lambda p: p.val_loss)
    assert (progress[-1].best_loss, progress[-1].best_step) == (best.val_loss, best.step)


def test_validation_is_the_last_part_and_is_never_trained_on():
    ids = np.arange(1000)
    train, val = split(ids, 0.1)
    assert train.tolist() == list(range(900))
    assert val.tolist() == list(range(900, 1000))
    assert len(split(ids[:400], 0.1)[1]) == 0  # 40 symbols are too few to measure
    assert len(split(ids, 0.0)[1]) == 0
    trainer = Trainer("a" * 900 + "b" * 100, SMALL, SHORT)
    b = trainer.model.vocabulary.ids["b"]
    assert all((trainer.batches.window(k).y != b).all() for k in range(len(trainer.batches)))


@pytest.mark.parametrize(
    "config",
    [
        SHORT,
        dataclasses.replace(SHORT, optimizer="adagrad", state="endless", val_fraction=0),
        dataclasses.replace(SHORT, optimizer="sgd", batching="windows", stride=5, warmup_steps=4),
        dataclasses.replace(SHORT, optimizer="momentum", clip_value=0.1, schedule="step"),
        dataclasses.replace(SHORT, averaging=0.2, schedule="constant"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("cell", CELLS)
def test_stop_save_and_resume_is_the_same_run_to_the_last_bit(cell, config, tmp_path):
    model_config = ModelConfig(cell, 12, 2, dropout=0.2)
    config = dataclasses.replace(config, eval_every=4)
    whole = Trainer(TEXT, model_config, config, corpus="cats")
    expected = run(whole)
    first = Trainer(TEXT, model_config, config, corpus="cats")
    begun = run(first, steps=13)
    first.save(tmp_path / "run.npz")
    second = Trainer.resume(tmp_path / "run.npz", TEXT)
    ended = run(second)
    np.testing.assert_array_equal(second.live.parameters.vector, whole.live.parameters.vector)
    np.testing.assert_array_equal(second.model.parameters.vector, whole.model.parameters.vector)
    assert begun + ended == expected


def test_a_run_saved_before_its_first_step_is_the_same_run(tmp_path):
    """There are no best weights yet, and none must be invented."""
    whole, first = (Trainer(TEXT, SMALL, SHORT) for _ in "ab")
    first.save(tmp_path / "run.npz")
    second = Trainer.resume(tmp_path / "run.npz", TEXT)
    assert second.train_state.best is None
    assert run(second) == run(whole)
    np.testing.assert_array_equal(second.model.parameters.vector, whole.model.parameters.vector)


def test_a_resumed_run_still_has_its_best_weights_to_fall_back_on(tmp_path):
    first = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, eval_every=5))
    run(first, steps=5)
    best = first.train_state.best.copy()
    run(first, steps=2)
    first.save(tmp_path / "run.npz")
    second = Trainer.resume(tmp_path / "run.npz", TEXT)
    np.testing.assert_array_equal(second.model.parameters.vector, best)
    second.live.parameters.vector[0] = np.nan
    assert "back to the last good weights" in next(second.run()).note
    np.testing.assert_array_equal(second.live.parameters.vector, best)


def test_a_saved_run_is_a_model_file_too(tmp_path):
    trainer = Trainer(TEXT, SMALL, SHORT, corpus="cats")
    run(trainer)
    trainer.save(tmp_path / "run.npz")
    model = load(tmp_path / "run.npz")
    np.testing.assert_array_equal(model.parameters.vector, trainer.model.parameters.vector)
    facts = model.metadata
    assert facts["corpus"] == "cats"
    assert facts["steps"] == 30
    assert facts["best_loss"] == pytest.approx(trainer.train_state.best_loss)
    assert facts["config"]["optimizer"] == "adam"
    assert TEXT[:30] not in (tmp_path / "run.npz").read_bytes().decode("latin-1")


def test_a_run_resumes_on_its_own_text_only(tmp_path):
    trainer = Trainer(TEXT, SMALL, SHORT)
    run(trainer, steps=2)
    trainer.save(tmp_path / "run.npz")
    with pytest.raises(ValueError, match="not the text"):
        Trainer.resume(tmp_path / "run.npz", TEXT + ".")


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("training", {"config": {"optimizer": "hope"}}), ("training", {"config": {"x": 1}}),
        ("training", {"config": {"optimizer": "sgd"}}), ("training", {"config": None}),
        ("training", {"config": {"batch_size": 3, "learning_rate": 0.01}}),
        ("resume", {"ledger": {"step": -1}}), ("resume", {"ledger": {"step": 1.5}}),
        ("resume", {"ledger": {"updates": "8"}}), ("resume", {"ledger": {"history": [[1]]}}),
        ("resume", {"ledger": {"smooth_loss": "low"}}), ("resume", {"ledger": None}),
        ("resume", {"ledger": {"best_loss": True}}),
    ],
)  # fmt: skip
def test_a_damaged_run_is_refused_with_one_sentence(part, damage, tmp_path):
    trainer = Trainer(TEXT, SMALL, SHORT)
    run(trainer, steps=2)
    trainer.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as saved:
        arrays = dict(saved)
    meta = json.loads(bytes(arrays.pop("__meta__")))
    meta[part] |= damage
    (tmp_path / "run.npz").write_bytes(npz.dumps(arrays, meta))
    with pytest.raises(ModelFileError, match="damaged"):
        Trainer.resume(tmp_path / "run.npz", TEXT)


def test_a_counter_of_a_later_version_is_left_out(tmp_path):
    trainer = Trainer(TEXT, SMALL, SHORT)
    run(trainer, steps=2)
    checkpoint = trainer.checkpoint
    meta = checkpoint.metadata
    meta["resume"]["ledger"]["x"] = 1
    arrays = dict(np.load(io.BytesIO(checkpoint.to_bytes())))
    del arrays["__meta__"]
    (tmp_path / "run.npz").write_bytes(npz.dumps(arrays, meta))
    assert Trainer.resume(tmp_path / "run.npz", TEXT).train_state.step == 2


def test_a_checkpoint_can_be_resumed_twice():
    first = Trainer(TEXT, SMALL, SHORT)
    run(first, steps=7)
    saved = Checkpoint.from_bytes(first.checkpoint.to_bytes())
    assert run(Trainer.resume(saved, TEXT)) == run(Trainer.resume(saved, TEXT))


def test_a_run_resumes_with_other_settings():
    first = Trainer(TEXT, SMALL, SHORT)
    run(first, steps=7)
    more = dataclasses.replace(first.config, steps=40)
    assert len(run(Trainer.resume(first.checkpoint, TEXT, config=more))) == 33


def test_negative_second_moments_are_refused(tmp_path):
    trainer = Trainer(TEXT, SMALL, SHORT)
    run(trainer, steps=2)
    trainer.train_state.slots[1][5] = -1e-9
    trainer.save(tmp_path / "run.npz")
    with pytest.raises(ModelFileError, match="damaged"):
        Trainer.resume(tmp_path / "run.npz", TEXT)


def test_a_model_goes_on_with_another_text():
    old = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, steps=200))
    run(old)
    new = Trainer("the log sat on the cat.\n" * 20, config=SHORT, start=old.model)
    assert new.live.config == SMALL
    assert new.live.vocabulary == old.model.vocabulary
    assert run(new)[0].loss < 1.5
    with pytest.raises(StartError, match="4 symbols"):
        Trainer("Żółw", config=SHORT, start=old.model)


def test_a_start_grows_by_the_new_symbols_of_a_text(tmp_path):
    old = Trainer(TEXT, SMALL, SHORT).model
    text = "the żółw sat on the cat.\n" * 20
    dropout = dataclasses.replace(SMALL, dropout=0.5)
    new = Trainer(text, dropout, SHORT, start=old, start_name="cats")
    assert new.live.vocabulary.unknown(text) == []
    assert new.live.config == dropout
    with pytest.raises(StartError, match="keeps its cell"):
        Trainer(text, dataclasses.replace(SMALL, layers=3), SHORT, start=old)
    run(new)
    new.save(tmp_path / "run.npz")
    resumed = Trainer.resume(tmp_path / "run.npz", text)
    assert resumed.start == {"name": "cats", "sha256": weights_sha256(old)}
    assert resumed.model.metadata["start"] == resumed.start


def test_a_run_from_a_start_resumes_to_the_last_bit(tmp_path):
    start = Trainer(TEXT, SMALL, SHORT).model
    config = dataclasses.replace(SHORT, averaging=0.1, keep_start=0.3, eval_every=4)
    text = TEXT.replace("dog", "żółw")
    whole, first = (Trainer(text, SMALL, config, start=start) for _ in "ab")
    expected = run(whole)
    begun = run(first, steps=13)
    first.save(tmp_path / "run.npz")
    second = Trainer.resume(tmp_path / "run.npz", text)
    assert begun + run(second) == expected
    np.testing.assert_array_equal(second.model.parameters.vector, whole.model.parameters.vector)


def test_averaging_spans_the_latest_steps_and_the_start_keeps_its_share():
    start = Trainer(TEXT, SMALL, SHORT).model
    trainer = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, averaging=1, keep_start=0.25),
                      start=start)  # fmt: skip
    first = start.parameters.vector.copy()
    np.testing.assert_array_equal(trainer.model.parameters.vector, first)
    average = first
    for seen, _ in enumerate(trainer.run(steps=3), 1):
        live = trainer.live.parameters.vector.copy()
        average = live if seen == 1 else average + (live - average) / (1 + seen)
        np.testing.assert_allclose(trainer.weights, 0.75 * average + 0.25 * first, atol=1e-6)


def test_early_stopping_returns_to_the_best_weights():
    rng = np.random.default_rng(0)
    noise = "".join(rng.choice(list("abcd"), 800))  # nothing to learn but by heart
    config = TrainConfig(
        steps=3000, eval_every=10, patience=4, learning_rate=0.02, val_fraction=0.3
    )
    trainer = Trainer(noise, ModelConfig("lstm", 32), config)
    progress = run(trainer)
    assert len(progress) < 3000
    assert "Stopped early" in progress[-1].note
    measured = [p for p in progress if p.val_loss is not None]
    best = min(measured, key=lambda p: p.val_loss)
    assert measured[-1].step == best.step + 40
    again = Trainer(noise, ModelConfig("lstm", 32), config)
    run(again, steps=best.step)
    np.testing.assert_array_equal(trainer.model.parameters.vector, again.live.parameters.vector)


def test_seconds_bound_a_run_and_pace_its_schedule():
    trainer = Trainer(TEXT, SMALL, SHORT)
    progress = run(trainer, seconds=0.3)
    assert progress[-1].fraction == 1
    assert progress[-1].val_loss is not None
    assert progress[-1].learning_rate < progress[0].learning_rate / 2


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("rate", [10.0, 999.0])
def test_a_wild_learning_rate_still_ends_with_a_usable_model(optimizer, rate):
    config = TrainConfig(
        steps=400, learning_rate=rate, optimizer=optimizer, schedule="constant", clip_norm=0
    )
    trainer = Trainer(TEXT, ModelConfig("lstm", 16), config)
    progress = run(trainer)
    notes = [p.note for p in progress if p.note]
    assert notes or rate == 10  # which plain SGD survives here
    assert all("last good weights" in note for note in notes)
    assert np.isfinite(trainer.model.parameters.vector).all()
    assert score(trainer.model, TEXT) < 1.5 * math.log(len(trainer.model.vocabulary))
    assert len("".join(generate(trainer.model, "the", 20))) == 20


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_not_a_number_is_caught_in_its_own_step(poison):
    trainer = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, rescue=False, eval_every=5))
    steps = trainer.run()
    for _ in range(7):
        next(steps)
    trainer.live.parameters["Why"][0, 0] = poison
    caught = next(steps)
    assert "no longer a number at step 8" in caught.note
    assert np.isfinite(trainer.live.parameters.vector).all()
    assert trainer.learning_rate_scale == 0.5
    assert math.isfinite(list(steps)[-1].loss)


def test_a_hopeless_run_gives_up_and_says_so():
    trainer = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, rescue=False, steps=100))
    notes = []
    for p in trainer.run():
        notes.append(p.note)
        assert not p.note or np.isfinite(trainer.model.parameters.vector).all()
        trainer.live.parameters.vector[:] = np.nan
    assert len(notes) == MAX_RESCUES + 1
    assert "training stopped" in notes[-1]


@pytest.mark.parametrize(
    "text",
    ["ab", "aaaaaaaaaaaa", "abcdefg", "\U0001f600\U0001f601" * 30, "\u0301\u0302" * 30,
     "a\r\nb\r\n" * 20, "a\x00b" * 20, TEXT[:33], TEXT[:34]],
)  # fmt: skip
def test_odd_texts_train(text):
    trainer = Trainer(text, ModelConfig("lstm", 8), TrainConfig(steps=5))
    assert all(math.isfinite(p.loss) for p in trainer.run())
    written = "".join(generate(trainer.model, text[0], 10))
    assert set(written) <= set(text)


def test_half_of_a_two_part_character_is_refused_with_its_place():
    with pytest.raises(ValueError, match="position 2"):
        Trainer("a\ud800" * 20)


def test_one_distinct_character_is_learnt_at_once():
    trainer = Trainer("a" * 100, SMALL, SHORT)
    assert run(trainer)[-1].loss == 0
    assert "".join(generate(trainer.model, "a", 5)) == "aaaaa"


@pytest.mark.parametrize(("text", "said"), [("", "empty"), ("a", "at least 2")])
def test_texts_too_short_to_train_on(text, said):
    with pytest.raises(ValueError, match=said):
        Trainer(text, SMALL, SHORT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0}, {"seq_length": -1}, {"batching": "piles"}, {"state": "lost"},
        {"optimizer": "hope"}, {"learning_rate": math.nan}, {"learning_rate": -1.0},
        {"schedule": "never"}, {"final_learning_rate": 0.0}, {"clip_norm": math.nan},
        {"steps": 0}, {"val_fraction": 1.0}, {"cleaning": "soap"}, {"min_count": 0},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrainConfig(**wrong)


def test_the_learning_rate_can_be_moved_while_it_runs():
    trainer = Trainer(TEXT, SMALL, dataclasses.replace(SHORT, schedule="constant"))
    steps = trainer.run()
    assert next(steps).learning_rate == pytest.approx(0.01)
    trainer.learning_rate_scale = 0.1
    assert next(steps).learning_rate == pytest.approx(0.001)


def test_warm_up_climbs_to_the_full_rate():
    config = dataclasses.replace(SHORT, warmup_steps=10, schedule="constant")
    rates = [p.learning_rate for p in Trainer(TEXT, SMALL, config).run()]
    np.testing.assert_allclose(rates[:11], [0.001 * min(k, 10) for k in range(1, 12)])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_hidden_rate_is_that_of_the_matrices_between_hidden_units(optimizer):
    """One step at a quarter of the rate goes a quarter of the way, there and nowhere else."""

    def way(hidden_rate):
        config = dataclasses.replace(SHORT, optimizer=optimizer, hidden_rate=hidden_rate)
        trainer = Trainer(TEXT, dataclasses.replace(SMALL, layers=2), config)
        start = trainer.live.astype(np.float32).parameters
        list(trainer.run(1))
        return {name: array - start[name] for name, array in trainer.live.parameters.items()}

    full, quarter = way(1.0), way(0.25)
    for name in full:
        factor = 0.25 if name in {"Whh0", "Wxh1", "Whh1"} else 1.0
        np.testing.assert_allclose(quarter[name], factor * full[name], atol=2e-7, err_msg=name)
        assert full[name].any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_brings_both_rates_and_a_given_rate_is_for_all(optimizer):
    def rates(**given):
        trainer = Trainer(TEXT, SMALL, TrainConfig(optimizer=optimizer, **given))
        return trainer.config.base_rates

    own = OPTIMIZERS[optimizer]
    assert rates() == (own.learning_rate, own.hidden_rate)
    assert rates(learning_rate=0.01) == (0.01, 1.0)
    assert rates(hidden_rate=0.5) == (own.learning_rate, 0.5)
    assert rates(learning_rate=0.01, hidden_rate=0.5) == (0.01, 0.5)


def test_a_long_history_is_thinned_but_keeps_its_end():
    history = [[float(k), 0.0, None] for k in range(201)]
    assert len(thin(history)) == 101
    assert thin(history)[-1][0] == 200
    assert thin(history[:200]) == history[:200]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_in_every_process():
    code = (
        "import hashlib, charrnn, builders\n"
        "t = charrnn.Trainer(builders.TEXT, charrnn.ModelConfig('lstm', 32, 2, 0.1),"
        " charrnn.TrainConfig(steps=60))\n"
        "list(t.run()); print(hashlib.sha256(t.live.parameters.vector.tobytes()).hexdigest())"
    )
    outputs = set()
    for seed in ("0", "1", "2"):
        env = {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": ":".join(sys.path),
            "OPENBLAS_NUM_THREADS": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["Haswell", "Prescott"])
def test_other_processors_land_within_a_ten_thousandth(kernel):
    code = (
        "import charrnn, builders\n"
        "t = charrnn.Trainer(builders.TEXT, charrnn.ModelConfig('lstm', 32),"
        " charrnn.TrainConfig(steps=200, learning_rate=2e-3))\n"
        "print(list(t.run())[-1].smooth_loss)"
    )
    losses = []
    for extra in ({}, {"OPENBLAS_CORETYPE": kernel}):
        env = {"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1", **extra}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        losses.append(float(done.stdout))
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)

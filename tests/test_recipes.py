"""The five recipes, run for real on the one engine, and the extensions that the last one lists."""

import dataclasses
import itertools
import json
import tracemalloc

import numpy as np
import pytest

import charrnn
from charrnn import CELLS, RECIPES, ModelConfig, Sampling, TrainConfig, Trainer, load_corpus
from charrnn.__main__ import main
from charrnn.ui.train.settings import SETTINGS, parse, recipe_values
from charrnn.vocabulary import UNKNOWN

GREEDY = Sampling(temperature=0)


def trainer_of(name, model=(), text=None, **train) -> Trainer:
    """A recipe's trainer, with some settings changed."""
    recipe = RECIPES[name]
    return Trainer(
        text or load_corpus(recipe.corpus).text,
        dataclasses.replace(recipe.model, **dict(model)),
        dataclasses.replace(recipe.train, **train),
    )


def losses(trainer, steps=None):
    """The loss of every step, in nats per symbol."""
    return np.array([progress.loss for progress in trainer.run(steps)])


def write(model, seed, length, sampling=GREEDY):
    return "".join(charrnn.generate(model, seed, length, sampling))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_from_the_terminal_with_nothing_else_given(name, tmp_path, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", "--recipe", name, "--steps", "21", "--out", str(out), "--json"]) == 0
    model = charrnn.load(out)
    recipe = RECIPES[name]
    assert model.metadata["steps"] == 21
    assert model.config == recipe.model
    capsys.readouterr()


# ---- minimal, adagrad, windows ----


@pytest.mark.parametrize(
    ("name", "steps", "below"),
    [("minimal", 1500, 2.6), ("adagrad", 1500, 2.4), ("windows", 200, 2.3)],
)
def test_it_learns(name, steps, below):
    """Letter frequencies alone give 3.25 nats (2.79 without punctuation), chance 4.13."""
    found = losses(trainer_of(name), steps)
    assert found[0] > 3.2
    assert found[-100:].mean() < below


def test_minimal_reads_the_text_in_order_and_carries_the_state():
    trainer = trainer_of("minimal")
    ids = trainer.live.vocabulary.encode(load_corpus("lighthouse").text)
    for step in (0, 1, 2, 500):
        window = trainer.batches.window(step)
        assert window.x.shape == (25, 1)
        assert np.array_equal(window.x[:, 0], ids[25 * step : 25 * step + 25])
        assert np.array_equal(window.y[:, 0], ids[25 * step + 1 : 25 * step + 26])
    losses(trainer, 3)
    assert trainer.train_state.recurrent[0][0].any()


def test_windows_cleans_overlaps_and_resets():
    trainer = trainer_of("windows")
    assert all(s.isalpha() or s == " " for s in trainer.live.vocabulary.symbols)
    assert trainer.live.vocabulary.encode("He3llo,\nWorld").size == len("he llo world")
    starts = [trainer.batches.window(step).x[:, 0] for step in range(5)]
    assert all(len(start) == 20 for start in starts)
    assert trainer.config.stride < trainer.config.seq_length
    losses(trainer, 1)
    window = trainer.batches.window(1)
    cold, _, _ = trainer.live.loss_and_gradient(window.x, window.y)
    assert np.isclose(losses(trainer, 1)[0], float(cold), atol=1e-6)


def test_windows_stops_early_with_the_best_weights():
    text = load_corpus("lighthouse").text[:5000]  # short enough to learn by heart
    trainer = trainer_of(
        "windows", {"hidden_size": 32}, text=text, learning_rate=0.02, eval_every=50, patience=2
    )
    *_, last = trainer.run()
    assert "Stopped early" in last.note
    assert last.step == last.best_step + 2 * 50 < trainer.config.steps
    held_out = trainer.live.vocabulary.decode(trainer.val_ids)
    assert np.isclose(charrnn.score(trainer.model, held_out), last.best_loss, rtol=0.02)
    assert charrnn.score(trainer.live, held_out) > charrnn.score(trainer.model, held_out)


# ---- notebook: the pair ----

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_notebook_falls_and_rises_again(seed):
    """In the source a pass cost 102 nats at the start, 69 at epoch 20, 186 at epoch 80."""
    passes = 34 * losses(trainer_of("notebook", random_seed=seed))  # nats a pass, summed
    assert len(passes) == 100
    assert 90 < passes[0] < 105
    lowest = int(passes.argmin())
    assert passes[lowest] < 0.8 * passes[0]
    assert passes[lowest:].max() > 1.2 * passes[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_notebook_with_clipping_learns_the_sentence(seed):
    """Nothing else is changed, and the same 100 epochs are enough."""
    trainer = trainer_of("notebook", random_seed=seed, clip_norm=0.5)
    found = losses(trainer)
    assert len(found) == 100
    assert found[-1] < 0.1
    text = load_corpus("sentence").text
    assert write(trainer.model, text[:12], len(text) - 12) == text[12:]


def test_notebook_is_one_window_with_an_endless_state():
    trainer = trainer_of("notebook")
    window = trainer.batches.window(0)
    assert (window.x.shape, len(trainer.batches)) == ((34, 1), 1)
    assert trainer.config.clip_norm == trainer.config.clip_value == 0
    losses(trainer, 1)
    before = trainer.train_state.recurrent
    logits, _, _ = trainer.live.forward(window.x, before)
    expected, _ = charrnn.network.loss.cross_entropy(logits, window.y)
    assert np.isclose(losses(trainer, 1)[0], float(expected), atol=1e-6)


# ---- hello, and its list of extensions ----


@pytest.mark.parametrize(("cell", "seed"), [*itertools.product(CELLS, range(3))])
def test_hello_prints_hello(cell, seed):
    trainer = trainer_of("hello", {"cell": cell}, random_seed=seed)
    losses(trainer)
    assert "h" + write(trainer.model, "h", 4) == "hello"
    drawn = write(trainer.model, "h", 4, Sampling(temperature=1.0, random_seed=seed))
    assert "h" + drawn == "hello"


def test_hello_travels_to_pytorch_and_back():
    trainer = trainer_of("hello")
    losses(trainer)
    back = charrnn.from_torch(charrnn.to_torch(trainer.model), trainer.model.vocabulary)
    assert "h" + write(back, "h", 4) == "hello"


def test_hello_in_batches():
    trainer = trainer_of("hello", text="hello\n" * 40, batch_size=8, seq_length=6, steps=150)
    losses(trainer)
    assert write(trainer.model, "h", 11) == "ello\nhello\n"


# ---- words ----

WORDS = "the cat sat on the mat. the dog sat on the log. " * 30


@pytest.mark.parametrize("cell", CELLS)
def test_words_train_write_and_travel_in_a_file(cell, tmp_path):
    config = TrainConfig(words=True, steps=200, batch_size=4, val_fraction=0, learning_rate=0.02)
    trainer = Trainer(WORDS, ModelConfig(cell, 24), config)
    assert losses(trainer)[-1] < 0.5
    path = tmp_path / "words.npz"
    charrnn.save(trainer.model, path)
    model = charrnn.load(path)
    assert model.vocabulary == trainer.model.vocabulary
    assert model.vocabulary.words
    pieces = list(charrnn.generate(model, "the ", 40, Sampling(random_seed=1)))
    assert pieces == list(charrnn.generate(trainer.model, "the ", 40, Sampling(random_seed=1)))
    assert set(pieces) <= {"the", "cat", "sat", "on", "mat", "dog", "log", " ", "."}
    assert "sat on the" in "".join(pieces)


def test_a_run_on_words_resumes_to_the_bit(tmp_path):
    config = TrainConfig(words=True, steps=30, batch_size=4)
    whole, half = (Trainer(WORDS, ModelConfig("gru", 8), config) for _ in range(2))
    losses(whole)
    losses(half, 15)
    half.save(tmp_path / "half.npz")
    resumed = Trainer.resume(tmp_path / "half.npz", WORDS)
    losses(resumed)
    assert np.array_equal(resumed.live.parameters.vector, whole.live.parameters.vector)


def test_rare_words_share_one_symbol_which_is_read_and_never_written():
    text = WORDS + "a zebra slept. " + WORDS
    config = TrainConfig(words=True, min_count=2, steps=60, batch_size=4)
    trainer = Trainer(text, ModelConfig("rnn", 16), config)
    losses(trainer)
    vocabulary = trainer.model.vocabulary
    assert UNKNOWN in vocabulary.symbols
    assert "zebra" not in vocabulary.symbols
    assert vocabulary.encode("zebra") == vocabulary.encode("platypus") == vocabulary.ids[UNKNOWN]
    trainer.model.parameters["by"][vocabulary.ids[UNKNOWN]] = 50  # far the likeliest symbol
    assert UNKNOWN not in write(trainer.model, "the platypus ", 100, Sampling(random_seed=3))
    assert np.isfinite(charrnn.score(trainer.model, "the zebra sat on the platypus."))


def zipf_text(words, distinct):
    """Words as frequent as in a language: the k-th has a share of 1 / k."""
    share = 1 / np.arange(1, distinct + 1)
    ids = np.random.default_rng(0).choice(distinct, words, p=share / share.sum())
    ids[:distinct] = np.arange(distinct)
    return " ".join(f"w{i:x}" for i in ids)


def peak_of_training(words, distinct):
    """The peak bytes in use while a text of words is read, trained on and validated."""
    text = zipf_text(words, distinct)
    tracemalloc.start()
    config = TrainConfig(words=True, steps=3, eval_every=3)
    trainer = Trainer(text, ModelConfig("lstm", 64), config)
    *_, last = trainer.run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last.val_loss is not None
    return peak


@pytest.mark.slow
def test_memory_grows_with_the_vocabulary_and_not_with_text_times_vocabulary():
    base = peak_of_training(100_000, 1000)
    assert base < 60e6
    assert peak_of_training(100_000, 4000) < 4.4 * base
    # 200,000 words and as many spaces more: their ids, and no row of 4 kB for each of them
    assert peak_of_training(300_000, 1000) - base < 400_000 * 24


@pytest.mark.slow
def test_a_text_of_100000_words_trains_within_the_limits_of_the_page():
    from charrnn.ui.train.settings import check_size

    text = zipf_text(100_000, 20_000)
    config = TrainConfig(words=True, max_vocab=2000, steps=40)
    trainer = Trainer(text, ModelConfig("lstm", 128), config)
    assert len(trainer.live.vocabulary) == 2000
    assert UNKNOWN in trainer.live.vocabulary.symbols
    check_size(trainer.live.config, config, text, 2000)
    found = losses(trainer)
    assert found[-5:].mean() < 0.7 * found[0]


@pytest.mark.parametrize("name", RECIPES)
def test_the_page_fills_its_form_with_the_recipe(name):
    values = json.loads(json.dumps(recipe_values()[name]))
    assert parse({key: values[key] for key in SETTINGS}) == (
        RECIPES[name].model,
        RECIPES[name].train,
    )
    assert (values["corpus"], values["settings_by"]) == (RECIPES[name].corpus, "by hand")

"""Scoring both ways, with the state carried and in cold windows, against a simple loop."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.__main__ import main
from charrnn.analysis.adaptive import adaptive_score
from charrnn.held_out import split
from charrnn.network import model as model_module
from charrnn.network.loss import log_softmax
from charrnn.network.model import CharRNN, ModelConfig, score, score_cold
from charrnn.pretrained import load_pretrained
from charrnn.training.config import TrainConfig
from charrnn.training.trainer import Trainer
from charrnn.vocabulary import Vocabulary

TEXT = "She sells sea shells by the sea shore.\n" * 30


def slow_score(model: CharRNN, text: str, cold: int) -> float:
    """One character at a time; every `cold` characters (0: never) the state is forgotten."""
    ids = model.vocabulary.encode(text)
    state, total = model.initial_state(1), 0.0
    for t in range(len(ids) - 1):
        if cold and t % cold == 0:
            state = model.initial_state(1)
        logits, state = model.step(ids[t : t + 1], state)  # (V, 1)
        total -= float(log_softmax(logits)[ids[t + 1], 0])
    return total / (len(ids) - 1)


def some_model(cell: str = "lstm", words: bool = False) -> CharRNN:
    vocabulary = Vocabulary.from_text(TEXT, words=words)
    return CharRNN(vocabulary, ModelConfig(cell, 9, layers=2), random_seed=3).astype(np.float64)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("cold", [0, 1, 7, 256, 300, 5000])
def test_score_is_what_a_slow_loop_finds(cell: str, cold: int) -> None:
    """Windows that divide the text, that do not, and one longer than the text."""
    model, text = some_model(cell), TEXT[:701]
    assert score(model, text, cold=cold) == pytest.approx(slow_score(model, text, cold), rel=1e-12)


@pytest.mark.parametrize("logits", [1, 500, 40_000])
def test_the_cuts_for_memory_change_nothing(logits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, text = some_model(), TEXT[:700]
    expected = score(model, text, cold=50)
    monkeypatch.setattr(model_module, "SCORE_LOGITS", logits)
    assert score(model, text, cold=50) == pytest.approx(expected, rel=1e-12)


def test_an_adaptive_score_at_a_rate_of_zero_is_the_score() -> None:
    model, text = some_model(), TEXT[:701]
    for window in (1, 32, 5000):
        adaptive = adaptive_score(model, text, learning_rate=0.0, window=window)
        assert adaptive == pytest.approx(score(model, text), rel=1e-12)


def test_an_adaptive_score_learns_only_from_what_it_has_predicted() -> None:
    model = some_model()
    before = model.parameters.vector.copy()
    one_window = TEXT[:33]  # nothing is learned before its last symbol is predicted
    assert adaptive_score(model, one_window) == pytest.approx(score(model, one_window), rel=1e-12)
    assert adaptive_score(model, TEXT) < score(model, TEXT) - 0.2  # the same line 30 times
    assert (model.parameters.vector == before).all()
    with pytest.raises(ValueError, match="at least 2"):
        adaptive_score(model, "s")


def test_a_window_must_be_a_window() -> None:
    model = some_model()
    with pytest.raises(ValueError, match="at least 1"):
        score(model, "shells", cold=-2)
    with pytest.raises(ValueError, match="at least 2"):
        score_cold(model, model.vocabulary.encode("s"), 8)


def command(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["score", *argv])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text, a model of it, and a model of its words."""
    monkeypatch.chdir(tmp_path)
    Path("sea.txt").write_text(TEXT)
    charrnn.save(some_model(), "sea.npz")
    charrnn.save(some_model(words=True), "words.npz")
    return tmp_path


def test_the_sentence_says_how_it_scored_and_what(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = command(capsys, "sea.npz", "sea.txt", "--val-fraction", "0.1", "--cold", "20")
    assert (code, err) == (0, "")
    carried, cold = out.splitlines()
    part = "per character, over 116 characters: the last 10 % of sea.txt, "
    assert part + "in one pass" in carried
    assert part + "in windows of 20 characters" in cold
    held_out = charrnn.load("sea.npz").vocabulary.decode(split_of(TEXT))
    assert cold.startswith(f"{score(charrnn.load('sea.npz'), held_out, cold=20):.4f} nats")
    _, out, _ = command(capsys, "sea.npz", "sea.txt")
    assert "1,169 characters: all of sea.txt, " in out


def split_of(text: str) -> Any:
    return split(charrnn.load("sea.npz").vocabulary.encode(text), 0.1)[1]


def test_json_is_one_object_for_each_way(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = command(capsys, "sea.npz", "sea.txt", "--cold", "30", "--adaptive", "--json")
    carried, cold, adaptive = (json.loads(line) for line in out.splitlines())
    assert (carried["cold"], cold["cold"], adaptive["cold"]) == (0, 30, 0)
    assert [row["adaptive"] for row in (carried, cold, adaptive)] == [False, False, True]
    assert adaptive["nats_per_char"] < carried["nats_per_char"]
    assert carried["chars"] == cold["chars"] == len(TEXT) - 1
    assert (cold["text"], cold["share"]) == ("sea.txt", 1.0)
    assert cold["nats_per_char"] == pytest.approx(slow_score(charrnn.load("sea.npz"), TEXT, 30))
    assert cold["bits_per_char"] == pytest.approx(cold["nats_per_char"] / math.log(2))


def test_words_are_scored_cold_in_windows_of_words(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = charrnn.load("words.npz")
    tokens = model.vocabulary.tokens(TEXT)
    _, out, _ = command(capsys, "words.npz", "sea.txt", "--cold", "11", "--json")
    cold = json.loads(out.splitlines()[1])
    assert cold["chars"] == len(TEXT) - len(tokens[0])
    total = slow_score(model, TEXT, 11) * (len(tokens) - 1)
    assert cold["nats_per_char"] * cold["chars"] == pytest.approx(total)
    _, out, _ = command(capsys, "words.npz", "sea.txt", "--cold", "11")
    assert "in windows of 11 words" in out


def test_without_a_text_it_scores_what_training_held_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = command(capsys, "lighthouse", "--cold", "256", "--json")
    assert (code, err) == (0, "")
    carried, cold = (json.loads(line) for line in out.splitlines())
    assert (carried["text"], carried["share"], carried["chars"]) == ("lighthouse", 0.1, 9994)
    assert carried["nats_per_char"] < cold["nats_per_char"] < carried["nats_per_char"] + 0.1


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["sea.npz"], "held out"),
        (["sea.npz", "sea.txt", "--cold", "0"], "--cold must be 1"),
        (["sea.npz", "sea.txt", "--val-fraction", "1.5"], "--val-fraction"),
    ],
)
def test_what_cannot_be_scored_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], why: str
) -> None:
    code, out, err = command(capsys, *argv)
    assert (code, out) == (2, "")
    assert why in err and err.count("\n") == 1


def test_a_model_of_another_version_of_its_corpus_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = load_pretrained("lighthouse")
    model.metadata["sha256"] = "0" * 64
    charrnn.save(model, "other.npz")
    code, _, err = command(capsys, "other.npz")
    assert code == 2
    assert "another version of lighthouse" in err


def test_the_validation_part_is_never_trained_on() -> None:
    """Whatever the held-out tenth says, the weights come out the same to the last bit."""
    config = TrainConfig(steps=120, batch_size=4, seq_length=16, eval_every=1000)
    cut = len(TEXT) - int(len(TEXT) * 0.1)
    other = TEXT[:cut] + TEXT[cut:][::-1]
    assert other != TEXT
    runs = []
    for text in (TEXT, other):
        trainer = Trainer(text, ModelConfig("gru", 8), config)
        assert len(trainer.val_ids) == len(TEXT) - cut
        for _ in trainer.run():
            pass
        runs.append(trainer.live.parameters.vector)
    np.testing.assert_array_equal(*runs)


def test_a_second_run_is_the_first_and_its_seed_is_in_the_file(folder: Path) -> None:
    argv = ["train", "sea.txt", "--hidden-size", "8", "--steps", "30", "--random-seed", "5"]
    for out in ("one.npz", "two.npz"):
        assert main([*argv, "--no-baselines", "--out", out]) == 0
    one, two = charrnn.load("one.npz"), charrnn.load("two.npz")
    np.testing.assert_array_equal(one.parameters.vector, two.parameters.vector)
    assert one.metadata["config"]["random_seed"] == 5
    assert one.metadata["best_loss"] == two.metadata["best_loss"]

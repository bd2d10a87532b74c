"""Fitted settings: valid for every text, within the time, equal on command line and page."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn import CharRNN, ModelConfig
from charrnn.__main__ import build_parser, main
from charrnn.baselines import baselines
from charrnn.cli.training.plan import make_plan
from charrnn.training.fitted_settings import (
    MANY_SYMBOLS,
    TIMES,
    capped_vocabulary,
    settings_for,
    settings_for_text,
    speed,
    steps,
    within,
)
from charrnn.training.trainer import Trainer
from charrnn.ui.train import settings

SIZES = [2, 35, 500, 5_000, 10_000, 100_000, 1_115_394, 5_000_000]
LETTERS = "The lamp is lit. The boat is late. Who has the oil? I have the oil. It is dark; "


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("characters", SIZES)
def test_settings_suit_the_page_too_and_stay_within_the_time(name: str, characters: int) -> None:
    fitted = settings_for(name, characters, 65)
    assert 0 < fitted.seconds <= TIMES[name]
    settings.check_size(fitted.model, fitted.train, "a" * characters, 65)
    assert fitted.model.hidden_size <= 512
    assert fitted.train.min_count == 1


@pytest.mark.parametrize("characters", SIZES)
def test_more_time_is_never_spent_on_less(characters: int) -> None:
    seconds = [settings_for(name, characters, 65).seconds for name in TIMES]
    sizes = [settings_for(name, characters, 65).model.hidden_size for name in TIMES]
    assert seconds == sorted(seconds)
    assert sizes == sorted(sizes)


def test_a_long_text_takes_the_whole_budget_and_a_short_one_does_not() -> None:
    assert [settings_for(name, 1_000_000, 65).seconds for name in TIMES] == [*TIMES.values()]
    assert settings_for("best", 500, 30).seconds < 60


def test_nothing_is_held_out_of_a_text_too_short_to_tell() -> None:
    assert settings_for("quick", 500, 30).train.val_fraction == 0
    assert settings_for("quick", 10_000, 30).train.val_fraction == 0.1


def test_the_rarest_of_many_symbols_are_merged_and_cleaning_counts() -> None:
    rare = "".join(map(chr, range(0x4E00, 0x4E00 + MANY_SYMBOLS)))
    text = rare + "the sea and the stairs " * 2000
    kept, covered = capped_vocabulary(text)
    assert settings_for_text("quick", text).train.max_vocab == kept
    assert kept <= MANY_SYMBOLS + 1
    assert 0.98 <= covered < 1
    assert capped_vocabulary("the sea") == (0, 1.0)
    cleaned = settings_for_text("quick", string.punctuation * 50, "letters")
    assert (cleaned.train.max_vocab, cleaned.train.cleaning) == (0, "letters")


def test_units_shrink_to_the_weights_there_may_be() -> None:
    model = ModelConfig("gru", 512)
    assert within(model, 65, 10_000_000) == model
    small = within(model, 3000, 1_900_000)
    assert 16 <= small.hidden_size < 512


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="quick, better, best"):
        settings_for("fastest", 1000, 60)
    with pytest.raises(ValueError, match="cleaning"):
        settings_for_text("quick", "some text", "soap")


def test_a_bigger_model_is_thought_slower_and_steps_follow_the_speed() -> None:
    small, large = (settings_for(name, 1_000_000, 65) for name in ("quick", "best"))
    assert speed(small.model, 65) > speed(large.model, 65)
    window = small.train.batch_size * small.train.seq_length
    assert steps(small.train, 60, 1000 * window) == 60_000
    assert steps(small.train, 0.001, 1) == 1


def trained(text: str, steps: int) -> CharRNN:
    """A model with the quick settings, by steps, as seconds mean nothing on a busy machine."""
    fitted = settings_for_text("quick", text)
    trainer = Trainer(text, fitted.model, replace(fitted.train, steps=steps))
    for _ in trainer.run():
        pass
    return trainer.model


def test_500_characters_are_learned_by_heart() -> None:
    """They are too few to learn a style from, but the model must know them."""
    text = charrnn.load_corpus("lighthouse").text[3000:3500]
    assert charrnn.score(trained(text, 1200), text) < 0.3


@pytest.mark.slow
def test_5_mb_are_learned_from_the_first_seconds() -> None:
    """100 steps read 1 % of the text, and beat its letter frequencies."""
    source = charrnn.load_corpus("python-source").text
    model = trained(source * 5, 100)
    found = baselines(source, source[-20_000:], orders=())
    assert charrnn.score(model, source[-5_000:]) < found["letter frequencies"]


def test_little_is_held_out_of_a_long_text() -> None:
    """Reading half a million characters again and again would use up the time."""
    assert settings_for("quick", 5_000_000, 90).train.val_fraction * 5_000_000 <= 120_000
    assert settings_for("quick", 1_115_394, 65).train.val_fraction == 0.1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("lamp.txt").write_text(LETTERS * 30)
    return tmp_path


def test_the_command_line_takes_a_time_and_any_flag_overrides(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = settings_for_text("quick", LETTERS * 30)
    argv = ["train", "lamp.txt", "--time", "quick", "--out", "lamp.npz"]
    plan = make_plan(build_parser().parse_args(argv))
    assert plan.seconds == fitted.seconds
    assert (plan.trainer.live.config, plan.trainer.config) == (fitted.model, fitted.train)
    argv += ["--hidden-size", "9", "--steps", "4", "--no-baselines", "--json"]
    assert main(argv) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["step"] == 4
    model = charrnn.load("lamp.npz")
    assert model.config.hidden_size == 9
    assert model.config.cell == fitted.model.cell


@pytest.mark.parametrize(
    "more", [["--settings", "minimal"], ["--resume", "lamp.npz", "--out", "x.npz"]]
)
def test_a_time_excludes_ready_made_settings_and_changes_no_run(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert main(["train", "lamp.txt", "--time", "quick", *more]) == 2
    assert "--time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["--recipe", "hello"], ["--settings", "hello"]),
        (["--preset", "best"], ["--time", "best"]),
        (["--workers", "2"], ["--processes", "2"]),
    ],
)
def test_older_names_of_flags_are_still_taken(old: list[str], new: list[str]) -> None:
    parser = build_parser()
    assert parser.parse_args(["train", *old]) == parser.parse_args(["train", *new])

"""Which model a training starts from."""

from functools import cache

import pytest
from builders import TEXT, tiny_model

from charrnn import CharRNN, ModelConfig, TrainConfig, Trainer, load_corpus
from charrnn.pretrained import plan_training, pretrained_names
from charrnn.training.fitted_settings import settings_for_text
from charrnn.training.starts import SAMPLE, choose_start, guess, sample


@cache
def reader() -> CharRNN:
    """A model that knows TEXT."""
    config = TrainConfig(steps=300, val_fraction=0, learning_rate=0.01)
    trainer = Trainer(TEXT, ModelConfig("gru", 16), config)
    for _ in trainer.run():
        pass
    return trainer.model


def test_the_closest_model_is_chosen() -> None:
    candidates = {"blank": tiny_model(text=TEXT), "reader": reader()}
    choice = choose_start(TEXT[:300], candidates)
    assert choice.name == "reader"
    assert choice.model is candidates["reader"]
    assert f"{choice.losses['reader']:.2f}" in choice.reason
    assert choice.losses["reader"] < choice.losses["blank"]


def test_a_text_that_no_model_fits_starts_from_scratch() -> None:
    choice = choose_start(TEXT.translate(str.maketrans("aeto", "etoa")), {"reader": reader()})
    assert (choice.name, choice.model) == ("", None)
    assert f"{choice.counting:.2f}" in choice.reason


def test_another_script_starts_from_scratch() -> None:
    choice = choose_start("".join(map(chr, range(0x4E00, 0x4E80))) * 4, {"reader": reader()})
    assert choice.model is None
    assert choice.losses == {}


def test_models_of_another_kind_are_passed_over() -> None:
    assert choose_start(TEXT, {"reader": reader()}, words=True).model is None
    assert choose_start(TEXT, {"reader": reader()}, cleaning="lowercase").model is None


def test_unknown_symbols_count_as_misses() -> None:
    plain, strange = guess(reader(), TEXT), guess(reader(), TEXT.replace("m", "µ"))
    assert plain is not None
    assert strange is not None
    assert strange > plain + 0.1


@pytest.mark.parametrize("length", [1, 2, 5, SAMPLE, SAMPLE + 1, 50_000])
def test_texts_of_any_length(length: int) -> None:
    text = (TEXT * 100)[:length]
    assert len(sample(text)) <= SAMPLE
    assert choose_start(text, {"reader": reader()}).reason


def test_a_plan_names_its_start_and_its_settings() -> None:
    text = load_corpus("lighthouse").text[:5_000]
    plan = plan_training(text, exclude=["lighthouse"])
    assert plan.start_name in pretrained_names()
    assert plan.start_name in plan.reason
    assert plan.start is not None
    trainer = Trainer(text, plan.settings.model, plan.settings.train, start=plan.start)
    assert trainer.live.config.hidden_size == plan.start.config.hidden_size


def test_a_plan_may_begin_from_scratch_or_from_ones_own() -> None:
    strange = "".join(map(chr, range(0x4E00, 0x4E80))) * 20
    plan = plan_training(strange)
    assert (plan.start_name, plan.start) == ("", None)
    assert plan.settings == settings_for_text("quick", strange)
    assert plan_training(TEXT * 2, own=reader()).start_name == "your model"
    wanted = plan_training(TEXT.upper(), start=("reader", reader()))
    assert wanted.start_name == "reader"

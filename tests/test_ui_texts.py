"""The verdict on a text, and settings from browsers and addresses."""

from __future__ import annotations

import itertools
import math
from urllib.parse import parse_qsl

import pytest

from charrnn import CORPORA, RECIPES, ModelConfig, TrainConfig
from charrnn.network.model import parameter_shapes
from charrnn.ui import query_string
from charrnn.ui.limits import MODEL_WEIGHTS, TRAINING_CHARACTERS
from charrnn.ui.train import plans, settings, texts
from charrnn.ui.train.plans import Planner


def verdict(text: str, started: bool = False) -> dict[str, str]:
    return texts.verdict(text, "", "Starts from scratch.", started)


def test_a_verdict_counts_the_text_and_says_where_training_starts() -> None:
    found = verdict("Aa\nb!\n")
    assert found["counts"] == "6 characters, 5 different."
    assert found["plan"] == "Starts from scratch."
    assert texts.verdict("hello", "hello", "", False)["counts"].startswith("hello: 5 characters")


def test_every_corpus_has_a_chip() -> None:
    assert set(texts.EXAMPLES) <= set(CORPORA)
    assert set(CORPORA) - set(texts.EXAMPLES) <= {"english", "python-mix"}  # made by a command


def test_the_rarest_come_first_and_can_be_seen() -> None:
    chips = texts.card("aaaa\u0301\t \u200bbb" + "c" * 9)["chips"]
    assert chips[0][1].endswith("×1")
    shown = dict(chips)
    assert shown["tab"] == "U+0009 ×1"
    assert shown["space"] == "U+0020 ×1"
    assert shown["zero width space"] == "U+200B ×1"
    assert shown["◌\u0301"] == "U+0301 ×1"


@pytest.mark.parametrize(
    ("text", "started", "word"),
    [
        ("ab" * 100, False, "by heart"),
        ("ab" * 1000, False, "few real words"),
        ("ab" * 1000, True, "real words"),
        ("ab" * 10_000, False, "Short but fine"),
        ("ab" * 50_000, False, "Long enough"),
    ],
)
def test_the_verdict_says_what_to_expect(text: str, started: bool, word: str) -> None:
    assert word in verdict(text, started)["advice"]


def test_many_symbols_are_capped_by_the_share_of_text_that_stays() -> None:
    rare = "".join(chr(0x4E00 + i) for i in range(400))
    text = rare + "".join(chr(0x6000 + i % 200) for i in range(40_000))
    assert "merged" in verdict(text)["advice"]
    plan = Planner(60).plan(text, "", "none", plans.SCRATCH, None)
    fitted = plan.at("quick")
    assert 150 <= fitted.train.max_vocab <= 410
    assert 0 < plan.merged <= 0.02
    values = {"settings_by": settings.FITTED, "own": text, "corpus": texts.OWN}
    values |= {"temperature": 0.8, "seed": "", "rate": 1.0, "recipe": "standard", "time": "quick"}
    job = settings.job_of(values, 60, Planner(60))
    sizes = parameter_shapes(job.models[0], job.config.max_vocab).values()
    assert sum(math.prod(shape) for shape in sizes) <= MODEL_WEIGHTS


@pytest.mark.parametrize("characters", [5, 60, 1_500, 12_000])
def test_a_short_text_has_three_times_to_train_too(characters: int) -> None:
    text = ("the sea, the wind, the light upon the water. " * 300)[:characters]
    fitted = Planner(120).plan(text, "", "none", plans.SCRATCH, None).fitted
    assert list(fitted) == ["quick", "better", "best"]
    seconds = [each.seconds for each in fitted.values()]
    assert all(b >= 2 * a for a, b in itertools.pairwise(seconds))
    assert seconds[-1] <= 120


def test_a_time_that_the_server_does_not_allow_is_not_offered() -> None:
    text = "the sea, the wind, the light upon the water. " * 20_000
    assert list(Planner(30).plan(text, "", "none", plans.SCRATCH, None).fitted) == ["quick"]


def test_a_corpus_is_a_name_and_never_a_path() -> None:
    assert texts.chosen("hello", "")[1] == "hello"
    for name in ("/etc/passwd", "../app.py", "", "data/hello.txt"):
        with pytest.raises(ValueError, match="no corpus of that name"):
            texts.chosen(name, "text")


def test_an_own_text_has_limits() -> None:
    assert texts.chosen(texts.OWN, "my text") == ("my text", "")
    for own in (None, "", "a", "a" * (TRAINING_CHARACTERS + 1)):
        with pytest.raises(ValueError, match="characters"):
            texts.chosen(texts.OWN, own)


def test_every_field_of_the_configs_is_on_the_page() -> None:
    fields = set(ModelConfig.__dataclass_fields__) | set(TrainConfig.__dataclass_fields__)
    assert set(settings.SETTINGS) == fields


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_goes_through_the_page_unchanged(recipe: str) -> None:
    values = settings.of_recipe(RECIPES[recipe])
    assert settings.parse(values) == (RECIPES[recipe].model, RECIPES[recipe].train)


def test_parts_of_the_page_never_opened_are_defaults() -> None:
    assert settings.parse({}) == settings.parse(settings.DEFAULTS)


@pytest.mark.parametrize("value", ["12", math.nan, math.inf, True, [1], {}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="Steps must be a number"):
        settings.parse({"steps": value})


def test_numbers_from_a_browser_become_the_fields_type() -> None:
    model, train = settings.parse({"hidden_size": 64.0, "learning_rate": 1, "steps": 10.0})
    assert (model.hidden_size, train.steps, train.learning_rate) == (64, 10, 1.0)
    assert type(model.hidden_size) is int
    assert type(train.learning_rate) is float


def test_what_is_too_much_for_the_page_is_refused() -> None:
    with pytest.raises(ValueError, match="640 on this page"):
        settings.parse({"hidden_size": 641})
    model, train = settings.parse({"hidden_size": 640, "layers": 2})
    with pytest.raises(ValueError, match="weights"):
        settings.check_size(model, train, "abc", 100)
    model, train = settings.parse({"seq_length": 0, "batch_size": 1})
    with pytest.raises(ValueError, match="batch size"):
        settings.check_size(model, train, "a" * 100_000, 100)


def test_an_address_sets_a_recipe_and_what_differs() -> None:
    wanted = query_string.read({"recipe": "notebook", "clip_norm": "5", "words": "true"})
    assert wanted["corpus"] == "sentence"
    assert (wanted["hidden_size"], wanted["clip_norm"], wanted["words"]) == (10, 5.0, True)


def test_an_address_says_what_differs_from_a_recipe() -> None:
    values = {"recipe": "notebook", "corpus": texts.OWN, **settings.of_recipe(RECIPES["notebook"])}
    assert query_string.write(values) == "recipe=notebook"
    values |= {"corpus": "hello", "hidden_size": 20, "steps": None}
    assert query_string.write(values) == "recipe=notebook&corpus=hello&hidden_size=20"


def test_an_address_says_time_and_start_where_the_settings_are_fitted() -> None:
    values = {"settings_by": settings.FITTED, "time": "better", "corpus": "hello", "start": "auto"}
    assert query_string.write(values) == "time=better&corpus=hello"
    values["start"] = "shakespeare"
    query = dict(parse_qsl(query_string.write(values)))
    assert query_string.read(query) == values


def test_an_address_sets_what_to_generate() -> None:
    query = {"seed": "so", "temperature": "0.5", "length": "30", "top_k": "many", "top_p": "7"}
    values = {"seed": "so", "temperature": 0.5, "length": 30}
    assert query_string.read_generation(query) == values


@pytest.mark.parametrize(
    "query",
    [
        {"recipe": "nope"},
        {"corpus": "/etc/passwd"},
        {"cell": "transformer"},
        {"hidden_size": "many"},
        {"learning_rate": "nan"},
        {"hidden_size": "99999"},
        {"unknown": "1"},
    ],
)
def test_an_address_that_makes_no_sense_is_left_out(query: dict[str, str]) -> None:
    assert query_string.read(query) == {}


def test_a_seed_is_the_first_words() -> None:
    assert texts.first_words("ONE STAIR up\nTWO") == "ONE STAIR "
    assert texts.first_words("\n\nHello\nyou") == "Hello"
    assert texts.first_words("   ") == ""


@pytest.mark.parametrize("where", ["own", "seed"])
def test_half_of_a_character_is_refused_in_a_sentence(where: str) -> None:
    """A cut emoji can be pasted, but no answer of the server could encode it."""
    own = "a text to learn, " * 20
    values = {"corpus": texts.OWN, "own": own, "seed": "", "temperature": 1, "rate": 1}
    values |= {"recipe": "standard", where: own + "\ud83d"}
    with pytest.raises(ValueError, match="two-part character at position"):
        settings.job_of(values if where == "own" else {**values, where: "ab\ud83d"}, 5.0)

"""Drawing characters: any logits, any temperature, and the same seed gives the same text."""

import math

import numpy as np
import pytest
from builders import TEXT, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn import CharRNN, ModelConfig, Sampling, Vocabulary, generate
from charrnn.network.sampling import GREEDY_BELOW, draw, prime, probabilities, weights
from charrnn.vocabulary import UNKNOWN

LOGITS = np.log(np.array([0.5, 0.3, 0.15, 0.05]))


@settings(deadline=None)
@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=50),
    st.one_of(st.floats(0, 1e30), st.sampled_from([0.0, 5e-324, 1e-300, 1e-3, 1.0])),
    st.integers(0, 60),
    st.floats(1e-9, 1),
    st.floats(0, 1, exclude_max=True),
)
def test_probabilities_are_always_probabilities(logits, temperature, top_k, top_p, u):
    p = probabilities(np.array(logits, np.float32), Sampling(temperature, top_k, top_p))
    assert np.isfinite(p).all()
    assert p.min() >= 0
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p[draw(p, u)] > 0


@settings(deadline=None)
@given(st.integers(1, 40))
def test_the_last_random_number_below_one_stays_inside(V):
    p = np.full(V, 1 / V)
    assert draw(p, math.nextafter(1, 0)) == V - 1
    assert draw(p, 0.0) == 0


def test_temperature_top_k_and_top_p():
    np.testing.assert_allclose(probabilities(LOGITS, Sampling(1.0)), np.exp(LOGITS))
    assert probabilities(LOGITS, Sampling(0)).tolist() == [1, 0, 0, 0]
    squared = np.exp(LOGITS) ** 2
    np.testing.assert_allclose(probabilities(LOGITS, Sampling(0.5)), squared / squared.sum())
    np.testing.assert_allclose(probabilities(LOGITS, Sampling(1, top_k=2)), [0.625, 0.375, 0, 0])
    np.testing.assert_allclose(probabilities(LOGITS, Sampling(1, top_p=0.7)), [0.625, 0.375, 0, 0])
    assert probabilities(LOGITS, Sampling(1, top_p=1e-9)).tolist() == [1, 0, 0, 0]


def test_alike_symbols_are_kept_by_their_order_and_no_more_than_asked_for():
    alike = np.zeros(100)
    for sampling in (Sampling(1, top_k=25), Sampling(1, top_p=0.25)):
        assert np.flatnonzero(weights(alike, sampling)).tolist() == list(range(25))
    two_kinds = np.tile([0.0, 1.0], 50)
    kept = np.flatnonzero(weights(two_kinds, Sampling(1, top_k=25)))
    assert kept.tolist() == list(range(1, 50, 2))


def test_without_a_limit_the_unlikeliest_symbol_stays_possible():
    assert (weights(np.array([0.0, -100.0]), Sampling(1)) > 0).all()


def test_draws_follow_the_probabilities():
    rng, p = np.random.default_rng(0), np.exp(LOGITS)
    counts = np.bincount([draw(p, rng.random()) for _ in range(20_000)], minlength=4)
    np.testing.assert_allclose(counts / 20_000, p, atol=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1}, {"temperature": math.nan}, {"temperature": math.inf},
        {"top_k": -1}, {"top_p": 0}, {"top_p": 1.5}, {"top_p": math.nan}, {"random_seed": -1},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sampling(**wrong)


def test_the_same_random_seed_writes_the_same_text():
    model = tiny_model("gru", text=TEXT)
    a, b, c = ("".join(generate(model, "the ", 80, Sampling(1, random_seed=s))) for s in (1, 1, 2))
    assert a == b != c
    assert len(a) == 80


def test_the_state_has_read_every_character_of_the_seed():
    model = tiny_model("lstm", 2, text=TEXT)
    ids = model.vocabulary.encode("the cat")
    logits, state = prime(model, "the cat")
    expected, last, _ = model.forward(ids[:, None])
    np.testing.assert_array_equal(logits, expected[:, -1, 0])
    np.testing.assert_array_equal(state[1][1], last[1][1])
    greedy = "".join(generate(model, "the cat", 5, Sampling(0)))
    assert greedy[0] == model.vocabulary.symbols[int(logits.argmax())]


def test_writing_is_reading_what_was_written():
    """Every drawn character is read back, so the text's own logits draw the text again."""
    model = tiny_model("gru", 2, text=TEXT)
    text = "".join(generate(model, "the ", 30, Sampling(0)))
    ids = model.vocabulary.encode("the " + text)
    logits, _, _ = model.forward(ids[:-1, None])
    best = logits[:, :, 0].argmax(axis=0)
    assert model.vocabulary.decode(best[3:]) == text


def test_an_empty_seed_starts_after_a_line_break():
    with_break, without = tiny_model(text="ab\n"), tiny_model(text="ab")
    for model, first in ((with_break, "\n"), (without, "a")):
        logits, _ = prime(model, "")
        expected, _ = prime(model, first)
        np.testing.assert_array_equal(logits, expected)


def test_unknown_characters_of_the_seed_are_said_and_left_out():
    model = tiny_model(text="abc")
    with pytest.warns(UserWarning, match="'é', 'x'|'x', 'é'"):
        text = "".join(generate(model, "axéb", 20, Sampling(random_seed=1)))
    assert text == "".join(generate(model, "ab", 20, Sampling(random_seed=1)))


def test_the_unknown_symbol_is_read_but_never_written():
    vocabulary = Vocabulary.from_text("aaaabbbbcdefgh", min_count=2)
    model = CharRNN(vocabulary, ModelConfig("rnn", 4))
    model.parameters["by"][vocabulary.ids[UNKNOWN]] = 50
    text = "".join(generate(model, "axb", 100, Sampling(1, random_seed=0)))
    assert len(text) == 100
    assert UNKNOWN not in text


def test_writing_ends_after_the_stop_text():
    model = tiny_model(text="ab\n")
    free = "".join(generate(model, "a", 200, Sampling(1, random_seed=3)))
    stopped = "".join(generate(model, "a", 200, Sampling(1, stop="ab", random_seed=3)))
    assert stopped == free[: free.index("ab") + 2]


def test_the_seed_is_no_part_of_the_stop_text():
    model = tiny_model(text="abX")
    free = "".join(generate(model, "XX", 200, Sampling(1, random_seed=5)))
    assert free[0] != "X"
    stopped = "".join(generate(model, "XX", 200, Sampling(1, stop="X", random_seed=5)))
    assert stopped == free[: free.index("X") + 1]


def test_the_unknown_symbol_is_written_only_where_there_is_no_other():
    alone = CharRNN(Vocabulary((UNKNOWN,)), ModelConfig("rnn", 4))
    assert "".join(generate(alone, "a", 3)) == 3 * UNKNOWN
    one_more = CharRNN(Vocabulary(("a", UNKNOWN)), ModelConfig("rnn", 4))
    assert "".join(generate(one_more, "a", 50, Sampling(1, random_seed=0))) == 50 * "a"


def test_a_text_comes_as_it_is_written():
    stream = generate(tiny_model(text=TEXT), "t", 10**9)
    assert [len(next(stream)) for _ in range(3)] == [1, 1, 1]
    assert list(generate(tiny_model(), "a", 0)) == []
    with pytest.raises(ValueError, match="length"):
        list(generate(tiny_model(), "a", -1))


def test_one_model_serves_two_callers_at_once():
    model = tiny_model("lstm", 2, text=TEXT)
    alone = "".join(generate(model, "the ", 40, Sampling(1, random_seed=1)))
    one = generate(model, "the ", 40, Sampling(1, random_seed=1))
    two = generate(model, "dog ", 40, Sampling(1, random_seed=2))
    assert "".join(a for a, _ in zip(one, two, strict=True)) == alone


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        ({"temperature": -1}, "temperature must .* 0"),
        ({"temperature": math.nan}, "temperature must .* 0"),
        ({"temperature": math.inf}, "temperature must .* 0"),
        ({"temperature": True}, "temperature must be a number"),
        ({"top_k": -1}, "top_k must .* 0"),
        ({"top_k": 1.5}, "top_k must be a whole number"),
        ({"top_p": 0}, "top_p must be above 0 and at most 1"),
        ({"stop": None}, "stop must be text"),
        ({"random_seed": -1}, "random_seed must .* 0"),
    ],
)
def test_a_refusal_names_the_setting_and_its_range(values, fact):
    with pytest.raises(ValueError, match=fact):
        Sampling(**values)


def test_at_the_threshold_it_is_not_greedy_yet():
    logits = np.array([0.0, 0.0, -1.0])
    shares = probabilities(logits, Sampling(temperature=GREEDY_BELOW))
    np.testing.assert_allclose(shares, [0.5, 0.5, 0.0], atol=1e-12)
    assert probabilities(logits, Sampling(temperature=GREEDY_BELOW / 2)).tolist() == [1, 0, 0]


def test_an_empty_seed_is_a_line_break():
    model = CharRNN(Vocabulary.from_text("\t\nab"), ModelConfig("gru", 6))
    assert model.vocabulary.ids["\n"] == 1
    np.testing.assert_array_equal(prime(model, "")[0], prime(model, "\n")[0])
    assert not np.array_equal(prime(model, "")[0], prime(model, "\t")[0])


def test_without_words_500_characters_are_written_from_an_empty_seed():
    model = tiny_model("gru")
    sampling = Sampling(random_seed=1)
    text = "".join(generate(model, sampling=sampling))
    assert len(text) == 500
    assert text == "".join(generate(model, "", 500, sampling))
    with pytest.raises(ValueError, match=r"^length must be 0 or more\.$"):
        next(generate(model, length=-1))


def test_a_stop_text_that_the_model_cannot_write_is_refused_at_once():
    with pytest.raises(ValueError, match="Ω"):
        generate(tiny_model(text=TEXT), "", 10, Sampling(stop="endΩ"))

"""Baselines checked by hand counts, by the laws of probability, and against each other."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

from charrnn.baselines import (
    baselines,
    chart_baselines,
    compression,
    kneser_ney,
    letter_frequencies,
    uniform,
)
from charrnn.text_files import read_text_file

ORIGIN = "the quick brown fox jumps over the lazy dog and the lazy fox sleeps in the sun. "


def english(length: int, seed: int) -> str:
    """Words drawn at random, with real statistics and without a file."""
    words = np.array(ORIGIN.split())
    rng = np.random.default_rng(seed)
    return " ".join(rng.choice(words, length // 3))[:length]


def test_uniform_counts_the_characters_of_both_texts() -> None:
    assert uniform("ab", "bc") == pytest.approx(math.log(3))


def test_letter_frequencies_by_hand() -> None:
    # Counts a 3, b 1, plus one each: 4/6 and 2/6.
    expected = -(math.log(4 / 6) + math.log(2 / 6)) / 2
    assert letter_frequencies("aaab", "ab") == pytest.approx(expected)


def test_kneser_ney_probabilities_sum_to_one() -> None:
    """The loss of context + c, less that of context alone, is -log p(c | context)."""
    train = english(3000, 0)
    symbols = sorted(set(train))
    for order in (1, 2, 3, 6):
        for context in ("the ", "zzz", "fox j"):
            start = "".join(symbols)  # every symbol in both, so that V is the same in each call
            before = start + context
            base = kneser_ney(train, before, [order])[order] * len(before)
            total = sum(
                math.exp(base - kneser_ney(train, before + c, [order])[order] * (len(before) + 1))
                for c in symbols
            )
            assert total == pytest.approx(1, abs=1e-9)


def test_longer_contexts_pay_where_there_is_structure() -> None:
    train, held_out = english(60_000, 1), english(6_000, 2)
    losses = baselines(train, held_out)
    assert losses["uniform"] > losses["letter frequencies"] > losses["last 1 character"]
    assert losses["last 1 character"] > losses["last 2 characters"] > losses["last 3 characters"]
    assert 0.3 < losses["last 4 characters"] < 0.8  # one of 16 words every 5 or so characters
    assert losses["last 4 characters"] < losses["compression"] < losses["letter frequencies"]


def test_names_and_orders() -> None:
    losses = baselines(ORIGIN, ORIGIN, orders=(2, 5))
    assert list(losses) == [
        "uniform", "letter frequencies", "last 2 characters", "last 5 characters", "compression",
    ]  # fmt: skip
    assert baselines(ORIGIN, ORIGIN, orders=()).keys() == {
        "uniform", "letter frequencies", "compression",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("train", "held_out"),
    [("a", "b"), ("a", "a"), ("aaaa", "a"), ("hello", "h\u00e9llo \U0001f600"), ("ab" * 500, "ba"),
     ("\ud800x", "x\ud800"), ("abc", "abc" * 400)],
)  # fmt: skip
def test_tiny_and_odd_texts_give_finite_losses(train: str, held_out: str) -> None:
    assert all(math.isfinite(loss) and loss >= 0 for loss in baselines(train, held_out).values())


def test_a_repeated_text_compresses_to_almost_nothing() -> None:
    text = english(20_000, 3)
    assert compression(text, text) < 0.02
    noise = "".join(map(chr, np.random.default_rng(0).integers(32, 96, 20_000)))
    assert compression(text, noise) == pytest.approx(math.log(64), rel=0.1)


@pytest.mark.parametrize(("train", "held_out"), [("", "a"), ("a", "")])
def test_empty_texts_are_refused(train: str, held_out: str) -> None:
    with pytest.raises(ValueError, match="held-out"):
        baselines(train, held_out)


@pytest.mark.parametrize("order", [0, 13, -1])
def test_orders_out_of_range_are_refused(order: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 12"):
        baselines("abc", "abc", orders=[order])


def test_tinyshakespeare_matches_the_published_figure() -> None:
    """1.5165 nats: modified Kneser-Ney on the last 6 characters, first 90 % against last 10 %."""
    folder = os.environ.get("CHARRNN_TEST_DATA")  # never download in a test
    if not folder:
        pytest.skip("set CHARRNN_TEST_DATA to a folder that holds tinyshakespeare.txt")
    text = read_text_file(Path(folder) / "tinyshakespeare.txt").text
    split = int(0.9 * len(text))
    losses = kneser_ney(text[:split], text[split:], [1, 2, 3, 4, 5, 6])
    assert losses[6] == pytest.approx(1.5165, abs=5e-4)


def test_the_chart_holds_out_what_training_holds_out() -> None:
    text = english(5_000, 4)
    assert chart_baselines(text, 0.1) == tuple(
        baselines(text[:-500], text[-500:], (2, 4), compress=False).items()
    )
    assert [name for name, _ in chart_baselines("abc", 0.1)] == ["uniform", "letter frequencies"]

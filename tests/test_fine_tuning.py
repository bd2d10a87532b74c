"""A start's vocabulary grows, and it keeps what it knew."""

from dataclasses import replace

import numpy as np
import pytest
from builders import TEXT, tiny_model

from charrnn import CELLS, CharRNN, ModelConfig, Vocabulary
from charrnn.network.loss import log_softmax
from charrnn.training.fine_tuning import StartError, extend, settings_for_start
from charrnn.vocabulary import UNKNOWN

NEW_TEXT = TEXT + "Äpfel für 3 €! 😀"


def start(cell: str, layers: int, words: bool) -> CharRNN:
    text = TEXT + (UNKNOWN if words else "")
    model = tiny_model(cell, layers, text="ab")
    vocabulary = Vocabulary.from_text(text, words=words, cleaning="lowercase" if words else "none")
    made = CharRNN(vocabulary, ModelConfig(cell, 5, layers)).astype(np.float64)
    rng = np.random.default_rng(3)
    made.parameters.vector[:] += rng.normal(0, 0.5, made.parameters.vector.shape)
    assert made.config.cell == model.config.cell
    return made


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_what_the_start_knew_stays(cell: str, layers: int, words: bool) -> None:
    old = start(cell, layers, words)
    new = extend(old, NEW_TEXT)
    assert set(new.vocabulary.symbols) == set(old.vocabulary.symbols) | set(
        new.vocabulary.tokens(NEW_TEXT)
    )
    assert list(new.vocabulary.symbols) == sorted(new.vocabulary.symbols)
    assert (new.vocabulary.words, new.vocabulary.cleaning) == (words, old.vocabulary.cleaning)
    before = log_softmax(old.forward(old.vocabulary.encode(TEXT)[:, None])[0])
    logits = new.forward(new.vocabulary.encode(TEXT)[:, None])[0]
    places = [new.vocabulary.ids[symbol] for symbol in old.vocabulary.symbols]
    np.testing.assert_allclose(log_softmax(logits[places]), before, atol=1e-12)
    shares = 1 - np.exp(log_softmax(logits))[places].sum(axis=0)
    tokens = old.vocabulary.tokens(NEW_TEXT)
    share = sum(token not in old.vocabulary.ids for token in tokens) / len(tokens)
    assert 0.5 * share < np.median(shares) < 2 * share
    assert shares.max() < 10 * share


def test_nothing_new_changes_nothing() -> None:
    old = start("gru", 2, words=False)
    new = extend(old, TEXT)
    assert new.vocabulary == old.vocabulary
    np.testing.assert_array_equal(new.parameters.vector, old.parameters.vector)
    assert new.parameters.vector is not old.parameters.vector


def test_rare_new_symbols_are_merged() -> None:
    new = extend(start("rnn", 1, words=False), NEW_TEXT, min_count=2)
    assert UNKNOWN in new.vocabulary.ids
    assert "€" not in new.vocabulary.ids


def test_a_text_in_another_script_is_declined() -> None:
    chinese = "".join(map(chr, range(0x4E00, 0x5600)))
    with pytest.raises(StartError, match="2,048 symbols"):
        extend(start("lstm", 1, words=False), chinese)


@pytest.mark.parametrize("characters", [1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000])
@pytest.mark.parametrize("hidden_size", [1, 64, 256, 512, 4096])
def test_a_preset_for_every_start_and_length(characters: int, hidden_size: int) -> None:
    start = ModelConfig("gru", hidden_size, 2)
    fitted = settings_for_start("quick", start, characters, 60)
    assert fitted.model == replace(start, dropout=fitted.model.dropout)
    assert 0 <= fitted.model.dropout <= 0.75
    assert 0 < fitted.seconds <= 60
    far = settings_for_start("quick", start, characters, 60, near=False)
    long = characters == 1_000_000
    assert (fitted.train.keep_start > 0, far.train.keep_start) == (not long, 0)
    assert fitted.train.schedule == ("cosine" if long else "constant")

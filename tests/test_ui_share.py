"""What a model's file holds, and the models that come with the project."""

from __future__ import annotations

import gradio as gr
import pytest

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.service.visitor import Visitor
from charrnn.ui.models import ready_made
from charrnn.ui.share.model import card


def card_of(text: str, words: bool = False) -> dict[str, str]:
    model = CharRNN(Vocabulary.from_text(text, words=words), ModelConfig("gru", 4))
    return dict(card(Visitor().with_model(model, "mine"))["rows"])


def test_a_model_of_characters_shows_its_alphabet() -> None:
    rows = card_of("b a\nc\u0301")
    assert rows["alphabet"] == "abc"
    assert rows["characters it knows"] == "6"


def test_a_model_of_words_shows_how_many_it_knows() -> None:
    rows = card_of("to be or not to be", words=True)
    assert rows["words"] == "5"
    assert "alphabet" not in rows


def test_a_ready_made_model_replaces_the_present_one_with_its_text() -> None:
    visitor = ready_made(Visitor(), "lighthouse")
    assert visitor.name == "pretrained: lighthouse"
    assert visitor.current.metadata["corpus"] == "lighthouse"
    assert visitor.text.startswith("ONE STAIR MORE")
    assert ready_made(visitor, None) is visitor  # the list was closed without a choice
    with pytest.raises(gr.Error, match="no pretrained model"):
        ready_made(Visitor(), "../lighthouse")

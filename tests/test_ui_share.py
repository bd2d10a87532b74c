"""The contents of a model's file, and the models that come with the project."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest
from builders import tiny_model

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.pretrained import pretrained_names
from charrnn.service.visitor import Visitor
from charrnn.ui.models import menu_value, ready_made
from charrnn.ui.share.model import card, download_page


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


def test_the_web_page_of_a_ready_made_model_has_its_plain_name() -> None:
    visitor = ready_made(Visitor(), "python")
    page = Path(download_page(visitor)).read_text("utf-8")
    assert '"title":"python"' in page.replace('": "', '":"')
    titled = Path(download_page(visitor, "  Snakes  of the harbor ")).read_text("utf-8")
    assert '"title":"Snakes of the harbor"' in titled.replace('": "', '":"')


def test_the_menu_of_ready_made_models_names_the_one_in_use() -> None:
    visitor = Visitor()
    assert menu_value(visitor)["value"] == pretrained_names()[0]
    assert menu_value(ready_made(visitor, "python"))["value"] == "python"
    own = visitor.with_model(tiny_model(), "mine")
    assert menu_value(own)["value"] is None
    assert menu_value(ready_made(own, "python"))["value"] == "python"

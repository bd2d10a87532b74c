"""The model card: complete, valid by the Hub's rules, safe, and it keeps what people wrote."""

from __future__ import annotations

import pytest
from hubs import text_of
from standin import ALICE, Hub
from standin.repos import model_faults
from standin.store import front_matter

import charrnn
from charrnn import CharRNN, Sampling, Vocabulary
from charrnn.hub import push_to_hub
from charrnn.hub.card import card


def test_the_card_passes_the_hubs_validation_and_tells_all(model: CharRNN) -> None:
    text = card(model, "alice/sea", license="cc-by-4.0", dataset="alice/cats", space="alice/page")
    data = front_matter(text)
    assert model_faults(data) == []
    assert data["library_name"] == "charrnn"
    assert {"charrnn", "lstm", "text-generation"} <= set(data["tags"])
    assert (data["license"], data["datasets"]) == ("cc-by-4.0", ["alice/cats"])
    (result,) = data["model-index"][0]["results"]
    assert result["dataset"]["name"] == "cat"
    assert result["metrics"][0]["value"] == round(model.metadata["best_loss"], 4)
    assert "https://huggingface.co/spaces/alice/page?model=alice/sea" in text
    assert "| uniform | 2.900 | 4.184 |" in text
    assert 'charrnn.from_hub("alice/sea")' in text
    for temperature in (0.5, 0.8, 1.1):
        sampling = Sampling(temperature=temperature, random_seed=1)
        assert "".join(charrnn.generate(model, "", 300, sampling)).strip("\r\n") in text


def test_a_model_without_facts_has_a_card_too() -> None:
    bare = CharRNN(Vocabulary.from_text("ab"))
    data = front_matter(card(bare, "alice/bare"))
    assert "model-index" not in data
    assert data["license"] == "unknown"
    words = CharRNN(Vocabulary.from_text("one two, two", words=True))
    assert "one word at a time" in card(words, "alice/words")


@pytest.mark.parametrize(
    ("name", "base_model"),
    [("bob/english", "bob/english"), ("shakespeare", None), ("a`b|\n---\nx: y", None), ("", None)],
)
def test_the_card_names_the_start(name: str, base_model: str | None) -> None:
    model = CharRNN(Vocabulary.from_text("ab"), metadata={"start": {"name": name, "sha256": "0"}})
    text = card(model, "alice/own")
    assert model_faults(front_matter(text)) == []
    assert front_matter(text).get("base_model") == base_model
    assert ("Training started from" in text) is bool(name)


def test_a_strangers_file_cannot_write_into_the_card() -> None:
    evil = CharRNN(
        Vocabulary(("`", "<", "!", "-", "|", "\n", "<!-- charrnn")),
        metadata={
            "corpus": "x` <script>alert(1)</script>\n---\nlicense: gpl | y",
            "best_loss": float("nan"), "smooth_loss": 1e400, "steps": "many", "config": [1],
            "rulers": {"a|b\n# c": 1.0, "nan": float("nan"), "": 2.0},
        },
    )  # fmt: skip
    text = card(evil, "alice/evil", license="mit")
    assert model_faults(front_matter(text)) == []
    assert front_matter(text)["license"] == "mit"
    assert text.count("<!-- charrnn") == 4
    assert card(evil, "alice/evil", old=text, license="mit") == text


OWN_WORDS = "My grandmother wrote the text.\n\n# Thanks\nto her"


def test_a_second_push_keeps_what_people_wrote(hub: Hub, model: CharRNN) -> None:
    name = "alice/kept"
    push_to_hub(model, name, token=ALICE, license="mit", endpoint=hub.url)
    text = text_of(hub, name)
    edited = text.replace(
        "stay when you push again -->\n", f"stay when you push again -->\n{OWN_WORDS}\n"
    )
    edited = edited.replace("tags:\n", "language: en\nthumbnail: x.png\ntags:\n- mine\n")
    edited += "\nA last line of mine.\n"
    hub.model(name).write("README.md", edited.encode())
    other = model.with_vector(model.parameters.vector * 0.9)
    push_to_hub(other, name, token=ALICE, endpoint=hub.url)
    again = text_of(hub, name)
    assert OWN_WORDS in again
    assert "A last line of mine." in again
    data = front_matter(again)
    assert (data["language"], data["thumbnail"], data["license"]) == ("en", "x.png", "mit")
    assert "mine" in data["tags"]
    assert again.count("## What it writes") == 1


@pytest.mark.parametrize("front", ["", "---\nlicense: mit\n---\n", "---\n: : [\n---\n"])
def test_a_card_without_our_markers_is_kept_whole(model: CharRNN, front: str) -> None:
    text = card(model, "alice/sea", old=front + OWN_WORDS)
    assert OWN_WORDS in text
    assert card(model, "alice/sea", old=text) == text

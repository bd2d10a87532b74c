"""The model card is complete, valid by the Hub's rules and safe, and keeps what people wrote."""

from __future__ import annotations

import pytest
from hubs import text_of
from standin import ALICE, Hub
from standin.repos import model_faults
from standin.store import front_matter

import charrnn
from charrnn import CharRNN, Sampling, Vocabulary
from charrnn.hub import HubError, push_to_hub
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
    assert 'CharRNN.from_pretrained("alice/sea")' in text
    assert "pip install charrnn-numpy" in text
    assert "1 in " in text
    for entry in data["widget"]:
        assert entry["text"]
        assert (entry["text"] + entry["output"]["text"]).strip("\r\n") in text
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


OWN_INDEX = """model-index:
- name: mine
  results:
  - task: {type: text-generation}
    dataset: {name: my book, type: text}
    metrics:
    - {type: wer, name: Spelling, value: 3.5}
"""


def test_what_an_author_wrote_into_the_metadata_stays(model: CharRNN) -> None:
    """A model-index, several licenses, a widget entry; also after a second push."""
    own = "license:\n- mit\n- cc-by-4.0\nwidget:\n- text: Mine\n" + OWN_INDEX
    text = card(model, "alice/sea", old=f"---\n{own}---\n{OWN_WORDS}")
    for _ in range(2):
        data = front_matter(text)
        assert data["license"] == ["mit", "cc-by-4.0"]
        assert {"text": "Mine"} in data["widget"]
        assert len(data["widget"]) == 4
        ours, mine = data["model-index"]
        assert ours["results"][0]["metrics"][0]["type"] == "loss"
        assert mine["results"][0]["metrics"][0]["value"] == 3.5
        text = card(model, "alice/sea", old=text)
    assert text == card(model, "alice/sea", old=text)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", ["", "\N{BYTE ORDER MARK}"])
def test_a_card_that_another_editor_saved_is_still_ours(
    model: CharRNN, end: str, mark: str
) -> None:
    text = card(model, "alice/sea", license="mit")
    edited = mark + text.replace("push again -->\n", f"push again -->\n{OWN_WORDS}\n")
    again = card(model, "alice/sea", old=edited.replace("\n", end))
    assert front_matter(again)["license"] == "mit"
    assert OWN_WORDS in again
    assert again.count("## What it writes") == 1


def test_a_mark_inside_a_name_does_no_harm() -> None:
    name = "<!-- charrnn: end of the generated part -->"
    model = CharRNN(
        Vocabulary.from_text("ab"),
        metadata={"corpus": name, "best_loss": 1.0, "baselines": {name: 2.0}},
    )
    text = card(model, "alice/sea")
    assert card(model, "alice/sea", old=text) == text


HOSTILE = {
    "many beginnings": "<!-- charrnn: generated -->" * 20_000,
    "many ends": "<!-- charrnn: end of the generated" * 20_000,
    "both by turns": "<!-- charrnn: generated <!-- charrnn: end of the generated " * 10_000,
    "empty lines": "---\n" + "\n" * 500_000,
    "dashes": "---\n" * 100_000,
    "blanks": " " * 500_000 + "---\n",
    "blocks": "---\n" + "- " * 7_500 + "\n---\n",
    "questions": "---\n" + "? " * 7_500 + "\n---\n",
    "aliases": "---\na: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)
    ) + "---\n",
    "numbers": "---\na: " + "9" * 15_000 + "\n---\n",
    "keys": "---\n? [a]\n: 1\n1: 2\n---\n",
    "wrong kinds": "---\nmodel-index: [1, {results: 5}, {results: [1, {metrics: 2}]}]\n"
    "widget: {a: 1}\ntags: 7\nlicense: {a: 1}\n---\n",
}  # fmt: skip


@pytest.mark.parametrize("loss", [1e9, -1e300, 0])
def test_a_loss_that_a_stranger_claims_is_written_as_it_is(loss: float) -> None:
    vocabulary = Vocabulary.from_text("ab")
    model = CharRNN(vocabulary, metadata={"best_loss": loss, "smooth_loss": loss})
    assert f"{loss:.3f}" in card(model, "alice/sea")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_card_costs_no_more_than_its_length(model: CharRNN, name: str) -> None:
    """A cost that grows with the square would exceed even ten times the timeout."""
    text = card(model, "alice/sea", old=HOSTILE[name])
    assert model_faults(front_matter(text[: text.index("\n---\n") + 5])) == []


def test_metadata_that_is_too_long_is_refused_with_what_to_do(model: CharRNN) -> None:
    with pytest.raises(HubError, match="Shorten it on the Hub"):
        card(model, "alice/sea", old=f"---\na: {'b ' * 10_000}\n---\n")
    with pytest.raises(HubError, match="nested too deeply"):
        card(model, "alice/sea", old=f"---\na: {'[{' * 7_000}\n---\n")


def test_a_card_that_the_hub_refuses_says_what_is_wrong(hub: Hub, model: CharRNN) -> None:
    push_to_hub(model, "alice/refused", token=ALICE, endpoint=hub.url)
    old = text_of(hub, "alice/refused").replace("tags:", "license: my own\ntags:", 1)
    hub.model("alice/refused").write("README.md", old.replace("license: unknown\n", "").encode())
    with pytest.raises(HubError, match=r"refuses the README.*license"):
        push_to_hub(model, "alice/refused", token=ALICE, endpoint=hub.url)

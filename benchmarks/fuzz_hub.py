"""Fuzz what reads strangers' words: cards, names, galleries and metadata of the Hub, and texts.

    python benchmarks/fuzz_hub.py --seconds 60

Each parser gets random changes of good and hostile inputs for so many seconds. Any error but its
own kind is a crash, and so is an input that takes more than SLOW seconds of CPU time; crashes are
kept. Prints a line of JSON per parser: inputs, crashes, the slowest input, inputs per second.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
import fuzzing
from huggingface_hub.hf_api import ModelInfo

from charrnn.formats import strict_json
from charrnn.formats.errors import ModelFileError
from charrnn.hub import card, markdown, names
from charrnn.hub.faults import GARBLED, HubError
from charrnn.hub.gallery import _shared
from charrnn.network.model import CharRNN, ModelConfig
from charrnn.text_files import TextFileError, decode_text_file
from charrnn.training.record import TrainingRecord
from charrnn.vocabulary import Vocabulary

LONGEST = 20_000
"""Bytes of an input: a card's metadata may have 16,000 characters."""
SLOW = 0.5
"""CPU seconds that no input of this length may take, because the page has others to answer."""

MODEL = CharRNN(
    Vocabulary.from_text("abc\n"),
    ModelConfig("rnn", 4),
    metadata={"corpus": "sea", "best_loss": 1.0, "validated": True, "baselines": {"uniform": 2.0}},
)
SAMPLES = dict.fromkeys(card.TEMPERATURES, "abc cab\nabc")


def read_card(data: bytes) -> None:
    """A README.md of the Hub, split, merged with ours, and split again."""
    old = data.decode("utf-8", "replace")
    with suppress(HubError):
        metadata, body = markdown.split(old)
        text = _written(old)
        again, _ = markdown.split(text)
        if again.get("library_name") != card.LIBRARY:
            raise AssertionError("our card does not read as ours")
        if zlib.crc32(data) % 8 == 0:  # the others take a third of the time
            once = _written(text)
            if _written(once) != once:
                raise AssertionError("a second push changes the card")
        if any(part.strip() not in text for part in markdown._own_parts(body)):
            raise AssertionError("words of the author are lost")
        json.dumps(metadata, default=str)


def read_marks(data: bytes) -> None:
    """The body of a card with our marks anywhere in it."""
    old = data.decode("utf-8", "replace")
    new = markdown.keep(old, "generated")
    if new.count("generated") < 1 or markdown.keep(new, "generated") != new:
        raise AssertionError("a second push changes the body")
    if any(part.strip() not in new for part in markdown._own_parts(old)):
        raise AssertionError("words of the author are lost")


def _written(old: str) -> str:
    """The card over an old one. Its samples are fixed, as a model takes longer than a parser."""
    return card.card(MODEL, "alice/sea", old=old)


def read_gallery(data: bytes) -> None:
    """A model of the Hub's list, whose card metadata may hold anything."""
    answer: dict[str, Any] = {"id": "alice/sea", "likes": 1, "tags": ["gru"]}
    with suppress(HubError):
        metadata, _ = markdown.split(data.decode("utf-8", "replace"))
        try:
            info = ModelInfo(**answer, cardData=metadata)
        except GARBLED:  # the list is then requested without cards
            info = ModelInfo(**answer)
        shown = _shared(info)
        json.dumps([shown.repo_id, shown.corpus, shown.loss, shown.license], allow_nan=False)


def read_name(data: bytes) -> None:
    """A repository's name as somebody typed it."""
    text = data.decode("utf-8", "replace")
    with suppress(HubError):
        name, revision = names.checked_model(text)
        if names.checked_model(name) != (name, None) or len(f"{name}{revision}") > 400:
            raise AssertionError("a name that does not read as itself")
    with suppress(HubError):
        names.bare_name(text, "spaces")


def read_metadata(data: bytes) -> None:
    """The metadata of a model file, and the record of its training."""
    with suppress(ModelFileError):
        metadata = strict_json.parse(data)
        training = metadata.get("training", metadata)
        record = TrainingRecord.from_metadata(training if isinstance(training, dict) else {})
        with suppress(ValueError):
            record.train_config()
        model = CharRNN(MODEL.vocabulary, MODEL.config, MODEL.parameters, metadata=training)
        if isinstance(training, dict):
            card.card(model, "alice/sea").encode("utf-8")


def read_text(data: bytes) -> None:
    """A text file that somebody uploads."""
    with suppress(TextFileError):
        decoded = decode_text_file(data, "a.txt")
        decoded.text.encode("utf-8")
        if "\r" in decoded.text:
            raise AssertionError("a line end that was left")


class Parser(NamedTuple):
    """A parser, and the inputs that are mutated for it."""

    read: Callable[[bytes], None]
    inputs: Callable[[], list[bytes]]


def cards() -> list[bytes]:
    """Cards: ours, an author's, and the hostile ones of the tests, cut."""
    from test_hub_card import HOSTILE

    ours = card.card(MODEL, "alice/sea")
    index = ours.split("---\n")[1]
    own = f"---\nlicense: mit\ntags: [a, b]\n{index}extra: {{a: [1, 2.5, null]}}\n---\n# Mine\n\nOk"
    return [each.encode()[:LONGEST] for each in (ours, own, "", *HOSTILE.values())]


def typed_names() -> list[bytes]:
    """Names in all the ways that `checked_model` lists."""
    return [
        each.encode()
        for each in (
            "alice/sea", "alice/sea@v1", "hf://alice/sea@refs/pr/1", "alice/sea/",
            "https://huggingface.co/alice/sea/tree/main", "hf.co/alice/sea?a=b#c",
            "https://huggingface.co/spaces/alice/sea", "-", "a" * 300,
        )
    ]  # fmt: skip


def metadata_of_files() -> list[bytes]:
    """The metadata of model files."""
    import forge

    training = {
        "corpus": "sea", "best_loss": 1.5, "steps": 3, "baselines": {"a": 2.0},
        "config": {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 2},
        "start": {"name": "english", "sha256": "0" * 64}, "hub": {"repo_id": "a/b"},
    }  # fmt: skip
    metas = (forge.META, forge.META | {"training": training}, training, {"a": [{}] * 9})
    return [json.dumps(meta).encode() for meta in metas]


def texts() -> list[bytes]:
    """Small files of the kinds that people bring."""
    from test_text_files import archive

    word = "<w:p><w:r><w:t>Fish &amp; </w:t><w:t>chips</w:t></w:r></w:p><w:p><w:t>Two</w:t></w:p>"
    book = {"META-INF__container_xml": "<x/>", "one_xhtml": "<html><p>First</p></html>"}
    archives = [archive(word__document_xml=word), archive(**book), archive(notes_txt="words")]
    said = "\u201cNa\u00efve\u201d, said the \u043a\u043e\u0442, \u8239.\r\n" * 9
    page = f"<!doctype html><html><script>x</script><p>{said}<!-- a --></p>&amp;&#65;</html>"
    times = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nWords\n\n" for n in range(4))
    codecs = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "shift_jis")
    encoded = [said.encode(codec, "ignore") for codec in (*codecs, "cp1252", "cp1251", "euc_kr")]
    return [*encoded, page.encode(), times.encode(), *archives]


PARSERS = {
    "cards": Parser(read_card, cards),
    "marks": Parser(read_marks, cards),
    "galleries": Parser(read_gallery, cards),
    "names": Parser(read_name, typed_names),
    "metadata": Parser(read_metadata, metadata_of_files),
    "texts": Parser(read_text, texts),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="A fuzz of the parsers of strangers' words.")
    parser.add_argument("--seconds", type=float, default=60, help="for each parser")
    parser.add_argument("--crashes", type=Path, default=Path("crashes"), help="where to keep them")
    parser.add_argument("--only", choices=PARSERS, action="append")
    parser.add_argument("--random-seed", type=int)
    options = parser.parse_args()
    card._samples = lambda samples: "## What it writes"  # drawing them takes most of the time
    card._sample = lambda model, temperature: SAMPLES[temperature]
    failed = 0
    for name in options.only or PARSERS:
        result = fuzzing.run(
            PARSERS[name].read,
            PARSERS[name].inputs(),
            seconds=options.seconds,
            crashes=options.crashes / name,
            random_seed=options.random_seed,
            longest=LONGEST,
            slow=SLOW,
        )
        print(json.dumps({"parser": name, **result}), flush=True)
        failed += result["crashes"]
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

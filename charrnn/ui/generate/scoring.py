"""Scores texts: what the model copied, and how much a text sounds like the model's own."""

from __future__ import annotations

from typing import Any

from charrnn import analysis
from charrnn.analysis import Reading
from charrnn.baselines import CHART_CHARACTERS, baselines, in_plain_words
from charrnn.service.visitor import Visitor
from charrnn.training.record import TrainingRecord
from charrnn.ui.components import packing
from charrnn.ui.errors import refusal
from charrnn.ui.generate import layout
from charrnn.ui.limits import EVALUATED_CHARACTERS
from charrnn.vocabulary import UNKNOWN, show_symbols

BASELINES_NOTE = (
    "Nats per character: the average surprise, lower is better. A guess among two equally likely "
    "characters costs 0.69, among ten 2.30. The baselines learned from the same training text."
)

Value = dict[str, Any]


def copy_check(visitor: Visitor, text: str) -> tuple[str, str]:
    """The copied passages, "start-end start-end", and a sentence about them."""
    if not visitor.text or not text:
        return "", "This model came without its training text, so copying cannot be checked."
    copied = analysis.copied_spans(text, visitor.current.vocabulary.clean(visitor.text))
    if not copied.spans:
        return "", "Nothing here is copied (no 20 characters in a row match the training text)."
    longest = " ".join(copied.longest.split())
    shown = longest if len(longest) <= 60 else longest[:57] + "..."
    warning = "It is copying: " if copied.copying else ""
    sentence = (
        f"{warning}{1 - copied.novel:.0%} of this is underlined: 20 or more characters in a row "
        f"that match the training text. The longest match has {len(copied.longest)}: “{shown}”"
    )
    return " ".join(f"{start}-{end}" for start, end in copied.spans), sentence


def score_text(visitor: Visitor, text: str | None) -> tuple[Value, Value]:
    """Read a text with the visitor's model: its surprise by letter, its loss beside baselines."""
    model = visitor.current
    cleaned = model.vocabulary.clean((text or "")[:EVALUATED_CHARACTERS])
    missing = model.vocabulary.unknown(cleaned)
    kept = analysis.known(model.vocabulary, cleaned)
    ids = model.vocabulary.encode(kept, unknown="skip")
    if len(ids) < 2:
        raise refusal("Enter at least two characters that the model knows.")
    reading = analysis.read(model, ids)
    names = packing.Names(model.vocabulary.symbols)
    packed = packing.records(reading, names)
    value = {**layout.NOT_SCORED, "records": packed, "names": names.json}
    if missing and UNKNOWN not in model.vocabulary.ids:
        value["caption"] = f"Left out because the model never saw them: {show_symbols(missing)}."
    return value, {"losses": baselines_of(visitor, kept, reading), "note": BASELINES_NOTE}


def baselines_of(visitor: Visitor, text: str, reading: Reading) -> list[tuple[str, float, str]]:
    """(name, nats per character, kind) for this text, the model's own text, and baselines."""
    losses = [("this text", reading.nats_per_character, "own")]
    best = TrainingRecord.from_metadata(visitor.current.metadata).best_loss
    if best is not None:
        losses.append(("its own held-out text", best, ""))
    train = visitor.current.vocabulary.clean(visitor.text[:CHART_CHARACTERS])
    if train:
        known = baselines(train, text, (1, 3, 5), compress=False)
        losses += [(in_plain_words(name), loss, "") for name, loss in known.items()]
    return sorted(losses, key=lambda row: row[1])

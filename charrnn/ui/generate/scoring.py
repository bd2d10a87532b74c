"""Texts judged: did it copy, and how much does this sound like the model?"""

from __future__ import annotations

from typing import Any

from charrnn import analysis
from charrnn.analysis import Reading
from charrnn.baselines import CHART_CHARACTERS, baselines
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
    """Copied passages as reading.js reads them, and a sentence on them."""
    if not visitor.text or not text:
        return "", "Whether it copied is not known: this model came without its training text."
    found = analysis.copied_spans(text, visitor.current.vocabulary.clean(visitor.text))
    if not found.spans:
        return "", "New text: no run of 20 characters stands in the training text word for word."
    longest = " ".join(found.longest.split())
    shown = longest if len(longest) <= 60 else longest[:57] + "..."
    verdict = "It is copying: " if found.copying else ""
    sentence = (
        f"{verdict}{1 - found.novel:.0%} of it is underlined: runs of 20 or more characters that "
        f"stand in the training text word for word. The longest has {len(found.longest)}: “{shown}”"
    )
    return " ".join(f"{start}-{end}" for start, end in found.spans), sentence


def judge(visitor: Visitor, text: str | None) -> tuple[Value, Value]:
    """Let the model read a text: its surprise by letter, and its loss beside the baselines."""
    model = visitor.current
    cleaned = model.vocabulary.clean((text or "")[:EVALUATED_CHARACTERS])
    missing = model.vocabulary.unknown(cleaned)
    kept = analysis.known(model.vocabulary, cleaned)
    ids = model.vocabulary.encode(kept, unknown="skip")
    if len(ids) < 2:
        raise refusal(ValueError("Give at least two characters that the model knows."))
    reading = analysis.read(model, ids)
    names = packing.Names(model.vocabulary.symbols)
    packed = packing.records(reading, names)
    value = {**layout.NO_VERDICT, "records": packed, "names": names.json}
    if missing and UNKNOWN not in model.vocabulary.ids:
        value["caption"] = f"Left out, for the model never saw them: {show_symbols(missing)}."
    return value, {"losses": baselines_of(visitor, kept, reading), "note": BASELINES_NOTE}


def baselines_of(visitor: Visitor, text: str, reading: Reading) -> list[tuple[str, float, str]]:
    """(name, nats per character, kind) of this text, the model on its own kind, and baselines."""
    marks = [("this text", reading.nats_per_character, "own")]
    best = TrainingRecord.from_metadata(visitor.current.metadata).best_loss
    if best is not None:
        marks.append(("its own held-out text", best, ""))
    train = visitor.current.vocabulary.clean(visitor.text[:CHART_CHARACTERS])
    if train:
        losses = baselines(train, text, (1, 3, 5), compress=False)
        marks += [(name, loss, "") for name, loss in losses.items()]
    return sorted(marks, key=lambda mark: mark[1])

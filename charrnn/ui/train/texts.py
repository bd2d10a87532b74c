"""The text that a visitor wants to train on: which one, and what is in it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any

from charrnn.corpora import CORPORA, load_corpus
from charrnn.training.fitted_settings import MANY_SYMBOLS
from charrnn.ui.limits import TRAINING_CHARACTERS
from charrnn.vocabulary import CLEANINGS

OWN = "own"
"""The choice in the corpus menu that stands for the visitor's own text."""
SHORT, FINE = 5_000, 50_000
RARE = 12


def chosen(corpus: str, own: str | None) -> tuple[str, str]:
    """(text, corpus name): the visitor's own text, with no name, or a named corpus.

    Raises ValueError for no text, a text too long, a name that is not in CORPORA.
    """
    if corpus == OWN:
        text = own or ""
        if len(text) < 2:
            raise ValueError("Paste or upload a text of at least 2 characters first.")
        if len(text) > TRAINING_CHARACTERS:
            raise ValueError(f"The page takes texts of up to {TRAINING_CHARACTERS:,} characters.")
        return text, ""
    if corpus not in CORPORA:  # never a path: load_corpus would read any file
        raise ValueError(f"There is no corpus of that name. There are: {', '.join(CORPORA)}.")
    return load_corpus(corpus).text, corpus


def first_words(text: str, longest: int = 12) -> str:
    """A seed for samples: the text's first word or words, up to its first line break."""
    line = text.lstrip().split("\n", 1)[0][:longest]
    return line.rsplit(" ", 1)[0] + " " if " " in line else line


def card(text: str, cleaning: str, characters_per_second: float = 0.0) -> dict[str, Any]:
    """What the page shows about a text, for card.js."""
    text = CLEANINGS[cleaning](text)
    counts = Counter(text)
    lines = text.count("\n") + 1
    rows = [
        ["characters", f"{len(text):,}"],
        ["distinct", f"{len(counts):,}"],
        ["lines", f"{lines:,}"],
    ]
    if characters_per_second:
        rows.append(["s per epoch, here", f"{len(text) / characters_per_second:.1f}"])
    rarest = sorted(counts.items(), key=lambda item: (item[1], item[0]))[:RARE]
    mood, advice = verdict(len(text), len(counts))
    return {
        "title": "This text",
        "note": "as the model will read it",
        "rows": rows,
        "chips_title": "Its rarest characters, with code point and count:",
        "chips": [[shown(c), f"{code(c)} ×{n}"] for c, n in rarest],
        "advice": advice,
        "mood": mood,
    }


def verdict(characters: int, distinct: int) -> tuple[str, str]:
    """(mood, a sentence): is the text too short, fine, or long; are there too many symbols."""
    if distinct > MANY_SYMBOLS:
        return "warn", (
            f"{distinct:,} distinct characters are many to learn: "
            "choosing how long to train merges those seen fewer than 3 times."
        )
    if characters < SHORT:
        return "warn", (
            "Too short to learn a style: the model will know it by heart. "
            f"From {FINE:,} characters on it starts to invent."
        )
    if characters < FINE:
        return "good", "Short but fine: expect words and much that is copied."
    if characters < 1_000_000:
        return "good", "Fine: long enough for words, spelling and style."
    return "good", "Long: a larger model pays, and a pass through the text takes a while."


def code(character: str) -> str:
    return f"U+{ord(character):04X}"


def shown(character: str) -> str:
    """A character that can be seen: spaces and controls by name, marks on a circle."""
    names = {" ": "space", "\n": "line break", "\t": "tab", "\r": "return"}
    category = unicodedata.category(character)
    if character in names or category[0] in "CZ":
        return names.get(character, unicodedata.name(character, "control").lower())
    return f"◌{character}" if category[0] == "M" else character

"""Finds the text that a visitor wants to train on, and says what is in it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any

from charrnn.config_fields import whole
from charrnn.corpora import CORPORA, CorpusError, load_corpus
from charrnn.held_out import alphabetical
from charrnn.text_files import unify_line_ends
from charrnn.training.fitted_settings import capped_vocabulary
from charrnn.ui.limits import TRAINING_CHARACTERS

OWN = "own"
"""The choice in the corpus menu that stands for the visitor's own text."""
EXAMPLES = {
    "lighthouse": "Lighthouse play",
    "tinyshakespeare": "Shakespeare",
    "python-docs": "Python manual",
    "python-source": "Python code",
    "sentence": "A sentence",
    "hello": "hello",
}
"""The corpora by the names of their chips; test_ui_texts.py checks that none is missing."""
LEARNED_BY_HEART, SHORT, FINE = 300, 5_000, 50_000
RARE = 12


def chosen(corpus: str, own: str | None) -> tuple[str, str]:
    """(text, corpus name): the visitor's own text, with no name, or a named corpus.

    Raises ValueError for no text, a text too long, a name that is not in CORPORA.
    """
    if corpus == OWN:
        text = whole(unify_line_ends(own or ""), "This text")
        if len(text) < 2:
            raise ValueError("Paste or upload a text of at least 2 characters first.")
        if len(text) > TRAINING_CHARACTERS:
            raise ValueError(f"The page takes texts of up to {TRAINING_CHARACTERS:,} characters.")
        return text, ""
    if corpus not in CORPORA:  # never a path: load_corpus would read any file
        raise ValueError(f"There is no corpus of that name. There are: {', '.join(CORPORA)}.")
    try:
        return load_corpus(corpus).text, corpus
    except CorpusError as error:
        raise ValueError(
            f"{EXAMPLES.get(corpus, corpus)} cannot be downloaded here now: choose another text, "
            "or paste one."
        ) from error


def first_words(text: str, longest: int = 12) -> str:
    """A seed for samples: the text's first word or words, up to its first line break."""
    line = text.lstrip().split("\n", 1)[0][:longest]
    return line.rsplit(" ", 1)[0] + " " if " " in line else line


def card(text: str) -> dict[str, Any]:
    """A text's rarest characters, for card.js."""
    counts = Counter(text)
    rarest = sorted(counts.items(), key=lambda item: (item[1], item[0]))[:RARE]
    return {
        "title": "Its rarest characters",
        "note": "with code point and count",
        "chips": [[shown(c), f"{code(c)} ×{n}"] for c, n in rarest],
    }


EMPTY = {
    "counts": "",
    "plan": "Paste a text above, upload a file, or choose an example.",
    "advice": "A few thousand characters are enough.",
}
"""The verdict while there is no text."""


def verdict(text: str, corpus: str, plan: str, started: bool) -> dict[str, Any]:
    """What verdict.js shows: how long the text is, the start that was chosen, what to expect.

    started: whether training starts from a model that can already write.
    """
    distinct = len(set(text))
    title = f"{EXAMPLES[corpus]}: " if corpus in EXAMPLES else ""
    mood, advice = expectation(text, distinct, started)
    counts = f"{title}{len(text):,} characters, {distinct:,} different."
    return {"counts": counts, "plan": plan, "advice": advice, "mood": mood}


def expectation(text: str, distinct: int, started: bool) -> tuple[str, str]:
    """(mood, a sentence): what a network will have learned from the text."""
    merged = 1 - capped_vocabulary(text)[1]
    if merged > 0.0005:
        return "warn", (
            f"Its rarest characters, {merged:.1%} of the text, are merged into one: "
            f"{distinct:,} different ones are too many to learn."
        )
    if warning := alphabetical(text, 0.1):
        return "warn", f"{warning} Choose “Shuffle lines” under Settings."
    if len(text) < LEARNED_BY_HEART:
        return "good", "So short that the network will know it by heart."
    if started and len(text) < FINE:
        return "good", (
            "Expect real words, mostly in the style of the model it starts from, with words and "
            "names of this text."
        )
    if started:
        return "good", "Expect real words, and more and more of this text's own voice."
    if len(text) < SHORT:
        return "warn", f"Expect few real words: from {FINE:,} characters on it learns to spell."
    if len(text) < FINE:
        return "good", "Short but fine: expect words, and much that is copied."
    return "good", "Long enough for words, spelling and style."


def code(character: str) -> str:
    return f"U+{ord(character):04X}"


def shown(character: str) -> str:
    """A character that can be seen: spaces and controls by name, marks on a circle."""
    names = {" ": "space", "\n": "line break", "\t": "tab", "\r": "return"}
    category = unicodedata.category(character)
    if character in names or category[0] in "CZ":
        return names.get(character, unicodedata.name(character, "control").lower())
    return f"◌{character}" if category[0] == "M" else character

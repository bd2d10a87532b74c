"""Cleaning, symbols and the sampling rule in JavaScript do what Python does, case by case."""

from __future__ import annotations

import sys
import unicodedata
from itertools import product
from typing import Any

import numpy as np
import pytest

from charrnn import Sampling, Vocabulary
from charrnn.formats.web import RULES
from charrnn.network.sampling import draw, weights
from charrnn.vocabulary import CLEANINGS

pytestmark = pytest.mark.browser

TEXTS = (
    "",
    " \n\t",
    "Don't stop: 42 caf\u00e9s \u2116 7, na\u00efve_x\tfin\r\n",
    "\u00b2 \u00bd x\u00b2 \u2167 \u0663\u0664 \u2460 \u4e00",  # numbers that are no digits
    "stra\u00dfe \u0130stanbul \u01c5 \u03a3\u03a3 \u03c3\u03a3. \ufb01n",  # lowercase
    "e\u0301 \u0301e a\u0301\u0302b 1\u0301 _\u0301 !\u0301x",  # combining marks
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902, \u0967\u0968",  # Hindi
    "\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u064e\u0629\u061f",  # Arabic
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd!",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22",
    "\u4e2d\u6587\u3002\u65e5\u672c\u8a9e \u3053\u3093 \ud55c\uad6d\uc5b4",
    "\u0420\u0443\u0441\u0441\u043a\u0438\u0439 \u0395\u03bb\u03bb\u03ac\u03c2 \u0540\u0561\u0575",
    "\U0001f600\U0001f468\u200d\U0001f469 \U00010400\U0001d54f \ufffd\u2028\u0085\u00a0",
)
"""Writing systems of the world, and odd symbols."""

NONE = ("Cn", "Co", "Cs")
"""Unicode categories that are not characters: unassigned, private use, half a pair."""

LOGITS = np.random.default_rng(5).normal(0, 3, 40)
SAMPLINGS = [
    Sampling(temperature, top_k, top_p)
    for temperature, top_k, top_p in product(
        (0.0, 5e-4, 0.01, 0.5, 1.0, 2.0), (0, 1, 7, 100), (0.05, 0.5, 0.9, 1.0)
    )
]


@pytest.fixture
def page(browser: Any) -> Any:
    opened = browser.new_page()
    source = RULES.read_text("utf-8")
    opened.add_script_tag(content=source.replace("const rules =", "var rules ="))
    yield opened
    opened.close()


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("cleaning", CLEANINGS)
def test_texts_become_the_same_symbols(page: Any, cleaning: str, words: bool) -> None:
    vocabulary = Vocabulary(("a",), words, cleaning)
    ours = [vocabulary.tokens(text) for text in TEXTS]
    kind = {"words": words, "cleaning": cleaning}
    theirs = page.evaluate(
        "([texts, kind]) => texts.map((t) => rules.tokensAsKnown(t, kind, new Set('a')))",
        [TEXTS, kind],
    )
    assert theirs == ours


def test_every_character_is_treated_the_same(page: Any) -> None:
    """All characters of Python's Unicode, between two letters; a browser's may have more."""
    known = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in NONE]
    texts = [f"a{character}b" for character in known]
    for words, cleaning in ((True, "none"), (False, "lowercase"), (False, "letters")):
        vocabulary = Vocabulary(("a",), words, cleaning)
        ours = ["|".join(vocabulary.tokens(text)) for text in texts]
        theirs = page.evaluate(
            "([texts, kind]) => texts.map((text) => rules.tokens(text, kind).join('|'))",
            [texts, {"words": words, "cleaning": cleaning}],
        )
        assert [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]] == []


def test_ids_and_missing_symbols_are_the_same(page: Any) -> None:
    text = "one two \u00e9t\u00e9 two"
    for vocabulary in (
        Vocabulary.from_text("one two three", words=True),
        Vocabulary.from_text("one one two three", words=True, min_count=2),
        Vocabulary.from_text("none two"),
        Vocabulary.from_text("one two e\u0301te\u0301"),  # the same letters in another form
    ):
        theirs = page.evaluate(
            "([text, v]) => rules.encode(text, v, new Map(v.symbols.map((s, i) => [s, i])))",
            [text, {"symbols": vocabulary.symbols, "words": vocabulary.words, "cleaning": "none"}],
        )
        assert theirs["ids"] == vocabulary.encode(text, unknown="skip").tolist()
        assert sorted(theirs["missing"]) == vocabulary.unknown(text)


@pytest.mark.parametrize("logits", [LOGITS, np.round(LOGITS), np.zeros(5), np.array([2.0])])
def test_logits_become_the_same_weights_and_draws(page: Any, logits: np.ndarray) -> None:
    settings = [
        {"temperature": s.temperature, "top_k": s.top_k, "top_p": s.top_p} for s in SAMPLINGS
    ]
    randoms = [0.0, 0.1, 0.35, 0.5, 0.77, 0.999999]
    theirs = page.evaluate(
        """([logits, settings, randoms]) => settings.map((setting) => {
          const w = rules.weights(logits, setting);
          return { weights: Array.from(w), draws: randoms.map((u) => rules.draw(w, u)) };
        })""",
        [logits.tolist(), settings, randoms],
    )
    for sampling, answer in zip(SAMPLINGS, theirs, strict=True):
        ours = weights(logits, sampling)
        np.testing.assert_allclose(
            answer["weights"], ours, rtol=1e-12, atol=0, err_msg=str(sampling)
        )
        assert answer["draws"] == [draw(ours, u) for u in randoms]


def test_minus_infinity_is_never_drawn(page: Any) -> None:
    script = "rules.weights([-Infinity, 1, 2], { temperature: 1 })[0]"
    assert page.evaluate(script) == 0

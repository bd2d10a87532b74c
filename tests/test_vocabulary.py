"""Text to ids and back, and reading text files."""

import subprocess
import sys
import tracemalloc
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.vocabulary import (
    CHUNK,
    CLEANINGS,
    UNKNOWN,
    UnknownSymbolError,
    Vocabulary,
    find_words,
    show_symbols,
)


@settings(deadline=None)
@given(st.text(min_size=1), st.booleans())
def test_encoding_and_back_is_the_same_text(text, words):
    vocabulary = Vocabulary.from_text(text, words=words)
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == text
    assert list(vocabulary.symbols) == sorted(vocabulary.symbols)
    assert vocabulary.unknown(text) == []


def test_every_scalar_value_survives():
    text = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    vocabulary = Vocabulary.from_text(text)
    assert len(vocabulary) == 1_112_064
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_ids_are_the_same_under_every_hash_seed():
    code = (
        "from charrnn import Vocabulary; print(Vocabulary.from_text('hello, wörld').encode('held'))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_ids_take_the_fewest_bytes():
    assert Vocabulary.from_text("abc").encode("abc").dtype == np.uint8
    assert Vocabulary.from_text("abc").encode("").dtype == np.uint8
    many = "".join(map(chr, range(300)))
    assert Vocabulary.from_text(many).encode(many).dtype == np.uint16


def test_a_large_text_is_encoded_without_a_large_copy():
    text = "the quick brown fox.\n" * 500_000  # 10.5 MB
    vocabulary = Vocabulary.from_text(text)
    tracemalloc.start()
    ids = vocabulary.encode(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ids) == len(text)
    assert peak < 4 * len(text)  # the ids twice while they are joined, and one chunk


def test_unknown_symbols_raise_or_are_left_out():
    vocabulary = Vocabulary.from_text("abc")
    assert vocabulary.unknown("axbyx") == ["x", "y"]
    with pytest.raises(UnknownSymbolError, match=r"^The model never saw these symbols: 'x', 'y'$"):
        vocabulary.encode("axbyx")
    assert vocabulary.decode(vocabulary.encode("axb\U0001f600c", unknown="skip")) == "abc"


def test_rare_symbols_are_merged_into_one():
    vocabulary = Vocabulary.from_text("aaabbbcd", min_count=2)
    assert vocabulary.symbols == ("a", "b", UNKNOWN)
    assert vocabulary.decode(vocabulary.encode("abcdé")) == "ab" + 3 * UNKNOWN
    assert vocabulary.unknown("abcd") == ["c", "d"]
    assert Vocabulary.from_text("aaabbbcd", min_count=1).symbols == ("a", "b", "c", "d")


def test_the_most_frequent_symbols_are_kept():
    assert Vocabulary.from_text("abbbbcccdd", max_size=3).symbols == ("b", "c", UNKNOWN)
    assert Vocabulary.from_text("abbb", max_size=2).symbols == ("a", "b")
    assert Vocabulary.from_text("abbb", max_size=1).symbols == (UNKNOWN,)


def test_symbols_are_counted_over_all_chunks_of_a_text():
    pairs = CHUNK // 2 + 1
    text = "abc" + "ab" * pairs  # two chunks
    vocabulary = Vocabulary.from_text(text, min_count=pairs + 1)
    assert vocabulary.symbols == ("a", "b", UNKNOWN)
    assert vocabulary.decode(vocabulary.encode(text)) == f"ab{UNKNOWN}" + "ab" * pairs


def test_half_a_surrogate_pair_is_a_symbol_like_others():
    vocabulary = Vocabulary.from_text("a\ud800b")
    assert vocabulary.decode(vocabulary.encode("b\ud800a")) == "b\ud800a"


@pytest.mark.parametrize(("own", "other"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_text_in_another_normal_form_is_read_in_the_vocabularys_own(own: str, other: str):
    text = "Ti\u1ebfng Vi\u1ec7t, \u00e9t\u00e9"
    vocabulary = Vocabulary.from_text(unicodedata.normalize(own, text))
    typed = unicodedata.normalize(other, text)
    assert vocabulary.unknown(typed) == []
    assert vocabulary.decode(vocabulary.encode(typed)) == unicodedata.normalize(own, text)
    assert vocabulary.clean("\u00fc") == "\u00fc"  # unknown in both forms: as it was typed


def test_a_text_may_hold_the_unknown_symbol_itself():
    vocabulary = Vocabulary.from_text("ab" + UNKNOWN)
    assert UNKNOWN in vocabulary.symbols
    assert vocabulary.decode(vocabulary.encode("a" + UNKNOWN)) == "a" + UNKNOWN


def test_words_and_what_stands_between_them():
    vocabulary = Vocabulary.from_text("To be, or not to be", words=True)
    assert vocabulary.tokens("be, or") == ["be", ",", " ", "or"]
    assert vocabulary.unknown("be quick") == ["quick"]
    with pytest.raises(UnknownSymbolError, match="'quick'"):
        vocabulary.encode("be quick")
    assert vocabulary.decode(vocabulary.encode("be quick not", unknown="skip")) == "be  not"


def test_rare_words_are_merged_into_one():
    vocabulary = Vocabulary.from_text("to be or to be", words=True, min_count=2)
    assert vocabulary.symbols == (" ", "be", "to", UNKNOWN)
    assert vocabulary.decode(vocabulary.encode("to be, or")) == f"to be{UNKNOWN} {UNKNOWN}"


def test_tokens_of_characters_are_characters():
    assert Vocabulary.from_text("to be").tokens("be is") == ["b", "e", " ", "i", "s"]


@pytest.mark.parametrize(
    ("cleaning", "expected"),
    [
        ("none", "It's 9 o'clock,\nJosé!"),
        ("lowercase", "it's 9 o'clock,\njosé!"),
        ("letters", "it s o clock josé "),
    ],
)
def test_cleaning_is_part_of_the_vocabulary(cleaning, expected):
    text = "It's 9 o'clock,\nJosé!"
    vocabulary = Vocabulary.from_text(text, cleaning=cleaning)
    assert vocabulary.decode(vocabulary.encode(text)) == expected


@pytest.mark.parametrize(
    ("text", "letters", "words"),
    [
        ("नमस्ते, दुनिया", "नमस्ते दुनिया", ["नमस्ते", ",", " ", "दुनिया"]),
        ("بِسْمِ ٱللَّهِ", "بِسْمِ ٱللَّهِ", ["بِسْمِ", " ", "ٱللَّهِ"]),
        ("Cafe\u0301s", "cafe\u0301s", ["Cafe\u0301s"]),
        ("\u0301a 1\u0301b", " a b", ["\u0301", "a", " ", "1\u0301b"]),  # marks without a letter
        ("x²+½ a_1\r\n\u2764\ufe0f", "x a ",
         ["x²", "+", "½", " ", "a_1", "\r", "\n", "\u2764", "\ufe0f"]),
        ("  \ud800İ", " i\u0307", [" ", " ", "\ud800", "İ"]),
        ("", "", []),
    ],
)  # fmt: skip
def test_letters_and_words_of_every_script_keep_their_marks(text, letters, words):
    assert CLEANINGS["letters"](text) == letters
    assert [match.group() for match in find_words(text)] == words


@given(st.text())
def test_letters_are_runs_of_letters_and_marks_with_one_space_between(text):
    rule = ""  # one character at a time
    for symbol in text.lower():
        group = unicodedata.category(symbol)[0]
        if group == "L" or (group == "M" and rule and rule[-1] != " "):
            rule += symbol
        elif not rule.endswith(" "):
            rule += " "
    assert CLEANINGS["letters"](text) == rule


def test_a_vocabulary_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="empty"):
        Vocabulary.from_text("")
    with pytest.raises(ValueError, match="duplicates"):
        Vocabulary(("a", "a"))
    with pytest.raises(ValueError, match="cleaning"):
        Vocabulary(("a",), cleaning="soap")


def test_symbols_are_shown_to_a_person():
    letters = "abcdefghijklmnopqrstu"
    twenty = ", ".join(map(repr, letters[:20]))
    assert show_symbols(letters[:20]) == twenty
    assert show_symbols(letters) == f"{twenty} and 1 more"
    assert show_symbols(["two\nlines"]) == r"'two\nlines'"
    assert show_symbols(["a", "\n", "\u200b", "word"]) == "'a', U+000A, ZERO WIDTH SPACE, 'word'"
    assert show_symbols(list("abc"), limit=2) == "'a', 'b' and 1 more"

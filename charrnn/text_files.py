"""Decodes the text files that people have: encodings, line ends, and what is not plain text.

A file gives its encoding by a byte order mark, or it is UTF-8, or UTF-16 with zero bytes between
the letters, or else an older encoding that is guessed and named in a note. Web pages, subtitles
and word processor files give the text in them; other kinds of file are refused by name.
"""

from __future__ import annotations

import codecs
import html
import io
import re
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

MAX_EXTRACTED_BYTES = 64 << 20
"""The most bytes that the text inside a word processor file may unpack to."""
MAX_MEMBERS = 5_000
"""Files in a word processor file or a book; zipfile takes a second for 80,000."""
SAMPLE_BYTES = 1 << 16
"""Bytes that a guess at the encoding examines."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; those of UTF-32 come first, because they begin with those of UTF-16."""

NOT_TEXT = {
    b"%PDF-": "a PDF: open it, copy its text, and paste that or save it as a .txt file",
    b"{\\rtf": "an RTF document: save it as plain text first",
    b"\xd0\xcf\x11\xe0": "an old Word document: save it as .docx or as plain text first",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!": "a RAR archive: unpack it first",
    b"BZh": "compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "compressed with xz: unpack it first",
    b"\x89PNG": "a picture, not a text",
    b"\xff\xd8\xff": "a picture, not a text",
    b"GIF8": "a picture, not a text",
    b"\x93NUMPY": "a NumPy array, not a text",
    b"\x7fELF": "a program, not a text",
}
"""The first bytes of files that people mistake for texts, and what to do with each."""

LINE_ENDS = ("\r\n", "\r", "\u2028", "\u2029", "\x85")
BYTES_A_CHARACTER = 4
"""The most that a character takes in any encoding."""
MARKUP_A_CHARACTER = 16
"""Bytes of a document's markup that are read for each character wanted of its text."""


class TextFileError(ValueError):
    """A file whose text cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class DecodedText:
    """The text of a file, and what had to be done to read it."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()
    """A sentence each for a person: a guessed encoding, changed line ends, tags left out."""


def read_text_file(path: str | Path, encoding: str = "", most: int | None = None) -> DecodedText:
    """Read a text file, or its start. Raises TextFileError, or OSError where there is none."""
    return decode_text_file(Path(path).read_bytes(), Path(path).name, encoding, most)


def decode_text_file(
    data: bytes, name: str = "The text", encoding: str = "", most: int | None = None
) -> DecodedText:
    """The text in the bytes of a file, with "\\n" at the end of every line.

    encoding: that of the bytes, for a file where the guess is wrong. most: about how many
    characters of the start are wanted, where a large file must not hold up a server. Raises
    TextFileError.
    """
    decoded = _decode(data, name, encoding, most)
    text, notes = unify_line_ends(decoded.text), [*decoded.notes]
    if text != decoded.text:
        notes.append(f"Changed the line ends of {name} to \\n.")
    if len(SUBTITLE.findall(text[:SAMPLE_BYTES])) > 1:
        text = SUBTITLE.sub("", text)
        notes.append(f"Left out the numbers and times of the subtitles in {name}.")
    return DecodedText(text, decoded.encoding, tuple(notes))


def unify_line_ends(text: str) -> str:
    """The text with "\\n" for "\\r\\n", "\\r", NEL and Unicode's line separators."""
    for end in LINE_ENDS:
        text = text.replace(end, "\n")
    return text


def _decode(data: bytes, name: str, encoding: str, most: int | None) -> DecodedText:
    if data.startswith(b"PK\x03\x04") and not encoding:
        return _document(data, name, most)
    limit = len(data) if most is None else BYTES_A_CHARACTER * (most + 1)
    cut, data = len(data) > limit, data[:limit]
    if encoding:
        return DecodedText(_strictly(data, name, encoding, cut), encoding)
    for mark, marked in MARKS:
        if data.startswith(mark):
            return DecodedText(_strictly(data[len(mark) :], name, marked, cut), marked)
    for magic, kind in NOT_TEXT.items():
        if data.startswith(magic):
            raise TextFileError(f"{name} is {kind}.")
    wide = _utf16_without_mark(data[:SAMPLE_BYTES])
    if wide:
        return DecodedText(_strictly(data, name, wide, cut), wide, (f"Read {name} as UTF-16.",))
    decoded = _utf8_or_guess(data, name, cut)
    if WEB_PAGE.match(decoded.text[:1000]):
        notes = (*decoded.notes, f"Left out the tags of the web page {name}.")
        return DecodedText(text_of_markup(decoded.text), decoded.encoding, notes)
    return decoded


def _text_of(data: bytes, encoding: str, cut: bool) -> str:
    """The decoded bytes; if they were cut, without half a character at the end."""
    if cut:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    return data.decode(encoding)


def _strictly(data: bytes, name: str, encoding: str, cut: bool) -> str:
    try:
        return _text_of(data, encoding, cut)
    except LookupError:
        raise TextFileError(
            f"There is no encoding {encoding!r}. Common ones: utf-8, utf-16, cp1252, gb18030."
        ) from None
    except UnicodeDecodeError as error:
        raise TextFileError(
            f"{name} is not in {encoding}: the byte at position {error.start:,} does not fit. "
            "Name another encoding, or save the file as UTF-8."
        ) from None


def _utf16_without_mark(sample: bytes) -> str:
    """The byte order of UTF-16 text in a Western language: every other byte is zero."""
    pairs = len(sample) // 2
    if pairs < 2:
        return ""
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        others = sample.count(0) - zeros.count(0)
        if zeros.count(0) > 0.6 * pairs and others < 0.1 * pairs:
            return encoding
    return ""


def _utf8_or_guess(data: bytes, name: str, cut: bool) -> DecodedText:
    try:
        return DecodedText(_text_of(data, "utf-8", cut), "utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"byte 0x{data[error.start]:02x} in line {line:,}"
    sample = data[:SAMPLE_BYTES]
    if sample.count(0) or sum(byte < 9 or 13 < byte < 32 for byte in sample) > len(sample) // 50:
        raise TextFileError(f"{name} is not a text file: it has bytes that no text has.")
    scores = {guess: guess.score(sample) for guess in GUESSES}
    for guess in sorted(scores, key=scores.__getitem__, reverse=True):
        with suppress(UnicodeDecodeError):
            if scores[guess] >= LEAST_SCORE:
                note = f"Read {name} as {guess.title}; if it looks wrong, save it as UTF-8."
                text = _text_of(data, guess.encoding, cut)
                return DecodedText(text, guess.encoding, (note,))
    raise TextFileError(
        f"{name} is not UTF-8 ({where}), and its encoding cannot be guessed. Save it as UTF-8, "
        "or name the encoding: --encoding cp1252."
    )


# ---- a guess at older encodings ----

LEAST_SCORE = 0.5


class Guess(NamedTuple):
    """An older encoding, and the characters that its texts are made of."""

    encoding: str
    title: str
    expected: str
    """A regular expression for the characters beyond ASCII that texts in it have."""
    needed: str = ""
    """What must occur at least a tenth as often as characters beyond ASCII: kana in Japanese,
    spaces in Korean."""
    most: float = 1.0
    """The largest share of characters beyond ASCII that its texts have."""

    def score(self, sample: bytes) -> float:
        """The share of expected characters among those beyond ASCII; 0 if it cannot be this one."""
        try:
            text = codecs.getincrementaldecoder(self.encoding)().decode(sample)
        except UnicodeDecodeError:
            return 0.0
        beyond = re.sub(r"[\x00-\x7f]+", "", text)
        if not beyond or len(beyond) > self.most * len(text):
            return 0.0
        if len(re.findall(self.needed, text)) * 10 < len(beyond):
            return 0.0
        return len(re.findall(self.expected, beyond)) / len(beyond)


def _common(encoding: str, rows: Iterable[int]) -> str:
    """The characters in the first rows of a Chinese character set, which hold the common ones."""
    codes = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    return "".join(code.decode(encoding, "ignore") for code in codes)


CJK_SIGNS = "\u3000-\u303f\uff00-\uffef\u2010-\u2026"
JAPANESE = f"[\u3040-\u30ff\u4e00-\u9fff{CJK_SIGNS}]"
GUESSES = (
    Guess("shift_jis", "Shift JIS", JAPANESE, "[\u3040-\u30ff]"),
    Guess("euc_jp", "EUC-JP", JAPANESE, "[\u3041-\u3093]"),
    Guess("euc_kr", "EUC-KR", f"[\uac00-\ud7a3{CJK_SIGNS}]", "[\uac00-\ud7a3][,.]? "),
    Guess("gb18030", "GB 18030", f"[{_common('gb2312', range(0xB0, 0xD8))}{CJK_SIGNS}]"),
    Guess("big5", "Big5", f"[{_common('big5', range(0xA4, 0xC7))}{CJK_SIGNS}]"),
    Guess("cp1251", "Windows-1251", "(?<=[а-яёА-ЯЁ])[а-яё]|[А-ЯЁ](?=[а-яё])", "[а-яё]"),
    Guess("cp1252", "Windows-1252", "[ß-öø-ÿ‘’“”–—…«»°£€§©®™¡¿ÀÁÂÄÇÈÉÊÎÔÖÜÑ\xa0]", most=0.4),
)
"""From the strictest to the one that accepts almost any byte; among equals the first wins."""


# ---- texts inside other files ----

WEB_PAGE = re.compile(r"\s*<(?:!doctype html|html|\?xml[^>]{0,100}>\s*<(?:!doctype )?html)", re.I)
SUBTITLE = re.compile(r"^\d+\n\d\d:\d\d:\d\d[,.]\d{3} --> [^\n]*\n", re.M)
BREAKS = {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "title", "w:p", "w:br"}
BREAKS |= {"text:p", "text:h", "section", "article", "blockquote", "pre"}
UNREAD = {"script", "style", "template", "noscript"}
DOCUMENT_PARTS = ("word/document.xml", "content.xml")


def text_of_markup(markup: str) -> str:
    """The text of HTML or XML, a line for each paragraph. Linear in the length of the markup."""
    parts: list[str] = []
    at = 0
    while (start := markup.find("<", at)) >= 0:
        parts.append(markup[at:start])
        close = "-->" if markup.startswith("<!--", start) else ">"
        end = markup.find(close, start)
        if end < 0:
            at = start
            break
        at = end + len(close)
        tag = re.match(r"/?([\w:]+)", markup[start + 1 : start + 30])
        name = tag[1].lower() if tag else ""
        if name in BREAKS and tag and (tag[0][0] == "/" or name.endswith("br")):
            parts.append("\n")
        if name in UNREAD and tag and tag[0][0] != "/":
            over = markup.find(f"</{tag[0]}", at)
            at = len(markup) if over < 0 else over
    lines = html.unescape("".join([*parts, markup[at:]])).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in lines)).strip() + "\n"


def _document(data: bytes, name: str, most: int | None) -> DecodedText:
    """The text of a .docx, .odt or .epub file. Raises TextFileError for another archive."""
    if data.count(b"PK\x01\x02") > MAX_MEMBERS:
        raise TextFileError(f"{name} is an archive of too many files to be a document.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            parts = [part for part in DOCUMENT_PARTS if part in names]
            if "META-INF/container.xml" in names:
                parts = [part for part in names if part.endswith((".xhtml", ".html", ".htm"))]
            if sum(archive.getinfo(part).file_size for part in parts) > MAX_EXTRACTED_BYTES:
                raise TextFileError(f"{name} holds more text than can be read here.")
            texts = list[str]()
            limit = -1 if most is None else MARKUP_A_CHARACTER * most
            for part in parts:
                if most is None or sum(map(len, texts)) < most:
                    with archive.open(part) as file:
                        markup = _text_of(file.read(limit), "utf-8", limit >= 0)
                    texts.append(text_of_markup(markup))
    except TextFileError:
        raise
    except Exception:  # zipfile raises a dozen kinds on damaged archives
        raise TextFileError(f"{name} is damaged: open it and save it as plain text.") from None
    if not texts:
        raise TextFileError(f"{name} is a zip archive: unpack it, and take a text file from it.")
    note = f"Took the text out of the document {name}."
    return DecodedText("\n".join(texts), "utf-8", (note,))

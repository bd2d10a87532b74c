"""Text files of every encoding, line end and container give their text, or a reason why not."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from charrnn.corpora import CorpusError, load_corpus
from charrnn.text_files import TextFileError, decode_text_file, read_text_file, unify_line_ends

ROOT = Path(__file__).parent.parent

ENGLISH = "The keeper counts “ninety” stairs — and one more.\n" * 4
SAMPLES = {
    "utf-8": ENGLISH,
    "utf-16-le": "Plain words, in every second byte.\n" * 4,
    "utf-16-be": "Plain words, in every second byte.\n" * 4,
    "cp1252": ENGLISH + "Naïve café, Straße.\n",
    "cp1251": "Смотритель считает ступени, и одна лишняя.\n" * 4,
    "shift_jis": "灯台の番人は階段を数えます。カモメが鳴く。\n" * 4,
    "euc_jp": "灯台の番人は階段を数えます。一つ多いのです。\n" * 4,
    "gb18030": "看守人数台阶，今天又多了一级。海很安静。\n" * 4,
    "big5": "看守人數台階，今天又多了一級。海很安靜。\n" * 4,
    "euc_kr": "등대지기는 계단을 셉니다. 오늘은 하나가 더 있습니다.\n" * 4,
}


@pytest.mark.parametrize("encoding", SAMPLES)
def test_the_encoding_is_recognized(encoding: str) -> None:
    text = SAMPLES[encoding]
    decoded = decode_text_file(text.encode(encoding), "sea.txt")
    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert bool(decoded.notes) == (encoding != "utf-8")
    assert decode_text_file(text.encode(encoding), encoding=encoding).text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_believed_and_dropped(encoding: str) -> None:
    decoded = decode_text_file(ENGLISH.encode(encoding))
    assert decoded.text == ENGLISH
    assert not decoded.notes


def test_a_named_encoding_is_kept_to() -> None:
    with pytest.raises(TextFileError, match="cp1253"):
        decode_text_file("café".encode("cp1252") + b"\xff", encoding="cp1253")
    with pytest.raises(TextFileError, match="no encoding 'elvish'"):
        decode_text_file(b"x", encoding="elvish")


def test_what_nobody_can_guess_is_refused_with_the_place() -> None:
    with pytest.raises(TextFileError, match=r"0x81 in line 3.*--encoding"):
        decode_text_file(b"one\ntwo\n\x81\x8d\x8f\x90\x9d", "odd.txt")
    with pytest.raises(TextFileError, match="not a text file"):
        decode_text_file(bytes(range(1, 256)) * 3, "odd.bin")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\u2029", "\x85"])
def test_every_line_end_becomes_a_newline(end: str) -> None:
    decoded = decode_text_file(f"one{end}two{end}".encode())
    assert decoded.text == "one\ntwo\n"
    assert "line ends" in decoded.notes[0]
    assert unify_line_ends(f"a{end}{end}b") == "a\n\nb"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.4 ...", "PDF"),
        (b"{\\rtf1 ...", "RTF"),
        (gzip.compress(b"words", mtime=0), "gzip"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Word"),
    ],
)
def test_other_kinds_of_file_are_named(data: bytes, kind: str) -> None:
    with pytest.raises(TextFileError, match=kind):
        decode_text_file(data, "book.txt")


def archive(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(name.replace("__", "/").replace("_", "."), text)
    return buffer.getvalue()


def test_documents_give_the_text_they_hold() -> None:
    word = "<w:p><w:r><w:t>Fish &amp; </w:t><w:t>chips</w:t></w:r></w:p><w:p><w:t>Two</w:t></w:p>"
    decoded = decode_text_file(archive(word__document_xml=word), "menu.docx")
    assert decoded.text == "Fish & chips\nTwo\n"
    assert "menu.docx" in decoded.notes[0]
    book = {"META-INF__container_xml": "<x/>", "one_xhtml": "<html><p>First</p></html>"}
    assert decode_text_file(archive(**book)).text == "First\n"
    with pytest.raises(TextFileError, match="zip archive"):
        decode_text_file(archive(notes_txt="words"), "notes.zip")
    with pytest.raises(TextFileError, match="damaged"):
        decode_text_file(archive(word__document_xml=word)[:60])


def test_a_document_that_unpacks_to_too_much_is_refused() -> None:
    bomb = archive(word__document_xml="<w:p>" + " " * (65 << 20))
    assert len(bomb) < 1 << 20
    with pytest.raises(TextFileError, match="more text than"):
        decode_text_file(bomb, "bomb.docx")


@pytest.mark.parametrize("place", [10, 14, 18, 26, 30, 45, -60, -40, -22, -12, -6, -4])
def test_a_damaged_document_is_refused_whatever_zipfile_makes_of_it(place: int) -> None:
    good = bytearray(archive(word__document_xml="<w:p><w:t>Fish and chips</w:t></w:p>" * 50))
    for value in (0, 1, 99, 255):
        damaged = good.copy()
        damaged[place : place + 2 or None] = bytes([value] * 2)
        try:
            text = decode_text_file(bytes(damaged)).text
        except TextFileError:
            continue
        assert text.startswith("Fish")


def test_an_archive_of_very_many_files_is_not_opened() -> None:
    with pytest.raises(TextFileError, match="too many files"):
        decode_text_file(archive(**{f"f{n}": "" for n in range(5_001)}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_only_the_start_of_a_large_file_is_decoded(encoding: str) -> None:
    text = "Na\xefve caf\xe9.\r\n" * 5_000
    decoded = decode_text_file(text.encode(encoding) + b"\xff\xfe\x81" * 9_000, most=1_001)
    assert 1_001 <= len(decoded.text) <= 4 * 1_001
    assert text.replace("\r", "").startswith(decoded.text.removesuffix("\n"))


def test_only_the_start_of_a_large_document_is_read() -> None:
    parts = {f"p{n}_xhtml": "<p>Once upon a time</p>" * 2_000 for n in range(5)}
    book = archive(META__INF="", **{"META-INF__container_xml": "<x/>"}, **parts)
    whole, start = decode_text_file(book).text, decode_text_file(book, most=500).text
    assert len(whole) > 5 * 16 * 2_000
    assert 500 <= len(start) < len(whole) / 10
    assert whole.startswith(start.rstrip("\n"))


def test_a_web_page_gives_its_words() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>Sea</title><style>p{}</style>"
        "<script>if (a < b) alert('x')</script></head>"
        "<body><!-- <p>no</p> --><p>One &lt;two&gt;</p><p>three<br>four</p></body></html>"
    )
    assert decode_text_file(page.encode(), "sea.html").text == "Sea\nOne <two>\nthree\nfour\n"
    assert decode_text_file(b"I <html> you, said the page.").text.startswith("I <html>")


@pytest.mark.parametrize("piece", ["<", "<script>", "<!--", "<p", "&#x41", "</p>", "<p>\n"])
def test_markup_from_strangers_is_read_in_one_pass(piece: str) -> None:
    decode_text_file(b"<html>" + piece.encode() * 200_000)


def test_subtitles_lose_their_numbers_and_times() -> None:
    lines = ["1", "00:00:01,000 --> 00:00:02,500", "Hello.", ""]
    lines += ["2", "00:00:03,000 --> 00:00:04,000", "Bye.", ""]
    assert decode_text_file("\r\n".join(lines).encode(), "film.srt").text == "Hello.\n\nBye.\n"


def test_reading_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sea ü.txt"
    path.write_bytes(SAMPLES["cp1252"].encode("cp1252"))
    assert "sea ü.txt" in read_text_file(path).notes[0]
    with pytest.raises(FileNotFoundError):
        read_text_file(tmp_path / "none.txt")


def test_nothing_else_of_a_text_is_changed() -> None:
    text = "one\ttwo\x00 thr\u00e9e\ufeff\x0c\u200d"
    assert decode_text_file(b"\xef\xbb\xbf" + text.encode()).text == text


def test_a_corpus_may_be_a_folder_or_standard_input(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (tmp_path / "b.txt").write_bytes(b"two\r\n")
    (tmp_path / "a.md").write_bytes(b"one\n")
    (tmp_path / "c.png").write_bytes(b"\x89PNG")
    corpus = load_corpus(tmp_path)
    assert corpus.text == "one\n\ntwo\n"
    assert "b.txt" in corpus.notes[0]
    code = "from charrnn import corpora; print(ascii(corpora.load_corpus('-', 'cp1252').text))"
    data = "été".encode("cp1252")
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, cwd=ROOT, check=True
    )
    assert done.stdout.decode().strip() == ascii("été")
    with pytest.raises(CorpusError, match=r"\.txt"):
        load_corpus(tmp_path_factory.mktemp("empty"))


def test_a_file_with_the_name_of_a_corpus_is_pointed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").write_text("mine")
    corpus = load_corpus("hello")
    assert corpus.text == "hello"
    assert "./hello" in corpus.notes[0]
    assert load_corpus("./hello").text == "mine"

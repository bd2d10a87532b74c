"""Training texts by name, from data/, the standard library or a download, and their split.

A name is looked up first in the folders of CHARRNN_DATA (separated like PATH), then where the
corpus normally comes from. Downloads are checked against their sha256 and cached in a folder.
"""

from __future__ import annotations

import hashlib
import os
import string
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from charrnn import files
from charrnn.text_files import DecodedText, decode_text_file, read_text_file

TIMEOUT_SECONDS = 30
"""Seconds of silence."""
DOWNLOAD_SECONDS = 300.0
"""Seconds for all of a download."""
MAX_DOWNLOAD_BYTES = 64 << 20
SOURCE_CHARACTERS = 1_000_000
"""Characters taken of Python's own source, a quarter of it: as long as tinyshakespeare."""
TEXT_SUFFIXES = (".txt", ".md")
"""Endings of the files in a folder that are read together as one text."""


class CorpusError(ValueError):
    """A corpus is not available; the message says why and what to do."""


@dataclass(frozen=True)
class Corpus:
    """A text, its name and its checksum."""

    name: str
    text: str
    sha256: str
    """Of the text's UTF-8 bytes."""
    notes: tuple[str, ...] = ()
    """What had to be done to read it, a sentence each: a guessed encoding, changed line ends."""


Reader = Callable[[str], str]
"""Returns the text of a name. Raises CorpusError."""


class CorpusInfo(NamedTuple):
    """One named corpus: what it is, and how to read it."""

    summary: str
    read: Reader
    built: bool = False
    """Only in the folders of CHARRNN_DATA, once benchmarks/base_corpus.py made it."""


def data_folder() -> Path:
    """The folder of the project's own texts."""
    return files.shipped("data")


def cache_folder() -> Path:
    """The folder that caches downloads. Raises OSError where there is no place for it."""
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "charrnn"
    try:
        return Path.home() / ".cache" / "charrnn"
    except RuntimeError:  # a user whom the system does not know, as in a container
        return _homeless_cache()


def _homeless_cache() -> Path:
    """A folder that nobody else could have made. Raises OSError that says what to do."""
    folder = Path("/var/tmp", f"charrnn-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid == os.getuid():
            return folder
    except OSError:
        pass
    raise OSError(f"There is no home folder, and {folder} is not ours: set XDG_CACHE_HOME.")


def _own(name: str) -> str:
    return read_text_file(data_folder() / f"{name}.txt").text


def _python_docs(name: str) -> str:
    """The language reference that Python ships for help(), in topic order."""
    from pydoc_data import topics

    return "\n\n".join(topics.topics[topic].strip() for topic in sorted(topics.topics))


def _python_source(name: str) -> str:
    """The standard library's modules that are printable ASCII, in the order of their names."""
    folder = Path(sysconfig.get_path("stdlib"))
    plain = set(string.printable) - set("\t\r\v\f")
    modules = (path.read_text("utf-8") for path in sorted(folder.glob("[a-z]*.py")))
    text = "".join(module for module in modules if plain.issuperset(module))
    if not text:
        raise CorpusError("This Python was installed without the source of its library.")
    return text[:SOURCE_CHARACTERS]


def _built(name: str) -> str:
    raise CorpusError(
        f"{name} is not here yet. `python benchmarks/base_corpus.py FOLDER` builds {name}.txt "
        "from free packages; then name that folder in CHARRNN_DATA."
    )


@dataclass(frozen=True)
class _Download:
    url: str
    sha256: str

    def __call__(self, name: str) -> str:
        path = cache_folder() / f"{name}.txt"
        if path.is_file() and _sha256(path.read_bytes()) == self.sha256:
            return read_text_file(path).text
        data = self._fetch(name)
        if _sha256(data) != self.sha256:
            raise CorpusError(f"The download of {name} is not the text it should be (sha256).")
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, data)
        return decode_text_file(data, name).text

    def _fetch(self, name: str) -> bytes:
        try:
            import urllib.request  # an eighth of the time of `import charrnn`, and 4 MB

            with urllib.request.urlopen(self.url, timeout=TIMEOUT_SECONDS) as response:
                return _read(response)
        except OSError as error:
            raise CorpusError(
                f"{name} could not be downloaded ({error}). Without a network, put {name}.txt "
                "into a folder and name that folder in CHARRNN_DATA."
            ) from None


def _read(response: IO[bytes]) -> bytes:
    """Read a response, within DOWNLOAD_SECONDS even at a byte a second. Raises OSError."""
    data, deadline = bytearray(), time.monotonic() + DOWNLOAD_SECONDS
    while len(data) < MAX_DOWNLOAD_BYTES and (part := response.read1(1 << 16)):  # type: ignore[attr-defined]
        data += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"it took more than {DOWNLOAD_SECONDS:.0f} s")
    return bytes(data)


CORPORA: dict[str, CorpusInfo] = {
    "lighthouse": CorpusInfo("A play about a lighthouse, written for this project", _own),
    "hello": CorpusInfo("The word hello, the smallest classroom text", _own),
    "sentence": CorpusInfo("One sentence of 35 characters", _own),
    "python-docs": CorpusInfo("Python's own help texts, from the standard library", _python_docs),
    "python-source": CorpusInfo(
        "A million characters of Python, from the standard library", _python_source
    ),
    "english": CorpusInfo(
        "14 MB of English prose of many kinds, from free packages", _built, built=True
    ),
    "python-mix": CorpusInfo(
        "5.5 MB of Python source and documentation, from free packages", _built, built=True
    ),
    "tinyshakespeare": CorpusInfo(
        "1.1 MB of Shakespeare's plays; downloaded once",
        _Download(
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
    ),
}


def load_corpus(name_or_path: str | Path, encoding: str = "") -> Corpus:
    """Load a corpus by name, or a text from a file, from a folder, or from standard input ("-").

    encoding: what the file's bytes are in, where the guess of `text_files` is wrong.
    Raises CorpusError if there is none or it is not available, ValueError for a bad encoding.
    """
    name = str(name_or_path)
    if name in CORPORA:
        shadowed = f"Took the built-in text {name}; for the file of that name write ./{name}."
        return _corpus(name, _named(name), (shadowed,) if Path(name).is_file() else ())
    if name == "-":
        if sys.stdin is None:
            raise CorpusError("Standard input is closed, so no text can come from it.")
        decoded = decode_text_file(sys.stdin.buffer.read(), "standard input", encoding)
    elif Path(name).is_dir():
        decoded = _folder(Path(name), encoding)
    elif Path(name).exists():
        decoded = read_text_file(name, encoding)
    else:
        raise CorpusError(
            f"There is no file or corpus called {name!r}. Corpora: {', '.join(CORPORA)}."
        )
    shown = "standard input" if name == "-" else Path(name).name
    if not decoded.text:
        raise CorpusError(f"{shown} is empty: it holds no text to read.")
    return _corpus(shown, decoded.text, decoded.notes)


def load_corpora(names: Sequence[str], encoding: str = "") -> Corpus:
    """The texts of several files or corpora as one, one after another; as `load_corpus`."""
    corpora = [load_corpus(name, encoding) for name in names]
    if len(corpora) == 1:
        return corpora[0]
    notes = tuple(note for corpus in corpora for note in corpus.notes)
    text = "\n".join(corpus.text for corpus in corpora)
    return _corpus(", ".join(corpus.name for corpus in corpora), text, notes)


def _named(name: str) -> str:
    for folder in filter(None, os.environ.get("CHARRNN_DATA", "").split(os.pathsep)):
        path = Path(folder) / f"{name}.txt"
        if path.is_file():
            return read_text_file(path).text
    return CORPORA[name].read(name)


def _folder(folder: Path, encoding: str) -> DecodedText:
    """The text files of a folder in the order of their names, one after another."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in TEXT_SUFFIXES)
    if not paths:
        raise CorpusError(f"The folder {folder} has no {' or '.join(TEXT_SUFFIXES)} files.")
    parts = [read_text_file(path, encoding) for path in paths]
    notes = tuple(note for part in parts for note in part.notes)
    return DecodedText("\n".join(part.text for part in parts), parts[0].encoding, notes)


def _corpus(name: str, text: str, notes: tuple[str, ...] = ()) -> Corpus:
    return Corpus(name, text, text_sha256(text), notes)


def text_sha256(text: str) -> str:
    """The hash of a text's UTF-8 bytes, by which a run recognizes its text."""
    return _sha256(text.encode("utf-8", "surrogatepass"))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""Texts by name: the project's own in data/, the standard library's, and downloaded ones.

A name is looked up in the folders of CHARRNN_DATA (separated like PATH) first, then where the
corpus lives. What is downloaded is checked against its sha256 and kept in a cache folder.
"""

from __future__ import annotations

import hashlib
import os
import string
import sysconfig
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from charrnn import files
from charrnn.vocabulary import decode_text, read_text

TIMEOUT_SECONDS = 30
MAX_DOWNLOAD_BYTES = 64 << 20
SOURCE_CHARACTERS = 1_000_000
"""Characters of Python's own source, a quarter of it: as long as tinyshakespeare."""


class CorpusError(ValueError):
    """A corpus cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Corpus:
    """A text and where it is from."""

    name: str
    text: str
    sha256: str
    """Of the text's UTF-8 bytes."""


Reader = Callable[[str], str]
"""Gets the text of a name. Raises CorpusError."""


class CorpusInfo(NamedTuple):
    """One named corpus: what it is, and how to get it."""

    summary: str
    read: Reader


def data_folder() -> Path:
    """The folder of the project's own texts: in the package once installed, else beside it."""
    package = Path(__file__).parent
    inside = package / "data"
    return inside if inside.is_dir() else package.parent / "data"


def cache_folder() -> Path:
    """Where downloads are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "charrnn"


def _own(name: str) -> str:
    return read_text(data_folder() / f"{name}.txt")


def _python_docs(name: str) -> str:
    """The language reference that every Python carries for help(), in topic order."""
    from pydoc_data import topics

    return "\n\n".join(topics.topics[topic].strip() for topic in sorted(topics.topics))


def _python_source(name: str) -> str:
    """Modules of the standard library in order of their names, those in printable ASCII."""
    folder = Path(sysconfig.get_path("stdlib"))
    plain = set(string.printable) - set("\t\r\v\f")
    modules = (path.read_text("utf-8") for path in sorted(folder.glob("[a-z]*.py")))
    text = "".join(module for module in modules if plain.issuperset(module))
    if not text:
        raise CorpusError("This Python came without its library's source.")
    return text[:SOURCE_CHARACTERS]


@dataclass(frozen=True)
class _Download:
    url: str
    sha256: str

    def __call__(self, name: str) -> str:
        path = cache_folder() / f"{name}.txt"
        if path.is_file() and _sha256(path.read_bytes()) == self.sha256:
            return read_text(path)
        data = self._fetch(name)
        if _sha256(data) != self.sha256:
            raise CorpusError(f"The download of {name} is not the text it should be (sha256).")
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, data)
        return decode_text(data, name)

    def _fetch(self, name: str) -> bytes:
        try:
            with urllib.request.urlopen(self.url, timeout=TIMEOUT_SECONDS) as response:
                data: bytes = response.read(MAX_DOWNLOAD_BYTES)
                return data
        except OSError as error:
            raise CorpusError(
                f"{name} could not be downloaded ({error}). Without a network, put {name}.txt "
                "into a folder and name that folder in CHARRNN_DATA."
            ) from None


CORPORA: dict[str, CorpusInfo] = {
    "lighthouse": CorpusInfo("A play about a lighthouse, written for this project", _own),
    "hello": CorpusInfo("The word hello, the smallest classroom text", _own),
    "sentence": CorpusInfo("One sentence of 35 characters", _own),
    "python-docs": CorpusInfo("Python's own help texts, from the standard library", _python_docs),
    "python-source": CorpusInfo(
        "A million characters of Python, from the standard library", _python_source
    ),
    "tinyshakespeare": CorpusInfo(
        "1.1 MB of Shakespeare's plays; downloaded once",
        _Download(
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
    ),
}


def load_corpus(name_or_path: str | Path) -> Corpus:
    """Load a corpus by name or from a text file.

    Raises CorpusError where there is none or it cannot be had, ValueError for bad encoding.
    """
    name = str(name_or_path)
    for folder in filter(None, os.environ.get("CHARRNN_DATA", "").split(os.pathsep)):
        path = Path(folder) / f"{name}.txt"
        if name in CORPORA and path.is_file():
            return _corpus(name, read_text(path))
    if name in CORPORA:
        return _corpus(name, CORPORA[name].read(name))
    if not Path(name).is_file():
        raise CorpusError(
            f"There is no file {name!r}, and no corpus of that name. Corpora: {', '.join(CORPORA)}."
        )
    return _corpus(Path(name).name, read_text(name))


def _corpus(name: str, text: str) -> Corpus:
    return Corpus(name, text, _sha256(text.encode()))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

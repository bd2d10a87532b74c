"""Xet: the content-addressed store that large files travel through, spoken as hf_xet speaks it.

Files are cut into chunks, chunks packed into xorbs, and shards say which chunks make which file.
Hashes print as four little-endian 64-bit words.
"""

from __future__ import annotations

import re
import secrets
import struct
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse

from standin.files import ranged
from standin.store import Refusal

if TYPE_CHECKING:
    from standin.server import Handler, Hub

SECONDS = 3600


class Segment(NamedTuple):
    """A run of chunks in a xorb."""

    xorb: str
    size: int
    first: int
    end: int


class Xet:
    """Large files by sha256: as bytes if uploaded by LFS, as segments if uploaded by Xet."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.objects: dict[str, bytes] = {}
        self.xorbs: dict[str, bytes] = {}
        self.files: dict[str, list[Segment]] = {}
        self.hashes: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/api/{kind}/{ns}/{name}/xet-{right}-token/{revision:path}", self.token),
            ("GET", "/api/buckets/{ns}/{name}/xet-{right}-token", self.bucket_token),
            ("POST", "/_cas/v1/xorbs/default/{hash}", self.put_xorb),
            ("POST", "/_cas/v1/shards", self.put_shard),
            ("GET", "/_cas/v1/reconstructions/{hash}", self.reconstruct),
            (
                "GET",
                "/_cas/xorb/{hash}",
                self.xorb,
            ),
        ]

    def has(self, sha256: str) -> bool:
        return sha256 in self.objects or sha256 in self.hashes

    def hash_of(self, sha256: str) -> str:
        return self.hashes.get(sha256, "")

    def size(self, sha256: str) -> int:
        if sha256 in self.objects:
            return len(self.objects[sha256])
        return sum(segment.size for segment in self.files[self.hashes[sha256]])

    def content(self, sha256: str) -> bytes:
        """A large file's bytes; hf_xet reassembles those uploaded by Xet from our own store."""
        if sha256 not in self.objects:
            self.objects[sha256] = self.rebuild(self.hashes[sha256])
        return self.objects[sha256]

    def rebuild(self, hashed: str) -> bytes:
        """The bytes of a Xet file. Not to be called from the server's own thread."""
        import hf_xet

        token = self._new_token("read")
        group = hf_xet.XetSession().new_download_stream_group(
            endpoint=self.hub.url + "/_cas", token=token,
            token_expiry_unix_secs=int(time.time()) + SECONDS,
        )  # fmt: skip
        size = sum(segment.size for segment in self.files[hashed])
        return b"".join(bytes(x) for x in group.download_stream(hf_xet.XetFileInfo(hashed, size)))

    def _new_token(self, right: str) -> str:
        token = secrets.token_hex(16)
        self.tokens[token] = right
        return token

    def token(self, request: Request, body: bytes) -> Any:
        right = request.path_params["right"]
        self.hub.repo(request, write=right == "write", content=True)
        return self.connection(right)

    def bucket_token(self, request: Request, body: bytes) -> Any:
        self.hub.jobs.bucket(request)
        return self.connection(request.path_params["right"])

    def connection(self, right: str) -> JSONResponse:
        token, end, cas = self._new_token(right), int(time.time()) + SECONDS, self.hub.url + "/_cas"
        headers = {"X-Xet-Cas-Url": cas, "X-Xet-Access-Token": token}
        headers["X-Xet-Token-Expiration"] = str(end)
        return JSONResponse({"accessToken": token, "exp": end, "casUrl": cas}, headers=headers)

    def check(self, request: Request, right: str) -> None:
        allowed = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if allowed is None or (right == "write" and allowed != "write"):
            raise Refusal(403 if allowed else 401, "xet token")

    def put_xorb(self, request: Request, body: bytes) -> Any:
        self.check(request, "write")
        hashed = request.path_params["hash"]
        new = hashed not in self.xorbs
        self.xorbs[hashed] = body
        return {"was_inserted": new}

    def xorb(self, request: Request, body: bytes) -> Any:
        return ranged(request, self.xorbs[request.path_params["hash"]], {})

    def put_shard(self, request: Request, body: bytes) -> Any:
        self.check(request, "write")
        for hashed, sha256, segments in read_shard(body):
            if any(segment.xorb not in self.xorbs for segment in segments):
                raise Refusal(400, "unknown xorb")
            self.files[hashed] = segments
            if sha256:
                self.hashes[sha256] = hashed
        return {"result": 1}

    def reconstruct(self, request: Request, body: bytes) -> Any:
        self.check(request, "read")
        segments = self.files.get(request.path_params["hash"])
        if segments is None:
            raise Refusal(404, "file not found")
        asked = re.match(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        skip = 0
        if asked:
            if int(asked[1]) >= sum(segment.size for segment in segments):
                raise Refusal(416, "range")
            segments, skip = overlap(segments, int(asked[1]), int(asked[2]))
        terms, fetch = [], {}
        for xorb, size, first, end in segments:
            at = chunk_offsets(self.xorbs[xorb])
            span = {"start": first, "end": end}
            terms.append({"hash": xorb, "unpacked_length": size, "range": span})
            url = f"{self.hub.cdn_url}/_cas/xorb/{xorb}"
            part = {
                "range": span,
                "url": url,
                "url_range": {"start": at[first], "end": at[end] - 1},
            }
            fetch.setdefault(xorb, []).append(part)
        return {"offset_into_first_range": skip, "terms": terms, "fetch_info": fetch}


def overlap(segments: list[Segment], first: int, last: int) -> tuple[list[Segment], int]:
    """The segments that hold bytes first to last, and where in them `first` is."""
    kept: list[Segment] = []
    at = skip = 0
    for segment in segments:
        if at + segment.size > first and at <= last:
            skip = skip if kept else first - at
            kept.append(segment)
        at += segment.size
    return kept, skip


def printed(data: bytes) -> str:
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", data))


def read_shard(data: bytes) -> Iterator[tuple[str, str, list[Segment]]]:
    """Each file of a shard: its hash, its sha256 ("" if it has none), its segments."""
    at = 48
    while data[at : at + 32] != b"\xff" * 32:
        flags, count = struct.unpack_from("<II", data, at + 32)
        hashed, segments = printed(data[at : at + 32]), []
        for i in range(1, count + 1):
            here = at + 48 * i
            _, size, first, end = struct.unpack_from("<4I", data, here + 32)
            segments.append(Segment(printed(data[here : here + 32]), size, first, end))
        at += 48 * (1 + count * (2 if flags >> 31 else 1))  # bit 31: verification records
        sha256 = ""
        if flags >> 30 & 1:
            sha256, at = printed(data[at : at + 32]), at + 48
        yield hashed, sha256, segments


def chunk_offsets(xorb: bytes) -> list[int]:
    """Where each chunk of a xorb begins (8-byte headers), and the end."""
    bounds, at = [0], 0
    while at + 8 <= len(xorb) and xorb[at] == 0:
        at += 8 + int.from_bytes(xorb[at + 1 : at + 4], "little")
        bounds.append(at)
    return bounds

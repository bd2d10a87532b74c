"""Serves files from repositories: the tree, and each file by a redirect, as the Hub does."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from standin.store import Blob

if TYPE_CHECKING:
    from standin.server import Handler, Hub


class Files:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def routes(self) -> list[tuple[str, str, Handler]]:
        path = "{revision}/{path:path}"
        return [
            ("GET", "/api/{kind}/{ns}/{name}/tree/{revision}", self.tree),
            ("GET", "/api/resolve-cache/{kind}/{ns}/{name}/" + path, self.small_file),
            ("GET", "/{ns}/{name}/resolve/" + path, self.resolve),
            ("GET", "/{kind}/{ns}/{name}/resolve/" + path, self.resolve),
            ("GET", "/_cdn/{sha256}", self.large_file),
        ]

    def tree(self, request: Request, body: bytes) -> Any:
        commit = self.hub.repo(request, content=True).at(request.path_params["revision"])
        parts = [path.split("/") for path in commit.files]
        folders = {"/".join(part[:i]) for part in parts for i in range(1, len(part))}
        entries: list[dict[str, Any]] = [
            {"type": "directory", "oid": hashlib.sha1(f.encode()).hexdigest(), "size": 0, "path": f}
            for f in sorted(folders)
        ]
        return entries + [self._entry(p, blob) for p, blob in sorted(commit.files.items())]

    def _entry(self, path: str, blob: Blob) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "oid": blob.oid, "size": blob.size, "path": path}
        if blob.sha256:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 130}
            if hashed := self.hub.xet.hash_of(blob.sha256):
                entry["xetHash"] = hashed
        return entry

    def resolve(self, request: Request, body: bytes) -> Any:
        repo, params = self.hub.repo(request, content=True), request.path_params
        commit = repo.at(params["revision"])
        blob = commit.files.get(params["path"])
        headers = {"X-Repo-Commit": commit.oid}
        if blob is None:
            headers |= {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}
            return JSONResponse({"error": "Entry not found"}, 404, headers)
        if params["path"] == "config.json":
            repo.downloads += 1
        tag = f'"{blob.sha256 or blob.oid}"'
        headers |= {"X-Linked-Etag": tag, "ETag": tag}
        if blob.sha256 is None:
            where = f"/api/resolve-cache/{repo.kind}/{repo.id}/{commit.oid}/{quote(params['path'])}"
            return Response(status_code=307, headers=headers | {"Location": where})
        headers |= {"Location": f"{self.hub.cdn_url}/_cdn/{blob.sha256}"}
        headers |= {"X-Linked-Size": str(blob.size)}
        if hashed := self.hub.xet.hash_of(blob.sha256):
            token = f"{self.hub.url}/api/{repo.kind}/{repo.id}/xet-read-token/{commit.oid}"
            info = f"{self.hub.url}/_cas/v1/reconstructions/{hashed}"
            headers["X-Xet-Hash"] = hashed
            headers["Link"] = f'<{token}>; rel="xet-auth", <{info}>; rel="xet-reconstruction-info"'
        return Response(status_code=302, headers=headers)

    def small_file(self, request: Request, body: bytes) -> Any:
        commit = self.hub.repo(request, content=True).at(request.path_params["revision"])
        blob = commit.files[request.path_params["path"]]
        headers = {"ETag": f'"{blob.oid}"', "X-Repo-Commit": commit.oid}
        return ranged(request, blob.data or b"", headers)

    async def large_file(self, request: Request, body: bytes) -> Any:
        sha = request.path_params["sha256"]
        data = await asyncio.to_thread(self.hub.xet.content, sha)
        return ranged(request, data, {"ETag": f'"{sha}"'})


def ranged(request: Request, data: bytes, headers: dict[str, str]) -> Response:
    """The bytes, or the requested range of them."""
    headers = {"Accept-Ranges": "bytes", **headers}
    asked = re.match(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not asked:
        return Response(data, 200, headers, "application/octet-stream")
    first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Response(data[first : last + 1], 206, headers, "application/octet-stream")

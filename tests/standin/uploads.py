"""Takes uploads: which files are large, LFS, and the commit that adds them all at once."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from standin.store import LARGE, Blob, Refusal, Repo, large, small

if TYPE_CHECKING:
    from standin.server import Handler, Hub


class Uploads:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def routes(self) -> list[tuple[str, str, Handler]]:
        lfs = ".git/info/lfs/objects"
        return [
            ("POST", "/api/{kind}/{ns}/{name}/preupload/{revision}", self.preupload),
            ("POST", "/api/{kind}/{ns}/{name}/commit/{revision}", self.commit),
            ("POST", "/{ns}/{name}" + lfs + "/batch", self.batch),
            ("POST", "/{kind}/{ns}/{name}" + lfs + "/batch", self.batch),
            ("POST", "/{ns}/{name}" + lfs + "/verify", self.verify),
            ("POST", "/{kind}/{ns}/{name}" + lfs + "/verify", self.verify),
            ("PUT", "/_s3/{sha256}", self.put),
        ]

    def preupload(self, request: Request, body: bytes) -> Any:
        repo = self.hub.repo(request, write=True)
        files = []
        for asked in json.loads(body)["files"]:
            sample = base64.b64decode(asked.get("sample", ""))
            is_large = (
                asked["path"].rsplit(".")[-1] in LARGE
                or asked["size"] > 10 << 20
                or b"\0" in sample
            )
            there = repo.files.get(asked["path"])
            files.append(
                {"path": asked["path"], "uploadMode": "lfs" if is_large else "regular"}
                | {"shouldIgnore": False}
                | ({"oid": there.sha256 or there.oid} if there else {})
            )
        return {"files": files, "commitOid": repo.main}

    def batch(self, request: Request, body: bytes) -> Any:
        repo = self.hub.repo(request, write=True)
        prefix = "spaces/" if repo.kind == "spaces" else ""
        objects = []
        for asked in json.loads(body)["objects"]:
            entry = {"oid": asked["oid"], "size": asked["size"], "authenticated": True}
            if not self.hub.xet.has(asked["oid"]):
                verify = f"{self.hub.url}/{prefix}{repo.id}.git/info/lfs/objects/verify"
                put = {"href": f"{self.hub.cdn_url}/_s3/{asked['oid']}", "expires_in": 900}
                entry["actions"] = {"upload": put, "verify": {"href": verify}}
            objects.append(entry)
        return {"transfer": "basic", "objects": objects}

    def put(self, request: Request, body: bytes) -> Any:
        sha = request.path_params["sha256"]
        if hashlib.sha256(body).hexdigest() != sha:
            raise Refusal(400, "sha256 mismatch")
        self.hub.xet.objects[sha] = body
        return Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})

    def verify(self, request: Request, body: bytes) -> Any:
        self.hub.repo(request, write=True)
        asked = json.loads(body)
        if len(self.hub.xet.objects.get(asked["oid"], b"")) != asked["size"]:
            raise Refusal(404, "object not found")
        return {}

    def commit(self, request: Request, body: bytes) -> Any:
        repo, user = self.hub.repo(request, write=True), self.hub.user(request, must=True)
        assert user
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        head = lines[0]["value"]
        if request.path_params["revision"] != "main":
            raise Refusal(404, "Invalid rev id", "RevisionNotFound")
        parent = head.get("parentCommit")
        if parent and not repo.main.startswith(parent):
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.files)
        for line in lines[1:]:
            self._apply(files, line["key"], line["value"])
        commit = repo.add(head["summary"], user.name, files)
        url = f"{self.hub.url}/{repo.id}/commit/{commit.oid}"
        return {"success": True, "commitOid": commit.oid, "commitUrl": url, "hookOutput": ""}

    def _apply(self, files: dict[str, Blob], key: str, value: dict[str, Any]) -> None:
        """Apply one line of a commit."""
        path = value["path"]
        if key == "file":
            files[path] = small(base64.b64decode(value["content"]))
        elif key == "lfsFile":
            if not self.hub.xet.has(value["oid"]):
                raise Refusal(400, f"LFS pointer pointed to a file that does not exist: {path}")
            files[path] = large(value["oid"], value.get("size") or self.hub.xet.size(value["oid"]))
        elif key == "deletedFile" and files.pop(path, None) is None:
            raise Refusal(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")


def store_large(hub: Hub, repo: Repo, path: str, data: bytes) -> None:
    """Put a large file into a repository without the client: for hostile ones."""
    sha = hashlib.sha256(data).hexdigest()
    hub.xet.objects[sha] = data
    repo.add(f"Add {path}", repo.owner, {**repo.files, path: large(sha, len(data))})

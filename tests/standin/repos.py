"""Accounts and repositories: identify the user, and create, describe and list repositories."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from standin.store import ATTRIBUTES, Commit, Refusal, Repo, card_of, front_matter, small, tags_of

if TYPE_CHECKING:
    from standin.server import Handler, Hub

COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
SDKS = {"gradio", "docker", "static"}
LICENSES = {"unknown", "mit", "apache-2.0", "cc0-1.0", "gpl-3.0", "other"} | {
    f"cc-by{more}-4.0" for more in ("", "-sa", "-nc", "-nd")
}


class Repos:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def routes(self) -> list[tuple[str, str, Handler]]:
        repo = "/api/{kind}/{ns}/{name}"
        return [
            ("GET", "/api/whoami-v2", self.whoami),
            ("GET", "/api/agent-harnesses", lambda r, b: {"standardEnvVars": [], "harnesses": {}}),
            ("POST", "/api/validate-yaml", self.validate),
            ("POST", "/api/repos/create", self.create),
            ("GET", "/api/models", self.models),
            ("GET", repo, self.info),
            ("GET", repo + "/revision/{revision}", self.info),
            ("GET", "/spaces/{ns}/{name}", self.space),
        ]

    def whoami(self, request: Request, body: bytes) -> Any:
        user = self.hub.user(request, must=True)
        assert user
        token = {"displayName": "t", "role": user.role}
        return {
            "type": "user", "id": identity(user.name), "name": user.name, "orgs": [],
            "fullname": user.name.title(), "email": None, "emailVerified": True,
            "canPay": user.pro, "isPro": user.pro, "periodEnd": None, "avatarUrl": "/a.svg",
            "auth": {"type": "access_token", "accessToken": token},
        }  # fmt: skip

    def validate(self, request: Request, body: bytes) -> Any:
        asked = json.loads(body)
        text = asked["content"]
        try:
            card = front_matter(text)
            faults = ["metadata should be an object"] if not isinstance(card, dict) else []
        except yaml.YAMLError as error:
            card, faults = {}, [str(error)]
        if not faults:
            check = space_faults if asked.get("repoType") == "space" else model_faults
            faults = check(card)
        if faults:
            errors = [{"message": fault} for fault in faults]
            return JSONResponse({"errors": errors, "warnings": [], "error": faults[0]}, 400)
        warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
        return {"errors": [], "warnings": warnings}

    def create(self, request: Request, body: bytes) -> Any:
        user, asked = self.hub.user(request, must=True), json.loads(body)
        assert user
        owner, kind = asked.get("organization") or user.name, asked.get("type", "model") + "s"
        repo_id = f"{owner}/{asked['name']}"
        url = f"{self.hub.url}/{'spaces/' if kind == 'spaces' else ''}{repo_id}"
        if user.role != "write" or owner != user.name:
            raise Refusal(403, f'You don\'t have the rights to create under "{owner}"')
        if not re.fullmatch(r"[\w.-]{1,96}", asked["name"]):
            raise Refusal(400, "Invalid repo name")
        if f"{kind}/{repo_id}" in self.hub.repos:
            raise Refusal(409, "You already created this repo", url=url)
        private = asked.get("visibility") == "private"
        repo = Repo(kind, repo_id, private, sdk=asked.get("sdk", ""))
        if kind == "spaces" and repo.sdk != "static":
            repo.hardware = asked.get("hardware", "cpu-basic")
            self.hub.spaces.check(user, repo.hardware)
        self.hub.repos[f"{kind}/{repo_id}"] = repo
        repo.add("initial commit", "system", {".gitattributes": small(ATTRIBUTES)})
        return {"url": url, "name": repo_id, "id": identity(repo_id)}

    def info(self, request: Request, body: bytes) -> Any:
        repo = self.hub.repo(request)
        commit = repo.at(request.path_params.get("revision", "main"))
        return describe(repo, commit, "blobs" in request.query_params)

    def models(self, request: Request, body: bytes) -> Any:
        user, query = self.hub.user(request), request.query_params
        full = "full" in query or "cardData" in query
        models = [
            describe(repo, repo.head, full=full)
            for repo in self.hub.repos.values()
            if repo.kind == "models" and (not repo.private or (user and user.name == repo.owner))
        ]
        models = [m for m in models if set(query.getlist("filter")) <= set(m["tags"])]
        if author := query.get("author"):
            models = [m for m in models if m["author"] == author]
        key = query.get("sort") if query.get("sort") in ("lastModified", "likes") else "downloads"
        models.sort(key=lambda m: m[key], reverse=True)
        at, most = int(query.get("cursor", 0)), min(int(query.get("limit", 100)), self.hub.page)
        headers = {}
        if at + most < len(models):
            link = request.url.include_query_params(cursor=at + most)
            headers["Link"] = f'<{link}>; rel="next"'
        return JSONResponse(models[at : at + most], headers=headers)

    def space(self, request: Request, body: bytes) -> Any:
        """A static Space as a visitor sees it; other kinds would have to be built and run."""
        request.path_params["kind"] = "spaces"
        repo = self.hub.repo(request)
        page = repo.files.get("index.html")
        if repo.sdk != "static" or page is None:
            return Response(f"{repo.id} is not built here", media_type="text/plain")
        data = page.data if page.data is not None else self.hub.xet.objects[page.sha256 or ""]
        return Response(data, media_type="text/html")


def identity(name: str) -> str:
    return hashlib.md5(name.encode()).hexdigest()[:24]


def describe(repo: Repo, commit: Commit, blobs: bool = False, full: bool = True) -> dict[str, Any]:
    """A repository as the API shows it."""
    card = card_of(commit.files)
    info: dict[str, Any] = {
        "_id": identity(repo.id), "id": repo.id, "modelId": repo.id, "author": repo.owner,
        "sha": commit.oid, "lastModified": commit.date, "createdAt": repo.created,
        "private": repo.private, "gated": repo.gated, "disabled": False, "likes": repo.likes,
        "downloads": repo.downloads, "tags": tags_of(card),
    }  # fmt: skip
    info |= {k: card[k] for k in ("library_name", "pipeline_tag", "model-index") if card.get(k)}
    if repo.kind == "spaces":
        info["sdk"] = repo.sdk
    if full:
        info["cardData"] = card
        info["siblings"] = [
            {"rfilename": path}
            | ({"size": blob.size, "blobId": blob.oid} if blobs else {})
            | (
                {"lfs": {"sha256": blob.sha256, "size": blob.size, "pointerSize": 130}}
                if blobs and blob.sha256
                else {}
            )
            for path, blob in sorted(commit.files.items())
        ]
    return info


def model_faults(card: dict[str, Any]) -> list[str]:
    """What the Hub's validation finds wrong in a model card's metadata."""
    faults = []
    if "license" in card and card["license"] not in LICENSES:
        faults.append('"license" must be one of the known licenses')
    for name in ("tags", "datasets"):
        value = card.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            faults.append(f'"{name}" must be an array of strings')
    for at, entry in enumerate(card.get("model-index", [])):
        for result in entry.get("results", ()):
            here = f'"model-index[{at}].results'
            if not result.get("task", {}).get("type"):
                faults.append(f'{here}.task.type" is required')
            if not {"name", "type"} <= result.get("dataset", {}).keys():
                faults.append(f'{here}.dataset" needs a name and a type')
            if not all({"type", "value"} <= m.keys() for m in result.get("metrics", [{}])):
                faults.append(f'{here}.metrics" need a type and a value')
        if not entry.get("name"):
            faults.append(f'"model-index[{at}].name" is required')
    return faults


def space_faults(card: dict[str, Any]) -> list[str]:
    """What the Hub's validation finds wrong in a Space's front matter."""
    faults = []
    if card.get("sdk") not in SDKS:
        faults.append(f'"sdk" must be one of {sorted(SDKS)}')
    for name in ("colorFrom", "colorTo"):
        if card.get(name) not in COLORS:
            faults.append(f'"{name}" must be one of {sorted(COLORS)}')
    if not card.get("title") or not card.get("emoji"):
        faults.append('"title" and "emoji" are required')
    if len(str(card.get("short_description", ""))) > 60:
        faults.append('"short_description" must be at most 60 characters')
    return faults

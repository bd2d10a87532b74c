"""Running Spaces: the hardware that an account gets, stages, variables and volumes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from standin.store import Refusal, Repo, User

if TYPE_CHECKING:
    from standin.server import Handler, Hub

ZEROGPU = "zero-a10g"
FREE = {True: 10, False: 2}
"""Spaces on ZeroGPU that an account may have, by whether it is PRO."""


class Spaces:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def routes(self) -> list[tuple[str, str, Handler]]:
        space = "/api/spaces/{ns}/{name}"
        return [
            ("GET", space + "/runtime", self.runtime),
            ("POST", space + "/hardware", self.move),
            ("POST", space + "/variables", self.variable),
            ("PUT", space + "/volumes", self.mount),
        ]

    def check(self, user: User, hardware: str) -> None:
        """Raises Refusal if the account cannot have the hardware."""
        if hardware == ZEROGPU:
            owned = [repo for repo in self.hub.repos.values() if repo.owner == user.name]
            if sum(repo.hardware == ZEROGPU for repo in owned) >= FREE[user.pro]:
                raise Refusal(403, "You have reached the limit of ZeroGPU Spaces")
        elif not user.pro:
            raise Refusal(402, "Gradio and Docker Spaces on this hardware need a PRO subscription")

    def _space(self, request: Request, write: bool = False) -> Repo:
        request.path_params["kind"] = "spaces"
        return self.hub.repo(request, write)

    def runtime(self, request: Request, body: bytes) -> Any:
        repo = self._space(request)
        stage = repo.stages[0] if repo.stages else "RUNNING"
        if len(repo.stages) > 1:
            repo.stages.pop(0)
        error = {"errorMessage": "Exit code: 1"} if "ERROR" in stage else {}
        hardware = {"current": repo.hardware, "requested": repo.hardware}
        volumes = {"volumes": repo.volumes} if repo.volumes else {}
        return {
            "stage": stage, "hardware": hardware, "gcTimeout": None, "sha": repo.main,
            **error, **volumes,
        }  # fmt: skip

    def move(self, request: Request, body: bytes) -> Any:
        repo, user = self._space(request, write=True), self.hub.user(request, must=True)
        assert user
        hardware = str(json.loads(body)["flavor"])
        self.check(user, hardware)
        repo.hardware = hardware
        return self.runtime(request, b"")

    def variable(self, request: Request, body: bytes) -> Any:
        repo, asked = self._space(request, write=True), json.loads(body)
        repo.variables[asked["key"]] = asked["value"]
        return {key: {"value": value} for key, value in repo.variables.items()}

    def mount(self, request: Request, body: bytes) -> Any:
        repo = self._space(request, write=True)
        repo.volumes = json.loads(body)["volumes"]
        for volume in repo.volumes:
            if volume["type"] == "bucket" and volume["source"] not in self.hub.jobs.buckets:
                raise Refusal(404, f"There is no bucket {volume['source']}")
        return {}

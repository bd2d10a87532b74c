"""Runs Jobs: a command on a machine, its growing log, and the buckets that carry files to it.

The machine is a child process here. `uv run --with PACKAGE charrnn ...` becomes this Python with
`-m charrnn ...`, because the package under test is the one in this checkout.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from standin.store import Refusal, now

if TYPE_CHECKING:
    from standin.server import Handler, Hub

ROOT = Path(__file__).resolve().parents[2]
ENDED = ("COMPLETED", "ERROR", "CANCELED")


@dataclass
class Job:
    """One command and its outcome."""

    id: str
    owner: str
    spec: dict[str, Any]
    stage: str = "RUNNING"
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    created: str = field(default_factory=now)

    def as_json(self) -> dict[str, Any]:
        """The job as the API shows it, with secrets by name only."""
        return {
            "id": self.id, "createdAt": self.created, "dockerImage": self.spec["dockerImage"],
            "owner": {"id": self.owner, "name": self.owner, "type": "user"},
            "command": self.spec["command"], "arguments": [], "flavor": self.spec["flavor"],
            "environment": self.spec["environment"], "secrets": list(self.spec.get("secrets", {})),
            "status": {"stage": self.stage, "message": None},
        }  # fmt: skip


class Jobs:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.jobs: dict[str, Job] = {}
        self.buckets: dict[str, dict[str, str]] = {}  # path -> Xet hash
        self.disk = tempfile.TemporaryDirectory()  # the buckets as jobs see them and write to them
        self.credit = True

    def routes(self) -> list[tuple[str, str, Handler]]:
        job = "/api/jobs/{ns}/{job}"
        return [
            ("POST", "/api/jobs/{ns}", self.start),
            ("GET", job, lambda request, body: self.job(request).as_json()),
            ("GET", job + "/logs", self.logs),
            ("POST", job + "/cancel", self.cancel),
            ("POST", "/api/buckets/{ns}/{name}", self.make_bucket),
            ("POST", "/api/buckets/{ns}/{name}/batch", self.fill),
        ]

    def job(self, request: Request) -> Job:
        user = self.hub.user(request, must=True)
        job = self.jobs.get(request.path_params["job"])
        if job is None or not user or user.name != job.owner:
            raise Refusal(404, "Job not found")
        return job

    def start(self, request: Request, body: bytes) -> Any:
        user = self.hub.user(request, must=True)
        if not user or user.role != "write" or user.name != request.path_params["ns"]:
            raise Refusal(403, "You don't have the required permissions")
        if not self.credit:
            raise Refusal(402, "Jobs need a positive credit balance")
        job = Job(secrets.token_hex(12), user.name, json.loads(body))
        self.jobs[job.id] = job
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return job.as_json()

    def cancel(self, request: Request, body: bytes) -> Any:
        job = self.job(request)
        job.stage = "CANCELED"
        if job.process:
            job.process.terminate()
        return job.as_json()

    def end(self) -> None:
        """Leave no child process behind."""
        for job in self.jobs.values():
            if job.process and job.process.poll() is None:
                job.process.kill()
                job.process.wait()
        self.disk.cleanup()

    def logs(self, request: Request, body: bytes) -> Any:
        return StreamingResponse(self._events(self.job(request)), media_type="text/event-stream")

    async def _events(self, job: Job) -> AsyncIterator[str]:
        sent = 0
        yield event("===== Job started at 2026-11-22 00:00:00 =====")
        while True:
            ended = job.stage in ENDED
            for line in job.lines[sent:]:
                sent += 1
                yield event(line)
            if ended:
                return
            await asyncio.sleep(0.05)

    def _run(self, job: Job) -> None:
        """Run the command in a child process, with folders in place of the mounted buckets."""
        with tempfile.TemporaryDirectory() as folder:
            command = uv_command(job.spec["command"])
            for volume in job.spec.get("volumes", ()):
                own, path = self._mounted(volume), volume["mountPath"]
                command = [re.sub(f"^(--[a-z]+=)?{path}/", rf"\1{own}/", arg) for arg in command]
            kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "SPACE_"))}
            job.process = subprocess.Popen(
                command, cwd=folder, text=True, encoding="utf-8",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**kept, "HF_ENDPOINT": self.hub.url, "HF_HOME": f"{folder}/home",
                     "PYTHONPATH": str(ROOT), **job.spec["environment"],
                     **job.spec.get("secrets", {})},
            )  # fmt: skip
            assert job.process.stdout
            with job.process.stdout:
                for line in job.process.stdout:
                    job.lines.append(line.rstrip("\n"))
            code = job.process.wait()
        if job.stage == "RUNNING":
            job.stage = "ERROR" if code else "COMPLETED"

    def _mounted(self, volume: dict[str, Any]) -> Path:
        """A folder with a bucket's files under the volume's path; a job's writes to it are kept."""
        bucket = Path(self.disk.name) / volume["source"]
        folder = bucket / volume["path"]
        folder.mkdir(parents=True, exist_ok=True)
        for path, hashed in list(self.buckets[volume["source"]].items()):
            if path.startswith(volume["path"] + "/"):
                (bucket / path).write_bytes(self.hub.xet.rebuild(hashed))
        return folder

    def bucket(self, request: Request) -> dict[str, str]:
        """The bucket in the path, for its owner only. Raises Refusal."""
        user, params = self.hub.user(request, must=True), request.path_params
        if not user or user.name != params["ns"] or user.role != "write":
            raise Refusal(403, "You don't have the required permissions")
        return self.buckets[f"{params['ns']}/{params['name']}"]

    def make_bucket(self, request: Request, body: bytes) -> Any:
        user, params = self.hub.user(request, must=True), request.path_params
        if not user or user.name != params["ns"]:
            raise Refusal(403, "You don't have the required permissions")
        assert json.loads(body)["visibility"] == "private"
        name = f"{params['ns']}/{params['name']}"
        url = f"{self.hub.url}/buckets/{name}"
        if name in self.buckets:
            raise Refusal(409, "You already created this bucket", url=url)
        self.buckets[name] = {}
        return {"url": url, "name": name}

    def fill(self, request: Request, body: bytes) -> Any:
        bucket, params = self.bucket(request), request.path_params
        for line in body.splitlines():
            asked = json.loads(line)
            if asked["type"] == "deleteFile":
                bucket.pop(asked["path"], None)
                (Path(self.disk.name) / params["ns"] / params["name"] / asked["path"]).unlink()
            else:
                bucket[asked["path"]] = asked["xetHash"]
        return {"failed": []}


def event(line: str) -> str:
    return f"data: {json.dumps({'data': line, 'timestamp': now()})}\n\n"


def uv_command(command: list[str]) -> list[str]:
    """What `uv run [--with X] [--python X] COMMAND ARGS` runs, with this checkout's package.

    COMMAND is charrnn or a Python file.
    """
    assert command[:2] == ["uv", "run"], command
    at = 2
    while command[at] in ("--with", "--python"):
        at += 2
    if command[at].endswith(".py"):
        return [sys.executable, *command[at:]]
    assert command[at] == "charrnn", command
    return [sys.executable, "-m", "charrnn", *command[at + 1 :]]

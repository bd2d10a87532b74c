"""The server: routes, faults, the log, and one uvicorn thread."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from standin import files, jobs, repos, spaces, uploads, xet
from standin.store import ALICE, ALICE_READS, BOB, Refusal, Repo, User

Handler = Callable[[Request, bytes], Any]


class Asked(NamedTuple):
    """One request as it was received."""

    method: str
    path: str
    size: int
    token: str
    host: str
    headers: dict[str, str]


@dataclass
class Fault:
    """How the next requests to matching paths fail.

    status: answer with it, and with `headers`. delay: wait so many seconds first. action: called
    first. body: answer 200 with these bytes. cut: "request" closes the connection before the
    request is read, "response" in the middle of the answer. trickle: send one byte of an endless
    answer every so many seconds.
    """

    path: str
    method: str = ""
    status: int = 0
    headers: dict[str, str] | None = None
    error: str = "injected"
    delay: float = 0.0
    body: bytes | None = None
    action: Callable[[], object] | None = None
    cut: str = ""
    trickle: float = 0.0
    times: int = 1000

    def hits(self, method: str, path: str) -> bool:
        if self.times < 1 or (self.method or method) != method or not re.search(self.path, path):
            return False
        self.times -= 1
        return True


class Hub:
    """A Hub in memory: `with Hub().serve() as hub`, then talk to `hub.url`."""

    def __init__(self, tokens: dict[str, User] | None = None, page: int = 100) -> None:
        self.tokens = tokens or {
            ALICE: User("alice"), ALICE_READS: User("alice", "read"), BOB: User("bob"),
        }  # fmt: skip
        self.page = page
        self.repos: dict[str, Repo] = {}
        self.log: list[Asked] = []
        self.unknown: list[str] = []
        self.faults: list[Fault] = []
        self.url = self.cdn_url = ""
        self.xet = xet.Xet(self)
        self.jobs = jobs.Jobs(self)
        self.spaces = spaces.Spaces(self)
        # Jobs first, because their addresses look like those of repositories.
        parts = (
            self.jobs, self.spaces, repos.Repos(self), uploads.Uploads(self), files.Files(self),
            self.xet,
        )  # fmt: skip
        routes = [
            Route(path, self._answer(handler), methods=[method])
            for part in parts
            for method, path, handler in part.routes()
        ]
        every = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
        routes.append(Route("/{path:path}", self._answer(self._unknown), methods=every))
        self.app = Starlette(routes=routes)

    def model(self, repo_id: str) -> Repo:
        return self.repos[f"models/{repo_id}"]

    def user(self, request: Request, must: bool = False) -> User | None:
        """The user of the request's token; None without one. Raises Refusal if it is unknown."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if given and given not in self.tokens:
            raise Refusal(401, "Invalid credentials in Authorization header")
        if must and not given:
            raise Refusal(401, "Invalid username or password.")
        return self.tokens.get(given)

    def repo(self, request: Request, write: bool = False, content: bool = False) -> Repo:
        """The repository in the path, if the user may access it this way. Raises Refusal."""
        params, user = request.path_params, self.user(request)
        kind = params.get("kind", "models")
        repo = self.repos.get(f"{kind}/{params['ns']}/{params['name']}")
        mine = repo is not None and user is not None and user.name == repo.owner
        if repo is None or (repo.private and not mine):
            if user is None:  # over http the client needs the code to understand a bare 401
                raise Refusal(401, "Invalid username or password.", "RepoNotFound")
            raise Refusal(404, "Repository not found", "RepoNotFound")
        if repo.gated and content and not mine:
            raise Refusal(403 if user else 401, f"Access to {repo.id} is restricted.", "GatedRepo")
        if write and not (mine and user and user.role == "write"):
            raise Refusal(403 if user else 401, "You don't have the required permissions")
        return repo

    def _unknown(self, request: Request, body: bytes) -> None:
        self.unknown.append(f"{request.method} {request.url.path}")
        raise Refusal(404, "Sorry, we can't find the page you are looking for.")

    def _answer(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                answer = handler(request, body)
                answer = await answer if inspect.isawaitable(answer) else answer
            except Refusal as refusal:
                headers = {"X-Error-Message": refusal.message}
                headers |= {"X-Error-Code": refusal.code} if refusal.code else {}
                content = {"error": refusal.message, **refusal.more}
                answer = JSONResponse(content, refusal.status, headers)
            response: Response = answer if isinstance(answer, Response) else JSONResponse(answer)
            response.headers.setdefault("X-Request-Id", "Root=" + secrets.token_hex(8))
            return response

        return endpoint

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Log the request, and fail it if it should fail, else pass it on."""
        request = Request(scope)
        path = unquote(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
        headers = dict(request.headers)
        token = headers.get("authorization", "").removeprefix("Bearer ")
        size = int(headers.get("content-length", 0))
        asked = Asked(request.method, path, size, token, headers.get("host", ""), headers)
        self.log.append(asked)
        for fault in self.faults:
            if fault.hits(request.method, request.url.path) and await self._fail(
                fault, scope, receive, send
            ):
                return
        await self.app(scope, receive, send)

    async def _fail(self, fault: Fault, scope: Any, receive: Any, send: Any) -> bool:
        """Fail the request; False if it is only delayed."""
        if fault.action:
            fault.action()
        await asyncio.sleep(fault.delay)
        if not (fault.cut or fault.trickle or fault.status or fault.body is not None):
            return False  # and leave the body to be read
        if fault.cut != "request":
            await Request(scope, receive).body()
        if fault.cut or fault.trickle:
            head = {"type": "http.response.start", "status": 200}
            await send(head | {"headers": [(b"content-length", b"100000")]})
            while fault.trickle and not self.stopping.is_set():
                await send({"type": "http.response.body", "body": b" ", "more_body": True})
                await asyncio.sleep(fault.trickle)
            part = {"type": "http.response.body", "body": b'{"id": "', "more_body": True}
            await send(part)  # and return: uvicorn closes the connection
        elif fault.body is not None:
            await Response(fault.body, media_type="application/json")(scope, receive, send)
        else:
            content = {"error": fault.error}
            await JSONResponse(content, fault.status, fault.headers)(scope, receive, send)
        return True

    @contextlib.contextmanager
    def serve(self, port: int = 0) -> Iterator[Hub]:
        """Answer on loopback while the block runs, on any free port."""
        # With protocol 0, asyncio leaves TCP_NODELAY off: 40 ms more for every call.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        port = listener.getsockname()[1]
        # Large files are on another origin, as on the Hub: the client must send no token there.
        self.url, self.cdn_url = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self.stopping = threading.Event()
        settings = uvicorn.Config(
            self, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield self
        finally:
            self.stopping.set()
            self.jobs.end()
            server.should_exit = True
            thread.join(5)
            listener.close()

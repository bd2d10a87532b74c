"""A stand-in for ZeroGPU's device API on loopback, which answers calls and records them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

LENT = {"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": "token"}
ANSWERS: dict[str, tuple[int, object]] = {
    "/startup-report": (200, None),
    "/schedule": (200, LENT),
    "/allow": (200, None),
    "/release": (204, None),
    "/queue-size": (200, 0),
}
"""Status and JSON by path; any other path gets 404, as from the platform."""


class Asked(NamedTuple):
    path: str
    query: dict[str, str]


class DeviceAPI:
    """`with DeviceAPI().serve() as api`, then talk to `api.url`; `api.asked` has every call."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers = dict(ANSWERS)
        self.url = ""

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    @contextmanager
    def serve(self) -> Iterator[DeviceAPI]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def answer(self) -> None:
                address = urlsplit(self.path)
                api.asked.append(Asked(address.path, dict(parse_qsl(address.query))))
                status, value = api.answers.get(address.path, (404, None))
                body = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815  names that the library calls

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

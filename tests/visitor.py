"""A visitor without a browser, who speaks the page's own protocol over plain HTTP in one session.

gradio_client uses several threads and connections per client; a thousand of these are cheap.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

Message = dict[str, Any]


class RefusedError(RuntimeError):
    """An unsuccessful answer: the status, or 0 for an error of a handler, and its message."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}")
        self.status, self.words = status, words


class Visitor:
    """One session with the page."""

    def __init__(self, url: str, functions: dict[str, int] | None = None) -> None:
        """functions: event numbers by name, if another visitor has already fetched them."""
        self.address = urlsplit(url).netloc
        self.session = secrets.token_hex(6)
        self.functions = functions or self.config()

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        seconds: float = 60,
    ) -> bytes:
        """Send one request; returns the body of its answer. Raises RefusedError, OSError."""
        connection = http.client.HTTPConnection(self.address, timeout=seconds)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            read = answer.read()
            if answer.status != 200:
                raise RefusedError(answer.status, read.decode("utf-8", "replace")[:300])
            return read
        finally:
            connection.close()

    def config(self) -> dict[str, int]:
        """The numbers of the page's events by their names."""
        found = json.loads(self.request("GET", "/config"))
        return {event["api_name"]: event["id"] for event in found["dependencies"]}

    def load(self) -> int:
        """Open the page; returns the length of its HTML."""
        return len(self.request("GET", "/"))

    def join(self, name: str, *data: Any) -> str:
        """Trigger an event; returns its id."""
        asked = {"data": data, "fn_index": self.functions[name], "session_hash": self.session}
        body, kind = json.dumps(asked).encode(), {"content-type": "application/json"}
        return str(
            json.loads(self.request("POST", "/gradio_api/queue/join", body, kind))["event_id"]
        )

    def listen(self, *events: str, seconds: float = 120) -> Iterator[Message]:
        """The messages of events as they come, up to the end of the last. One listener a session:
        two would each get only some of its messages."""
        connection = http.client.HTTPConnection(self.address, timeout=seconds)
        try:
            connection.request("GET", f"/gradio_api/queue/data?session_hash={self.session}")
            answer = connection.getresponse()
            if answer.status != 200:
                raise RefusedError(answer.status, answer.read(300).decode("utf-8", "replace"))
            while line := answer.readline():
                if line.startswith(b"data:"):
                    message = json.loads(line[5:])
                    if message.get("event_id") in events:
                        yield message
                    if message["msg"] == "close_stream":
                        return
        finally:
            connection.close()

    def call(self, name: str, *data: Any, seconds: float = 120) -> list[Any]:
        """Run an event to its end; returns its last outputs. Raises RefusedError for an error."""
        (outputs,) = self.calls([(name, *data)], seconds)
        return outputs

    def calls(self, wanted: Sequence[tuple[Any, ...]], seconds: float = 120) -> list[list[Any]]:
        """Run several events at once, each a name and its data; returns each one's last outputs."""
        events = [self.join(*each) for each in wanted]
        found: dict[str, list[Any]] = {}
        for message in self.listen(*events, seconds=seconds):
            if message["msg"] == "process_completed":
                output = message["output"]
                if not message["success"]:
                    raise RefusedError(0, str(output.get("error")))
                found[message["event_id"]] = output["data"]
                if len(found) == len(events):
                    return [found[event] for event in events]
            if message["msg"] in ("unexpected_error", "server_stopped"):
                raise RefusedError(0, str(message.get("message")))
        raise RefusedError(0, "the stream ended early")

    def upload(self, name: str, data: bytes) -> Message:
        """Upload a file, and give the value that an input takes for it."""
        body, kind = multipart(name, data)
        paths = json.loads(self.request("POST", "/gradio_api/upload", body, kind))
        return {"path": paths[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def broken_upload(self, name: str, data: bytes) -> None:
        """Send half an upload, and hang up."""
        body, kind = multipart(name, data)
        head = [f"POST /gradio_api/upload HTTP/1.1\r\nHost: {self.address}"]
        head += [f"Content-Type: {kind['content-type']}", f"Content-Length: {len(body)}", "\r\n"]
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)), 30) as raw:
            raw.sendall("\r\n".join(head).encode() + body[: len(body) // 2])

    def download(self, file: Message) -> bytes:
        """The bytes of a file that the page offers."""
        return self.request("GET", f"/gradio_api/file={file['path']}")


def multipart(name: str, data: bytes) -> tuple[bytes, dict[str, str]]:
    """The body of an upload, and its header."""
    edge = secrets.token_hex(12)
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
    return body, {"content-type": f"multipart/form-data; boundary={edge}"}

"""What the page's routes let through, at its own root and behind a root path."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator

import pytest
from serving import serving

from charrnn.ui.server.middleware import JSON_LIMIT
from charrnn.ui.server.routes import ASSETS, CLOSED, JOINS, UPLOAD

ROOT = "/a/b"
PREFIXES = ["", ROOT]
"""Gradio answers behind its root path and without it."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("page"), GRADIO_ROOT_PATH=ROOT) as url:
        yield url.split("/")[2]


def ask(
    address: str,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: object = None,
) -> tuple[int, str]:
    """The status of an answer, and its text."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, body, headers or {})  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/%64eep_link?session_hash=x",
        "/gradio_api/file=http://169.254.169.254/",
        "/gradio_api/file%3Dhttps://example.com",
        "/gradio_api/file/http://example.com",
        "/gradio_api/file=HTTPS://example.com",
        "/gradio_api/file=%20http://example.com",
        "/gradio_api/file=ftp://example.com/gradio_api/file=/tmp/x",
        "/gradio_api/proxy=http://example.com",
        "/gradio_api/proxy=https://a.hf.space/gradio_api/upload",
        "/monitoring",
        "/monitoring/summary",
        "/monitoring/abc",
        "/gradio_api/dev/reload",
    ],
)
def test_dangerous_routes_are_closed(address: str, prefix: str, path: str) -> None:
    status, text = ask(address, prefix + path)
    assert status == 403
    assert "Not available here" in text


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "path", ["/tmp/monitoring/deep_link.npz", "C:/Users/dev/reload", "/gradio_api/proxy=x"]
)
def test_files_are_asked_for_by_any_name(address: str, prefix: str, path: str) -> None:
    status, text = ask(address, f"{prefix}/gradio_api/file={path}")
    assert status in (403, 404)  # Gradio's own answer: there is no such file for anybody
    assert "Not available here" not in text


def test_the_page_is_that_of_the_address_it_was_asked_at(address: str) -> None:
    """The page is cached, and names its own address."""
    for host in ("one.example", "two.example", "one.example"):
        status, text = ask(address, "/", headers={"X-Forwarded-Host": host})
        assert status == 200
        assert {"one.example", "two.example"} & set(re.findall(r"\w+\.example", text)) == {host}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_another_site_gets_files_of_the_page_only(address: str, prefix: str) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert ask(address, f"{prefix}/theme.css", headers=foreign)[0] == 200
    for path in (
        "/config",
        "/gradio_api/queue/data?session_hash=x",
        "/gradio_api/file=/tmp/assets/x.npz",
        "/gradio_api/file=/static/theme.css",
    ):
        status, text = ask(address, prefix + path, headers=foreign)
        assert status == 403, path
        assert "from other sites are refused" in text


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/call/generate"])
def test_an_event_has_the_limit_of_an_event(address: str, prefix: str, path: str) -> None:
    """The limit applies to a declared or counted size, whatever else the path looks like."""
    kind = {"Content-Type": "application/json"}
    declared = kind | {"Content-Length": str(6 * 10**6)}
    assert ask(address, prefix + path, "POST", declared)[0] == 413
    counted = kind | {"Transfer-Encoding": "chunked"}
    size = JSON_LIMIT + 1  # one too many, so that all is sent before the answer comes
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (size, bytes(size))
    assert ask(address, prefix + path, "POST", counted, body)[0] == 413


@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_upload_has_the_limit_of_an_upload(address: str, prefix: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    body = head + bytes(6 * 10**6) + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert ask(address, f"{prefix}/gradio_api/upload", "POST", kind, body)[0] == 200
    declared = kind | {"Content-Length": "60000000"}
    assert ask(address, f"{prefix}/gradio_api/upload", "POST", declared)[0] == 413


def test_the_routes_that_are_named_exist(address: str) -> None:
    """A new version of Gradio may rename a route, which would then be open, or without a limit."""
    paths = json.loads(ask(address, "/openapi.json")[1])["paths"]
    patterns = {re.sub(r"\{(path|url_path|path_or_url)\}", r"{\1:path}", path) for path in paths}
    assert not (CLOSED | JOINS | {UPLOAD} | ASSETS) - patterns

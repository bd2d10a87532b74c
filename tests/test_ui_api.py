"""The page's endpoints over HTTP with gradio_client, and what the server promises."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from serving import serving
from visitor import RefusedError, Visitor

TEXT = "hello world, said the sea. " * 100
QUICK = {"cell": "gru", "hidden_size": 16, "steps": 150}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("page"), seconds=30) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    made = Client(url, verbose=False)
    yield made
    made.close()


def test_train_download_and_load_from_a_client(client: Client, tmp_path: Path) -> None:
    told: list[Any] = []
    job = client.submit(TEXT, "standard", QUICK, 20, api_name="/train")
    told.extend(job)
    assert told[-1]["state"] == "over"
    assert told[-1]["step"] == 150
    assert told[-1]["best_loss"] < 2
    file = client.predict(False, api_name="/download_model")
    card = client.predict(handle_file(file), api_name="/load_model")
    assert dict(card["rows"])["cell"] == "GRU"
    assert dict(card["rows"])["steps"] == "150"


@pytest.mark.parametrize(
    ("text", "recipe", "options", "seconds", "sentence"),
    [
        ("a", "standard", {}, 5, "at least 2 characters"),
        (TEXT, "standard", {"cell": "transformer"}, 5, "cell must be one of"),
        (TEXT, "standard", {"steps": "9"}, 5, "Steps must be a number"),
        (TEXT, "standard", {"path": "/etc/passwd"}, 5, "options is an object"),
        (TEXT, "standard", [1], 5, "options is an object"),
        (TEXT, "standard", {"hidden_size": 700}, 5, "640 on this page"),
        (TEXT, "standard", {}, 1e9, "seconds must be above 0"),
    ],
)
def test_what_a_client_sends_is_checked_again(
    client: Client, text: str, recipe: str, options: Any, seconds: float, sentence: str
) -> None:
    with pytest.raises(Exception, match=sentence):
        client.predict(text, recipe, options, seconds, api_name="/train")


def test_a_path_is_a_text_and_not_a_file(client: Client) -> None:
    told = client.predict("/etc/passwd", "hello", {}, 5, api_name="/train")
    assert set(told["sample"]) <= set("/etc/passwd")


def test_a_stop_text_that_can_never_come_is_refused(client: Client) -> None:
    with pytest.raises(Exception, match="would never come"):
        client.predict(seed="The ", length=20, stop="\u2603", api_name="/generate")


def test_a_bad_file_is_refused_with_a_sentence(client: Client, tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK nothing")
    with pytest.raises(Exception, match="not a charrnn model"):
        client.predict(handle_file(bad), api_name="/load_model")


@pytest.mark.parametrize("address", ["http://example.invalid/a.npz", " HTTPS://example.invalid/"])
def test_the_page_fetches_no_address_that_a_visitor_names(url: str, address: str) -> None:
    """By itself, Gradio would download the address and treat it as an upload."""
    file = {"path": address, "orig_name": "a.npz", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(RefusedError, match="Upload the file itself"):
        Visitor(url).call("load_model", None, file)


def test_the_public_endpoints_are_named_and_described(client: Client) -> None:
    named: dict[str, Any] = client.view_api(return_format="dict")["named_endpoints"]  # type: ignore[index,call-overload]
    assert {"/train", "/load_model", "/download_model", "/generate", "/inspect"} <= named.keys()
    assert all(endpoint["description"] for endpoint in named.values()), named.keys()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("gradio_api/deep_link?session_hash=x", {}, 403),
        ("gradio_api/file=http://example.com/x", {}, 403),
        ("monitoring", {}, 403),
        ("config", {"Origin": "https://evil.example"}, 403),
        ("config", {"Origin": "null"}, 403),
        ("gradio_api/queue/data?session_hash=x", {"Origin": "null"}, 403),
        ("gradio_api/file=https://example.com/x", {}, 403),
        ("gradio_api/file=http://169.254.169.254/latest/meta-data", {}, 403),
        ("gradio_api/file=../../../etc/passwd", {}, 403),
        ("gradio_api/proxy=http://example.com/x", {}, 403),
        ("monitoring/summary", {}, 403),
        ("gradio_api/file=/etc/passwd", {}, 403),
    ],
)
def test_what_the_server_refuses(url: str, path: str, headers: dict[str, str], status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url + path, headers=headers))
    with caught.value as error:
        assert error.code == status


@pytest.mark.parametrize(
    ("path", "megabytes"), [("gradio_api/queue/join", 100), ("gradio_api/upload", 100)]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_hundred_megabytes_are_refused(
    url: str, path: str, megabytes: int, chunked: bool
) -> None:
    """By the declared length or, if there is none, by the bytes received."""
    connection = http.client.HTTPConnection(url.split("/")[2], timeout=60)
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    length = (
        {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": f"{megabytes}000000"}
    )
    try:
        connection.request(
            "POST",
            f"/{path}",
            repeat(bytes(10**6), megabytes),
            kind | length,
            encode_chunked=chunked,
        )
        assert connection.getresponse().status in (413, 400)  # 400: what read it wraps the error
    except (BrokenPipeError, ConnectionResetError):  # the server hung up in the middle
        pass
    finally:
        connection.close()


def test_the_page_keeps_no_history_of_runs(url: str) -> None:
    with urllib.request.urlopen(url + "config") as answer:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b'"run_history":false' in answer.read().replace(b" ", b"")

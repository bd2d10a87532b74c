"""The Hub column of the page: who may use which token, and its endpoints from a real client."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import itsdangerous
import pytest
from gradio_client import Client
from hubs import text_of, trained
from serving import free_port, serving
from standin import ALICE, BOB, Fault, Hub
from starlette.datastructures import Headers

from charrnn.hub import HubError, push_to_hub
from charrnn.service.visitor import Visitor
from charrnn.ui.share import hub as hub_column
from charrnn.ui.share import hub_events

SECRET = "the Space's own OAuth secret"


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub().serve() as served:
        push_to_hub(trained(), "alice/sea", token=ALICE, endpoint=served.url)
        yield served


class Asked:
    """The parts of a request that a handler reads."""

    session_hash = "tab"

    def __init__(self, client: str = "127.0.0.1", **headers: str) -> None:
        self.client = type("Address", (), {"host": client})() if client else None
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = Headers({"host": "localhost:7860", **names})


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (Asked(), True),
        (Asked("::1", host="[::1]:7860"), True),
        (Asked("192.168.1.9"), False),
        (Asked(host="page.example"), False),
        (Asked(host="abc.gradio.live"), False),
        (Asked(x_forwarded_for="9.9.9.9"), False),
        (Asked("testclient"), False),
        (Asked(""), False),
        (None, False),
    ],
)
def test_the_machines_token_serves_its_own_user_only(
    asked: Any, near: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", ALICE)
    assert hub_events.optional_token("", None, asked) == (ALICE if near else False)
    assert hub_events.optional_token(BOB, None, asked) == BOB
    signed_in = gr.OAuthToken(token=BOB, scope="", expires_at=0)
    assert hub_events.optional_token("", signed_in, asked) == BOB
    monkeypatch.setenv("SPACE_ID", "owner/page")
    assert hub_events.optional_token("", None, asked) is False
    with pytest.raises(HubError, match="Sign in"):
        hub_events.token_of("", None, asked)


def test_signing_in_is_offered_where_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OAUTH_CLIENT_ID", raising=False)
    assert not hub_column.can_sign_in()
    monkeypatch.setenv("SPACE_ID", "owner/page")
    assert not hub_column.can_sign_in()
    monkeypatch.setenv("OAUTH_CLIENT_ID", "id")
    assert hub_column.can_sign_in()


def test_the_box_of_the_token_is_emptied_at_once(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    visitor = Visitor().with_model(trained(), "cat")
    told = list(
        hub_events.share_model(visitor, "mine", "mit", True, True, ALICE, Asked(), None)  # type: ignore[arg-type]
    )
    assert {box for _, box in told} == {""}
    assert ALICE not in json.dumps([card for card, _ in told])
    assert [address for _, address in told[-1][0]["links"]] == [
        f"{hub.url}/alice/mine",
        "http://localhost:7860/?model=alice/mine",
        f"{hub.url}/spaces/alice/mine",
    ]
    assert hub.model("alice/mine").private
    assert hub.repos["spaces/alice/mine"].private
    ((card, box),) = hub_events.share_model(
        visitor, "mine", "mit", True, False, "oh", Asked(), None
    )  # type: ignore[arg-type]
    assert (card["state"], box) == ("failed", "")


def test_a_gallery_without_a_hub_is_a_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    value, most = hub_events.gallery("newest", 24)
    assert [item["repo_id"] for item in value["items"]] == ["alice/sea"]
    assert most == 48
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    value, most = hub_events.gallery("liked", 48)
    assert (value["items"], most) == ([], 24)
    assert "cannot be reached" in value["advice"]


def test_push_and_pull_from_a_client(hub: Hub, tmp_path: Path) -> None:
    """On the user's own machine, with HF_TOKEN set."""
    keep = {"CHARRNN_KEEP": str(tmp_path / "bucket")}
    with serving(tmp_path, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0", HF_TOKEN=ALICE, **keep) as url:
        client = Client(url, verbose=False)
        assert "over a restart" in json.dumps(client.config["components"])  # told to visitors
        told = client.predict("alice/sea", "", api_name="/pull")
        assert told == {"repo_id": "alice/sea", "revision": hub.model("alice/sea").main}
        address = f"{hub.url}/alice/sea"
        names = "alice/sea/", " alice/sea@main", "hf://alice/sea", "hf://alice/sea@main"
        for typed in (*names, "https://huggingface.co/alice/sea", address, f"{address}/tree/main"):
            assert client.predict(typed, "", api_name="/pull") == told
        done = client.predict("again", "mit", False, api_name="/push")
        assert done["url"] == f"{hub.url}/alice/again"
        assert "license: mit" in text_of(hub, "alice/again")
        with pytest.raises(Exception, match="no alice/none on the Hub"):
            client.predict("alice/none", "", api_name="/pull")
        named: Any = client.view_api(return_format="dict", print_info=False)
        assert {"/push", "/pull"} <= named["named_endpoints"].keys()
        asked = json.dumps(named["named_endpoints"]).lower()
        assert "password" not in asked
        client.close()
    log = (tmp_path / "log.txt").read_text()
    assert ALICE not in log


def test_a_visitor_signed_in_on_a_space(hub: Hub, tmp_path: Path) -> None:
    """The session cookie is the one that Gradio's own sign-in leaves; the owner has a token too."""
    space = {
        "SPACE_ID": "owner/page", "SYSTEM": "spaces", "OAUTH_CLIENT_ID": "id",
        "OAUTH_CLIENT_SECRET": SECRET, "OAUTH_SCOPES": "openid profile contribute-repos",
        "OPENID_PROVIDER_URL": hub.url, "SPACE_HOST": f"127.0.0.1:{free_port()}",
    }  # fmt: skip
    owner = "hf_" + "owner" * 6
    with serving(tmp_path, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0", HF_TOKEN=owner, **space) as url:
        stranger = Client(url, verbose=False)
        with pytest.raises(Exception, match="Sign in"):
            stranger.predict("mine", "mit", False, api_name="/push")
        assert stranger.predict("alice/sea", "", api_name="/pull")["repo_id"] == "alice/sea"
        visitor = Client(url, verbose=False, headers={"cookie": f"session={session(BOB)}"})
        done = visitor.predict("mine", "mit", False, api_name="/push")
        assert done["repo_id"] == "bob/mine"
        stranger.close()
        visitor.close()
    assert owner not in {asked.token for asked in hub.log}
    assert "/spaces/owner/page?model=bob/mine" in text_of(hub, "bob/mine")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if BOB.encode() in path.read_bytes()] == []


def session(token: str) -> str:
    """A session cookie as the page signs it after a sign-in."""
    profile = {"sub": "1", "name": "Bob", "preferred_username": "bob", "profile": "", "picture": ""}
    info = {"access_token": token, "scope": "", "expires_at": 4e9, "userinfo": profile}
    key = hashlib.sha256(f"{SECRET}-v4".encode()).hexdigest()
    data = base64.b64encode(json.dumps({"oauth_info": info}).encode())
    return itsdangerous.TimestampSigner(key).sign(data).decode()


def test_a_hub_that_is_silent_does_not_hold_the_page(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, set_deadline: Callable[[float], None]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    set_deadline(1.0)
    hub.faults.append(Fault("/api/models/", delay=20, cut="request"))
    told = list(hub_events.open_model(Visitor(), "alice/sea", "", "", Asked("10.0.0.1"), None))  # type: ignore[arg-type]
    hub.faults.clear()
    assert "in time" in told[-1][1]["advice"]

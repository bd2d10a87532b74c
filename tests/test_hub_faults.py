"""Every fault of the Hub ends as one plain sentence and leaves both sides intact."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import numpy as np
import pytest
from hubs import trained
from standin import ALICE, BOB, Fault, Hub, User

import charrnn.hub.calls
from charrnn.hub import HubError, from_hub, gallery, push_page, push_to_hub, pushing

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the client's

SILENT = 3600.0
"""Seconds until an answer: a call that waits for it hits the test's own time limit."""


@pytest.fixture(autouse=True)
def short_deadline(set_deadline: Callable[[float], None]) -> None:
    set_deadline(3.0)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """A Hub where alice has two models, one of them private, and bob has a gated one."""
    with Hub().serve() as served:
        push_to_hub(trained(), "alice/sea", token=ALICE, endpoint=served.url)
        push_to_hub(trained(), "bob/gated", token=BOB, endpoint=served.url)
        served.model("bob/gated").gated = True
        yield served


@pytest.fixture(autouse=True)
def healed(hub: Hub) -> Iterator[None]:
    yield
    hub.faults.clear()


def push(hub: Hub) -> object:
    other = trained().with_vector(trained().parameters.vector * 0.5)
    return push_to_hub(other, "alice/sea", token=ALICE, endpoint=hub.url)


def push_new(hub: Hub) -> object:
    return push_to_hub(trained(), f"alice/new{len(hub.repos)}", token=ALICE, endpoint=hub.url)


def pull(hub: Hub) -> object:
    return from_hub("alice/sea", endpoint=hub.url)


def pull_signed_in(hub: Hub) -> object:
    return from_hub("alice/sea", token=ALICE, endpoint=hub.url)


def browse(hub: Hub) -> object:
    return gallery(endpoint=hub.url)


def page(hub: Hub) -> object:
    return push_page("<p>", f"alice/page{len(hub.repos)}", token=ALICE, endpoint=hub.url)


def fails(call: Callable[[], object], sentence: str) -> None:
    """Run a call that must fail with this sentence, and without a secret in the message."""
    with pytest.raises(HubError, match=sentence) as caught:
        call()
    said = str(caught.value)
    assert "hf_" not in said
    assert "http" not in said
    assert said.endswith(".")
    assert "\n" not in said
    assert caught.value.__cause__ is None


FAULTS: list[tuple[Callable[[Hub], object], Fault, str]] = [
    (push, Fault("whoami", status=401), "does not accept the token"),
    (push, Fault("whoami", status=429), "too many requests"),
    (push, Fault("whoami", status=500), "trouble .error 500"),
    (push, Fault("whoami", body=b"<html>"), "makes no sense"),
    (push, Fault("whoami", body=b"[]"), "makes no sense"),
    (push, Fault("whoami", cut="request"), "in time"),
    (push, Fault("whoami", cut="response"), "in time"),
    (push, Fault("whoami", delay=SILENT), "in time"),
    (push, Fault("whoami", trickle=0.2), "in time"),
    (push_new, Fault("repos/create", status=401), "does not accept the token"),
    (push_new, Fault("repos/create", status=402), "paid plan"),
    (push_new, Fault("repos/create", status=403), "no right"),
    (push_new, Fault("repos/create", status=409), "refused .* .error 409"),
    (push_new, Fault("repos/create", status=429), "too many requests"),
    (push_new, Fault("repos/create", status=503), "trouble"),
    (push_new, Fault("repos/create", delay=SILENT), "in time"),
    (push, Fault("/api/models/alice/sea$", status=403), "no right"),
    (push, Fault("/api/models/alice/sea$", delay=SILENT), "in time"),
    (push, Fault("validate-yaml", status=503), "trouble"),
    (push, Fault("preupload", status=403), "no right"),
    (push, Fault("preupload", status=429, headers={"RateLimit": '"api";r=0;t=280'}), "too many"),
    (push, Fault("preupload", status=502), "trouble .error 502"),
    (push, Fault("preupload", delay=SILENT), "in time"),
    (push, Fault("preupload", body=b"{}"), "makes no sense"),
    (push, Fault("/commit/", status=401), "does not accept the token"),
    (push, Fault("/commit/", status=403), "no right"),
    (push, Fault("/commit/", status=412), "changed by someone else"),
    (push, Fault("/commit/", status=413), "refused .* .error 413"),
    (push, Fault("/commit/", status=500), "trouble"),
    (push, Fault("/commit/", cut="request"), "in time"),
    (push, Fault("/commit/", delay=SILENT), "in time"),
    (pull, Fault("/api/models/", status=401), "no alice/sea on the Hub"),
    (pull_signed_in, Fault("/api/models/", status=401), "does not accept the token"),
    (pull, Fault("/api/models/", status=403), "may not read"),
    (pull, Fault("/api/models/", status=429), "too many requests"),
    (pull, Fault("/api/models/", status=504), "trouble .error 504"),
    (pull, Fault("/api/models/", body=b"null"), "makes no sense"),
    (pull, Fault("/api/models/", cut="response"), "in time"),
    (pull, Fault("/api/models/", delay=SILENT), "in time"),
    (pull, Fault("/api/models/", trickle=0.2), "in time"),
    (pull, Fault("/resolve/", status=403), "may not read"),
    (pull, Fault("/resolve/", status=429), "too many requests"),
    (pull, Fault("/resolve/", status=500), "trouble"),
    (pull, Fault("/resolve/", delay=SILENT), "in time"),
    (pull, Fault("/resolve/", cut="request"), "in time|no sense"),
    (browse, Fault("/api/models", status=500), "trouble"),
    (browse, Fault("/api/models", status=429), "too many|trouble"),
    (browse, Fault("/api/models", body=b"nonsense"), "makes no sense"),
    (browse, Fault("/api/models", delay=SILENT), "trouble|in time"),
    (page, Fault("/commit/", status=500), "trouble"),
    (page, Fault("repos/create", status=402), "paid plan"),
]  # fmt: skip
XET_FAULTS = [
    (push, Fault("xet-write-token", status=403), "no right"),
    (push, Fault("xet-write-token", status=401), "does not accept the token"),
    (push, Fault("/xorbs/", status=403), "no right|in time"),
    (push, Fault("/shards", status=400), "error 400|in time"),
    (push, Fault("/xorbs/", delay=SILENT), "in time"),
    (pull, Fault("xet-read-token", status=403), "may not read"),
    (pull, Fault("/reconstructions/", status=404), "on the Hub, or|in time"),
    (pull, Fault("/_cas/xorb/", delay=SILENT), "in time"),
]
LFS_FAULTS = [
    (push, Fault("objects/batch", status=403), "no right"),
    (push, Fault("/_s3/", status=500), "trouble"),
    (push, Fault("/_s3/", cut="request"), "in time"),
    (push, Fault("/_s3/", delay=SILENT), "in time"),
    (push, Fault("objects/verify", status=404), "on the Hub, or"),
    (pull, Fault("/_cdn/", status=403), "may not read"),
    (pull, Fault("/_cdn/", cut="response"), "in time"),
    (pull, Fault("/_cdn/", trickle=0.2), "in time"),
]


def named(case: object) -> str | None:
    if isinstance(case, Fault):
        kind = case.status or case.cut or (case.body or b"").decode()
        return f"{case.path}-{kind or 'silence'}"
    return getattr(case, "__name__", "")


@pytest.mark.parametrize(("call", "fault", "sentence"), FAULTS, ids=named)
def test_fault(hub: Hub, call: Callable[[Hub], object], fault: Fault, sentence: str) -> None:
    check(hub, call, fault, sentence)


@pytest.mark.parametrize("number", range(len(XET_FAULTS)))
def test_fault_of_storage(storage: str, number: int) -> None:
    """Uses a new Hub, because hf_xet keeps tokens and connections for one that it knows."""
    call, fault, sentence = (XET_FAULTS if storage == "xet" else LFS_FAULTS)[number]
    with Hub().serve() as hub:
        push_to_hub(trained(), "alice/sea", token=ALICE, endpoint=hub.url)
        check(hub, call, fault, sentence)


def check(hub: Hub, call: Callable[[Hub], object], fault: Fault, sentence: str) -> None:
    """The call fails as it should, leaves the Hub as it was, and works once the fault is gone."""
    before = {name: repo.main for name, repo in hub.repos.items()}
    fault.times = 1000
    hub.faults.append(fault)
    fails(lambda: call(hub), sentence)
    assert {name: hub.repos[name].main for name in before} == before
    hub.faults.clear()
    if call is not browse:
        assert np.isfinite(from_hub("alice/sea", endpoint=hub.url).parameters.vector).all()


def test_nobody_listens(hub: Hub) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    model = trained()
    fails(lambda: push_to_hub(model, "alice/x", token=ALICE, endpoint=nowhere), "cannot be reached")
    fails(lambda: from_hub("alice/x", endpoint=nowhere), "cannot be reached")
    fails(lambda: gallery(endpoint=nowhere), "cannot be reached")


def test_what_is_not_there_or_not_yours(hub: Hub) -> None:
    for token in (False, ALICE):
        fails(lambda t=token: from_hub("alice/no", token=t, endpoint=hub.url), "no alice/no on")
        fails(lambda t=token: from_hub("bob/gated", token=t, endpoint=hub.url), "is gated")
    fails(lambda: from_hub("alice/sea", revision="v9", endpoint=hub.url), "no such revision")
    fails(lambda: push_to_hub(trained(), "bob/mine", token=ALICE, endpoint=hub.url), "no right to")
    unknown = "hf_" + "x" * 30
    fails(lambda: push_to_hub(trained(), "alice/x", token=unknown, endpoint=hub.url), "not accept")


def test_someone_else_commits_in_the_meantime(hub: Hub) -> None:
    """Our commit's parent is the one whose card we read, so a newer commit is not overwritten."""
    newer = b"---\ntags: [charrnn]\n---\nnewer words"
    repo = hub.model("alice/sea")
    commit = partial(repo.write, "README.md", newer, "alice")
    hub.faults.append(Fault("preupload", action=commit, times=1))
    with pytest.raises(HubError, match="changed by someone else"):
        push(hub)
    assert repo.files["README.md"].data == newer


def test_leaving_stops_the_call_before_its_commit(hub: Hub) -> None:
    before = hub.model("alice/sea").main
    hub.faults.append(Fault("preupload", delay=0.5))
    threads = set(threading.enumerate())
    transfers = pushing(
        trained().with_vector(trained().parameters.vector * 0.25),
        "alice/sea", token=ALICE, endpoint=hub.url,
    )  # fmt: skip
    next(transfers)
    (worker,) = set(threading.enumerate()) - threads
    transfers.close()
    worker.join(30)
    assert hub.model("alice/sea").main == before


def test_a_hub_that_is_slow_but_works(hub: Hub, set_deadline: Callable[[float], None]) -> None:
    set_deadline(50.0)
    hub.faults += [Fault("whoami", delay=2), Fault("/commit/", delay=2)]
    assert push_to_hub(trained(), "alice/slow", token=ALICE, endpoint=hub.url).changed


@pytest.mark.slow
@pytest.mark.parametrize("path", ["whoami", "preupload", "/api/models/", "/resolve/"])
def test_silence_ends_with_the_real_deadline(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert charrnn.hub.calls.DEADLINE < 60
    with Hub({ALICE: User("alice")}).serve() as silent:
        push_to_hub(trained(), "alice/sea", token=ALICE, endpoint=silent.url)
        silent.faults.append(Fault(path, delay=SILENT))
        call = pull if path == "/resolve/" else push
        fails(lambda: call(silent), "in time")

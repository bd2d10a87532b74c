"""What must not happen on the Hub: leaks, overwriting, hostile files, misplaced tokens."""

from __future__ import annotations

from pathlib import Path

import hostile
import huggingface_hub
import pytest
from hubs import text_of, writes
from standin import ALICE, ALICE_READS, BOB, Hub
from standin.uploads import store_large

from charrnn import CharRNN
from charrnn.hub import HubError, from_hub, gallery, push_page, push_to_hub
from charrnn.training.checkpoint import Checkpoint

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the client's


def test_another_repository_is_not_overwritten(hub: Hub, model: CharRNN) -> None:
    api = huggingface_hub.HfApi(endpoint=hub.url, token=ALICE)
    api.create_repo("alice/thesis")
    hub.model("alice/thesis").write("thesis.pdf", b"years of work")
    with pytest.raises(HubError, match="holds something else"):
        push_to_hub(model, "alice/thesis", token=ALICE, endpoint=hub.url)
    assert set(hub.model("alice/thesis").files) == {".gitattributes", "thesis.pdf"}


def test_a_private_model_never_enters_a_public_repository(hub: Hub, model: CharRNN) -> None:
    push_to_hub(model, "alice/open", token=ALICE, endpoint=hub.url)
    before = hub.model("alice/open").main
    with pytest.raises(HubError, match="is public"):
        push_to_hub(model, "alice/open", token=ALICE, private=True, endpoint=hub.url)
    assert hub.model("alice/open").main == before


def test_a_private_model_does_not_leak_to_the_next_visitor(hub: Hub, model: CharRNN) -> None:
    push_to_hub(model, "alice/secret", token=ALICE, private=True, endpoint=hub.url)
    assert from_hub("alice/secret", token=ALICE, endpoint=hub.url).metadata["hub"]
    for token in (False, BOB):
        with pytest.raises(HubError, match="no alice/secret on the Hub"):
            from_hub("alice/secret", token=token, endpoint=hub.url)
    assert "alice/secret" not in [m.repo_id for m in gallery(limit=100, endpoint=hub.url)]


def test_the_owners_token_of_a_space_serves_nobody(
    hub: Hub, model: CharRNN, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = "hf_" + "canary" * 5
    monkeypatch.setenv("HF_TOKEN", canary)
    monkeypatch.setenv("SPACE_ID", "owner/page")
    with pytest.raises(HubError, match="Sign in first"):
        push_to_hub(model, "alice/x", endpoint=hub.url)
    push_to_hub(model, "alice/on-a-space", token=ALICE, endpoint=hub.url)
    from_hub("alice/on-a-space", endpoint=hub.url)
    gallery(endpoint=hub.url)
    assert canary not in {asked.token for asked in hub.log}
    assert f"{hub.url}/spaces/owner/page?model=alice/on-a-space".replace(hub.url, "") in text_of(
        hub, "alice/on-a-space"
    )


@pytest.mark.parametrize(
    "bad",
    ["", " ", "hf_", "hf_short", "secret", ALICE + "\n" + ALICE, ALICE + "\x00", ALICE + "é",
     ALICE[:-1] + "\u200b", "Bearer " + ALICE, ALICE + " " + ALICE, "x" * 5000],
)  # fmt: skip
def test_what_is_no_token_is_neither_sent_nor_repeated(hub: Hub, model: CharRNN, bad: str) -> None:
    asked = len(hub.log)
    for call in (
        lambda: push_to_hub(model, "alice/x", token=bad, endpoint=hub.url),
        lambda: from_hub("alice/x", token=bad, endpoint=hub.url),
        lambda: push_page("<p>", "alice/x", token=bad, endpoint=hub.url),
    ):
        with pytest.raises(HubError) as caught:
            call()
        assert len(bad.strip()) < 5 or bad.strip() not in str(caught.value)
    assert len(hub.log) == asked


@pytest.mark.parametrize(
    "name",
    ["", "/", "a/b/c", "../x", "a/..", "-a/b", "a b/c", "ä/b", "a/b.git", "a/" + "x" * 200],
)
def test_what_is_no_name_is_not_asked_for(hub: Hub, model: CharRNN, name: str) -> None:
    asked = len(hub.log)
    for call in (
        lambda: push_to_hub(model, name, token=ALICE, endpoint=hub.url),
        lambda: from_hub(name, endpoint=hub.url),
        lambda: from_hub("alice/x", revision=f"../{name}", endpoint=hub.url),
    ):
        with pytest.raises(HubError):
            call()
    assert len(hub.log) == asked


def test_the_size_is_read_before_the_file(hub: Hub, model: CharRNN) -> None:
    push_to_hub(model, "alice/large", token=ALICE, endpoint=hub.url)
    asked = len(hub.log)
    with pytest.raises(HubError, match=r"the limit here is 0.0 MB"):
        from_hub("alice/large", max_bytes=2000, endpoint=hub.url)
    assert len(hub.log) == asked + 1


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 no zip", b"\x80\x04\x95 a pickle", b"<html>", b"\x00" * 4000]
)
def test_a_hostile_file_is_one_sentence(hub: Hub, model: CharRNN, data: bytes) -> None:
    push_to_hub(model, "bob/trap", token=BOB, endpoint=hub.url)
    store_large(hub, hub.model("bob/trap"), "weights.npz", data)
    with pytest.raises(HubError, match=r"^bob/trap cannot be opened"):
        from_hub("bob/trap", endpoint=hub.url)


def test_the_hostile_corpus_comes_to_nothing(hub: Hub, model: CharRNN, tmp_path: Path) -> None:
    """Every 20th of the files that tests/hostile.py judges, served by the stand-in."""
    canary = tmp_path / "canary"
    push_to_hub(model, "bob/corpus", token=BOB, endpoint=hub.url)
    cases = [case for case in hostile.corpus(str(canary)) if not case.healthy][::20]
    assert len(cases) > 10
    for case in cases:
        data = case.build()
        if len(data) > 1 << 20:
            continue
        store_large(hub, hub.model("bob/corpus"), "weights.npz", data)
        with pytest.raises(HubError, match=r"^bob/corpus (cannot be opened|takes)") as caught:
            from_hub("bob/corpus", endpoint=hub.url)
        assert str(caught.value).isprintable(), case.name
    assert not canary.exists()


def test_a_model_under_another_file_name_is_found(hub: Hub, model: CharRNN) -> None:
    api = huggingface_hub.HfApi(endpoint=hub.url, token=BOB)
    api.create_repo("bob/by-hand")
    data = Checkpoint(model).to_bytes()
    api.upload_file(path_or_fileobj=data, path_in_repo="book.npz", repo_id="bob/by-hand")
    assert writes(from_hub("bob/by-hand", endpoint=hub.url)) == writes(model)
    hub.model("bob/by-hand").write("other.npz", b"x")
    with pytest.raises(HubError, match="holds no charrnn model"):
        from_hub("bob/by-hand", endpoint=hub.url)


def test_a_token_that_may_only_read(hub: Hub, model: CharRNN) -> None:
    with pytest.raises(HubError, match="may only read"):
        push_to_hub(model, "alice/x", token=ALICE_READS, endpoint=hub.url)

"""Models on the Hub, with the real client over real HTTP: pushed, pulled and listed."""

from __future__ import annotations

import json
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from hubs import text_of, writes
from standin import ALICE, Hub
from standin.repos import space_faults
from standin.store import front_matter, small

import charrnn
from charrnn import CharRNN
from charrnn.hub import (
    HubError,
    from_hub,
    gallery,
    pulling,
    push_page,
    push_to_hub,
    pushing,
)
from charrnn.hub.spaces.files import files_of_space

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the client's


def test_what_is_pushed_comes_back_the_same(hub: Hub, model: CharRNN, storage: str) -> None:
    name = "alice/there-and-back-" + storage
    done = push_to_hub(model, name, token=ALICE, license="mit", endpoint=hub.url)
    assert (done.repo_id, done.url, done.private, done.changed) == (
        name,
        f"{hub.url}/{name}",
        False,
        True,
    )
    found = from_hub(name, endpoint=hub.url)
    assert found.metadata["hub"] == {"repo_id": name, "revision": done.revision}
    assert np.array_equal(found.parameters.vector, model.parameters.vector)
    assert writes(found) == writes(model)
    assert set(hub.model(name).files) == {
        ".gitattributes",
        "model.safetensors",
        "weights.npz",
        "config.json",
        "README.md",
    }
    assert json.loads(text_of(hub, name, "config.json"))["hidden_size"] == 12
    assert hub.model(name).downloads == 1


def test_a_push_is_one_commit_and_the_same_push_is_none(
    hub: Hub, model: CharRNN, storage: str
) -> None:
    name = "alice/twice-" + storage
    first = push_to_hub(model, name, token=ALICE, endpoint=hub.url)
    again = push_to_hub(from_hub(name, endpoint=hub.url), name, token=ALICE, endpoint=hub.url)
    assert (again.changed, again.revision) == (False, first.revision)
    other = model.with_vector(model.parameters.vector * 0.5)
    assert push_to_hub(other, name, token=ALICE, endpoint=hub.url).changed
    assert len(hub.model(name).commits) == 3  # the Hub's own first one, and two
    old = from_hub(name, revision=first.revision, endpoint=hub.url)
    assert np.array_equal(old.parameters.vector, model.parameters.vector)


def test_a_name_alone_goes_to_the_owner_of_the_token(hub: Hub, model: CharRNN) -> None:
    done = push_to_hub(model, "alone", token=f"  {ALICE}\n", private=True, endpoint=hub.url)
    assert (done.repo_id, done.private) == ("alice/alone", True)


def test_progress_goes_up_and_ends_with_the_result(hub: Hub, model: CharRNN) -> None:
    for transfers in (
        pushing(model, "alice/progress", token=ALICE, endpoint=hub.url),
        pulling("alice/progress", endpoint=hub.url),
    ):
        steps = list(transfers)
        assert [t.fraction for t in steps] == sorted(t.fraction for t in steps)
        assert all(t.result is None and t.step for t in steps[:-1])
        assert steps[-1].result is not None
        assert steps[-1].fraction == 1


def test_the_gallery_with_none_and_with_hundreds(model: CharRNN) -> None:
    with Hub(page=100).serve() as empty:
        assert gallery(endpoint=empty.url) == []
        push_to_hub(model, "alice/one", token=ALICE, license="mit", endpoint=empty.url)
        pushed = empty.model("alice/one")
        for i in range(250):
            other = f"alice/m{i:03}"
            empty.repos[f"models/{other}"] = type(pushed)("models", other, likes=i % 7)
            commit = empty.model(other).add("x", "alice", dict(pushed.files))
            commit.date = f"2027-01-01T00:{i // 60:02}:{i % 60:02}.000Z"
        strange = b"---\ntags: [charrnn]\nmodel-index: {a: [3]}\nlicense: [1]\n---\n"
        commit = empty.model("alice/m249").add("x", "alice", {"README.md": small(strange)})
        commit.date = "2027-01-02T00:00:00.000Z"
        found = gallery("liked", 240, endpoint=empty.url)
        assert len(found) == 240
        assert [m.likes for m in found] == sorted((m.likes for m in found), reverse=True)
        assert found[0].loss == round(model.metadata["best_loss"], 4)
        assert (found[0].corpus, found[0].cell) == ("cat", "lstm")
        newest = gallery("newest", 2, endpoint=empty.url)
        assert [m.repo_id for m in newest] == ["alice/m249", "alice/m248"]
        assert newest[0].loss is None


def test_a_playable_page_becomes_a_static_space(hub: Hub, model: CharRNN) -> None:
    page = "<!doctype html><title>é</title>"
    done = push_page(page, "sea", title="Sea", model_id="alice/sea", token=ALICE, endpoint=hub.url)
    assert done.url == f"{hub.url}/spaces/alice/sea"
    data = front_matter(text_of(hub, "alice/sea", kind="spaces"))
    assert space_faults(data) == []
    assert (data["sdk"], data["models"], data["app_file"]) == (
        "static",
        ["alice/sea"],
        "index.html",
    )
    assert text_of(hub, "alice/sea", "index.html", "spaces") == page
    assert not push_page(
        page, "alice/sea", title="Sea", model_id="alice/sea", token=ALICE, endpoint=hub.url
    ).changed


def test_another_space_is_not_overwritten(hub: Hub) -> None:
    api = huggingface_hub.HfApi(endpoint=hub.url, token=ALICE)
    api.create_repo("alice/shop", repo_type="space", space_sdk="static")
    hub.repos["spaces/alice/shop"].write("index.html", b"my shop")
    with pytest.raises(HubError, match="something else"):
        push_page("<p>", "alice/shop", token=ALICE, endpoint=hub.url)


def test_what_is_deployed_comes_from_a_checkout(hub: Hub, tmp_path: Path) -> None:
    root = Path(charrnn.__file__).parents[1]
    files = files_of_space(root)
    assert {"app.py", "requirements.txt", "charrnn/hub/push.py", "charrnn/ui/page.css"} <= set(
        files
    )
    assert not [path for path in files if "__pycache__" in path or path.startswith("tests/")]
    with pytest.raises(HubError, match="checkout"):
        files_of_space(tmp_path)

"""`deploy` for every account, against a stand-in of the Hub over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from hubs import trained
from standin import ALICE, BOB, Hub, User
from standin.repos import space_faults
from standin.store import front_matter, small

import charrnn
from charrnn.__main__ import main
from charrnn.hub import HubError, deploying, planning, result_of, starting
from charrnn.hub.spaces import deploy
from charrnn.service.disk_store import KEPT

ROOT = Path(charrnn.__file__).parents[1]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with Hub().serve() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("HF_TOKEN", ALICE)
        monkeypatch.setattr(deploy, "PAUSE", 0.01)
        yield served


@pytest.mark.parametrize(("pro", "hardware"), [(False, "zero-a10g"), (True, "cpu-basic")])
def test_a_space_is_made_on_what_the_account_can_have(
    hub: Hub, capsys: pytest.CaptureFixture[str], pro: bool, hardware: str
) -> None:
    hub.tokens[ALICE] = User("alice", pro=pro)
    assert main(["deploy", "page", "--dry-run"]) == 0
    assert f"{'cpu-basic' if pro else 'ZeroGPU'}" in capsys.readouterr().out
    assert not hub.repos
    assert main(["deploy", "page", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["running"]
    space = hub.repos["spaces/alice/page"]
    assert (space.hardware, printed["url"]) == (hardware, f"{hub.url}/spaces/alice/page")
    assert {
        "app.py",
        "docs/how-it-works.md",
        "docs/pictures/first-screen-light.png",
        "docs/pictures/first-screen-dark.png",
    } <= set(space.files)
    readme = (space.files["README.md"].data or b"").decode()
    metadata = front_matter(readme)
    assert space_faults(metadata) == []
    address = f"{hub.url}/spaces/alice/page/resolve/main/"
    assert metadata["thumbnail"].removeprefix(address) in space.files
    assert readme.endswith((ROOT / "README.md").read_text(encoding="utf-8")[-500:])
    page = f"{hub.url}/spaces/alice/page"
    notebook = (space.files["docs/charrnn.ipynb"].data or b"").decode()
    assert f"pip install --quiet git+{page} " in notebook
    for document in (readme, notebook):
        assert f"https://colab.research.google.com/#fileId={page}/blob/main/docs/" in document
        assert "OWNER" not in document
    assert nbformat.reads(notebook, as_version=4).cells
    assert not [asked for asked in hub.unknown if "/_cas/" not in asked]


def test_a_second_run_updates_the_space(hub: Hub) -> None:
    first = result_of(deploying("alice/page", ROOT))
    space = hub.repos["spaces/alice/page"]
    assert not result_of(deploying("alice/page", ROOT)).changed
    space.add("x", "alice", {**space.files, "charrnn/old.py": small(b"old"), "mine": small(b"m")})
    assert result_of(planning("alice/page")).exists
    second = result_of(deploying("alice/page", ROOT))
    assert second.changed
    assert second.revision != first.revision
    assert "charrnn/old.py" not in space.files
    assert "mine" in space.files
    assert [asked.path for asked in hub.log].count("/api/repos/create") == 1


def test_hardware_that_is_not_to_be_had_is_refused_with_what_to_do(hub: Hub) -> None:
    with pytest.raises(HubError, match=r"PRO or credit.*--page"):
        result_of(deploying("alice/page", ROOT, hardware="cpu-basic"))
    assert not hub.repos
    for name in ("one", "two"):
        result_of(deploying(f"alice/{name}", ROOT))
    with pytest.raises(HubError, match=r"has all the Spaces it may have.*--page"):
        result_of(deploying("alice/three", ROOT))
    with pytest.raises(HubError, match="PRO or credit"):
        result_of(deploying("alice/two", ROOT, hardware="cpu-upgrade"))
    hub.tokens[ALICE] = User("alice", pro=True)
    result_of(deploying("alice/two", ROOT, hardware="cpu-upgrade"))
    assert hub.repos["spaces/alice/two"].hardware == "cpu-upgrade"


def test_it_waits_until_the_new_revision_runs_or_cannot(hub: Hub) -> None:
    pushed = result_of(deploying("alice/page", ROOT))
    space = hub.repos["spaces/alice/page"]
    space.stages = ["BUILDING", "APP_STARTING", "RUNNING"]
    steps = list(starting("alice/page", revision=pushed.revision))
    assert [step.result for step in steps] == [None, None, f"{hub.url}/spaces/alice/page"]
    space.stages = ["BUILDING", "RUNTIME_ERROR"]
    with pytest.raises(HubError, match=r"ended by itself \(Exit code: 1\).*logs"):
        result_of(starting("alice/page"))
    space.stages = []
    with pytest.raises(HubError, match="has not started"):
        result_of(starting("alice/page", revision="0" * 40, seconds=0.2))


def test_visitors_models_go_to_a_private_bucket(hub: Hub) -> None:
    for _ in range(2):
        result_of(deploying("alice/page", ROOT, keep=True))
    space = hub.repos["spaces/alice/page"]
    (volume,) = space.volumes
    assert (volume["type"], volume["source"]) == ("bucket", "alice/page-models")
    assert space.variables == {"CHARRNN_KEEP": volume["mountPath"]}
    assert "alice/page-models" in hub.jobs.buckets
    result_of(deploying("alice/page", ROOT))  # keeps what an earlier run has mounted
    told = (space.files["README.md"].data or b"").decode().partition("## What this Space keeps")[2]
    assert "alice/page-models" in told
    assert f"{KEPT / 3600:.0f} hours" in told


def test_the_space_names_its_owners_public_models(hub: Hub) -> None:
    trained().push_to_hub("alice/sea", token=ALICE, endpoint=hub.url)
    trained().push_to_hub("alice/diary", token=ALICE, endpoint=hub.url, private=True)
    trained().push_to_hub("bob/sea", token=BOB, endpoint=hub.url)
    result_of(deploying("alice/page", ROOT))
    readme = (hub.repos["spaces/alice/page"].files["README.md"].data or b"").decode()
    assert front_matter(readme)["models"] == ["alice/sea"]
    assert "What this Space keeps" not in readme

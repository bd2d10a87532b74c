"""Models under the names that people type, in folders, and in this machine's cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hubs import trained, writes
from standin import ALICE, Fault, Hub
from waiting import wait_until

import charrnn
from charrnn import CharRNN
from charrnn.hub import HubError, calls, from_hub
from charrnn.hub.names import bare_name, checked_model

ROOT = Path(charrnn.__file__).parents[1]
NAME = "alice/typed"


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub().serve() as served:
        trained().push_to_hub(NAME, token=ALICE, endpoint=served.url)
        yield served


@pytest.mark.parametrize(
    ("typed", "revision"),
    [
        ("alice/typed", ""), ("alice/typed/", ""), (" alice/typed ", ""), ("alice/typed@v1", "v1"),
        ("hf://alice/typed", ""), ("hf://alice/typed@v1", "v1"), ("hf://models/alice/typed", ""),
        ("hf://alice/typed@v1/weights.npz", "v1"), ("alice/typed@refs/pr/3", "refs/pr/3"),
        ("https://huggingface.co/alice/typed", ""), ("http://huggingface.co/alice/typed/", ""),
        ("HTTPS://HuggingFace.co/alice/typed", ""), ("huggingface.co/alice/typed", ""),
        ("hf.co/alice/typed", ""), ("https://huggingface.co/alice/typed?a=b#c", ""),
        ("https://huggingface.co/alice/typed/tree/v1", "v1"),
        ("https://huggingface.co/alice/typed/blob/v1/README.md", "v1"),
        ("http://hub.example:80/x/alice/typed", ""),
        ("http://hub.example:80/x/alice/typed@v1", "v1"),
    ],
)  # fmt: skip
def test_every_way_to_write_a_name(typed: str, revision: str) -> None:
    endpoint = "http://hub.example:80/x/"
    assert checked_model(typed, None, endpoint) == (NAME, revision or None)
    assert checked_model(typed, revision or None, endpoint) == (NAME, revision or None)


@pytest.mark.parametrize(
    "typed",
    ["https://evil.example/alice/typed", "https://huggingface.co/datasets/a/b", "spaces/a/b",
     "hf://datasets/a/b", "a/b/c/d", "", "hf://", "@v1", "a/b@../x", "a/b/blob/main/x"],
)  # fmt: skip
def test_what_names_no_model_is_refused(typed: str) -> None:
    if typed == "a/b/blob/main/x":
        assert checked_model(typed) == ("a/b", "main")
        return
    with pytest.raises(HubError):
        checked_model(typed)


def test_two_revisions_and_a_revision_to_write_to_are_refused() -> None:
    with pytest.raises(HubError, match="Leave one"):
        checked_model("a/b@v1", "v2")
    with pytest.raises(HubError, match="Leave the revision out"):
        bare_name("a/b@v1")
    assert bare_name("https://huggingface.co/datasets/a/b", "datasets") == "a/b"


def test_methods_of_a_model(hub: Hub, tmp_path: Path) -> None:
    model = trained()
    model.save_pretrained(tmp_path / "book", license="mit")
    files = {path.name for path in (tmp_path / "book").iterdir()}
    assert files == {"weights.npz", "config.json", "README.md", "model.safetensors"}
    for name in (tmp_path / "book", str(tmp_path / "book"), tmp_path / "book" / "weights.npz"):
        assert writes(CharRNN.from_pretrained(name)) == writes(model)
    pulled = CharRNN.from_pretrained(f"{hub.url}/{NAME}/", endpoint=hub.url, cache=False)
    assert writes(pulled) == writes(model)
    for empty in (tmp_path, tmp_path / "none"):
        with pytest.raises(HubError):
            CharRNN.from_pretrained(empty)


def test_the_library_opens_the_tensors_of_a_repository(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    model = trained()
    model.save_pretrained(tmp_path)
    found = load_file(tmp_path / "model.safetensors")
    assert sum(array.size for array in found.values()) >= model.parameters.vector.size
    back = charrnn.from_torch(found, model.vocabulary)
    assert writes(back) == writes(model)


SCRIPT = """
import sys
from charrnn import CharRNN
model = CharRNN.from_pretrained(sys.argv[1])
print(model.metadata["hub"]["revision"])
"""


def load(hub: Hub, home: Path, name: str = NAME, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environment = {**kept, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": hub.url, "HF_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, name],
        env=environment | more, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("xet", [True, False])
def test_a_second_load_downloads_nothing_and_works_offline(
    hub: Hub, tmp_path: Path, xet: bool
) -> None:
    more = {} if xet else {"HF_HUB_DISABLE_XET": "1"}
    missing = load(hub, tmp_path, HF_HUB_OFFLINE="1", **more)
    assert "is not in this machine's cache" in missing.stderr
    first = load(hub, tmp_path, **more)
    assert first.returncode == 0, first.stderr
    asked = len(hub.log)
    second = load(hub, tmp_path, f"hf://{NAME}", **more)
    assert second.stdout == first.stdout
    later = [entry.path for entry in hub.log[asked:] if "agent-harnesses" not in entry.path]
    assert [path.partition("?")[0] for path in later] == [f"/api/models/{NAME}"]
    asked = len(hub.log)
    for name in (NAME, f"{NAME}@{first.stdout.strip()}"):
        offline = load(hub, tmp_path, name, HF_HUB_OFFLINE="1", **more)
        assert offline.stdout == first.stdout, offline.stderr
    assert len(hub.log) == asked


def test_the_strict_reader_reads_the_cached_file_too(hub: Hub, tmp_path: Path) -> None:
    load(hub, tmp_path)
    (file,) = tmp_path.glob("hub/models--*/snapshots/*/weights.npz")
    file.resolve().write_bytes(file.read_bytes()[:-9])
    for offline in ("0", "1"):
        assert "cannot be opened" in load(hub, tmp_path, HF_HUB_OFFLINE=offline).stderr


def test_a_space_keeps_nothing(hub: Hub, tmp_path: Path) -> None:
    assert load(hub, tmp_path, SPACE_ID="owner/page").returncode == 0
    assert not list(tmp_path.glob("hub/models--*"))


def test_the_terminal_reads_a_folder_and_a_model_of_the_hub(hub: Hub, tmp_path: Path) -> None:
    trained().save_pretrained(tmp_path / "book")
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    environment |= {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "0"}
    for name in ("book", "book/", NAME, f"hf://{NAME}", f"{hub.url}/{NAME}"):
        words = ["score", name, "--text", "the cat sat", "--json"]
        words = ["generate", name, "--length", "20", "--seed", "the "] if name else words
        done = subprocess.run(
            [sys.executable, "-m", "charrnn", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "charrnn", "pull", f"{hub.url}/{NAME}/", "--json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["repo_id"] == NAME


def test_an_answer_that_is_too_large_is_cut_off(hub: Hub) -> None:
    """The size of a repository's list is limited, like that of its weights."""
    endless = b'{"id": "' + b"a" * (calls.ANSWERS + 1) + b'"}'
    hub.faults.append(Fault(f"/api/models/{NAME}", body=endless, times=1))
    with pytest.raises(HubError, match="more than it announced"):
        from_hub(NAME, endpoint=hub.url, cache=False)


def test_a_download_that_is_late_ends(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then hits no read timeout; the thread that waits for it ends too."""
    monkeypatch.setattr(calls, "DEADLINE", 1.0)
    hub.faults.append(Fault(f"/api/models/{NAME}", trickle=0.05, times=1))
    with pytest.raises(HubError, match="in time"):
        from_hub(NAME, endpoint=hub.url, cache=False)

    def waiting() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name == "charrnn-hub"]

    wait_until(lambda: not waiting(), "a thread still waits for an answer that nobody wants")

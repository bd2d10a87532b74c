"""The Space's metadata, and the packages that its platform installs, fit together."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from standin.repos import space_faults
from standin.store import front_matter

from charrnn.hub.account import HUB
from charrnn.hub.card import DATASETS
from charrnn.hub.spaces.files import files_of_space, space_readme
from charrnn.service.disk_store import KEPT, DiskStore
from charrnn.ui.share import model as model_column

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METADATA: dict[str, Any] = front_matter(README)

KEYS = {
    "title", "emoji", "colorFrom", "colorTo", "sdk", "python_version", "sdk_version",
    "suggested_hardware", "app_file", "app_build_command", "app_port", "base_path", "fullWidth",
    "header", "short_description", "models", "datasets", "tags", "thumbnail", "pinned", "license",
    "hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes", "hf_oauth_authorized_org",
    "disable_embedding", "startup_duration_timeout", "custom_headers", "preload_from_hub",
}  # fmt: skip
"""The Hub's "Spaces Configuration Reference", and `license`, which every repository may have."""
ZEROGPU_PYTHONS = {"3.10.13", "3.12.12"}
BUILT_WITH = ["gradio[oauth,mcp]=={sdk_version}", "uvicorn", "websockets", "spaces", "torch"]
"""What the platform's build installs beside requirements.txt."""


def test_keys_and_values_are_those_of_the_reference() -> None:
    assert METADATA.keys() <= KEYS
    assert space_faults(METADATA) == []
    assert len(METADATA["title"]) <= 40
    assert len(METADATA["emoji"]) == 1
    assert METADATA["header"] in ("mini", "default")
    assert re.fullmatch(r"\d+[mh]", METADATA["startup_duration_timeout"])
    assert METADATA["python_version"] in ZEROGPU_PYTHONS
    assert METADATA["hf_oauth_scopes"] == ["contribute-repos"]
    assert set(METADATA["datasets"]) <= set(DATASETS.values())
    assert all(isinstance(tag, str) for tag in METADATA["tags"])


def test_the_readme_of_one_space_is_valid_too() -> None:
    """It includes what `deploy` adds: a thumbnail, its owner's models, what the Space keeps."""
    readme = space_readme(README, "me/page", HUB, ["me/sea", "me/book"], "me/page-models")
    metadata = front_matter(readme)
    assert metadata.keys() - METADATA.keys() == {"thumbnail", "models"} <= KEYS
    assert space_faults(metadata) == []
    address = f"{HUB}/spaces/me/page/resolve/main/"
    assert metadata["thumbnail"].removeprefix(address) in files_of_space(ROOT)
    assert metadata["models"] == ["me/sea", "me/book"]
    assert "me/page-models" in readme
    assert "me/page-models" not in space_readme(README, "me/page", HUB)


def test_a_page_says_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARRNN_KEEP", "/data")
    assert DiskStore().folder == Path("/data/visitors")
    assert f"{KEPT / 3600:.0f} hours, over a restart" in model_column.kept()
    monkeypatch.delenv("CHARRNN_KEEP")
    assert "restart" not in model_column.kept()
    monkeypatch.setenv("SPACE_ID", "me/page")
    assert "unless this Space restarts" in model_column.kept()


def test_the_sdk_is_the_gradio_that_is_pinned() -> None:
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    assert f"gradio=={METADATA['sdk_version']}" in pins
    assert METADATA["sdk_version"] == gr.__version__


def test_every_file_that_the_readme_shows_is_on_the_space() -> None:
    files = files_of_space(ROOT)
    assert METADATA["app_file"] in files
    shown = set(re.findall(r'(?:src|srcset)="([^":]+)"|!\[[^\]]*\]\(([^):]+)\)', README))
    paths = {path for pair in shown for path in pair if path}
    assert paths
    assert paths <= files.keys()


@pytest.mark.slow
def test_what_the_platform_installs_fits_together(tmp_path: Path) -> None:
    """Resolved for the Space's Python, downloading metadata only."""
    uv = pytest.importorskip("uv", reason="needs the resolver uv")
    wanted = [line.format(**METADATA) for line in BUILT_WITH]
    asked = tmp_path / "asked.txt"
    asked.write_text("\n".join([(ROOT / "requirements.txt").read_text(), *wanted]))
    command = [uv.find_uv_bin(), "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python-version", METADATA["python_version"], "--python", sys.executable]
    done = subprocess.run([*command, str(asked)], capture_output=True, text=True, cwd=tmp_path)
    if done.returncode and re.search("[Ff]ailed to fetch|error sending request|dns", done.stderr):
        pytest.skip("needs a package index")
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^([\w.-]+)==(\S+)$", done.stdout, re.MULTILINE))
    assert {"spaces", "mcp", "torch", "authlib"} <= found.keys()
    for pin in (ROOT / "requirements.txt").read_text().split():
        name, _, version = pin.partition("==")
        assert found[name.replace("_", "-")] == version

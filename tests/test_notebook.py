"""docs/charrnn.ipynb on the package that pip installs from a git address, and models as HTML."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path

import notebook
import pytest
from hubs import trained

from charrnn import CharRNN, ModelConfig, Vocabulary

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = re.compile(r"git\+https://(\S+)")
BADGE = re.compile(r"https://colab\.research\.google\.com/github/(\S+?)/blob/main/(\S+\.ipynb)\)")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as `pip install git+...` makes it, from this repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a clone")
    folder = tmp_path_factory.mktemp("packages")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*pip, f"git+{ROOT.as_uri()}"], check=True)
    return folder


@pytest.mark.slow
def test_every_cell_runs_and_shows_what_it_should(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "done.ipynb"  # in a separate process: the client leaves its loops open
    subprocess.run([sys.executable, notebook.__file__, path, installed], check=True)
    shown = [output for cell in notebook.read(path).cells for output in cell.get("outputs", ())]
    assert not [output for output in shown if output.output_type == "error"]
    bars = [output.text for output in shown if output.get("name") == "stderr"]
    assert any("200/200" in text for text in bars)
    pictures = [
        output.data["image/png"] for output in shown if "image/png" in output.get("data", ())
    ]
    assert len(pictures) == 1, "one curve, drawn over and over"
    assert base64.b64decode(pictures[0]).startswith(b"\x89PNG")
    tables = [output.data["text/html"] for output in shown if "text/html" in output.get("data", ())]
    assert "200 steps on lighthouse" in tables[0]


def test_what_the_notebook_shows_is_stored_in_it() -> None:
    """So a reader sees the curve and the model before anything runs."""
    shown = [output for cell in notebook.read().cells for output in cell.get("outputs", ())]
    kinds = {kind for output in shown for kind in output.get("data", ())}
    assert {"image/png", "text/html"} <= kinds
    assert not [output for output in shown if output.output_type == "error"]


def test_the_badge_opens_this_notebook_of_the_repository_that_is_installed() -> None:
    text = notebook.PATH.read_text(encoding="utf-8")
    (address,) = ADDRESS.findall(text)
    badges = BADGE.findall(text) + BADGE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(badges) == 2
    for repository, path in badges:
        assert f"github.com/{repository}" == address
        assert ROOT / path == notebook.PATH


def test_a_model_shows_what_it_is_and_a_sample() -> None:
    model = trained()
    html = model._repr_html_()
    assert "25 steps on cat" in html
    assert f"{model.parameters.vector.size:,}" in html
    assert len(html.partition("<pre")[2]) > 100
    assert "none yet" in CharRNN(Vocabulary(tuple("ab")), ModelConfig(hidden_size=2))._repr_html_()


def test_nothing_of_a_strangers_file_becomes_markup() -> None:
    model = CharRNN(Vocabulary(tuple("<>&i")), ModelConfig(hidden_size=2))
    model.metadata |= {"steps": 3, "corpus": "<script>alert(1)</script>", "best_loss": "<b>"}
    html = model._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i" not in html.partition("<pre")[2]

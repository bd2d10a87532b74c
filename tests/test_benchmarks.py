"""The benchmark scripts run from end to end. What they measure is left to an idle machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TINY = ["--scale", "16", "--pairs", "1", "--seconds", "0.02"]

pytestmark = pytest.mark.slow


def run(script, *argv, expect=0):
    """A script's standard output. Its progress goes to standard error."""
    argv = [sys.executable, str(ROOT / "benchmarks" / script), *map(str, argv)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=280, cwd=ROOT)
    assert done.returncode == expect, done.stderr
    return done.stdout


def cells(table, name):
    """The cells of the row that starts with a name."""
    (row,) = (line for line in table.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_speed_without_a_peer_library(tmp_path):
    out = run("speed.py", *TINY, "--only", "N=1 |encode|growth", "--json", tmp_path / "a.json")
    assert cells(out, "train rnn 1x100 N=1 T=25")[3] == "min-char-rnn"
    assert float(cells(out, "encode text")[4].split()[0]) > 1
    results = json.loads((tmp_path / "a.json").read_text())
    assert len(results["ratios"]) == 2
    assert len(results["numbers"]) == 4
    assert results["machine"]["cores"] >= 1
    assert not results["trouble"]
    assert all(row["ours"]["runs"][0] > 0 for row in results["ratios"])


@pytest.mark.torch
def test_speed_beside_pytorch():
    pytest.importorskip("torch")
    rows = "train lstm 1x128|generate gru 2x128$|rnn.*64 streams|start|memory"
    out = run("speed.py", *TINY, "--only", rows)
    assert cells(out, "train lstm 1x128 N=32 T=64")[5] == "0.9"
    assert cells(out, "generate gru 2x128")[3] == "PyTorch's best"
    assert cells(out, "generate rnn 2x256, 64 streams")
    assert cells(out, "process start to first character, lstm 2x16")[5] == "5"
    assert cells(out, "6.25 MB of text: bytes kept per character")[1] == "1 bytes"
    assert "MB, pytorch" in out
    assert "Not measured" not in out


def test_compare_names_what_became_slower(tmp_path):
    for name, speed in (("old", 100), ("new", 80)):
        ratios = [{"name": "a", "ours": {"median": speed}}, {"name": "b", "ours": {"median": 7}}]
        (tmp_path / name).write_text(json.dumps({"ratios": ratios}))
    out = run("compare.py", tmp_path / "old", tmp_path / "new", expect=1)
    assert cells(out, "a")[1:] == ["100", "80", "0.80", "**slower**"]
    assert cells(out, "b")[4] == ""
    assert run("compare.py", tmp_path / "new", tmp_path / "old").endswith("than before.\n")


def test_compare_benches_two_commits():
    git = ["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", "HEAD"]
    if subprocess.run(git, capture_output=True).returncode:
        pytest.skip("not a git checkout")
    out = run("compare.py", "HEAD", "HEAD", *TINY, "--only", "encode", "--tolerance", "0.99")
    assert float(cells(out, "encode text")[3]) > 0.01
    listed = subprocess.run(["git", "-C", str(ROOT), "worktree", "list"], capture_output=True)
    assert b"/tree " not in listed.stdout


def test_structure_counts_lines_and_shows_circles():
    out = run("structure.py")
    assert "Python" in out
    assert "Imports that point up: 0" in out
    assert "Circles of modules: " in out

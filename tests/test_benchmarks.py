"""The benchmark scripts run from end to end. What they measure is left to an idle machine."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_model

import charrnn
from charrnn.training.optimizers import OPTIMIZERS

ROOT = Path(__file__).parent.parent
TINY = ["--scale", "16", "--pairs", "1", "--seconds", "0.02"]

SIDE = {"median": 2.0, "low": 2.0, "high": 2.0, "way": "1 thread"}
ROW = {"name": "b row", "peer": "min-char-rnn", "bar": None, "others": {}}
ROW |= {"ours": SIDE, "theirs": SIDE, "ratio": SIDE}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a library may compile for minutes


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.delitem(sys.modules, "speed", raising=False)


def run(script, *argv, expect=0):
    """A script's standard output. Its progress goes to standard error."""
    argv = [sys.executable, str(ROOT / "benchmarks" / script), *map(str, argv)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=850, cwd=ROOT)
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
    assert len(results["numbers"]) == 7
    assert results["machine"]["cores"] >= 1
    assert not results["trouble"]
    assert all(row["ours"]["runs"][0] > 0 for row in results["ratios"])


def test_rows_measured_again_replace_their_own(benchmarks):
    from speed import merged

    def results(value):
        rows = [{"name": "peak", "unit": f"MB, {side}", "value": value} for side in "ab"]
        parts = {"machine": {}, "skipped": [], "trouble": []}
        return {**parts, "ratios": [ROW], "numbers": rows}

    both = merged(results(1), results(2))
    assert [row["value"] for row in both["numbers"]] == [2, 2]
    assert both["ratios"] == [ROW]


@pytest.mark.torch
@pytest.mark.parametrize(
    ("rows", "kind", "peers"),
    [
        ("train lstm 1x128", "train", {"PyTorch", "JAX"}),
        ("generate gru 2x128(, one thread each)?$", "generate", {"PyTorch", "ONNX Runtime"}),
        ("generate rnn.*64 streams", "generate", {"PyTorch", "ONNX Runtime"}),
        ("start", "process", {"PyTorch", "ONNX Runtime"}),
    ],
)
def test_speed_is_against_the_fastest_peer(tmp_path, rows, kind, peers):
    for library in ("torch", "jax", "onnxruntime"):
        pytest.importorskip(library)
    run("speed.py", *TINY, "--only", rows, "--json", tmp_path / "a.json")
    results = json.loads((tmp_path / "a.json").read_text())
    assert not results["trouble"]
    assert results["ratios"]
    for row in results["ratios"]:
        assert row["name"].startswith(kind)
        assert {row["peer"], *row["others"]} == peers
        assert all(row["ratio"]["median"] <= other["median"] for other in row["others"].values())
        if "one thread" in row["name"]:
            assert "2 threads" not in row["ours"]["way"] + row["theirs"]["way"]


@pytest.mark.torch
def test_speed_measures_memory():
    pytest.importorskip("torch")
    out = run("speed.py", *TINY, "--only", "memory")
    assert cells(out, "6.25 MB of text: bytes kept per character")[1] == "1 bytes"
    assert "MB, pytorch" in out
    assert "Not measured" not in out


def test_a_peer_that_is_not_installed_is_named(benchmarks, monkeypatch):
    import speed
    from bench import machine

    monkeypatch.setitem(machine.PEERS, "Nobody", ("charrnn_no_such_library",))
    report = speed.Report("")
    assert "Nobody" not in report.results["machine"]["peers"]
    report.ratio("a row", ["Nobody"], lambda peers: pytest.fail("nobody to compare with"))
    beside: list[str] = []
    report.ratio("b row", ["Nobody", "min-char-rnn"], lambda peers: beside.extend(peers) or ROW)
    assert beside == ["min-char-rnn"]
    assert report.results["ratios"] == [ROW]
    assert ["a row" in line or "b row" in line for line in report.results["skipped"]] == [True] * 2
    assert "Nobody is not installed" in speed.table(report.results)


def answer(way, **work):
    """What a peer's process answers to the work called "check"."""
    from bench.sides import fresh

    with fresh(way) as child:
        return child.ask("measure", work=work | {"kind": "check"})


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_onnx_runtime_computes_our_network(benchmarks, tmp_path, cell):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from bench.sides import Way

    model = scattered(cell)
    charrnn.save(model, tmp_path / "model.npz")
    ids = np.random.default_rng(2).integers(len(model.vocabulary), size=30)
    work = {"path": str(tmp_path / "model.npz"), "ids": ids.tolist()}
    logits = answer(Way("onnx_runtime", 1), **work)["logits"]
    ours, _, _ = model.forward(ids[:, None])  # (V, T, 1)
    assert np.abs(ours[:, :, 0].T - logits).max() < 1e-4


@pytest.mark.torch
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_jax_trains_our_network(benchmarks, tmp_path, cell):
    """The losses of several steps agree only if the gradients, the clipping and Adam do."""
    pytest.importorskip("jax")
    from bench.sides import Way

    model = scattered(cell)
    charrnn.save(model, tmp_path / "model.npz")
    windows = np.random.default_rng(2).integers(len(model.vocabulary), size=(6, 10, 3))
    work = {"path": str(tmp_path / "model.npz"), "windows": windows.tolist(), "unroll": 4}
    theirs = answer(Way("jax_cpu", 1), **work)["losses"]
    w, state, ours, norms = model.parameters.vector, None, [], []
    slots = [np.zeros_like(w) for _ in range(2)]
    for t, window in enumerate(windows, 1):
        loss, gradient, state = model.loss_and_gradient(window[:-1], window[1:], state)
        ours.append(loss)
        norms.append(np.linalg.norm(gradient.vector))
        g = gradient.vector * min(1, 5 / norms[-1])
        OPTIMIZERS["adam"].update(w, g, slots, t, 4e-3, 0)
    assert max(norms) > 5
    assert np.abs(np.array(ours) - theirs).max() < 1e-4


def scattered(cell):
    """A model of two layers whose logits are large enough for a gradient that is clipped."""
    model = tiny_model(cell, 2, hidden_size=24, dtype=np.float32)
    vector = model.parameters.vector
    vector[:] = np.random.default_rng(1).normal(0, 0.2, vector.shape)
    model.parameters["Why"][:] *= 40
    return model


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


def test_waits_are_measured_in_chromium(chromium, tmp_path):
    pytest.importorskip("playwright")
    only = ("--rounds", "1", "--only", "generate")
    out = run("waits.py", *only, "--before", ROOT, "--json", tmp_path / "a.json")
    assert len(cells(out, "Look inside, 1,000 characters")) == 5  # before, now, bar, verdict
    before, now = json.loads((tmp_path / "a.json").read_text())
    assert (
        before.keys() == now.keys() == {"first written character", "Look inside, 1,000 characters"}
    )
    assert all(0 < seconds < 280 for (seconds,) in [*before.values(), *now.values()])


def test_sessions_are_weighed():
    found = json.loads(run("page_load.py", "--sessions", "2"))
    assert found["sessions"] == 2
    assert all(50 < level < 5000 for level in found["server_megabytes"].values())
    assert len(found["server_megabytes"]) == 3

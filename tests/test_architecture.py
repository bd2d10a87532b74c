"""The package keeps its structure: imports point down, sizes stay small, names agree."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import charrnn
import charrnn.ui

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "charrnn"

FLOORS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "config_fields vocabulary files held_out streams text_files",
        "corpora baselines",
        "network",
        "formats",
        "training",
        "pretrained analysis",
        "charrnn",  # the package itself: the public names
        "service hub",
        "ui cli __main__",
        "app",
    )
)
"""What may import what: a module imports from its own floor and from those below."""

MAX_FUNCTION_LINES = 60  # the aim is 40
MAX_FILE_LINES = 350  # the aim is 300

THIRD_PARTY = {
    "hub": {"numpy", "huggingface_hub", "tqdm", "yaml"},  # the client brings both
    "ui": {"numpy", "gradio", "starlette", "fastapi", "spaces"},  # spaces: on ZeroGPU alone
    "cli": {"numpy", "tqdm", "cupy", "trackio"},  # trackio: for --track alone
    "training": {"numpy", "mpi4py"},  # where ranks train
    "formats": {"numpy", "onnx"},
    "app": {"gradio"},
}
"""What else modules may import, by part; all others import only NumPy."""

SOURCES = [ROOT / "app.py", *sorted(PACKAGE.rglob("*.py"))]
IDS = [str(path.relative_to(ROOT)) for path in SOURCES]


def module_name(path: Path) -> str:
    """The name of a file's module: charrnn.network.cells.rnn, charrnn.network, app."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in SOURCES}


def part(module: str) -> str:
    """The part of the package that a module belongs to: network for charrnn.network.cells.rnn."""
    names = module.split(".")
    return names[1] if names[0] == "charrnn" and len(names) > 1 else names[0]


def floor(module: str) -> int:
    for number, parts in enumerate(FLOORS):
        if part(module) in parts:
            return number
    raise AssertionError(f"{module} has no floor in the table FLOORS: give it one")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too; not those for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        for node in ast.walk(line)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_arrow_points_up(path: Path) -> None:
    own = module_name(path)
    if own == "charrnn":  # exports the others; imports the Hub only on first use
        return
    for name in imports(path):
        if name.split(".")[0] in ("charrnn", "app"):
            assert floor(name) <= floor(own), f"{own} must not import {name}"


def test_no_two_modules_need_each_other() -> None:
    graph = {
        module_name(path): {n for n in imports(path) if n in MODULES} - {module_name(path)}
        for path in SOURCES
        if module_name(path) != "charrnn"
    }
    while free := [name for name, needs in graph.items() if not needs & graph.keys()]:
        for name in free:
            del graph[name]
    assert not graph, f"imports in a circle among {sorted(graph)}"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_dependencies_stay_where_they_belong(path: Path) -> None:
    allowed = THIRD_PARTY.get(part(module_name(path)), {"numpy"}) | {"charrnn"}
    outside = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names
    assert outside <= allowed


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_files_and_functions_stay_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_every_file_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)


def test_public_names_agree() -> None:
    assert len(set(charrnn.__all__)) == len(charrnn.__all__)
    for name in charrnn.__all__:
        assert getattr(charrnn, name) is not None
    kinds = {
        name
        for name, value in vars(charrnn).items()
        if not name.startswith("_") and not isinstance(value, type(sys))
    }
    assert kinds - {"TYPE_CHECKING", "Any", "import_module"} <= set(charrnn.__all__)
    for name in charrnn.__all__:
        value = getattr(charrnn, name)
        if callable(value):
            assert value.__doc__, f"{name} has no docstring"


def test_importing_charrnn_is_light() -> None:
    code = "import charrnn, sys; print(*{name.split('.')[0] for name in sys.modules}, *sys.modules)"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert not {"gradio", "huggingface_hub", "torch", "tqdm", "httpx"} & modules
    assert "charrnn.training.checkpoint" in modules
    assert not {"charrnn.corpora", "charrnn.training.trainer", "multiprocessing"} & modules

"""Generates the parts of README.md that follow from the code: run `python tests/readme.py`.

They are the file tree, the pretrained models, the example cell, and the output of the Python
block. test_readme.py fails if the README says anything else.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
sys.path.insert(0, str(ROOT))

WIDEST = 75
"""Characters of a file's line; a longer sentence is cut at its first colon."""

OTHERS = {
    ".ci/run": "Installs what the tests need from the system, then runs the tests",
    "CONTRIBUTING.md": "How to run the tests, the rules of the code, and how to measure",
    "LICENSE": "The MIT license",
    "README.md": "This file",
    "benchmarks/": "Scripts that measure speed and learning, and print tables and JSON",
    "data/": "Texts written for this project, with origin and license",
    "docs/": "The documentation, with its pictures",
    "pretrained/": "The pretrained models, each with the command that trained it",
    "pyproject.toml": "The package for `pip install .`, and the settings of the tools",
    "requirements.txt": "The packages that the page needs",
    "tests/": "A test file for each module, and tests of whole visits to the page",
    "charrnn/formats/*.js": "The network in JavaScript, for the exported page and the demo",
    "charrnn/ui/**/*.js": "The scripts that draw components in the browser, each beside its class",
}
"""Captions of everything that is not a Python module of the package."""


def tree() -> str:
    """A line for every module of the package, and for everything beside it."""
    lines: dict[str, str] = {}
    for path in [ROOT / "app.py", *ROOT.glob("charrnn/**/*.py")]:
        lines[path.relative_to(ROOT).as_posix()] = first_sentence(path)
    for name, what in OTHERS.items():
        if any(ROOT.glob(name.rstrip("/"))):
            lines[name] = what
    width = max(map(len, lines)) + 2
    rows = [f"{name:{width}}{lines[name]}" for name in sorted(lines, key=_order)]
    return "```\n" + "\n".join(rows) + "\n```"


def _order(name: str) -> tuple[object, ...]:
    """Files of a folder before its folders, the package's docstring first."""
    *folders, file = name.split("/")
    key: list[object] = [(1, folder) for folder in folders if folder]
    return (*key, (0, "" if file == "__init__.py" else file.lower())) if file else tuple(key)


def first_sentence(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    sentence = re.split(r"\.\s(?=[A-Z`])", paragraph)[0].rstrip(".")
    return sentence if len(sentence) <= WIDEST else re.split(r"[:;]\s", sentence)[0]


def pretrained() -> str:
    """A row for every pretrained model, from the files themselves."""
    from charrnn.pretrained import pretrained_folder, pretrained_names
    from charrnn.training.checkpoint import info

    rows = [
        "| Model | Cell | Units | Parameters | Corpus | Validation loss, nats (bits) | File |",
        "|---|---|---:|---:|---|---:|---:|",
    ]
    for name in pretrained_names():
        facts = info(pretrained_folder() / f"{name}.npz")
        run, layers = facts["training"], facts["layers"]
        loss = run["best_loss"]
        start = f", from `{run['start']['name']}`" if run.get("start", {}).get("name") else ""
        rows.append(
            f"| `{name}` | {facts['cell']} | {f'{layers} × ' if layers > 1 else ''}"
            f"{facts['hidden_size']} | {facts['parameters']:,} | {run['corpus']}{start} | "
            f"{loss:.3f} ({loss / 0.6931472:.3f}) | {facts['bytes'] / 1e6:.1f} MB |"
        )
    return "\n".join(rows)


def cell() -> str:
    """The cell that tests/test_new_cell.py registers."""
    source = (ROOT / "tests" / "mgu.py").read_text(encoding="utf-8").strip()
    return f"```python\n{source}\n```"


def screenshot() -> str:
    """The first screen, in the reader's own light or dark."""
    light, dark = ("docs/pictures/first-screen-light.png", "docs/pictures/first-screen-dark.png")
    if not (ROOT / light).exists():
        return ""
    alt = "The first screen: a small network writes, beside the box for a text"
    return (
        f'<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
        f'  <img alt="{alt}" src="{light}">\n</picture>'
    )


def docs() -> str:
    """A line for every document in docs/."""
    lines = []
    for path in sorted((ROOT / "docs").glob("*.md")):
        title = path.read_text(encoding="utf-8").lstrip("# ").split("\n")[0]
        lines.append(f"- [{title}](docs/{path.name})")
    return "\n".join(lines)


PARTS = {
    "screenshot": screenshot,
    "docs": docs,
    "pretrained": pretrained,
    "tree": tree,
    "cell": cell,
}


def examples(text: str) -> tuple[str, list[doctest.Example]]:
    """The README's Python block with prompts, and its examples."""
    match = re.search(r"```python\n(>>> .*?)```", text, re.DOTALL)
    assert match
    return match[1], doctest.DocTestParser().get_examples(match[1])


def outputs(steps: list[doctest.Example]) -> list[str]:
    """What each example prints, run in order; files land in a temporary folder."""
    names: dict[str, object] = {}
    printed = []
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "pretrained", Path(folder) / "pretrained")
        os.chdir(folder)
        try:
            for step in steps:
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(compile(step.source, "README.md", "single"), names)
                printed.append(out.getvalue())
        finally:
            os.chdir(before)
    return printed


def rendered(text: str) -> str:
    """The README with its parts as they are now, except for the Python block's output."""
    for name, make in PARTS.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        head, _, rest = text.partition(begin)
        _, _, tail = rest.partition(end)
        text = f"{head}{begin}{make()}\n{end}{tail}"
    return text


def with_outputs(text: str) -> str:
    """The README with the Python block's output as it is on this machine."""
    block, steps = examples(text)
    lines = []
    for step, out in zip(steps, outputs(steps), strict=True):
        first, *more = step.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {line}".rstrip() for line in more)]
        lines += out.rstrip("\n").split("\n") if out else []
    return text.replace(block, "\n".join(lines) + "\n")


if __name__ == "__main__":
    README.write_text(with_outputs(rendered(README.read_text("utf-8"))), encoding="utf-8")

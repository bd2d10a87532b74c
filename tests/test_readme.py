"""The README is true: its file map, its tables, its Python, its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import readme
from test_cli import subparsers

from charrnn.__main__ import build_parser
from charrnn.cli import COMMANDS
from charrnn.training.recipes import RECIPES

ROOT = Path(__file__).parent.parent
TEXT = readme.README.read_text(encoding="utf-8")
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
DOCS += sorted(ROOT.glob("pretrained/*.md"))

NUMBER = re.compile(r"\d+\.\d+")


@pytest.mark.parametrize("name", readme.PARTS)
def test_parts_are_as_the_code_is(name: str) -> None:
    begin, end = f"<!-- begin {name} -->\n", f"\n<!-- end {name} -->"
    part = TEXT.partition(begin)[2].partition(end)[0]
    assert part == readme.PARTS[name](), "run: python tests/readme.py"


def test_the_python_block_prints_what_it_says() -> None:
    """Words must match exactly, losses within 3 %: no two processors train identically."""
    _, steps = readme.examples(TEXT)
    assert len([step for step in steps if step.source.strip()]) >= 8
    for step, out in zip(steps, readme.outputs(steps), strict=True):
        assert NUMBER.sub("#", out) == NUMBER.sub("#", step.want), step.source
        found, said = ([float(n) for n in NUMBER.findall(t)] for t in (out, step.want))
        assert found == pytest.approx(said, rel=0.03), step.source


def command_lines(path: Path) -> list[str]:
    """Every charrnn command that a document shows."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"^(?:\$ )?((?:[A-Z_]+=\S+ )*python3? -m charrnn .*)$", text, re.MULTILINE)
    return found + re.findall(r"`(python -m charrnn [^`]*)`", text)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_command_shown_is_understood(path: Path) -> None:
    for line in command_lines(path):
        words = shlex.split(line, comments=True)
        argv = words[words.index("charrnn") + 1 :]
        if "COMMAND" not in argv and "NAME" not in argv:
            build_parser().parse_args(argv)


def test_every_command_and_recipe_is_in_the_readme() -> None:
    for name in COMMANDS:
        assert f"python -m charrnn {name} " in TEXT
    for name in RECIPES.keys() - {"standard"}:
        assert f"train --settings {name}`" in TEXT


def test_every_option_has_a_help_text() -> None:
    for name, command in subparsers().items():
        for action in command._actions:
            assert action.help, f"{name} {action.option_strings}"


def test_links_lead_somewhere() -> None:
    for path in DOCS:
        text = path.read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
        for target in targets + re.findall(r"src(?:set)?=\"([^\"]+)\"", text):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_front_matter_is_what_a_space_needs() -> None:
    _, matter, _ = TEXT.split("---\n", 2)
    facts = dict(re.findall(r"^(\w+): (.+)$", matter, re.MULTILINE))
    pins = (ROOT / "requirements.txt").read_text()
    assert facts["sdk"] == "gradio"
    assert f"gradio=={facts['sdk_version']}\n" in pins
    assert (ROOT / facts["app_file"]).is_file()
    assert facts["hf_oauth"] == "true"
    assert "hf_oauth_scopes:\n  - contribute-repos\n" in matter
    assert len(facts["short_description"]) <= 60
    colors = ["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"]
    assert facts["colorFrom"] in colors
    assert facts["colorTo"] in colors

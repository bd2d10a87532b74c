"""The docs are true: quoted lines are in the source, and sessions print what they show."""

import doctest
import re
import textwrap
from pathlib import Path

import pytest

from charrnn import RECIPES

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
QUOTING = ("how-it-works", "formats", "recipes")
"""The pages whose Python blocks are all quoted from the source."""
QUOTE = re.compile(r"^\[`(charrnn/[\w/.]+)`\]\(\.\./\1\)\n\n```python\n(.*?)\n```$", re.M | re.S)
SESSION = re.compile(r"^```pycon\n(.*?)```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#]+)")

QUOTES = [
    pytest.param(name, lines, id=f"{page.stem}-{name}-{i}")
    for page in PAGES
    for i, (name, lines) in enumerate(QUOTE.findall(page.read_text("utf-8")))
]


@pytest.mark.parametrize(("name", "lines"), QUOTES)
def test_quoted_lines_stand_in_the_source(name, lines):
    """They must be there as one block, at any indentation."""
    source = (ROOT / name).read_text("utf-8").splitlines()
    height = lines.count("\n") + 1
    blocks = ("\n".join(source[i : i + height]) for i in range(len(source) - height + 1))
    assert any(textwrap.dedent(block) == lines for block in blocks), (
        f"{name} no longer has these lines; quote what stands there now:\n{lines}"
    )


def test_every_block_of_python_is_a_quote():
    assert len(QUOTES) >= 15
    for page in QUOTING:
        text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
        assert text.count("```python\n") == len(QUOTE.findall(text)), page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_sessions_give_what_they_show(page):
    names: dict[str, object] = {}
    for i, session in enumerate(SESSION.findall(page.read_text("utf-8"))):
        test = doctest.DocTestParser().get_doctest(session, names, f"{page.name}:{i}", None, None)
        runner = doctest.DocTestRunner()
        runner.run(test, clear_globs=False)
        names = test.globs
        assert runner.failures == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text("utf-8")):
        if not link.startswith(("http:", "https:")):
            assert (page.parent / link).exists(), link


def test_every_picture_is_shown_and_needs_nothing():
    shown = "".join(page.read_text("utf-8") for page in PAGES)
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
    assert len(pictures) >= 4
    for picture in pictures:
        assert f"pictures/{picture.name}" in shown
        svg = picture.read_text("utf-8")
        assert not re.search(r"(href|src|url\()", svg)
        assert "prefers-color-scheme: dark" in svg


def test_every_recipe_of_the_five_has_a_section():
    sections = set(re.findall(r"^## `(\w+)`", (ROOT / "docs/recipes.md").read_text("utf-8"), re.M))
    assert {"minimal", "adagrad", "windows", "notebook", "hello"} <= sections <= set(RECIPES)

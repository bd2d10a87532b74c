"""axe-core finds no fault on any tab, in light and dark, except Gradio's own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
from browser.steps import new_context, opened, tab
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TABS = ("Train", "Generate", "How it works", "Look inside", "Share")
GRADIO = {"image-redundant-alt"}
"""Gradio's footer repeats its words in the pictures' descriptions."""


@pytest.fixture(params=["light", "dark"])
def seen(request: pytest.FixtureRequest, browser: Browser, page_url: str) -> Iterator[Page]:
    context = new_context(
        browser, viewport={"width": 1280, "height": 800}, color_scheme=request.param
    )
    page = context.new_page()
    opened(page, page_url)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    yield page
    context.close()


def test_axe_finds_nothing_of_ours(seen: Page) -> None:
    found = []
    for title in TABS:
        tab(seen, title)
        seen.wait_for_timeout(1500)
        for violation in seen.evaluate("axe.run()")["violations"]:
            places = [node["html"][:150] for node in violation["nodes"]]
            found.append((title, violation["id"], places))
    assert [each for each in found if each[1] not in GRADIO] == []

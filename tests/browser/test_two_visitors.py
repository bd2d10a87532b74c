"""Two visitors at once; test_survival.py has those whose page goes away."""

from __future__ import annotations

import pytest
from browser.steps import (
    TEXT,
    button,
    new_context,
    paste,
    state,
    step,
    tab,
    train_a_while,
    until,
    write,
)
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def test_one_trains_while_the_other_generates(page: Page, browser: Browser, page_url: str) -> None:
    paste(page, TEXT)
    train_a_while(page, 20)
    context = new_context(browser)
    other = context.new_page()
    other.goto(page_url)
    tab(other, "Generate")
    before = step(page)
    write(other)  # fails when nothing comes
    state(page, "training")  # Generate did not wait for the run to end
    model = other.locator(".drawing.header .model").inner_text()
    assert "pretrained" in model  # a model of their own
    until(page, lambda: step(page) > before)  # and the training went on
    context.close()
    button(page, "Stop")
    state(page, "stopped")

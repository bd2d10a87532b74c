"""Two visitors at once, and a visitor who closes the page."""

from __future__ import annotations

import subprocess

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
from playwright.sync_api import Browser, Page, expect
from waiting import wait_until

pytestmark = pytest.mark.browser


def workers() -> int:
    """How many training processes run on this machine."""
    listed = subprocess.run(["ps", "ax", "-o", "args"], capture_output=True, text=True, check=True)
    return listed.stdout.count("-m charrnn.service.worker")


def at_rest(count: int) -> None:
    """Wait until `count` processes run: those of earlier tests may just be ending."""
    wait_until(lambda: workers() == count, pause=0.1)


def test_one_trains_while_the_other_generates(page: Page, browser: Browser, page_url: str) -> None:
    paste(page, TEXT)
    train_a_while(page, 20)
    context = new_context(browser)
    other = context.new_page()
    other.goto(page_url)
    tab(other, "Generate")
    before = step(page)
    write(other)  # fails when nothing comes
    state(page, "training")  # it did not wait for the run to end
    model = other.locator(".drawing.header .model").inner_text()
    assert "pretrained" in model  # a model of their own
    until(page, lambda: step(page) > before)  # and the training went on
    context.close()
    button(page, "Stop")
    state(page, "stopped")


def test_closing_the_page_ends_the_training(browser: Browser, page_url: str) -> None:
    at_rest(0)
    context = new_context(browser)
    page = context.new_page()
    page.goto(page_url)
    paste(page, TEXT)
    train_a_while(page, 20)
    at_rest(1)  # the look at the text, which trains a moment of its own, is over
    context.close()
    at_rest(0)


def test_a_reload_in_the_middle_keeps_what_was_learned(page: Page) -> None:
    paste(page, TEXT)
    train_a_while(page, 40)
    page.reload()
    state(page, "stopped")
    assert step(page) >= 40
    expect(page.locator(".drawing.header .model")).to_contain_text("trained here on your text")
    expect(page.get_by_role("button", name="Continue").first).to_be_enabled()

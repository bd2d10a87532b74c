"""A press of Train counts from the moment that the button appears."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser.steps import (
    MODEL,
    TEXT,
    button,
    judged,
    new_context,
    opened,
    paste,
    state,
    unfold,
    until,
)
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

ANSWERS_LATE = """(() => {
  const now = window.fetch;
  window.fetch = async (...what) => {
    const answer = await now(...what);
    const late = String(what[0].url || what[0]).includes('/queue/join') ? 1500 : 0;
    await new Promise((done) => setTimeout(done, late));
    return answer;
  };
})();"""
"""Delays the answer to each event until after the event's first messages, as on a slow line."""


@pytest.fixture
def visit(browser: Browser) -> Iterator[Page]:
    """A page that is not opened yet."""
    context = new_context(browser, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def trained(visit: Page) -> None:
    """Check that the run was the one in the page's address, and that all of it is shown."""
    state(visit, "done")
    expect(visit.locator(MODEL)).to_contain_text("trained here on hello")
    expect(visit.locator(".drawing.live-writer")).to_have_count(0)
    expect(visit.locator(".drawing.chart path.curve").first).to_be_visible()
    expect(visit.locator(".drawing.samples pre")).to_be_visible()
    expect(visit.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    expect(visit.get_by_role("button", name="Stop", exact=True)).to_be_hidden()


@pytest.mark.parametrize("milliseconds", [0, 100, 300, 600, 1500])
def test_train_pressed_as_the_page_opens(visit: Page, page_url: str, milliseconds: int) -> None:
    visit.goto(f"{page_url}?recipe=hello&steps=60", wait_until="commit")
    visit.get_by_role("button", name="Train", exact=True).wait_for()
    visit.wait_for_timeout(milliseconds)
    button(visit, "Train")
    trained(visit)


def test_ready_made_settings_are_those_of_the_next_press(visit: Page, page_url: str) -> None:
    opened(visit, page_url)
    unfold(visit, "Settings")
    for name, steps in (("minimal", 5000), ("hello", 100)):
        visit.get_by_label("Ready-made settings").click()
        visit.get_by_role("option", name=re.compile(f"^{name}")).click()
        expect(visit.get_by_label("Steps", exact=True)).to_have_value(str(steps))
    expect(visit.get_by_label("As set below")).to_be_checked()
    button(visit, "Train")
    trained(visit)


def test_a_verdict_leaves_the_curve_of_a_run_alone(visit: Page, page_url: str) -> None:
    """A verdict that came after the end of a short run once emptied the run's chart."""
    opened(visit, f"{page_url}?recipe=hello&steps=60")
    button(visit, "Train")
    trained(visit)
    paste(visit, TEXT)
    until(visit, lambda: f"{len(TEXT):,} characters" in judged(visit))
    expect(visit.locator(".drawing.chart path.curve").first).to_be_visible()


def test_two_presses_as_the_page_opens_start_one_run(visit: Page, page_url: str) -> None:
    visit.goto(f"{page_url}?recipe=hello&steps=60", wait_until="commit")
    visit.get_by_role("button", name="Train", exact=True).dblclick()
    trained(visit)
    expect(visit.get_by_text("Not started")).to_have_count(0)


def test_messages_that_come_before_the_answer_are_shown(visit: Page, page_url: str) -> None:
    visit.add_init_script(ANSWERS_LATE)
    visit.goto(f"{page_url}?recipe=hello&steps=60")
    button(visit, "Train")
    trained(visit)

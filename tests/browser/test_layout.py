"""What stays visible and reachable: scrolling, phones, the keyboard, forced colors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.steps import new_context, tab
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

TABS = ("Train", "Generate", "How it works", "Look inside", "Share")
VIEWS = ("Watch a unit", "Which letters mattered", "How far back it learns", "The weights")


@pytest.fixture
def phone(browser: Browser, page_url: str) -> Iterator[Page]:
    context = new_context(browser, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(page_url)
    yield page
    context.close()


def test_the_pictures_stay_while_the_settings_are_scrolled(page: Page) -> None:
    page.locator("button.label-wrap", has_text="Settings").first.click()
    expect(page.get_by_label("Ready-made settings")).to_be_visible()
    pictures = page.locator(".pictures")
    page.mouse.move(1000, 500)
    page.mouse.wheel(0, 600)
    page.wait_for_function("scrollY > 300")
    box = pictures.bounding_box()
    assert box
    assert 0 <= box["y"] < 40


def test_every_tab_can_be_found_on_a_phone(phone: Page) -> None:
    for name in TABS:
        expect(phone.get_by_role("tab", name=name, exact=True)).to_be_visible()
    tab(phone, "Look inside")
    for name in VIEWS:
        expect(phone.get_by_role("tab", name=name, exact=True)).to_be_visible()
    expect(phone.get_by_role("button", name="More tabs")).to_have_count(0)


def test_nothing_is_wider_than_a_phone(phone: Page) -> None:
    for name in TABS:
        tab(phone, name)
        phone.wait_for_timeout(700)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_the_keyboard_closes_each_list_that_it_leaves(page: Page) -> None:
    page.locator("button.label-wrap", has_text="Settings").first.click()
    page.get_by_label("Start from").click()
    expect(page.get_by_role("listbox")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Ready-made settings")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_focus_can_be_seen_on_what_is_chosen_from(page: Page) -> None:
    page.wait_for_selector(".drawing.verdict[data-mood=good]")  # the choices do not change again
    for group in (".times", ".chips"):
        page.locator(f"{group} input:checked").focus()
        page.keyboard.press("Shift")  # a key, so that focus counts as coming from the keyboard
        focused = page.locator(f"{group} label:has(input:focus)")
        expect(focused).to_have_css("outline-style", "solid")
        expect(focused).to_have_css("outline-width", "2px")


def test_forced_colors_show_bars_buttons_and_choices(browser: Browser, page_url: str) -> None:
    context = new_context(browser, forced_colors="active")
    page = context.new_page()
    page.goto(page_url)
    bar = page.locator(".drawing.live-writer .column i").first
    expect(bar).to_be_visible()
    canvas = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert bar.evaluate("bar => getComputedStyle(bar).backgroundColor") != canvas
    chosen = page.locator(".chips label.selected")
    assert chosen.evaluate("label => getComputedStyle(label).outlineStyle") == "solid"
    train = page.get_by_role("button", name="Train", exact=True)
    assert train.evaluate("button => getComputedStyle(button).borderStyle") == "solid"
    context.close()

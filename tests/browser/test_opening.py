"""The first screen in a real Chromium: a network that writes, and the text to learn beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.steps import (
    TEXT,
    button,
    judged,
    new_context,
    opened,
    paste,
    recorded,
    train_a_while,
    unfold,
    until,
    verdict,
)
from playwright.sync_api import Browser, Page, expect

from charrnn.ui.limits import TRAINING_CHARACTERS
from charrnn.ui.train.plans import SCRATCH, Planner
from charrnn.ui.train.views import name

pytestmark = pytest.mark.browser

LETTERS = ".drawing.live-writer .sheet span"
PHONE = {"width": 390, "height": 844}
FIRST_SCREEN = (
    "#train-text",
    ".chips",
    ".drawing.verdict",
    ".times",
    "button:has-text('Upload a file')",
    "button:text-is('Train')",
    ".drawing.live-writer .columns",
)
Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, page_url: str) -> Iterator[Visit]:
    """Opens the page in a browser of its own, with these options."""
    contexts = []

    def with_options(query: str = "", **options: Any) -> Page:
        contexts.append(new_context(browser, **{"viewport": PHONE, **options}))
        return opened(contexts[-1].new_page(), page_url + query)

    yield with_options
    for context in contexts:
        context.close()


def letters(page: Page) -> int:
    return page.locator(LETTERS).count()


def inside(page: Page, selector: str) -> bool:
    """Whether all of an element is on the screen."""
    return bool(
        page.locator(selector).first.evaluate(
            """(e) => { const box = e.getBoundingClientRect();
              return box.height > 0 && box.top >= 0 && box.left >= 0
                && box.bottom <= innerHeight && box.right <= innerWidth; }"""
        )
    )


def end(page: Page) -> None:
    """Stop a run that may have ended by itself."""
    page.locator(".run button", has_text="Stop").dispatch_event("click")
    page.wait_for_selector(".drawing.status:is([data-state=stopped], [data-state=done])")


def test_a_network_writes_with_its_guesses_and_asks_no_server(page: Page) -> None:
    judged(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before = letters(page)
    until(page, lambda: letters(page) > before + 5)
    heights = page.eval_on_selector_all(
        ".drawing.live-writer .column i", "all => all.map(bar => parseFloat(bar.style.height))"
    )
    assert asked == []
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 1


def pressed_once(page: Page) -> None:
    """While the network pauses, the button writes one letter, and nothing else does."""
    before = letters(page)
    page.get_by_role("button", name="Next letter").click()
    assert letters(page) == before + 1


def test_whoever_wants_less_motion_gets_a_written_page(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")
    expect(page.locator(LETTERS).nth(100)).to_be_attached()
    pressed_once(page)


def test_a_click_pauses_it_and_another_lets_it_go_on(page: Page) -> None:
    page.locator(".drawing.live-writer .sheet").click()
    pressed_once(page)
    before = letters(page)
    page.get_by_role("button", name="Write", exact=True).click()
    until(page, lambda: letters(page) > before + 3)


def test_all_that_starts_a_run_is_on_the_first_screen(page: Page) -> None:
    judged(page)
    assert [part for part in FIRST_SCREEN if not inside(page, part)] == []


def test_a_phone_reaches_all_of_it_without_scrolling_sideways(visit: Visit) -> None:
    page = visit()
    judged(page)
    for part in FIRST_SCREEN:
        page.locator(part).first.evaluate("part => part.scrollIntoView({block: 'center'})")
        assert inside(page, part), part
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_verdict_follows_a_paste_and_an_upload(page: Page, tmp_path: Path) -> None:
    judged(page)
    paste(page, TEXT)
    expect(verdict(page)).to_contain_text(f"{len(TEXT):,} characters, {len(set(TEXT))} different")
    assert "Lighthouse" not in judged(page)
    file = tmp_path / "verse.txt"
    file.write_text("A verse that nobody pasted. " * 50, "utf-8")
    page.locator("input[type=file]").first.set_input_files(file)
    expect(verdict(page)).to_contain_text("1,400 characters, 16 different")
    assert f"{len(TEXT):,}" not in judged(page)
    page.locator("#train-text textarea").fill("")
    expect(verdict(page)).to_contain_text("Paste a text")
    page.get_by_label("hello", exact=True).check()
    expect(verdict(page)).to_contain_text("hello")


def test_the_verdict_says_when_a_paste_is_cut(page: Page) -> None:
    pasted = TRAINING_CHARACTERS + 7
    paste(page, "ab cd" * (pasted // 5) + "ab")
    expect(verdict(page)).to_contain_text(f"{pasted:,}")
    expect(verdict(page)).to_contain_text(f"first {TRAINING_CHARACTERS:,} are used")
    paste(page, TEXT)
    expect(verdict(page)).not_to_contain_text(f"{TRAINING_CHARACTERS:,}")


def test_a_long_paste_is_counted_before_the_box_takes_it(visit: Visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    judged(page)
    box = page.locator("#train-text textarea")
    box.evaluate(
        """box => box.addEventListener('input', () => {
             window.counted = document.querySelector('.drawing.verdict').textContent;
           }, { once: true })"""
    )
    lines = (TEXT + "\n") * 40
    page.evaluate("text => navigator.clipboard.writeText(text)", lines)
    box.press("Control+v")
    expect(box).to_have_value(lines)
    assert f"{len(lines):,} characters" in page.evaluate("window.counted")
    expect(page.get_by_label("Your text")).to_be_checked()
    assert f"{len(lines):,} characters" in judged(page)
    box.press("Control+v")  # into a box with something to go back to: the browser's own paste
    expect(box).to_have_value(2 * lines)
    box.press("Control+z")
    expect(box).to_have_value(lines)


def test_train_uses_the_plan_of_what_was_chosen_last(visit: Visit) -> None:
    page = visit(f"?start={SCRATCH}", viewport={"width": 1280, "height": 800})
    planned = Planner(60).plan(TEXT, "", "none", SCRATCH, None)
    models = {time: name(fitted.model) for time, fitted in planned.fitted.items()}
    assert models["quick"] != models["better"]
    page.wait_for_selector(".drawing.verdict:is([data-mood=good], [data-mood=warn])")
    page.locator("#train-text textarea").fill(TEXT)
    shown = recorded(page, ".drawing.status")
    button(page, "Train")  # at once, before the verdict is there
    until(page, lambda: shown(models["quick"]) and shown("on your text"))
    end(page)
    page.get_by_role("radio", name=re.compile("Better")).check()
    shown = recorded(page, ".drawing.status")
    button(page, "Train")  # at once
    until(page, lambda: shown(models["better"]))
    assert "time=better" in page.url
    assert "corpus" not in page.url
    end(page)


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE])
def test_what_one_watches_is_on_the_screen(visit: Visit, viewport: dict[str, int]) -> None:
    page = visit(viewport=viewport)
    paste(page, TEXT)
    page.get_by_role("button", name="Train", exact=True).scroll_into_view_if_needed()
    button(page, "Train")
    page.wait_for_selector(".drawing.chart path.curve")
    seen = [".drawing.status", ".drawing.samples pre"]
    seen += [".drawing.chart svg"] if viewport != PHONE else []
    until(page, lambda: all(inside(page, part) for part in seen))
    end(page)


LISTEN = """
window.told = [];
window.Notification = class {
  static permission = 'default';
  static requestPermission() { this.permission = 'granted'; return Promise.resolve('granted'); }
  constructor(title) { window.told.push(title); }
};
Object.defineProperty(document, 'hidden', { get: () => Boolean(window.away) });
"""


def test_the_tabs_title_and_a_notification_tell_how_it_goes(visit: Visit) -> None:
    page = visit()
    page.add_init_script(LISTEN)
    opened(page)
    paste(page, TEXT)
    train_a_while(page, 1)
    until(page, lambda: re.match(r"\d+ %", page.title()))
    button(page, "Notify me")
    page.evaluate("window.away = true")
    end(page)
    until(page, lambda: page.evaluate("window.told.length") == 1)
    assert page.title().startswith("✓")


def test_a_changed_setting_is_the_persons_and_a_time_is_the_plans(visit: Visit) -> None:
    page = visit(f"?start={SCRATCH}", viewport={"width": 1280, "height": 800})
    paste(page, TEXT)
    unfold(page, "Settings")
    expect(page.get_by_label("Fitted to the text")).to_be_checked()
    page.get_by_label("number input for Hidden size").fill("33")
    page.get_by_label("number input for Hidden size").press("Enter")
    expect(page.get_by_label("As set below")).to_be_checked()
    expect(verdict(page)).to_contain_text("under Settings")
    page.get_by_role("radio", name=re.compile("Better")).check()
    expect(page.get_by_label("Fitted to the text")).to_be_checked()
    expect(verdict(page)).not_to_contain_text("under Settings")


def test_the_verdict_promises_no_start_that_is_not_used(visit: Visit) -> None:
    page = visit("?recipe=standard")
    assert "under Settings" in judged(page)
    unfold(page, "Settings")
    page.get_by_label("Fitted to the text").check()
    expect(verdict(page)).to_contain_text("Starts from")


def test_a_verdict_on_the_text_before_is_not_shown(page: Page) -> None:
    paste(page, TEXT)  # the page asked about the lighthouse when it opened
    assert f"{len(TEXT):,} characters" in judged(page)

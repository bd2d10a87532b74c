"""The steps of a visitor on the page, a function each."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from waiting import PATIENCE

MODEL = ".drawing.header .model"
WORDS = "the old cat sat on a mat while a dog lay by the log and one bird sang in a tree"
TEXT = " ".join(random.Random(0).choices(WORDS.split(), k=1_200))
"""Words in an order that no network learns by heart, so that its samples keep changing."""


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A visitor's browser, with timeouts for a busy machine."""
    context = browser.new_context(**options)
    context.set_default_timeout(1000 * PATIENCE)
    return context


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).and_(page.locator(":visible")).click()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def until(page: Page, reached: Callable[[], object]) -> None:
    """Wait for a state; unlike during a sleep, the browser keeps running."""
    for _ in range(int(10 * PATIENCE)):
        if reached():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the state did not come")


def state(page: Page, name: str) -> None:
    page.wait_for_selector(f".drawing.status[data-state={name}]", timeout=1000 * PATIENCE)


def number(page: Page, label: str) -> str:
    """The value above a label on the status card."""
    item = page.locator(".drawing.status dl > div", has_text=re.compile(label))
    return item.locator("dd").inner_text()


def step(page: Page) -> int:
    shown = number(page, "^step|step")
    return int(shown.replace(",", "")) if shown[0].isdigit() else 0


def sample(page: Page) -> str:
    return page.locator(".drawing.samples pre").inner_text()


def opened(page: Page, url: str = "") -> Page:
    """Open the page, or reload it, until it shows the visitor's model and has its first tab."""
    if url:
        page.goto(url)
    else:
        page.reload()
    expect(page.locator(MODEL)).not_to_be_empty()
    page.wait_for_selector("#train-text textarea", state="attached")
    page.evaluate("document.fonts.ready.then(() => true)")  # fonts move what is below
    return page


def paste(page: Page, text: str) -> None:
    page.locator("#train-text textarea").fill(text)
    expect(page.get_by_label("Your text")).to_be_checked()


def verdict(page: Page) -> Locator:
    return page.locator(".drawing.verdict")


def judged(page: Page) -> str:
    """The verdict on the text, once it is shown."""
    page.wait_for_selector(".drawing.verdict:is([data-mood=good], [data-mood=warn])")
    return verdict(page).inner_text()


def unfold(page: Page, name: str) -> None:
    """Open an accordion that may be open already."""
    head = page.locator("button.label-wrap:visible", has_text=re.compile(f"^{name}"))
    if "open" not in (head.get_attribute("class") or "").split():
        head.click()


def plan(page: Page, steps: int) -> None:
    """Give a run so many steps that no machine finishes it before it is stopped."""
    unfold(page, "Settings")
    box = page.get_by_label("Steps", exact=True)
    box.fill(str(steps))
    box.press("Tab")
    expect(page.get_by_label("As set below")).to_be_checked()


def train_a_while(page: Page, steps: int = 60) -> None:
    plan(page, 100_000)
    button(page, "Train")
    state(page, "training")
    page.wait_for_selector(".drawing.chart path.curve")
    until(page, lambda: step(page) >= steps)


def upload(page: Page, file: Path) -> None:
    """Give the Share tab a model's file."""
    with page.expect_file_chooser() as chosen:
        button(page, "Upload .npz")
    chosen.value.set_files(file)


BEGINS = """caret => {
  window.began = false;
  const watcher = new MutationObserver(() => { window.began = true; });
  watcher.observe(caret, { attributes: true, attributeFilter: ['hidden'] });
}"""


RECORDS = """selector => {
  const texts = window.recorded = [];
  const look = () => {
    const text = document.querySelector(selector)?.textContent ?? '';
    if (text !== texts.at(-1)) texts.push(text);
  };
  const changes = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document, changes);
  look();
}"""


def recorded(page: Page, selector: str) -> Callable[[str], bool]:
    """Whether an element has shown a text since now: a run may be over before the next look."""
    page.evaluate(RECORDS, selector)
    return lambda text: any(text in shown for shown in page.evaluate("window.recorded"))


def generated(page: Page) -> str:
    """The text that Generate writes, once it is whole.

    The page itself notices its beginning: a text may begin and end between two looks from here.
    """
    page.locator("#generate-output .caret").evaluate(BEGINS)
    button(page, "Generate")
    page.wait_for_function("window.began")
    page.wait_for_selector("#generate-output .caret", state="hidden")
    return page.locator("#generate-output .reading pre").inner_text()


def write(page: Page) -> str:
    """What Generate writes."""
    tab(page, "Generate")
    button(page, "Generate")
    output = page.locator(".drawing:visible pre, .drawing:visible .text").first
    expect(output).to_contain_text(re.compile(r"\w{3}"))
    return output.inner_text()

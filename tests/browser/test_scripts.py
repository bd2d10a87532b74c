"""Texts in the scripts of the world: pasted, trained on, generated, pointed at and copied."""

from __future__ import annotations

import pytest
from browser.steps import button, paste, plan, state, step, tab, until
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

LINES = {
    "persian": "می\u200cخواهم کتاب\u200cها را بخوانم.",
    "arabic": "قرأ الولدُ الكتابَ ثم نام.",
    "hebrew": "הילד קרא את הספר, ואחר כך ישן.",
    "hindi": "लड़के ने क़िताब पढ़ी और सो गया।",
    "thai": "เด็กอ่านหนังสือแล้วก็นอน",
    "chinese": "孩子读了书。然后睡了。",
    "japanese": "子供は本を読んで、\u3000寝ました。",
}
"""A child read the book and slept, or nearly. Persian has joiners, Japanese a wide space."""

SELECTED = "pre => { getSelection().selectAllChildren(pre); return getSelection().toString(); }"
SIDE = """pre => {
  const range = document.createRange(), edge = pre.getBoundingClientRect();
  return [...pre.querySelectorAll('.break')].map((end) => {
    const spans = [];
    let one = end;
    while ((one = one.previousSibling) && one.className !== 'break') spans.push(one);
    range.selectNode(spans.at(-1));
    const box = range.getBoundingClientRect();
    return box.left - edge.left > edge.right - box.right ? 'right' : 'left';
  });
}"""
"""The side of the text on which the first letter of each line is."""


def test_a_text_is_shown_as_its_script_is_written(page: Page) -> None:
    text = "\n".join(LINES.values()) + "\n"
    paste(page, text * 10)
    plan(page, 100_000)
    button(page, "Train")
    state(page, "training")
    until(page, lambda: step(page) >= 2)
    button(page, "Stop")
    state(page, "stopped")
    tab(page, "Generate")
    page.locator("#generate-seed textarea").fill(LINES["persian"])
    expect(page.locator(".drawing.alphabet .verdict")).to_contain_text("knows every character")
    button(page, "Generate")
    written = page.locator("#generate-output .reading")
    expect(written.locator("[data-i='20']")).to_be_attached()  # a combining mark has no box
    assert "U+200C" not in written.locator("pre").inner_text()
    page.get_by_label("Test any text").fill(text)
    button(page, "Test")
    check_scored(page.locator(".drawing.reading").last, text)


def check_scored(scored: Locator, text: str) -> None:
    """The text is whole, each line begins on its side, and a joiner's name can be shown."""
    pre = scored.locator("pre")
    expect(pre.locator("[data-i]")).to_have_count(len(text))
    assert pre.evaluate(SELECTED).strip() == text.strip()
    assert pre.evaluate(SIDE) == ["right"] * 3 + ["left"] * 4
    pre.locator("[data-i='3']").hover()
    expect(scored.locator(".tooltip")).to_be_visible()
    scored.page.mouse.move(0, 0)
    expect(scored.locator(".tooltip")).to_be_hidden()
    pre.focus()
    for _ in range(3):
        pre.press("ArrowRight")  # a joiner has no width to point at
    expect(scored.locator(".tooltip p").first).to_contain_text("ZWNJ")

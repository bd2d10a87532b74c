"""Which model writes, in a real Chromium: the header's menu, the versions of a run, its samples."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from browser.steps import (
    MODEL,
    button,
    generated,
    new_context,
    opened,
    paste,
    plan,
    sample,
    state,
    tab,
    until,
)
from playwright.sync_api import Browser, Page, expect

from charrnn.corpora import load_corpus

pytestmark = pytest.mark.browser

MENU = ".drawing.header select"
SHORT = load_corpus("lighthouse").text[:1500]
"""So short that its last weights know it by heart, and its best ones come early."""
OUTPUT = "#generate-output .reading pre"


def written(page: Page) -> str:
    generated(page)
    expect(page.get_by_role("button", name="Copy text")).to_be_enabled()
    return page.locator(OUTPUT).text_content() or ""


def test_a_ready_made_model_is_one_choice_away_on_every_tab(page: Page) -> None:
    for title, name in (("Generate", "shakespeare"), ("Look inside", "python"), ("Train", "")):
        tab(page, title)
        page.locator(MENU).select_option(name or "lighthouse")
        expect(page.locator(MODEL)).to_contain_text(name or "lighthouse")
    page.locator(MENU).focus()
    page.keyboard.press("ArrowDown")  # a real select needs no mouse
    expect(page.locator(MODEL)).not_to_contain_text("lighthouse")
    tab(page, "Share")
    held = page.locator(MODEL).inner_text()
    name = page.locator(MENU).input_value()
    expect(page.locator("#pretrained input")).to_have_value(re.compile(f"^{name} "))
    page.locator("#pretrained input").click()
    page.locator("h1").click()  # closes the list without a choice
    expect(page.locator(".toast-body")).to_have_count(0)
    assert page.locator(MODEL).inner_text() == held


def test_sample_and_generate_use_the_same_weights(browser: Browser, page_url: str) -> None:
    context = new_context(browser, viewport={"width": 1280, "height": 800})
    page = opened(
        context.new_page(), page_url + "?hidden_size=96&learning_rate=0.01&temperature=0.2"
    )
    paste(page, SHORT)
    plan(page, 900)
    button(page, "Train")
    state(page, "done")
    expect(page.locator(MODEL)).to_contain_text("last step")
    last = sample(page)
    best = page.get_by_role("radio", name=re.compile("Best on unseen text"))
    best.check()
    expect(page.locator(".drawing.samples .note")).to_contain_text("best on unseen text")
    assert sample(page) != last
    expect(page.locator(MODEL)).not_to_contain_text("last step")
    page.get_by_role("radio", name=re.compile("Last step")).check()
    until(page, lambda: sample(page) == last)
    tab(page, "Generate")
    expect(page.get_by_role("radio", name=re.compile("Last step"))).to_be_checked()
    written(page)
    expect(page.locator("#generate-output .copied")).not_to_have_count(0)
    tab(page, "Train")
    slider = page.get_by_label("Moment of the training")
    slider.focus()
    slider.press("Home")
    first = sample(page)
    button(page, "Write from here")
    expect(page.locator(MODEL)).to_contain_text("step 0")
    page.wait_for_selector(OUTPUT)  # the Generate tab is shown
    tab(page, "Train")
    assert sample(page) == first
    page.locator(MENU).select_option("shakespeare")
    expect(page.locator(MODEL)).to_contain_text("shakespeare")
    expect(page.locator("#generate-output .head")).to_contain_text("trained here on your text")
    page.locator(MENU).select_option("")
    expect(page.locator(MODEL)).to_contain_text("trained here on your text")
    context.close()


def test_what_was_written_can_be_taken_away(browser: Browser, page_url: str) -> None:
    context = new_context(browser, viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(context.new_page(), page_url + "?tab=generate&ready=shakespeare&temperature=0.6")
    said = page.locator(".drawing.take-away .note")
    expect(page.locator(MODEL)).to_contain_text("shakespeare")
    page.locator("#generate-seed textarea").fill("First\nthou ")
    text = written(page)
    assert text.startswith("First\nthou ")

    def copied(name: str) -> str:
        button(page, name)
        expect(said).to_contain_text("copied")
        return str(page.evaluate("navigator.clipboard.readText()"))

    assert copied("Copy text").replace("\r\n", "\n") == text
    assert "↵" not in copied("Copy text")
    link = parse_qs(urlsplit(copied("Copy link")).query)
    assert link["seed"] == ["First\nthou "]
    assert (link["tab"], link["ready"], link["temperature"]) == (
        ["generate"], ["shakespeare"], ["0.6"],
    )  # fmt: skip
    assert copied("Copy embed code").startswith("<iframe src=")
    button(page, "Copy picture")
    expect(said).to_contain_text("Picture")
    kinds = "async () => (await navigator.clipboard.read())[0].types"
    assert page.evaluate(kinds) == ["image/png"]
    page.locator(OUTPUT).focus()  # copied by hand: the marks for line breaks are not in the text
    page.evaluate("s => getSelection().selectAllChildren(document.querySelector(s))", OUTPUT)
    page.keyboard.press("Control+c")
    until(page, lambda: "thou" in page.evaluate("navigator.clipboard.readText()"))
    assert "↵" not in page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_a_refused_clipboard_leaves_the_text_to_copy_by_hand(page: Page) -> None:
    page.add_init_script("delete Navigator.prototype.clipboard")
    opened(page)
    tab(page, "Generate")
    text = written(page)
    button(page, "Copy text")
    expect(page.get_by_label("To copy by hand")).to_have_value(text)


def test_what_was_written_can_be_looked_inside(page: Page) -> None:
    tab(page, "Generate")
    text = written(page)
    button(page, "Look inside")
    box = page.get_by_label("Text to read")
    expect(box).to_be_visible()
    expect(box).to_have_value(text[:1_000])
    letters = page.locator(".drawing.units pre [data-i]")
    until(page, lambda: letters.count() == len(text[:1_000]))

"""The How it works tab in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.steps import new_context, tab
from playwright.sync_api import Browser, Page, expect

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.ui.step.lessons import LESSONS

pytestmark = pytest.mark.browser


@pytest.fixture
def at_step(page: Page) -> Page:
    tab(page, "How it works")
    page.wait_for_selector(".step-view .copy[data-t='3']")
    return page


def test_the_tab_shows_the_engines_numbers(at_step: Page) -> None:
    page = at_step
    model = CharRNN(Vocabulary.from_text("hello"), ModelConfig("rnn", 8))
    _, state, _ = model.forward(model.vocabulary.encode("hell")[:, None])
    shown = page.eval_on_selector_all(
        "[data-block='hnew'] .cell", "all => all.map(cell => Number(cell.dataset.value))"
    )
    np.testing.assert_allclose(shown, state[0][0][:, 0], atol=1e-5)
    page.get_by_role("button", name="20 updates").click()
    expect(page.locator(".copy .guess.right")).to_have_count(4)
    page.get_by_role("button", name="Backwards").click()
    expect(page.locator(".copy .gradient")).to_have_count(4)


@pytest.fixture
def lesson(browser: Browser, page_url: str) -> Iterator[Callable[[int], Page]]:
    """Opens the link of a lesson in a browser of its own."""
    contexts = []

    def opened(number: int) -> Page:
        contexts.append(new_context(browser, viewport={"width": 1280, "height": 900}))
        page: Page = contexts[-1].new_page()
        page.goto(f"{page_url}?lesson={number}")
        page.wait_for_selector(".drawing.tour .card h2")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_lessons_link_opens_its_card_and_sets_the_panel(
    lesson: Callable[[int], Page],
) -> None:
    page = lesson(6)
    card = page.locator(".tour .card")
    expect(card).to_contain_text(LESSONS[5].title)
    expect(page.get_by_role("radio", name="LSTM")).to_be_checked()
    expect(page.locator(".losses")).to_have_attribute("aria-label", re.compile("20 updates"))
    card.get_by_role("button", name="Next").click()
    expect(card).to_contain_text(LESSONS[6].title)
    expect(page.get_by_role("radio", name="RNN")).to_be_checked()
    assert page.url.endswith("lesson=7")
    assert page.get_by_label("Link of this lesson").input_value() == page.url
    page.get_by_role("button", name="Close the tour").click()
    expect(card).to_be_hidden()
    assert "lesson" not in page.url


def test_the_answer_stays_hidden_until_the_question_is_answered(
    lesson: Callable[[int], Page],
) -> None:
    page = lesson(1)
    card = page.locator(".tour .card")
    for each in LESSONS:
        expect(card).to_contain_text(each.title)
        expect(card.get_by_text(each.answer)).to_be_hidden()
        card.get_by_role("button", name=each.choices[each.right], exact=True).click()
        expect(card.get_by_text(each.answer)).to_be_visible()
        expect(card.locator(".reply strong")).to_have_text("Right. ")
        following = card.get_by_role("button", name="Next")
        if following.count():
            following.click()


def test_what_the_answers_say_is_what_the_panel_shows(lesson: Callable[[int], Page]) -> None:
    page = lesson(1)
    shown = page.locator("[data-block='p'] .cell.target")
    expect(shown).to_have_text("22 %")
    expect(page.locator("[data-block='loss'] .cell")).to_have_text("1.50")
    page = lesson(4)
    for _ in range(3):
        expect(page.locator(".copy .guess:not(.right)").first).to_be_visible()
        page.get_by_role("button", name="Update", exact=True).click()
    expect(page.locator(".copy .guess.right")).to_have_count(4)
    page = lesson(5)
    page.get_by_role("button", name="Backwards").click()
    expect(page.locator(".copy[data-t='0'] .gradient")).to_contain_text("1.4 %")
    page = lesson(7)
    expect(page.locator("[data-block='p'] .cell.target")).to_have_text("87 %")
    page.get_by_label("Temperature").fill("0.5")
    expect(page.locator("[data-block='p'] .cell.target")).to_have_text("99 %")


def test_the_teachers_sheet_prints_every_question_and_link(lesson: Callable[[int], Page]) -> None:
    page = lesson(2)
    page.get_by_role("button", name="Teacher's sheet").click()
    sheet = page.locator(".tour .sheet")
    page.evaluate("window.print = () => { window.printed = true; }")
    sheet.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.locator(".step-view")).to_have_css("visibility", "hidden")
    for number, each in enumerate(LESSONS, 1):
        expect(sheet.get_by_text(each.question, exact=True)).to_be_visible()
        expect(sheet.get_by_text(f"?lesson={number}")).to_be_visible()


def test_the_lessons_say_what_the_document_says() -> None:
    document = Path(__file__).parents[2] / "docs" / "how-it-works.md"
    text = " ".join(document.read_text("utf-8").replace("`", "").split())
    headings = re.findall(r"^## (.+)$", document.read_text("utf-8"), re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings]
    for number, each in enumerate(LESSONS, 1):
        for sentence in re.split(r"(?<=[.?]) (?=[A-Z])", each.text):
            assert sentence.lower() in text.lower()
        assert each.chapter in anchors
        assert f"?lesson={number}" in text

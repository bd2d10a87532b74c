"""The Look inside tab in a real Chromium."""

from __future__ import annotations

import itertools
import re

import pytest
from browser.steps import button, tab, until
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

TEXT = "The keeper said: The lamp is lit.\nNobody answered him.\nThe sea was calm. " * 4


@pytest.fixture
def at_inspect(page: Page) -> Page:
    tab(page, "Look inside")
    page.wait_for_selector(".drawing.units [data-i='20']", state="attached")
    return page


def colors(page: Page, picture: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        f".drawing.{picture} [data-i]", "all => all.map(one => one.style.backgroundColor)"
    )
    return found


def read(page: Page, text: str) -> None:
    page.get_by_label("Text to read").fill(text)
    button(page, "Read")


def unit(page: Page) -> str:
    return page.locator(".drawing.units .unit").inner_text()


def test_the_tab_opens_with_a_text_and_its_units(at_inspect: Page) -> None:
    page = at_inspect
    assert len(page.get_by_label("Text to read").input_value()) > 100
    assert len(set(colors(page, "units"))) > 5


def test_scrubbing_asks_no_server(at_inspect: Page) -> None:
    page = at_inspect
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before, seen = colors(page, "units"), {unit(page)}
    for value in (1, 5, 9):
        page.locator(".drawing.units input[type=range]").fill(str(value))
        seen.add(unit(page))
    page.get_by_role("button", name="Next unit").click()
    assert unit(page).startswith("unit 10 ")
    assert len(seen) >= 3
    assert colors(page, "units") != before
    canvas = page.locator(".drawing.units canvas")
    box = canvas.bounding_box()
    assert box
    canvas.click(position={"x": box["width"] / 2, "y": 1})
    assert unit(page).startswith("unit 1 ")
    page.keyboard.press("ArrowDown")
    assert unit(page).startswith("unit 2 ")
    assert not [url for url in asked if "queue/join" in url]


def test_find_me_a_unit(at_inspect: Page) -> None:
    page = at_inspect
    read(page, TEXT)
    expect(page.locator(".drawing.units pre")).to_contain_text("Nobody answered")
    page.get_by_label("Find a unit that follows this").select_option("position in the line")
    chips = page.locator(".drawing.units .chips button")
    expect(chips).to_have_count(5)
    strongest = [float(re.sub("\u2212", "-", b)) for b in chips.locator("b").all_inner_texts()]
    assert [abs(r) for r in strongest] == sorted((abs(r) for r in strongest), reverse=True)
    expect(page.locator(".drawing.units > .note")).to_contain_text("Follows most closely")
    page.get_by_label("Find a unit that follows this").select_option("capital letter")
    expect(chips).to_have_count(5)
    for chip in chips.all():
        number = re.findall(r"(\d+) [+\u2212]", chip.inner_text())[0]
        chip.click()
        expect(page.locator(".drawing.units .unit")).to_contain_text(f"unit {number} ")


def test_gates_can_be_watched(at_inspect: Page) -> None:
    page = at_inspect
    part = page.get_by_label("What to color the text by")
    titles = part.locator("option").all_inner_texts()
    gate = next((t for t in titles if "gate" in t), None)
    if gate is None:
        pytest.skip("the pretrained model is a plain RNN")
    before = colors(page, "units")
    part.select_option(label=gate)
    expect(page.locator(".drawing.units .scale")).not_to_contain_text("+1")
    until(page, lambda: colors(page, "units") != before)
    assert part.evaluate("s => s.selectedOptions[0].text") == gate


def test_which_letters_mattered(at_inspect: Page) -> None:
    page = at_inspect
    tab(page, "Which letters mattered")
    page.wait_for_selector(".drawing.saliency [data-i='60']", state="attached")
    page.locator(".drawing.saliency [data-i='50']").hover()
    answer = page.locator(".drawing.saliency .answer")
    expect(answer).to_contain_text("mattered most")
    told = answer.inner_text()
    tinted = [i for i, c in enumerate(colors(page, "saliency")) if re.search(r"[1-9]\d?%", c)]
    assert tinted
    assert max(tinted) < 50
    page.locator(".drawing.saliency [data-i='40']").click()
    held = answer.inner_text()
    assert held != told
    page.locator(".drawing.saliency [data-i='55']").hover()
    assert answer.inner_text() == held  # a click keeps it
    page.locator(".drawing.saliency pre").focus()
    page.keyboard.press("ArrowRight")
    assert answer.inner_text() != held


def test_how_far_back_it_learns(at_inspect: Page) -> None:
    """Three trained networks and the visitor's own; a click adds the three before training."""
    page = at_inspect
    tab(page, "How far back it learns")
    chart = page.locator(".drawing.gradient-reach")
    expect(chart.locator("polyline")).to_have_count(4)
    for name in ("your model", "trained RNN", "trained LSTM", "trained GRU"):
        expect(chart.locator(".legend")).to_contain_text(name)
        expect(chart.locator(".answer")).to_contain_text(name)
    before = chart.locator(".answer").inner_text()
    chart.locator("svg").hover()
    expect(chart.locator(".aside")).to_contain_text(re.compile(r"\d+ back: .*RNN.*LSTM"))
    page.get_by_label("Before training").check()
    expect(chart.locator("polyline")).to_have_count(3)
    expect(chart.locator(".answer")).not_to_have_text(before)
    boxes = [text.bounding_box() for text in chart.locator(".end-name").all()]
    tops = sorted(box["y"] for box in boxes if box)
    assert all(low - high > 10 for high, low in itertools.pairwise(tops))


def test_the_weights_as_pictures(at_inspect: Page) -> None:
    page = at_inspect
    tab(page, "The weights")
    page.wait_for_selector(".drawing.weights figure canvas")
    names = page.locator(".drawing.weights .head code").all_inner_texts()
    assert names[0] == "Wxh0"
    assert names[-2:] == ["Why", "by"]
    painted = page.eval_on_selector(
        ".drawing.weights canvas",
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)",
    )
    assert painted


def test_the_gradients_are_checked(at_inspect: Page) -> None:
    page = at_inspect
    tab(page, "Check the math")
    button(page, "Check the gradients of this model")
    expect(page.locator(".drawing.gradient-check .answer")).to_contain_text("Right:")
    assert page.locator(".drawing.gradient-check tbody tr").count() >= 5
    assert page.locator(".drawing.gradient-check .bad").count() == 0


def test_too_little_text_gets_a_sentence(at_inspect: Page) -> None:
    page = at_inspect
    read(page, "\u4e2d")
    expect(page.get_by_text("at least two characters").first).to_be_visible()

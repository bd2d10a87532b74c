"""Text, vocabulary and seed never become HTML: every symbol of this model is an attack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.steps import button, new_context, tab, upload
from hostile_page import PAYLOADS
from playwright.sync_api import Browser, Page, expect
from serving import ROOT, free_port, wait_for

from charrnn import CharRNN, ModelConfig, Vocabulary, save

pytestmark = pytest.mark.browser

OUTPUT = "#generate-output .reading"


@pytest.fixture
def hostile(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    port, log = free_port(), tmp_path / "log.txt"
    with log.open("w") as sink:
        command = [sys.executable, str(ROOT / "tests" / "hostile_page.py"), str(port)]
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/", process, log)
        context = new_context(browser)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector(".drawing.next-symbol .column")
        yield page
        context.close()
    finally:
        process.terminate()
        process.wait(10)


def harmless(page: Page) -> None:
    assert page.evaluate("window.__hit") is None
    planted = ".drawing img, .drawing script, .drawing iframe, .drawing svg[onload], [onmouseover]"
    assert page.locator(planted).count() == 0


def test_symbols_are_text_on_the_generate_tab(hostile: Page) -> None:
    page = hostile
    page.locator("#generate-seed textarea").fill("".join(PAYLOADS) + "\u00e9<img src=y>")
    button(page, "Generate")
    page.wait_for_selector(f"{OUTPUT} [data-i='5']", state="attached")
    page.wait_for_selector(f"{OUTPUT} .caret", state="hidden")
    assert PAYLOADS[0] in page.locator(f"{OUTPUT} pre").inner_text()
    page.locator(f"{OUTPUT} [data-i='3']").hover()
    expect(page.locator(f"{OUTPUT} .tooltip")).to_be_visible()
    harmless(page)
    page.get_by_label("Test any text").fill(" a".join(PAYLOADS) + "<img src=z> a a")
    button(page, "Test")
    expect(page.locator(".drawing.baselines .loss.own")).to_be_visible()
    button(page, "Compare five temperatures")
    expect(page.locator(".drawing.temperatures pre")).to_have_count(5)
    harmless(page)


def test_symbols_are_text_on_the_look_inside_tab(hostile: Page) -> None:
    page = hostile
    tab(page, "Look inside")
    page.get_by_label("Text to read").fill(" a ".join(PAYLOADS) + "<img src=z> a a a")
    button(page, "Read")
    page.locator(".drawing.units [data-i='3']").hover()
    page.locator(".drawing.units canvas").hover()
    harmless(page)
    tab(page, "Which letters mattered")
    page.wait_for_selector(".drawing.saliency [data-i='3']", state="attached")
    page.locator(".drawing.saliency [data-i='3']").click()
    expect(page.locator(".drawing.saliency .answer")).to_contain_text("To guess")
    tab(page, "The weights")
    page.wait_for_selector(".drawing.weights canvas")
    harmless(page)


def test_names_and_facts_of_a_file_are_text_on_every_tab(page: Page, tmp_path: Path) -> None:
    """A stranger chose both the file's name and what its metadata says about the training."""
    model = CharRNN(Vocabulary.from_text("ab<>"), ModelConfig("gru", 4))
    model.metadata.update(corpus=PAYLOADS[0], steps=7, best_loss=1.0, machine=PAYLOADS[4])
    path = tmp_path / "<img src=x onerror=window.__hit=1>.npz"
    save(model, path)
    tab(page, "Share")
    upload(page, path)
    expect(page.locator(".drawing.header .model")).to_contain_text("uploaded:")
    expect(page.locator(".drawing.card").last).to_contain_text("onerror")
    for name in ("Generate", "Look inside", "Train", "Share"):
        tab(page, name)
        page.wait_for_timeout(300)
    harmless(page)

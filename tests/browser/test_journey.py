"""A new visitor's way through the page, in a real Chromium."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest
from browser.steps import (
    TEXT,
    button,
    new_context,
    number,
    opened,
    paste,
    sample,
    state,
    step,
    tab,
    train_a_while,
    unfold,
    until,
    upload,
    verdict,
    write,
)
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


def stop(page: Page) -> None:
    """End the run; its end reaches the samples last."""
    button(page, "Stop")
    state(page, "stopped")
    expect(page.get_by_role("button", name="Write from here")).to_be_visible()


def test_train_stop_generate_download_upload(page: Page, tmp_path: Path) -> None:
    paste(page, TEXT)
    train_a_while(page, 5)  # later the network knows the text, and its samples no longer change
    first_curve = page.locator(".drawing.chart path.curve").last.get_attribute("d")
    first_sample = sample(page)
    curve = page.locator(".drawing.chart path.curve").last
    until(page, lambda: curve.get_attribute("d") != first_curve)
    until(page, lambda: sample(page) != first_sample)

    button(page, "Stop")
    state(page, "stopped")

    expect(page.locator(".drawing.header .model")).to_contain_text("trained here on your text")
    write(page)

    tab(page, "Share")
    expect(page.locator(".drawing.card:visible").first).to_contain_text("LSTM")
    with page.expect_download() as waiting:
        button(page, "Download .npz")
    file = tmp_path / "mine.npz"
    waiting.value.save_as(file)
    with np.load(file, allow_pickle=False) as arrays:
        assert "__meta__" in arrays

    opened(page)
    tab(page, "Share")
    upload(page, file)
    expect(page.locator(".drawing.header .model")).to_contain_text("uploaded: mine")
    write(page)


def test_the_model_leaves_as_a_web_page_under_its_own_title(page: Page, tmp_path: Path) -> None:
    tab(page, "Share")
    page.get_by_label("Title of the web page").fill("Songs of the harbor & <b>")
    with page.expect_download() as waiting:
        button(page, "Download as a web page")
    file = tmp_path / "model.html"
    waiting.value.save_as(file)
    assert waiting.value.suggested_filename.endswith(".html")
    away = page.context.browser.new_page() if page.context.browser else page
    away.goto(file.as_uri())
    expect(away).to_have_title("Songs of the harbor & <b>")
    expect(away.locator("#written span").nth(20)).to_be_attached()  # the page writes by itself
    away.close()


def test_a_refused_upload_is_a_sentence(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "bad.npz"
    file.write_bytes(b"PK<img src=x onerror=alert(1)>")
    tab(page, "Share")
    upload(page, file)
    expect(page.locator(".toast-body")).to_contain_text("not a charrnn model")


def test_a_reload_brings_the_run_back_and_continue_goes_on(page: Page) -> None:
    paste(page, TEXT)
    train_a_while(page, 5)
    stop(page)
    stopped_at, last_sample = step(page), sample(page)
    expect(page.get_by_role("button", name="Continue").first).to_be_enabled()
    page.reload()
    state(page, "stopped")
    assert step(page) == stopped_at
    assert sample(page) == last_sample
    expect(page.locator(".drawing.header .model")).to_contain_text("trained here")
    button(page, "Continue")
    state(page, "training")
    until(page, lambda: step(page) > stopped_at)
    button(page, "Stop")
    state(page, "stopped")


def test_the_samples_replay_in_step_with_the_curve(page: Page) -> None:
    paste(page, TEXT)
    train_a_while(page)
    stop(page)
    learned = sample(page)
    slider = page.get_by_label("Moment of the training")
    slider.focus()
    slider.press("Home")
    assert sample(page) != learned
    expect(page.locator(".drawing.samples .note")).to_contain_text("step 0")
    expect(page.locator(".drawing.chart .cursor")).to_have_count(1)
    slider.press("End")
    assert sample(page) == learned


def test_the_best_validation_is_marked_on_the_curve(page: Page) -> None:
    paste(page, TEXT)
    button(page, "Train")
    mark = page.locator(".drawing.chart circle.best")
    expect(mark).to_have_count(1)
    label, told = page.evaluate(  # together, because the next evaluation may move them
        """() => { const chart = document.querySelector(".drawing.chart svg");
          return [chart.querySelector("text.best").textContent, chart.ariaLabel]; }"""
    )
    assert f"best validation {label.removeprefix('best ')} at step " in told
    for width in (1280, 390):  # nothing covers a baseline's name
        page.set_viewport_size({"width": width, "height": 844})
        hidden = page.evaluate(
            """() => { const box = (text) => text.getBoundingClientRect();
              const [best, ...names] = ["text.best", "text.name:not(.best)"]
                .flatMap((which) => [...document.querySelectorAll(`.drawing.chart ${which}`)]);
              return names.filter((name) => box(name).left < box(best).right
                && box(best).left < box(name).right && box(name).top < box(best).bottom
                && box(best).top < box(name).bottom).map((name) => name.textContent); }"""
        )
        assert hidden == []


def test_the_address_holds_the_settings(browser: Browser, page_url: str) -> None:
    context = new_context(browser)
    page = context.new_page()
    page.goto(page_url + "?recipe=hello&cell=gru&steps=30")
    expect(page.get_by_label("hello", exact=True)).to_be_checked()
    unfold(page, "Settings")
    expect(page.get_by_label("number input for Hidden size")).to_have_value("8")
    button(page, "Train")
    state(page, "done")
    assert number(page, "step") == "30"
    assert "recipe=hello" in page.url
    assert "cell=gru" in page.url
    button(page, "Continue")  # after a completed plan: as many steps again
    expect(page.locator(".drawing.status")).to_contain_text("step of 60")
    state(page, "done")
    assert number(page, "step") == "60"
    context.close()


def test_a_race_has_three_curves_and_three_samples(page: Page) -> None:
    unfold(page, "Race: RNN, LSTM and GRU")
    page.get_by_label("number input for Seconds for each").fill("5")
    page.get_by_label("number input for Seconds for each").press("Enter")
    paste(page, TEXT)
    button(page, "Start the race")
    state(page, "done")
    runs = page.locator(".drawing.race .run")
    expect(runs).to_have_count(3)
    assert all(len(text) > 100 for text in runs.locator("pre").all_inner_texts())
    legend = page.locator(".drawing.chart .legend > span").all_inner_texts()
    assert legend[:3] == ["RNN", "LSTM", "GRU"]
    assert "dashed" in legend[3]
    numbers = page.locator(".drawing.status dl > div")
    best = {one.locator("dt").inner_text()[:4].strip(" ,"): float(one.locator("dd").inner_text())
            for one in numbers.all()}  # fmt: skip
    winner = min(best, key=lambda cell: best[cell])  # by the loss that is shown
    expect(page.locator(".drawing.status strong")).to_have_text(f"The {winner} won")
    expect(page.locator(".drawing.chart .tick", has_text=re.compile(r"\d s$"))).not_to_have_count(0)


def test_the_temperature_of_samples_moves_while_it_runs(page: Page) -> None:
    # The run must outlast the slider's move, with a network too small to learn by heart.
    page.goto(page.url + "?steps=20000&hidden_size=4")
    letters = random.Random(0).choices("eabcdfgh", weights=[9, 1, 1, 1, 1, 1, 1, 1], k=4000)
    paste(page, "".join(letters))  # nothing to learn but that e is the likeliest letter
    train_a_while(page, 20)
    unfold(page, "While it trains")
    slider = page.get_by_label("range slider for Temperature of the samples")
    expect(slider).to_be_visible()  # a key pressed before that would scroll the page
    greedy = re.compile("e{100}")  # nine in sixteen letters are an e at temperature 1

    def moved() -> bool:
        # As a visitor would, again where nothing happens.
        slider.press("ArrowRight")
        slider.press("Home")
        expect(slider).to_have_value("0")
        page.wait_for_timeout(3000)
        return greedy.search(sample(page)) is not None

    until(page, moved)
    button(page, "Stop")
    state(page, "stopped")


def test_an_uploaded_run_goes_on(page: Page, tmp_path: Path) -> None:
    paste(page, TEXT)
    train_a_while(page)
    button(page, "Stop")
    state(page, "stopped")
    stopped_at = step(page)
    tab(page, "Share")
    page.get_by_label("Include training state").check()
    with page.expect_download() as waiting:
        button(page, "Download .npz")
    file = tmp_path / "run.npz"
    waiting.value.save_as(file)
    page.evaluate("localStorage.clear()")  # as on another machine: no session token
    opened(page)
    paste(page, TEXT)
    tab(page, "Share")
    upload(page, file)
    expect(page.locator(".drawing.header .model")).to_contain_text("uploaded: run")
    tab(page, "Train")
    expect(page.locator(".drawing.chart")).to_be_hidden()  # its curve was that of another run
    button(page, "Continue")
    state(page, "training")
    page.wait_for_selector(".drawing.chart path.curve")
    assert step(page) >= stopped_at
    button(page, "Stop")
    state(page, "stopped")


def test_hostile_text_stays_text(page: Page) -> None:
    hostile = (
        "<img src=x onerror=window.hit=1>${window.hit=2}{{value}}<script>window.hit=3</script>"
    )
    paste(page, hostile * 40)
    expect(verdict(page)).to_contain_text("characters")
    unfold(page, "Settings")
    expect(page.locator(".drawing.card:visible")).to_contain_text("rarest characters")
    train_a_while(page, 30)
    button(page, "Stop")
    state(page, "stopped")
    assert page.evaluate("window.hit") is None
    expect(page.locator(".drawing img")).to_have_count(0)

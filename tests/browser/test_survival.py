"""A run continues while its page is gone, and the page that comes back follows it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import NamedTuple

import psutil
import pytest
from browser.steps import TEXT, button, new_context, sample, state, step, tab, until
from playwright.sync_api import Browser, BrowserContext, Page, expect
from serving import free_port, start, wait_for

pytestmark = pytest.mark.browser

LONG = "?recipe=standard&cell=rnn&hidden_size=16&steps=1000000"
"""Settings of a run that lasts as long as the server allows."""


class Server(NamedTuple):
    url: str
    process: psutil.Process

    def workers(self) -> list[psutil.Process]:
        """The processes that train."""
        children = self.process.children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("survival"), free_port()
    process, url = start(folder, port, 600), f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, folder / "log.txt")
        yield Server(url, psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    opened = new_context(browser, viewport={"width": 1280, "height": 800})
    yield opened
    opened.close()
    for worker in server.workers():  # a run whose page is gone continues for more than a minute
        worker.kill()
    psutil.wait_procs(server.workers(), timeout=60)


def opened(context: BrowserContext, server: Server, query: str = "") -> Page:
    page = context.new_page()
    page.goto(server.url + query)
    arrived(page)
    return page


def arrived(page: Page) -> None:
    """Wait until the page shows which model it has, the last step of its opening."""
    expect(page.locator(".drawing.header .model")).to_contain_text("·")


def box(page: Page) -> str:
    return page.locator("#train-text textarea").input_value()


def train(page: Page, text: str = TEXT) -> None:
    page.locator("#train-text textarea").fill(text)
    expect(page.get_by_label("Your text", exact=True)).to_be_checked()
    button(page, "Train")
    state(page, "training")
    until(page, lambda: step(page) > 0)


def curve(page: Page) -> str:
    return page.locator(".drawing.chart path.curve").last.get_attribute("d") or ""


def follows(page: Page, server: Server, before: int) -> None:
    """The page shows the same run: its step advances, its curve and its samples are there."""
    state(page, "training")
    until(page, lambda: step(page) > before)
    assert len(server.workers()) == 1
    assert curve(page)
    assert sample(page)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()


def stop(page: Page) -> None:
    button(page, "Stop")
    state(page, "stopped")
    expect(page.get_by_role("button", name="Continue")).to_be_enabled()


def test_a_reload_follows_the_same_run(context: BrowserContext, server: Server) -> None:
    page = opened(context, server, LONG)
    train(page)
    (worker,) = server.workers()
    before = step(page)
    page.reload()
    follows(page, server, before)
    assert server.workers() == [worker]
    assert box(page) == TEXT
    expect(page.get_by_label("Your text", exact=True)).to_be_checked()
    stop(page)
    expect(page.locator(".drawing.header .model")).to_contain_text("trained here on your text")
    assert not worker.is_running()


def test_a_lost_line_does_not_end_the_run(context: BrowserContext, server: Server) -> None:
    page = opened(context, server, LONG)
    train(page)
    (worker,) = server.workers()
    context.set_offline(True)
    page.wait_for_function("!navigator.onLine")
    page.wait_for_timeout(3000)  # the line is down for a while
    before = step(page)
    context.set_offline(False)
    until(page, lambda: page.locator(".drawing.status[data-state=training]").count() == 1)
    follows(page, server, before)
    assert server.workers() == [worker]
    assert box(page) == TEXT
    stop(page)


def test_a_page_that_was_closed_finds_its_run_again(
    context: BrowserContext, server: Server
) -> None:
    page = opened(context, server, LONG)
    train(page)
    before = step(page)
    (worker,) = server.workers()
    page.close()
    again = opened(context, server)
    follows(again, server, before)
    assert server.workers() == [worker]
    stop(again)
    again.reload()
    state(again, "stopped")
    expect(again.locator(".drawing.header .model")).to_contain_text("trained here on your text")


TEXTS = {"hello": "on hello", "notebook": "on sentence"}
"""Recipes that take a second, and the end of the resulting model's name."""


def trained(page: Page, recipe: str) -> Page:
    button(page, "Train")
    expect(page.locator(".drawing.header .model")).to_contain_text(TEXTS[recipe])
    state(page, "done")
    return page


def name(page: Page) -> str:
    return page.locator(".drawing.header .model").inner_text()


def test_two_tabs_keep_a_model_each(context: BrowserContext, server: Server) -> None:
    first = trained(opened(context, server, "?recipe=hello&steps=30"), "hello")
    second = trained(opened(context, server, "?recipe=notebook&steps=30"), "notebook")
    names = name(first), name(second)
    for _ in range(2):
        for page, own in ((first, names[0]), (second, names[1])):
            page.reload()
            expect(page.locator(".drawing.header .model")).to_have_text(own)


def test_a_duplicated_tab_goes_its_own_way(context: BrowserContext, server: Server) -> None:
    first = trained(opened(context, server, "?recipe=hello&steps=30"), "hello")
    copy = context.new_page()
    storage = first.evaluate("JSON.stringify({ ...sessionStorage })")
    copy.add_init_script(  # what "Duplicate" of a browser does; once, not at reloads
        f"if (!sessionStorage.length) Object.assign(sessionStorage, {storage});"
    )
    copy.goto(server.url + "?recipe=notebook&steps=30")
    expect(copy.locator(".drawing.header .model")).to_have_text(name(first))
    trained(copy, "notebook")
    names = name(first), name(copy)
    for page, own in ((first, names[0]), (copy, names[1])):
        page.reload()
        expect(page.locator(".drawing.header .model")).to_have_text(own)


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSTOP"])
def test_a_dead_or_frozen_worker_leaves_what_it_had_learned(
    context: BrowserContext, server: Server, how: str
) -> None:
    page = opened(context, server, LONG)
    train(page)
    (worker,) = server.workers()
    before = worker.cpu_times().user
    until(page, lambda: worker.cpu_times().user > before + 3)  # by then the worker has saved
    os.kill(worker.pid, getattr(signal, how))
    if how == "SIGSTOP":
        button(page, "Stop")
    state(page, "stopped")
    assert not worker.is_running()
    assert step(page) > 0
    expect(page.locator(".drawing.header .model")).to_contain_text("trained here on your text")
    tab(page, "Generate")
    button(page, "Generate")
    expect(page.locator(".drawing:visible pre, .drawing:visible .text").first).not_to_be_empty()


def test_the_text_of_a_closed_tab_is_nowhere(context: BrowserContext, server: Server) -> None:
    page = opened(context, server)
    page.locator("#train-text textarea").fill(TEXT)
    expect(page.get_by_label("Your text", exact=True)).to_be_checked()
    page.reload()
    arrived(page)
    until(page, lambda: box(page) == TEXT)
    page.close()
    assert box(opened(context, server)) == ""

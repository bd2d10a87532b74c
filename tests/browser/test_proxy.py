"""The whole page behind a real nginx: every request, link and file has the visitor's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from browser.proxy import behind_nginx
from browser.steps import (
    TEXT,
    button,
    new_context,
    opened,
    paste,
    state,
    tab,
    train_a_while,
    upload,
    write,
)
from playwright.sync_api import Browser, Page, Response, expect
from serving import serving
from standin import ALICE, Hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


class Way(NamedTuple):
    """One way in which an administrator puts nginx in front of the page."""

    headers: str
    path: str = "/"
    https: bool = False


HOST = "proxy_set_header Host $host;"
"""The setting in most guides: it loses the port and the scheme."""
ALL = (
    "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme; "
    "proxy_set_header X-Forwarded-Host $http_host;"
)
WAYS = {
    "http": Way(HOST),
    "https": Way(HOST, https=True),
    "https-subpath": Way(ALL, "/demo/", https=True),
}


@pytest.fixture(scope="module")
def page_at(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Serves the page for visitors who find it under a path, once for each path."""
    with ExitStack() as stack:

        @cache
        def serve(path: str) -> str:
            root = {"GRADIO_ROOT_PATH": path.rstrip("/")} if path != "/" else {}
            hubs = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0"}
            folder = tmp_path_factory.mktemp("page")
            return stack.enter_context(serving(folder, **hubs, **root))

        yield serve


@pytest.mark.parametrize("name", WAYS)
def test_everything_works(
    browser: Browser, page_at: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    way = WAYS[name]
    place = behind_nginx(tmp_path / "nginx", page_at(way.path), way.headers, way.path, way.https)
    with place as address:
        context = new_context(browser, ignore_https_errors=True, accept_downloads=True)
        page = context.new_page()
        faults: list[str] = []
        page.on("request", lambda asked: _outside(asked.url, address) and faults.append(asked.url))
        page.on("response", lambda got: _failed(got) and faults.append(f"{got.status} {got.url}"))
        opened(page, address)
        _train_write_and_move(page, tmp_path)
        link = _share(page)
        assert link == f"{address}?model=alice/behind"
        page.goto(link)
        expect(page.locator(".drawing.header .model")).to_contain_text("alice/behind at")
        assert faults == []
        context.close()


FAVICON = "/favicon.ico"
"""What a browser requests from a host by itself, whatever the page's path is."""


def _outside(url: str, address: str) -> bool:
    return not url.startswith((address, "data:", "blob:")) and not url.endswith(FAVICON)


def _failed(response: Response) -> bool:
    return response.status >= 400 and not response.url.endswith(FAVICON)


def _train_write_and_move(page: Page, folder: Path) -> None:
    paste(page, TEXT)
    train_a_while(page, 5)
    button(page, "Stop")
    state(page, "stopped")
    write(page)
    tab(page, "Share")
    with page.expect_download() as waiting:
        button(page, "Download .npz")
    waiting.value.save_as(folder / "mine.npz")
    upload(page, folder / "mine.npz")
    expect(page.locator(".drawing.header .model")).to_contain_text("uploaded: mine")


def _share(page: Page) -> str:
    page.locator("#hub-token input").fill(ALICE)
    page.locator("#hub-name input").fill("behind")
    button(page, "Share on the Hub")
    shown = page.locator(".drawing.transfer:visible:is([data-state='done'], [data-state='failed'])")
    expect(shown).to_have_attribute("data-state", "done")
    return shown.locator("a").last.get_attribute("href") or ""

"""Sharing on the Hub, in a real Chromium: the page talks to the stand-in over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.steps import TEXT, button, generated, new_context, opened, paste, state, tab, until
from hubs import text_of, trained
from playwright.sync_api import Browser, Page, expect
from serving import serving
from standin import ALICE, Fault, Hub

from charrnn.hub import push_page, push_to_hub

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub().serve() as served:
        yield served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub-page")


@pytest.fixture(scope="module")
def url(hub: Hub, folder: Path) -> Iterator[str]:
    """The page with a Hub; everything that the page and the client write is in `folder`."""
    home = {"HF_HOME": str(folder / "home"), "HOME": str(folder), "TMPDIR": str(folder)}
    with serving(folder, HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0", **home) as address:
        yield address


@pytest.fixture
def visitors(browser: Browser) -> Iterator[list[Page]]:
    """Two browsers that share nothing."""
    contexts = [new_context(browser, viewport={"width": 1280, "height": 900}) for _ in range(2)]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def fill(page: Page, part: str, text: str) -> None:
    page.locator(f"#hub-{part} input").fill(text)


def share(page: Page, name: str, token: str = ALICE) -> None:
    tab(page, "Share")
    fill(page, "token", token)
    fill(page, "name", name)
    button(page, "Share on the Hub")


def card(page: Page) -> str:
    """The card of the last push or pull, once it is over."""
    shown = page.locator(".drawing.transfer:visible:is([data-state='done'], [data-state='failed'])")
    expect(shown.last).to_be_visible(timeout=60_000)
    return shown.last.inner_text()


def writes(page: Page) -> str:
    """What the model writes from a fixed random seed and a fixed beginning."""
    tab(page, "Generate")
    page.wait_for_selector("#generate-seed textarea")
    page.get_by_role("button", name="More control").click()
    page.get_by_label("Random seed").fill("7")
    page.locator("#generate-seed textarea").fill("The ")
    return generated(page)


def stored(page: Page) -> str:
    """Everything that the browser stores."""
    kept = page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    return str(kept) + str(page.context.cookies()) + page.content()


def test_train_push_and_open_the_link_in_a_second_browser(
    hub: Hub, url: str, folder: Path, visitors: list[Page]
) -> None:
    alice, stranger = visitors
    opened(alice, url + "?hidden_size=24&steps=80")
    paste(alice, TEXT)
    button(alice, "Train")
    state(alice, "done")
    expect(alice.locator(".drawing.header .model")).to_contain_text("trained here")
    first = writes(alice)
    share(alice, "cat-sat")
    assert "alice/cat-sat" in card(alice)
    expect(alice.locator("#hub-token input")).to_have_value("")
    assert "| uniform |" in text_of(hub, "alice/cat-sat")
    link = alice.locator(".drawing.transfer:visible a").last.get_attribute("href") or ""
    assert link == f"{url}?model=alice/cat-sat"

    stranger.goto(link)
    revision = hub.model("alice/cat-sat").main[:7]
    expect(stranger.locator(".drawing.header .model")).to_contain_text(
        f"alice/cat-sat at {revision}"
    )
    assert writes(stranger) == first
    assert len(first) > 100

    secret = ALICE.encode()
    for page in visitors:
        assert ALICE not in stored(page)
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if secret in path.read_bytes()] == []


def test_faults_are_sentences_and_the_page_goes_on(
    hub: Hub, url: str, visitors: list[Page]
) -> None:
    page = visitors[0]
    opened(page, url)
    share(page, "mine", "hf_" + "wrong" * 6)
    assert "does not accept the token" in card(page)
    expect(page.locator("#hub-token input")).to_have_value("")
    fill(page, "wanted", "alice/nowhere")
    button(page, "Open")
    expect(page.locator(".drawing.transfer:visible").last).to_contain_text("no alice/nowhere")
    hub.faults.append(Fault("/api/models$", status=503))
    button(page, "Show models")
    expect(page.locator(".drawing.gallery:visible")).to_contain_text("has trouble")
    hub.faults.clear()
    page.goto(url + "?model=alice/<img src=x onerror=window.hit=1>")
    expect(page.locator(".toast-body").last).to_contain_text("USER/NAME")
    assert page.evaluate("window.hit") is None


def test_the_gallery_opens_a_model_with_one_click(hub: Hub, url: str, visitors: list[Page]) -> None:
    push_to_hub(trained(), "alice/small-sea", token=ALICE, endpoint=hub.url)
    page = visitors[0]
    opened(page, url)
    tab(page, "Share")
    button(page, "Show models")
    row = page.locator(".drawing.gallery:visible li", has_text="alice/small-sea")
    expect(row).to_contain_text(f"{trained().metadata['best_loss']:.3f} nats")
    row.locator("button").click()
    expect(page.locator(".drawing.header .model")).to_contain_text("alice/small-sea at")


def test_a_model_s_own_page_plays_as_a_static_space(hub: Hub, visitors: list[Page]) -> None:
    from charrnn.formats.web import to_html

    html = to_html(trained(), title="Cats", seed="the ")
    done = push_page(html, "cats", token=ALICE, endpoint=hub.url)
    page = visitors[1]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(done.url)
    before = len(page.locator("body").inner_text())
    page.get_by_role("button").first.click()
    until(page, lambda: len(page.locator("body").inner_text()) > before + 100)
    assert asked == [done.url]

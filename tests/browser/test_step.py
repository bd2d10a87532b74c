"""The How it works tab in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from browser.conftest import Watch
from browser.steps import new_context, tab, until
from playwright.sync_api import Browser, Locator, Page, expect

from charrnn import CharRNN, ModelConfig, Vocabulary, analysis
from charrnn.baselines import counting_surprise
from charrnn.service.visitor import Visitor
from charrnn.ui.step import values
from charrnn.ui.step.tour.lessons import CELLS, LESSONS

pytestmark = pytest.mark.browser


Open = Callable[[str], Page]


@pytest.fixture
def watches() -> list[Watch]:
    """What watches the pages of `visit`, in the order in which they were opened."""
    return []


@pytest.fixture
def visit(browser: Browser, page_url: str, watches: list[Watch]) -> Iterator[Open]:
    """Opens the page with a query string, in a browser of its own; nothing may go wrong in it."""
    contexts = []

    def opened(query: str) -> Page:
        contexts.append(
            new_context(browser, viewport={"width": 1280, "height": 900}, accept_downloads=True)
        )
        page: Page = contexts[-1].new_page()
        watches.append(Watch(page, urlsplit(page_url).netloc))
        page.goto(page_url + query)
        page.wait_for_selector("[role=tab]")
        return page

    yield opened
    found = [fault for each in watches for fault in each.faults]
    for context in contexts:
        context.close()
    assert found == []


@pytest.fixture
def at_step(visit: Open) -> Page:
    page = visit("")
    tab(page, "How it works")
    page.wait_for_selector(".step-view .copy[data-t='3']")
    return page


@pytest.fixture
def lesson(visit: Open) -> Callable[[int], Page]:
    """Opens the link of a lesson."""

    def opened(number: int) -> Page:
        page = visit(f"?lesson={number}")
        page.wait_for_selector(".drawing.tour .card h2")
        return page

    return opened


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


class Embedding(BaseHTTPRequestHandler):
    """Another site's page, with ours in a frame."""

    frame = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.frame.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_a_lessons_link_is_copied_inside_another_sites_frame_too(
    browser: Browser, page_url: str
) -> None:
    Embedding.frame = f'<iframe src="{page_url}?lesson=3" width="1200" height="900"></iframe>'
    with ThreadingHTTPServer(("127.0.0.1", 0), Embedding) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        context = new_context(browser)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        frame = page.frame_locator("iframe")
        link = frame.get_by_label("Link of this lesson")
        expect(link).to_have_value(f"{page_url}?lesson=3")
        frame.get_by_role("button", name="Copy lesson link").click()
        expect(link.locator("+ .note")).to_contain_text(re.compile("Copied|Press Ctrl"))
        context.close()
        server.shutdown()


def test_the_answer_stays_hidden_until_the_question_is_answered(
    lesson: Callable[[int], Page],
) -> None:
    page = lesson(1)
    card = page.locator(".tour .card")
    for each in LESSONS:
        expect(card).to_contain_text(each.title)
        expect(card.get_by_text(each.answer)).to_be_hidden()
        wrong = each.choices[each.right - 1]
        card.get_by_role("button", name=wrong, exact=True).click()
        expect(card.locator(".option.wrong")).to_have_text(wrong)
        expect(card.locator(".reply strong")).to_contain_text(each.choices[each.right])
        expect(card.get_by_text(each.answer)).to_be_visible()
        right = card.locator(".option.right")
        expect(right).to_have_text(each.choices[each.right])
        right.focus()
        page.keyboard.press("Enter")
        expect(card.locator(".option.wrong")).to_have_count(0)
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
    for number, each in enumerate(LESSONS, 1):
        sentences = re.split(r"(?<=[.?]) (?=[A-Z])", each.text)
        assert len(sentences) == 2
        for sentence in sentences:
            assert sentence.rstrip(".") in text
        assert each.chapter in headings
        assert f"?lesson={number}" in text
    for about in CELLS.values():
        for sentence in re.split(r"(?<=[.?]) (?=[A-Z])", about):
            assert sentence in text


def test_a_lesson_and_its_chapter_link_to_each_other(lesson: Callable[[int], Page]) -> None:
    page = lesson(5)
    for number in (5, 2):
        each = LESSONS[number - 1]
        page.locator(".tour .stop", has_text=each.title).click()
        page.locator(".tour a.chapter").click()
        heading = page.locator("#charrnn-chapters h2", has_text=each.chapter)
        expect(heading).to_be_in_viewport()
        expect(heading).to_be_focused()
    pictures = page.locator("#charrnn-chapters img")
    expect(pictures).to_have_count(4)
    pictures.first.scroll_into_view_if_needed()
    until(page, lambda: pictures.first.evaluate("one => one.naturalWidth"))
    page.locator("#charrnn-chapters a", has_text="lesson 6").click()
    expect(page.locator(".tour .card h2")).to_be_in_viewport()
    expect(page.locator(".tour .card h2")).to_contain_text(LESSONS[5].title)


def test_a_lessons_link_is_shown_whole(lesson: Callable[[int], Page]) -> None:
    link = lesson(3).get_by_label("Link of this lesson")
    assert link.evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_of_the_tour_is_wider_than_the_page(
    lesson: Callable[[int], Page], width: int
) -> None:
    page = lesson(1)
    page.set_viewport_size({"width": width, "height": 844})
    for each in LESSONS:
        expect(page.locator(".tour .card")).to_contain_text(each.title)
        page.locator(".tour .option").first.click()
        wide = page.eval_on_selector_all(
            ".tour *, .step-view *, .trained-model *",
            """(all, width) => all.filter((one) => {
              const box = one.getBoundingClientRect();
              return box.width && box.right > width && !one.closest('.copies, svg, canvas');
            }).map((one) => one.outerHTML.slice(0, 120))""",
            width,
        )
        assert wide == []
        following = page.get_by_role("button", name="Next ▶")
        if following.count():
            following.click()


def test_the_tour_and_all_panels_need_no_server(loaded: Page, watches: list[Watch]) -> None:
    """They work without a network, so thirty students wait for nobody."""
    page, (watch,) = loaded, watches
    watch.go_offline()
    asked = list(watch.requests)
    for name in ("What each letter gave", "Select a span", "Beside counting", "Hold a unit"):
        expect(panel(page, name)).not_to_be_empty()
    for each in LESSONS:
        page.locator(".tour .stop", has_text=each.title).click()
        page.locator(".tour .option").first.click()
        expect(page.locator(".tour .reply")).to_contain_text(each.answer)
        if each.setup.get("cell"):
            page.get_by_role("button", name="Step ▶").click()
            before = page.locator(".losses").get_attribute("aria-label")
            page.get_by_role("button", name="Update", exact=True).click()
            expect(page.locator(".losses")).not_to_have_attribute("aria-label", before or "")
    assert watch.requests == asked
    page.context.set_offline(False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_tour_and_the_panels(loaded: Page, scheme: Any) -> None:
    page = loaded
    page.emulate_media(color_scheme=scheme)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = []

    def look(*where: str) -> None:
        for each in page.evaluate("where => axe.run(where)", list(where))["violations"]:
            found.append((each["id"], [node["html"][:150] for node in each["nodes"]]))

    for name in ("What each letter gave", "Select a span", "Beside counting"):
        panel(page, name)
        look(".trained-model")
    panel(page, "You against the model").get_by_label("The next letter").fill("e")
    look(".trained-model")
    for number in (5, 6):
        page.locator(".tour .stop", has_text=LESSONS[number - 1].title).click()
        page.locator(".tour .option").first.click()
        page.get_by_role("button", name="Backwards").click()
        expect(page.locator(".copy .gradient")).to_have_count(4)
        look(".tour", ".step-view")
    page.get_by_role("button", name="Teacher's sheet").click()
    look(".tour .sheet")
    assert found == []


@pytest.fixture
def loaded(at_step: Page) -> Page:
    """The pretrained model in the browser."""
    at_step.get_by_role("button", name="Load it into this page").click()
    at_step.wait_for_selector(".trained-model .pair")
    return at_step


def panel(page: Page, name: str) -> Locator:
    page.locator(".trained-model").get_by_role("radio", name=name).click()
    return page.locator(".trained-model .panel")


def text_and_ids() -> tuple[str, Any]:
    """The text that the pretrained model reads on the tab."""
    model = pretrained()
    _, text = values.texts(Visitor())
    return text, model.vocabulary.encode(text)[: values.READ]


def pretrained() -> CharRNN:
    return Visitor().current.astype(np.float64)


def written(model: CharRNN, seed: str, n: int, unit: int, value: float | None) -> str:
    """The likeliest letters after a seed by NumPy, with one unit held at every step."""
    ids, text = list(model.vocabulary.encode(seed)), ""
    state = model.initial_state()

    def read(one: int) -> Any:
        nonlocal state
        logits, state, _ = model.forward(np.array([[one]]), state)
        hidden = state[-1][0]
        if value is None:
            return logits[:, 0, 0]
        hidden[unit] = value
        return model.parameters["Why"] @ hidden[:, 0] + model.parameters["by"]

    for one in ids:
        y = read(one)
    for _ in range(n):
        text += model.vocabulary.symbols[int(y.argmax())]
        y = read(int(y.argmax()))
    return text


def test_a_unit_is_held_while_the_model_writes(loaded: Page) -> None:
    page = loaded
    holding = panel(page, "Hold a unit")
    free, held = holding.locator("pre").all()
    assert free.inner_text() != held.inner_text()
    assert free.inner_text().startswith("The ")
    model = pretrained()
    js = page.evaluate(
        """([unit, value]) => {
          const { model, study } = window.charrnnModel, layer = model.layers - 1;
          const ids = Array.from('The ', (c) => model.symbols.indexOf(c));
          const write = (clamp) => study.write(model, ids, 40, { temperature: 0, clamp })
            .map((id) => model.symbols[id]).join('');
          return [write(null), write(study.holding(layer, unit, value))];
        }""",
        [7, 1],
    )
    assert js == [written(model, "The ", 40, 7, None), written(model, "The ", 40, 7, 1.0)]
    before = held.inner_text()
    holding.get_by_role("radio", name="0", exact=True).click()
    assert held.inner_text() != before
    holding.get_by_label("Find a unit that follows").select_option("vowel")
    expect(holding.locator(".chips button")).to_have_count(5)


def test_what_holding_a_unit_did_to_the_brackets_is_counted(loaded: Page) -> None:
    holding = panel(loaded, "Hold a unit")
    holding.get_by_label("Find a unit that follows").select_option("inside brackets")
    texts = [pre.evaluate("pre => pre.textContent") for pre in holding.locator("pre").all()]
    counts = [f"{text.count('[')} opened, {text.count(']')} closed" for text in texts]
    expected = f"Brackets, free: {counts[0]}; held: {counts[1]}."
    expect(holding.locator(".arithmetic")).to_have_text(expected)
    assert counts[0] != counts[1]


def test_what_each_letter_gave_is_the_engines_derivative(loaded: Page) -> None:
    explained = panel(loaded, "What each letter gave")
    place = 45
    explained.locator(f"[data-i='{place}']").hover()
    rows = explained.locator(".given-row")
    expect(rows).to_have_count(3)
    model, (_, ids) = pretrained(), text_and_ids()
    logits, _, _ = model.forward(ids[: place + 1, None])
    best = np.argsort(-logits[:, -1, 0], kind="stable")[:3]
    start = place + 1 - 30
    _, state, _ = model.forward(ids[:start, None])
    p = model.parameters
    for row, k in zip(rows.all(), best, strict=True):
        given = row.locator(".given span").evaluate_all("all => all.map(s => +s.dataset.value)")
        for lag in (0, 3):  # finite differences: a little more of the letter's column
            changed, j = [], len(given) - 1 - lag
            for h in (1e-4, -1e-4):
                other = model.astype(np.float64)
                extra = np.concatenate([p["Wxh0"], (1 + h) * p["Wxh0"][:, [ids[start + j]]]], 1)
                changed.append(score(other, extra, ids[start : place + 1], j, state)[k])
            slope = (changed[0] - changed[1]) / 2e-4
            assert given[j] == pytest.approx(slope, rel=1e-3, abs=1e-6)


def score(model: CharRNN, Wxh: Any, ids: Any, j: int, state: Any) -> Any:
    """The logits after ids, where the letter at j reads the extra last column of Wxh."""
    vocabulary = Vocabulary((*model.vocabulary.symbols, "\x00"))
    wider = CharRNN(vocabulary, model.config).astype(np.float64)
    V = len(model.vocabulary)
    for name, array in wider.parameters.items():
        if name == "Wxh0":
            array[:] = Wxh
        elif name in ("Why", "by"):
            array[:V] = model.parameters[name]
        else:
            array[:] = model.parameters[name]
    changed = np.array(ids)
    changed[j] = V
    logits, _, _ = wider.forward(changed[:, None], state)
    return logits[:V, -1, 0]


def test_a_span_shows_the_units_that_hold_over_it(loaded: Page) -> None:
    selecting = panel(loaded, "Select a span")
    text = selecting.locator("pre")
    text.focus()
    selecting.locator("[data-i='30']").click()
    for _ in range(3):
        loaded.keyboard.press("Shift+ArrowRight")
    chosen = text.locator(".chosen").evaluate_all("all => all.map(s => +s.dataset.i)")
    assert chosen == [30, 31, 32, 33]
    _, ids = text_and_ids()
    hidden = analysis.activations(pretrained(), ids)[-1]["hidden"]
    units = selecting.locator(".chip").evaluate_all("all => all.map(c => +c.dataset.unit)")
    over = hidden[30:34]
    holds = {u for u in range(hidden.shape[1]) if (abs(over[:, u]) >= 0.5).all()}
    assert set(units) <= holds
    alike = text.locator(".alike").evaluate_all("all => all.map(s => +s.dataset.i)")
    way = np.sign(over[0, units])
    together = ((hidden[:, units] * way >= 0.5).sum(axis=1) * 3 >= 2 * len(units))[:-1]
    near = together & (np.roll(together, 1) | np.roll(together, -1))
    assert {i for i in np.flatnonzero(near) if not 27 <= i <= 36} <= {*alike, 0, len(near) - 1}
    assert all(together[i] for i in alike)
    assert len(units) == min(6, len([u for u in holds if len(set(np.sign(over[:, u]))) == 1]))


def test_a_span_is_dragged_with_a_mouse_and_tapped_with_a_finger(
    loaded: Page, browser: Browser, page_url: str
) -> None:
    selecting = panel(loaded, "Select a span")
    chosen = selecting.locator("pre .chosen")
    selecting.locator("[data-i='20']").hover()
    loaded.mouse.down()
    selecting.locator("[data-i='26']").hover()
    loaded.mouse.up()
    selecting.locator("[data-i='29']").hover()
    assert chosen.evaluate_all("all => all.map(s => +s.dataset.i)") == [*range(20, 27)]
    context = new_context(browser, has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{page_url}?tab=how")
    page.get_by_role("button", name="Load it into this page").tap()
    tapped = panel(page, "Select a span")
    for i in (33, 30):
        tapped.locator(f"[data-i='{i}']").tap()
    found = tapped.locator("pre .chosen").evaluate_all("all => all.map(s => +s.dataset.i)")
    assert found == [30, 31, 32, 33]
    context.close()


def test_counting_is_set_beside_the_network(loaded: Page) -> None:
    beside = panel(loaded, "Beside counting")
    expect(beside.locator(".arithmetic")).to_contain_text("counting after the last six letters")
    train, text = values.texts(Visitor())
    _, ids = text_and_ids()
    counted = counting_surprise(train, text[: values.READ], [6])[6]
    ours = analysis.read(pretrained(), ids).surprise
    ahead = beside.locator("[data-ahead]").evaluate_all("all => all.map(s => +s.dataset.ahead)")
    np.testing.assert_allclose(ahead, counted[1:] - ours[1:], atol=1e-3)


def test_you_against_the_model(loaded: Page) -> None:
    game = panel(loaded, "You against the model")
    model, (_, ids) = pretrained(), text_and_ids()
    logits, _, _ = model.forward(ids[:-1, None])
    its = logits[:, :, 0].argmax(0)
    for at in range(60, 90):  # a perfect player
        letter = model.vocabulary.symbols[ids[at]]
        if letter in " \n":
            game.get_by_role("button", name="space" if letter == " " else "line break").click()
        else:
            game.get_by_label("The next letter").fill(letter)
    expect(game.locator(".yours")).to_have_text("you 30")
    right = int((its[59:89] == ids[60:90]).sum())
    expect(game.locator(".models")).to_have_text(f"the model {right}")
    expect(game.get_by_label("The next letter")).to_be_disabled()


def test_a_large_model_is_seen_through_a_window_of_eight_units(loaded: Page) -> None:
    page = loaded
    page.get_by_role("radio", name="your model").click()
    expect(page.locator(".step-view")).to_contain_text("the 8 most active")
    new = page.locator("[data-block='hnew']")
    expect(new.locator(".cell")).to_have_count(8)
    _, ids = text_and_ids()
    hidden = analysis.activations(pretrained(), ids[: 40 - 1])[-1]["hidden"]
    units = [int(name) - 1 for name in new.locator(".name").all_inner_texts()]
    active = np.argsort(-abs(hidden).sum(axis=0), kind="stable")[:8]
    assert units == sorted(active)
    shown = new.locator(".cell").evaluate_all("all => all.map(c => Number(c.dataset.value))")
    np.testing.assert_allclose(shown, hidden[3, units], atol=1e-5)


def test_the_step_view_is_downloaded_as_one_file(at_step: Page) -> None:
    with at_step.expect_download() as download:
        at_step.get_by_role("button", name="Download the step view").click()
    page = Path(download.value.path()).read_text("utf-8")
    assert "default-src 'none'" in page
    assert download.value.suggested_filename.endswith(".html")


def test_the_documents_page_shows_the_engines_hello(browser: Browser) -> None:
    page = browser.new_page()
    page.goto((Path(__file__).parents[2] / "docs" / "one-step.html").as_uri())
    model = CharRNN(Vocabulary.from_text("hello"), ModelConfig("rnn", 8))
    logits, _, _ = model.forward(model.vocabulary.encode("hell")[:, None])
    shown = page.locator("[data-block='y'] .cell")
    expect(shown).to_have_count(4)
    found = shown.evaluate_all("all => all.map(c => Number(c.dataset.value))")
    np.testing.assert_allclose(found, logits[:, 3, 0], atol=1e-5)
    page.close()

"""The step view in Chromium, as one file without a server: its numbers are the engine's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.analysis import lagged_gradients
from charrnn.corpora import load_corpus
from charrnn.service.visitor import Visitor
from charrnn.training.optimizers import clip_by_norm
from charrnn.training.recipes import RECIPES
from charrnn.ui.step.standalone import to_html
from charrnn.ui.step.values import outline

pytestmark = pytest.mark.browser

CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}
WORD = "hello"
CELLS = ["rnn", "lstm", "gru"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("step") / "step.html"
    path.write_text(to_html(), "utf-8")
    return path.as_uri()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the file, in which nothing may go wrong, and which may make no requests."""
    faults: list[str] = []
    contexts = []

    def opened(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda r: None if r.url == address else faults.append(r.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [fault for fault in faults if not fault.startswith("data:")] == []


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page(reduced_motion="reduce")


def engine(cell: str = "rnn") -> CharRNN:
    model = CharRNN(Vocabulary.from_text(WORD), ModelConfig(cell, 8))
    return model.astype(np.float64)


def ids(text: str = WORD) -> Any:
    return Vocabulary.from_text(text).encode(text)


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def shown(page: Page, block: str) -> Any:
    """The numbers of a block, as many as there are rows times columns."""
    found = page.eval_on_selector_all(
        f"[data-block='{block}'] .cell", "all => all.map(cell => Number(cell.dataset.value))"
    )
    return np.array(found)


def copy(page: Page, t: int) -> Any:
    return page.locator(f".copy[data-t='{t}']")


def nats(page: Page) -> Any:
    return np.array(
        page.eval_on_selector_all(".nats", "all => all.map(one => Number(one.dataset.value))")
    )


def softmax(y: Any) -> Any:
    e = np.exp(y - y.max())
    return e / e.sum()


@pytest.mark.parametrize("cell", CELLS)
def test_every_number_of_every_step_is_the_engines(page: Page, cell: str) -> None:
    choose(page, cell.upper())
    model, word = engine(cell), ids()
    p, gates = model.parameters, model.cell.gates
    logits, _, tape = model.forward(word[:-1, None])
    layer = tape.layers[0]
    for t, read in enumerate(word[:-1]):
        copy(page, t).click()
        states = [state[t : t + 2, :, 0] for state in layer.states]
        y = logits[:, t, 0]
        expected = {
            "x": np.eye(4)[read],
            "h": states[0][0],
            "hnew": states[0][1],
            "Why": p["Why"].ravel(),
            "y": y,
            "p": softmax(y),
            "loss": [-np.log(softmax(y)[word[t + 1]])],
        }
        if cell == "lstm":
            expected |= {"c": states[1][0], "cnew": states[1][1]}
        if cell != "rnn":
            for k, name in enumerate(gates):
                expected[f"gate-{name}"] = layer.activations[k, t, :, 0]
        for block, values in expected.items():
            np.testing.assert_allclose(shown(page, block), values, **CLOSE, err_msg=block)


@pytest.mark.parametrize("cell", CELLS)
def test_the_rows_of_every_gate_are_the_engines(page: Page, cell: str) -> None:
    choose(page, cell.upper())
    model, word, H = engine(cell), ids(), 8
    p = model.parameters
    _, _, tape = model.forward(word[:-1, None])
    h = tape.layers[0].states[0][2, :, 0]
    copy(page, 2).click()
    for k, name in enumerate(model.cell.gates):
        if cell != "rnn":
            page.locator(".gates").get_by_role("radio").nth(k).click()
        own = slice(k * H, (k + 1) * H)
        Wxh, Whh, bh = p["Wxh0"][own], p["Whh0"][own], p["bh0"][own]
        from_x, from_h = Wxh[:, word[2]], Whh @ h
        bhh = p["bhh0"][own] if cell == "gru" else 0
        reset = tape.layers[0].activations[0, 2, :, 0] if name == "n" else 1
        expected = {
            "Wxh": Wxh.ravel(),
            "Wxhx": from_x,
            "Whh": Whh.ravel(),
            "Whhh": from_h,
            "a": from_x + bh + reset * (from_h + bhh),
        }
        for block, values in expected.items():
            np.testing.assert_allclose(shown(page, block), values, **CLOSE, err_msg=block)


def test_step_computes_one_thing_after_another_and_back_takes_it_away(page: Page) -> None:
    copy(page, 0).click()
    assert shown(page, "loss")[0] > 0
    press(page, "Step ▶")  # the second letter: its input only
    expect(page.locator(".lead")).to_contain_text("now reads e")
    known = page.locator(".block:not(.unknown)")
    assert known.evaluate_all("all => all.map(b => b.dataset.block)") == ["x", "Wxh", "Wxhx"]
    expect(page.locator(".formula .now")).to_have_text("Wxh x")
    seen = {page.locator(".formula .now").inner_text()}
    for _ in range(6):
        press(page, "Step ▶")
        seen.add(page.locator(".formula .now").inner_text())
    assert len(seen) == 7  # every part of the equations was lit
    expect(page.locator(".block.unknown")).to_have_count(0)
    press(page, "◀ Back")
    expect(page.locator(".block.unknown")).to_have_count(1)


def test_pointing_writes_the_arithmetic_out(page: Page) -> None:
    copy(page, 2).click()
    model, word = engine(), ids()
    p = model.parameters
    _, _, tape = model.forward(word[:-1, None])
    h = tape.layers[0].states[0][2, :, 0]
    page.locator("[data-block='Whhh'] .cell").nth(4).hover()
    arithmetic = page.locator(".controls .arithmetic")
    text = arithmetic.inner_text().replace("\u2212", "-")
    assert text.count("\u00d7") == 8
    for weight, memory in zip(p["Whh0"][4], h, strict=True):
        assert f"{abs(weight):.2f} \u00d7 {memory:.2f}" in text
    assert f"{p['Whh0'][4] @ h:+.2f}" in text
    lit = page.locator("[data-block='Whh'] .cell.lit")
    expect(lit).to_have_count(8)
    assert set(lit.evaluate_all("all => all.map(c => c.dataset.i)")) == {"4"}


def test_play_walks_on_by_itself_and_pauses(open_page: Open) -> None:
    page = open_page()
    copy(page, 0).click()
    page.get_by_label("Speed").select_option("fast")
    press(page, "Play")
    expect(page.locator(".lead")).to_contain_text("now reads e")
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_where_motion_is_unwanted_nothing_plays(page: Page) -> None:
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_hidden()
    press(page, "20 updates")
    assert (page.locator(".losses").get_attribute("aria-label") or "").startswith("Loss after 20")
    press(page, "◀ Backwards")
    assert page.locator(".copy .gradient").count() == 4


@pytest.mark.parametrize("cell", CELLS)
def test_the_equations_of_all_gates_are_there(page: Page, cell: str) -> None:
    choose(page, cell.upper())
    text = page.locator(".equation").inner_text().replace(" ", "")
    for gate in engine(cell).cell.gates if cell != "rnn" else ("h′",):
        assert re.search(rf"(^|[\n,]){gate}[^()\n]*=(sigmoid|tanh)\(", text), gate
    expect(page.locator(".about")).not_to_be_empty()


def test_an_lstms_copies_hold_its_cell_too(page: Page) -> None:
    choose(page, "LSTM")
    _, _, tape = engine("lstm").forward(ids()[:-1, None])
    for t in range(4):
        strips = copy(page, t).locator(".strip")
        expect(strips).to_have_count(2)
        for strip, states in zip(strips.all(), tape.layers[0].states, strict=True):
            found = strip.locator("i").evaluate_all("all => all.map(i => +i.dataset.value)")
            np.testing.assert_allclose(found, states[t + 1, :, 0], **CLOSE)
    expect(page.locator(".between").first).to_contain_text("h, c")


def simulated(page: Page, kind: str, cell: Any) -> Any:
    """The color of a cell, red, green and blue, as a person with this vision sees it."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": kind})
    picture = Image.open(io.BytesIO(cell.screenshot())).convert("RGB")
    return np.array(picture.getpixel((4, 4)), float)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_two_colors_differ_for_the_color_blind(open_page: Open, scheme: str) -> None:
    page = open_page(reduced_motion="reduce", color_scheme=scheme)
    press(page, "20 updates")
    values = shown(page, "hnew")
    low, high = (
        page.locator("[data-block='hnew'] .cell").nth(int(k))
        for k in (values.argmin(), values.argmax())
    )
    for kind in ("none", "protanopia", "deuteranopia", "tritanopia"):
        apart = np.abs(simulated(page, kind, low) - simulated(page, kind, high)).max()
        assert apart > 40, kind


@pytest.mark.parametrize("cell", CELLS)
def test_what_arrives_at_earlier_memories_is_the_engines(page: Page, cell: str) -> None:
    choose(page, cell.upper())
    for t in (3, 1):
        copy(page, t).click()
        press(page, "◀ Backwards")
        expect(page.locator(".copy .gradient")).to_have_count(t + 1)
        hidden = lagged_gradients(engine(cell), ids(), 3).hidden[0, :, t]
        lengths = [
            float(copy(page, t - k).locator(".gradient").get_attribute("data-length") or 0)
            for k in range(t + 1)
        ]
        np.testing.assert_allclose(lengths, hidden[: t + 1], rtol=1e-5)
        share = float(copy(page, 0).locator(".gradient").get_attribute("data-share") or 0)
        assert share == pytest.approx(hidden[t] / hidden[0], rel=1e-5)


def losses(model: CharRNN, word: Any, rate: float, clip: float, updates: int) -> list[Any]:
    """-log p of every letter by NumPy, before each update and after the last."""
    rows = []
    for left in range(updates, -1, -1):
        logits, _, _ = model.forward(word[:-1, None])
        y = logits[:, :, 0].T
        rows.append(np.array([-np.log(softmax(a)[k]) for a, k in zip(y, word[1:], strict=True)]))
        if left:
            _, gradient, _ = model.loss_and_gradient(word[:-1, None], word[1:, None])
            norm = float(np.linalg.norm(gradient.vector))
            if norm > clip:
                clip_by_norm(gradient.vector, clip, norm)
            model.parameters.vector -= rate * gradient.vector
    return rows


@pytest.mark.parametrize("cell", CELLS)
def test_twenty_updates_learn_the_word_as_the_engine_does(page: Page, cell: str) -> None:
    choose(page, cell.upper())
    rows = losses(engine(cell), ids(), 1.5 if cell == "gru" else 2, 0.5, 20)
    np.testing.assert_allclose(nats(page), rows[0], **CLOSE)
    press(page, "Update")
    np.testing.assert_allclose(nats(page), rows[1], **CLOSE)
    press(page, "Undo")
    np.testing.assert_allclose(nats(page), rows[0], **CLOSE)
    press(page, "20 updates")
    np.testing.assert_allclose(nats(page), rows[20], rtol=1e-4, atol=1e-5)
    expect(page.locator(".copy .guess.right")).to_have_count(4)
    press(page, "Start over")
    np.testing.assert_allclose(nats(page), rows[0], **CLOSE)


def test_where_clipping_acts_it_says_so(page: Page) -> None:
    press(page, "Update")
    learning = page.locator(".learning .arithmetic")
    expect(learning).to_contain_text("clipped")
    expect(page.locator(".norms .clipped")).to_have_count(1)
    press(page, "Start over")
    page.get_by_label("clip at").uncheck()
    press(page, "Update")
    expect(learning).not_to_contain_text("clipped")
    expect(page.locator(".norms .clipped")).to_have_count(0)
    expect(page.locator(".norms .whole")).to_have_count(1)


def test_the_notebook_recipe_explodes_and_clipping_saves_it(page: Page) -> None:
    choose(page, "notebook")
    sentence = load_corpus("sentence").text
    expect(page.locator(".copy")).to_have_count(len(sentence) - 1)
    recipe = RECIPES["notebook"]
    model = CharRNN(Vocabulary.from_text(sentence), recipe.model).astype(np.float64)
    word, state = ids(sentence), None
    for _ in range(3):
        _, gradient, state = model.loss_and_gradient(word[:-1, None], word[1:, None], state)
        model.parameters.vector -= recipe.train.learning_rate * gradient.vector
        press(page, "Update")
    logits, _, _ = model.forward(word[:-1, None], state)
    for t in (0, 20, 33):
        expected = -np.log(softmax(logits[:, t, 0])[word[t + 1]])
        assert nats(page)[t] == pytest.approx(expected, abs=1e-5)
    expect(page.locator(".warning")).to_contain_text("off")
    for _ in range(2):
        press(page, "20 updates")
    assert nats(page).sum() > len(word) * np.log(len(set(sentence)))  # worse than a blind guess
    expect(page.locator(".learning .arithmetic")).to_contain_text("explosion")
    expect(page.locator(".losses")).to_have_attribute("aria-label", re.compile("explosion"))
    press(page, "Start over")
    page.locator("input[type=checkbox]").check()
    expect(page.locator(".warning")).to_be_empty()
    for _ in range(3):
        press(page, "20 updates")
    assert nats(page).sum() < 60
    expect(page.locator(".learning .arithmetic")).not_to_contain_text("explosion")
    assert page.locator(".norms .clipped").count() > 0


def held_forget_gate(value: float) -> Any:
    """The guess after "hell" by NumPy, with the LSTM's forget gate held at a value."""
    model, H = engine("lstm"), 8
    p, h, c = model.parameters, np.zeros(8), np.zeros(8)
    for read in ids()[:-1]:
        a = p["Wxh0"][:, read] + p["bh0"] + p["Whh0"] @ h
        i, _, o = 1 / (1 + np.exp(-a[: 3 * H].reshape(3, H)))
        c = value * c + i * np.tanh(a[3 * H :])
        h = o * np.tanh(c)
    return c, softmax(p["Why"] @ h + p["by"])


def test_a_gate_held_shut_or_open_changes_memory_and_guess_at_once(page: Page) -> None:
    choose(page, "LSTM")
    free = shown(page, "p")
    for button, value in (("shut (0)", 0.0), ("open (1)", 1.0)):
        press(page, button)
        cell, guess = held_forget_gate(value)
        np.testing.assert_allclose(shown(page, "cnew"), cell, **CLOSE)
        np.testing.assert_allclose(shown(page, "p"), guess, **CLOSE)
    press(page, "let go")
    np.testing.assert_allclose(shown(page, "p"), free, **CLOSE)


def test_a_valve_is_dragged_or_moved_by_keys(page: Page) -> None:
    choose(page, "GRU")
    before = shown(page, "hnew")
    valve = page.locator("[data-block='gate-z'] .cell").nth(2)
    valve.scroll_into_view_if_needed()
    box = valve.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3, box["y"] + 8)  # beyond its end
    page.mouse.up()
    assert shown(page, "gate-z")[2] == 1
    assert not np.allclose(shown(page, "hnew"), before)
    expect(valve).to_have_class(re.compile("held"))
    valve.focus()
    page.keyboard.press("Home")
    assert shown(page, "gate-z")[2] == 0
    page.keyboard.press("Delete")
    np.testing.assert_allclose(shown(page, "hnew"), before, **CLOSE)


def test_a_word_of_ones_own(page: Page) -> None:
    choose(page, "your own word")
    page.get_by_label("A word of your own").fill("banana <b>")
    press(page, "Read it")
    expect(page.locator(".copy")).to_have_count(9)
    assert page.locator(".copy b b").count() == 0
    first = nats(page)
    press(page, "Start over")
    np.testing.assert_allclose(nats(page), first)  # the same weights every time
    page.get_by_label("A word of your own").fill("aaa")
    press(page, "Read it")
    expect(page.get_by_text("two different letters")).to_be_visible()


def test_every_number_has_a_name_and_arrow_keys_reach_it(page: Page) -> None:
    names = page.eval_on_selector_all(".cell", "all => all.map(c => c.getAttribute('aria-label'))")
    assert len(set(names)) == len(names)
    assert "h\u2032, unit 3: " in " ".join(names)
    page.locator("[data-block='hnew'] .cell").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused.startswith("h\u2032, unit 3: ")
    expect(page.locator(".controls .arithmetic")).to_contain_text("tanh")


def test_on_a_phone_it_is_one_column(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    tops = page.eval_on_selector_all(".copy", "all => all.map(c => c.getBoundingClientRect().top)")
    assert tops == sorted(set(tops))


def test_a_small_model_of_ones_own_is_shown_whole(browser: Browser, tmp_path: Path) -> None:
    text = "the cat sat on the mat. " * 30
    model = CharRNN(Vocabulary.from_text(text), ModelConfig("gru", 6, 2))
    own = outline(Visitor().with_model(model, "mine", text))
    path = tmp_path / "own.html"
    path.write_text(to_html(own), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    choose(page, "your model")
    read = np.array(own["ids"][:6])
    _, _, tape = model.astype(np.float64).forward(read[:, None])
    copy(page, 5).click()
    for layer, name in ((1, "layer 2"), (0, "layer 1")):
        page.get_by_label("Layer", exact=True).select_option(name)
        states = tape.layers[layer].states[0][:, :, 0]
        np.testing.assert_allclose(shown(page, "hnew"), states[6], **CLOSE)
        np.testing.assert_allclose(shown(page, "h"), states[5], **CLOSE)
    page.get_by_label("Layer", exact=True).select_option("layer 2")
    page.get_by_role("button", name="Update", exact=True).click()
    expect(page.locator(".learning .arithmetic")).to_contain_text("1 update")
    page.close()

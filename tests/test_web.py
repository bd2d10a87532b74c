"""A model on any web page: one file, no request, the same logits as NumPy."""

import re

import numpy as np
import pytest
from builders import tiny_model

from charrnn import CELLS, CharRNN, ModelConfig, Vocabulary
from charrnn.formats.web import HERE, PLAYED_CELLS, to_html

HOSTILE = "<b>&amp;</script><!--\"'`${}\u2028\U0001f600"
TEXT = "the cat sat on the mat, the dog sat on the log.\n" + HOSTILE


def random_model(vocabulary, cell="lstm", layers=1, hidden_size=20):
    """Weights small enough that a difference does not grow from step to step."""
    model = CharRNN(vocabulary, ModelConfig(cell, hidden_size, layers))
    rng = np.random.default_rng(11)
    model.parameters.vector[:] = rng.normal(0, 0.2, model.parameters.vector.shape)
    return model


def test_the_player_stays_short():
    assert len((HERE / "player.js").read_text("utf-8").splitlines()) < 120


def test_the_player_plays_these_cells():
    assert set(PLAYED_CELLS) <= set(CELLS)
    for cell in PLAYED_CELLS:
        assert re.search(rf"^    {cell}: \{{", (HERE / "network.js").read_text("utf-8"), re.M)


def test_one_file_that_points_nowhere():
    page = to_html(random_model(Vocabulary.from_text(TEXT)), title=HOSTILE, seed=HOSTILE)
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=(?!\"data:)", page)
    assert not re.search(r"https?://|innerHTML|document\.write|eval\(", page)
    assert page.count("</script>") == page.count("<script") == 2
    assert "<b>" not in page


@pytest.mark.parametrize("start", [{"name": HOSTILE, "sha256": ""}, {}, "odd", None])
def test_the_page_says_which_model_training_started_from(start):
    model = tiny_model(dtype=np.float32)
    model.metadata = {"start": start}
    page = to_html(model)
    assert ("started from" in page) == (start == {"name": HOSTILE, "sha256": ""})
    assert "<b>" not in page


def test_infinite_weights_are_refused():
    model = tiny_model(dtype=np.float32)
    model.parameters["Why"][0, 0] = np.inf
    with pytest.raises(ValueError, match="not finite"):
        to_html(model)


# ---- in Chromium ----


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens a model's page from a file, and fails if it makes a request or raises an error."""
    troubles = []

    def open_(model, **words):
        path = tmp_path / "page.html"
        path.write_text(to_html(model, **words), "utf-8")
        page = browser.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:")) else troubles.append(r.url),
        )
        page.goto(path.as_uri())
        return page

    yield open_
    assert troubles == []


def test_it_writes_when_it_is_opened_with_what_comes_next(open_page):
    page = open_page(random_model(Vocabulary.from_text(TEXT)), title="Songs", seed="the ")
    page.wait_for_selector("#written span:nth-child(20)", state="attached")
    heights = page.eval_on_selector_all(
        "#bars i", "all => all.map(i => parseFloat(i.style.height))"
    )
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[-1]
    page.emulate_media(media="print")
    assert page.locator("#sheet").is_visible()
    assert not page.locator("#write, #next, #seed, #length").locator("visible=true").count()


def test_less_motion_writes_it_all_at_once(open_page):
    page = open_page(random_model(Vocabulary.from_text(TEXT)))
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.wait_for_selector("#stop:disabled")
    assert len(page.text_content("#written")) == 500


def test_the_direction_follows_what_is_written(open_page):
    page = open_page(
        random_model(Vocabulary.from_text("\u05d0\u05d1\u05d2\u05d3 ")), seed="\u05d0\u05d1"
    )
    page.wait_for_selector("#written span:nth-child(5)", state="attached")
    for name in ("#sheet", "#seed"):
        assert page.eval_on_selector(name, "e => getComputedStyle(e).direction") == "rtl", name


LOGITS = """text => {
  return network.forward(MODEL, encode(text).ids).map((step) => Array.from(step.logits));
}"""


@pytest.mark.browser
@pytest.mark.parametrize("cell", PLAYED_CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_logits_agree_with_numpy(open_page, cell, layers):
    model = random_model(Vocabulary.from_text(TEXT), cell, layers)
    text = (TEXT * 10)[:500]
    theirs = np.array(open_page(model).evaluate(LOGITS, text))  # (T, V)
    ours, _, _ = model.forward(model.vocabulary.encode(text)[:, None])
    assert np.abs(ours[:, :, 0].T - theirs).max() < 1e-4


@pytest.mark.browser
def test_unknown_words_become_the_unknown_symbol_which_is_never_drawn(open_page):
    vocabulary = Vocabulary.from_text("a a b b c", words=True, min_count=2)
    model = random_model(vocabulary, "gru")
    model.parameters["by"][vocabulary.ids["\ufffd"]] = 50
    page = open_page(model)
    assert page.evaluate("encode('a zebra').ids") == vocabulary.encode("a zebra").tolist()
    assert "\ufffd" not in page.evaluate("[...generate('a', 300, 1, 5)].join('')")


@pytest.mark.browser
def test_draws_follow_the_probabilities(open_page):
    model = random_model(Vocabulary.from_text("abcde"), "rnn")
    logits, _, _ = model.forward(np.array([[0]]))
    y = logits[:, 0, 0].astype(float) / 0.7
    expected = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
    page = open_page(model)
    counts = page.evaluate(
        "() => { const n = Array(5).fill(0), random = randomNumbers(1);"
        "const { logits } = network.forward(MODEL, [0])[0];"
        "for (let k = 0; k < 12000; k++) n[draw(logits, 0.7, random())]++; return n; }"
    )
    assert np.abs(np.array(counts) / 12000 - expected).max() < 0.015
    greedy = page.evaluate("draw(network.forward(MODEL, [0])[0].logits, 0, 0.999)")
    assert greedy == int(logits[:, 0, 0].argmax())


@pytest.mark.browser
def test_a_visitor_writes(open_page):
    model = random_model(Vocabulary.from_text(TEXT), "lstm", 2)
    page = open_page(model, title=HOSTILE, seed="the ")
    assert page.text_content("#title") == page.title() == HOSTILE
    page.fill("#length", "700")
    page.fill("#seed", "the Q<img src=x>")
    page.click("#write")
    page.wait_for_selector("#stop:disabled")
    first = page.text_content("#written")
    assert len(Vocabulary.from_text(TEXT).tokens(first)) == 700
    assert any(c in first for c in "<>&\"'")  # the vocabulary's markup was drawn, as text
    assert page.text_content("#read") == "the Q<img src=x>"
    assert '"Q"' in page.text_content("#note")
    assert page.locator("#sheet img, #sheet b, #sheet script").count() == 0
    page.click("#write")
    page.wait_for_selector("#stop:disabled")
    assert page.text_content("#written") == first  # the same random seed
    page.fill("#random_seed", "2")
    page.click("#write")
    page.wait_for_selector("#stop:disabled")
    assert page.text_content("#written") != first


@pytest.mark.browser
def test_stop_ends_a_long_run_at_once(open_page):
    page = open_page(random_model(Vocabulary.from_text(TEXT), "lstm", 3, 200))
    page.fill("#length", "100000")
    page.click("#write")
    while len(page.text_content("#written")) < 50:
        page.wait_for_timeout(20)
    page.click("#stop")
    length = len(page.text_content("#written"))
    page.wait_for_timeout(200)
    assert len(page.text_content("#written")) == length < 100_000


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_overflows(open_page, scheme, width):
    page = open_page(random_model(Vocabulary.from_text(TEXT)), title="A" * 60)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.click("#write")
    page.wait_for_selector("#stop:disabled")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

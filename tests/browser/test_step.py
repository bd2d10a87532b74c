"""The How it works tab in a real Chromium."""

from __future__ import annotations

import numpy as np
import pytest
from browser.steps import tab
from playwright.sync_api import Page, expect

from charrnn import CharRNN, ModelConfig, Vocabulary

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

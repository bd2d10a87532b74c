"""The state of a visitor, and the store that restores it after a reload."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.service.scheduler import Scheduler
from charrnn.service.session_store import SessionStore, weight
from charrnn.service.visitor import KEPT_CHARACTERS, Visitor
from charrnn.ui.server.sessions import Page


def model() -> CharRNN:
    return CharRNN(Vocabulary.from_text("abc"), ModelConfig("gru", 4))


def test_another_model_makes_another_visitor() -> None:
    visitor = Visitor()
    trained = visitor.with_model(model(), "mine", "abc")
    assert visitor.model is None
    assert (trained.name, trained.text) == ("mine", "abc")
    assert trained.current is trained.model


def test_a_long_text_is_cut() -> None:
    assert (
        len(Visitor().with_model(model(), "", "a" * (KEPT_CHARACTERS + 5)).text) == KEPT_CHARACTERS
    )


def test_copies_share_the_model_and_pickles_do_not_lose_it() -> None:
    visitor = Visitor().with_model(model(), "mine")
    assert copy.deepcopy(visitor) is visitor
    again = pickle.loads(pickle.dumps(visitor))
    assert again.name == "mine"
    assert (again.model.parameters.vector == visitor.current.parameters.vector).all()


def test_the_store_finds_visitors_by_token_only() -> None:
    session_store = SessionStore()
    kept = session_store.keep(Visitor().with_model(model(), "mine"))
    other = session_store.keep(Visitor())
    assert kept.token != other.token
    assert len(kept.token) >= 24
    assert session_store.find(kept.token) is kept
    assert session_store.find("guess") is None


def test_keeping_again_replaces() -> None:
    session_store = SessionStore()
    kept = session_store.keep(Visitor())
    newer = session_store.keep(replace(kept, model_name="newer"))
    assert newer.token == kept.token
    assert session_store.find(kept.token) is newer
    assert len(session_store) == 1


def test_the_store_forgets_after_its_time() -> None:
    now = 0.0
    session_store = SessionStore(seconds=60, clock=lambda: now)
    first = session_store.keep(Visitor())
    now = 50.0
    second = session_store.keep(Visitor())
    now = 70.0
    assert session_store.find(first.token) is None
    assert session_store.find(second.token) is second


def test_the_store_is_limited_in_bytes_and_drops_the_oldest() -> None:
    visitor = Visitor().with_model(model(), "", "a" * 10_000)
    session_store = SessionStore(max_bytes=3 * weight(visitor))
    kept = [session_store.keep(visitor) for _ in range(5)]
    assert [session_store.find(each.token) is not None for each in kept] == [False] * 2 + [True] * 3


class SlowScheduler(Scheduler):
    """A scheduler that restores a visitor only when it is allowed to."""

    def __init__(self) -> None:
        super().__init__(seconds=60.0, runs_at_once=1)
        self.asked, self.allowed = threading.Event(), threading.Event()

    def restore(self, session: str) -> Visitor:
        self.asked.set()
        assert self.allowed.wait(60)
        return super().restore(session)


def test_an_early_event_does_not_undo_what_the_opening_of_the_page_restored() -> None:
    scheduler, own = SlowScheduler(), Visitor().with_model(model(), "mine")

    async def early_event() -> Any:
        with Page() as blocks:
            visitor, name = gr.State(Visitor()), gr.Textbox()
            name.input(lambda visitor: visitor.name, visitor, name)
        blocks.scheduler, blocks.visitor = scheduler, visitor
        (event,) = blocks.fns.values()
        state = SessionState(blocks)
        answer = asyncio.create_task(blocks.process_api(event, [None], state, session_hash="early"))
        await asyncio.to_thread(scheduler.asked.wait, 60)
        state[visitor._id] = own  # what the event that opens the page does
        scheduler.allowed.set()
        return (await answer)["data"], state[visitor._id]

    assert asyncio.run(early_event()) == (["mine"], own)

"""Gives a session its own model back: when Gradio has forgotten it, and when the page reloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from charrnn.service.pools import WAITING
from charrnn.service.scheduler import ForgottenError, Scheduler
from charrnn.service.visitor import Visitor
from charrnn.ui.errors import refusal

HEAD = f"<script>{Path(__file__).with_name('browser_tab.js').read_text('utf-8')}</script>"
"""For the page's head: defines `charrnnTab`, which the functions below call."""

ARRIVE = "(shared) => window.charrnnTab.arrive(shared)"
REMEMBER = "(token) => { window.charrnnTab.remember(token); }"
CHOOSE = "(corpus) => { window.charrnnTab.choose(corpus); }"
RESTORE = "(text, corpus) => window.charrnnTab.restore(text, corpus, 'own')"


def token_of(sent: object) -> tuple[str, bool]:
    """(session token, whether it is the tab's own) from what ARRIVE sends."""
    token = str(sent or "")
    return token.removeprefix("="), token.startswith("=")


class Page(gr.Blocks):
    """Blocks that keep every visitor in the scheduler's stores too.

    Gradio holds the state of a hundred sessions; any further one silently gets the first value of
    each state, which would be the pretrained model under the name of the visitor's own.
    """

    scheduler: Scheduler | None = None
    visitor: gr.State | None = None
    """The state that holds a session's Visitor."""

    async def process_api(  # type: ignore[override]  # all arguments after `state` pass through
        self, block_fn: Any, inputs: list[Any], state: Any = None, **options: Any
    ) -> dict[str, Any]:
        """Run an event as Gradio does, with the visitor restored before and kept after it."""
        visitor, scheduler = self.visitor, self.scheduler
        session = str(options.get("session_hash") or "")
        if visitor is None or scheduler is None or state is None or not session:
            return await super().process_api(block_fn, inputs, state, **options)
        key, data = visitor._id, state.state_data
        if visitor in block_fn.inputs and not isinstance(data.get(key), Visitor):
            try:
                data[key] = await WAITING.run(session, scheduler.restore, session)
            except ForgottenError as error:
                raise refusal(error) from None
        before = data.get(key)
        answer = await super().process_api(block_fn, inputs, state, **options)
        after = data.get(key)
        if (
            after is not before
            and isinstance(after, Visitor)
            and (after.model or after.chosen or after.token)
        ):
            data[key] = scheduler.keep(after, session)
        return answer

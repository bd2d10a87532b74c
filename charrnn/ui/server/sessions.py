"""Gives a session its own model back when Gradio has forgotten it, or when the page reloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from charrnn.service.pools import WAITING
from charrnn.service.scheduler import ForgottenError, Scheduler
from charrnn.service.visitor import Visitor
from charrnn.ui.errors import refusal
from charrnn.ui.server.routes import ADDRESS

HEAD = f"<script>{Path(__file__).with_name('browser_tab.js').read_text('utf-8')}</script>"
"""For the page's head: defines `charrnnTab`, which the functions below call."""

ARRIVE = "() => window.charrnnTab.arrive()"
REMEMBER = "(token) => { window.charrnnTab.remember(token); }"
CHOOSE = "(corpus) => { window.charrnnTab.choose(corpus); }"
OPEN = "() => { window.charrnnTab.open(); }"
PRESSED = "() => window.charrnnTab.pressed()"
RESTORE = "(text, corpus) => window.charrnnTab.restore(text, corpus, 'own')"


def token_of(sent: object) -> tuple[str, bool]:
    """(session token, whether it is the tab's own) from what ARRIVE sends."""
    token = str(sent or "")
    return token.removeprefix("="), token.startswith("=")


def fetches(inputs: list[Any]) -> bool:
    """Whether a payload names an address in place of an uploaded file: Gradio would fetch it."""
    left: list[Any] = [inputs]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and ADDRESS.match(path):
                return True
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return False


class Page(gr.Blocks):
    """Blocks that keep every visitor in the scheduler's stores too.

    Gradio keeps the state of a hundred sessions; any further one silently gets the first value of
    each state, which would be the pretrained model under the name of the visitor's own.
    """

    scheduler: Scheduler | None = None
    visitor: gr.State | None = None
    """The state that holds a session's Visitor."""

    async def process_api(  # type: ignore[override]  # all arguments after `state` pass through
        self, block_fn: Any, inputs: list[Any], state: Any = None, **options: Any
    ) -> dict[str, Any]:
        """Run an event as Gradio does, with the visitor restored before and kept after it."""
        if fetches(inputs):
            raise refusal("Upload the file itself: the page fetches no address for you.")
        visitor, scheduler = self.visitor, self.scheduler
        session = str(options.get("session_hash") or "")
        if visitor is None or scheduler is None or state is None or not session:
            return await super().process_api(block_fn, inputs, state, **options)
        key, data = visitor._id, state.state_data
        if visitor in block_fn.inputs and not isinstance(data.get(key), Visitor):
            try:
                restored = await WAITING.run(session, scheduler.restore, session)
            except ForgottenError as error:
                raise refusal(error) from None
            if not isinstance(data.get(key), Visitor):  # the page may have opened meanwhile
                data[key] = restored
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

    def handle_streaming_diffs(
        self,
        block_fn: Any,
        data: list[Any],
        session_hash: str | None,
        run: str | None,
        final: bool,
        simple_format: bool = False,
    ) -> list[Any]:
        """Repeat in each message of an event what its earlier messages have set.

        Gradio's browser client applies a message's differences in place, to a message that may
        still be waiting to be shown. What only that one had set, such as `visible`, is then lost.
        """
        shown = self.pending_diff_streams[session_hash].get(run) if session_hash else None
        if shown and not final:
            data = [combined(*pair) for pair in zip(shown, data, strict=True)]
        return super().handle_streaming_diffs(
            block_fn, data, session_hash, run, final, simple_format
        )


def combined(shown: Any, new: Any) -> Any:
    """What an output shows after a message: the new settings, and all older ones they leave."""

    def update(each: Any) -> dict[str, Any]:
        is_update = isinstance(each, dict) and each.get("__type__") == "update"
        return each if is_update else {"__type__": "update", "value": each}

    both = update(shown) | update(new)
    return both["value"] if both.keys() == {"__type__", "value"} else both

"""The events of the text to learn: its verdict, uploads and examples."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from charrnn.service.pools import COMPUTING, WAITING
from charrnn.service.visitor import Visitor
from charrnn.text_files import read_text_file, unify_line_ends
from charrnn.ui.errors import refusal
from charrnn.ui.limits import TRAINING_CHARACTERS
from charrnn.ui.tab import PRIVATE, session
from charrnn.ui.train import plans, texts
from charrnn.ui.train.layout import TrainTab
from charrnn.ui.train.plans import Plan, Planner
from charrnn.ui.train.settings import BY_HAND, FITTED
from charrnn.vocabulary import CLEANINGS

MEANT = f"""(own, corpus) => {{
  let text = own.length > {TRAINING_CHARACTERS} ? own.slice(0, {TRAINING_CHARACTERS}) : own;
  if (/[\\ud800-\\udbff]$/.test(text)) text = text.slice(0, -1);
  const detail = {{ text, pasted: own.length, most: {TRAINING_CHARACTERS} }};
  window.dispatchEvent(new CustomEvent('charrnn:text', {{ detail }}));
  const meant = own && own !== window.charrnnTab.unchosen;
  return [text, meant ? '{texts.OWN}' : corpus];
}}"""
"""Chooses a pasted text. Runs in the browser, because the text may be a megabyte long."""


BY_SETTINGS = "Trains from scratch, with what is set under Settings. Choose a time to undo that."


class TextEvents:
    """The handlers around the text of one page's Train tab."""

    def __init__(self, tab: TrainTab, planner: Planner) -> None:
        self.tab, self.planner = tab, planner

    async def check(
        self,
        visitor: Visitor,
        corpus: str,
        own: str | None,
        cleaning: str,
        start: str,
        time: str,
        settings_by: str,
        request: gr.Request,
    ) -> Any:
        """Say what to expect of training on the text, and how long each time would take."""
        if cleaning not in CLEANINGS:
            raise refusal("There is no cleaning of that name.")
        of = {"of": corpus}
        if corpus == texts.OWN and not own:
            return texts.EMPTY | of, gr.skip(), {}
        try:
            who = session(request)
            text, name = await WAITING.run(who, texts.chosen, corpus, own)
            model = visitor.model if visitor else None
            plan = await COMPUTING.run(who, self.planner.plan, text, name, cleaning, start, model)
        except ValueError as error:
            refused = {"counts": f"{texts.EXAMPLES.get(corpus, 'Your text')}:"}
            return refused | of | {"plan": str(error), "mood": "bad"}, gr.skip(), {}
        fitted = settings_by == FITTED
        sentence = plans.sentence(plan) if fitted else BY_SETTINGS
        cleaned = CLEANINGS[cleaning](text)
        verdict = texts.verdict(cleaned, name, sentence, fitted and bool(plan.choice.name))
        return verdict | of, self.times(plan, time), texts.card(cleaned)

    def times(self, plan: Plan, time: str) -> Any:
        """The menu of times for this text on this server, each with its seconds."""
        choices = [
            (f"{n.capitalize()} · {fitted.seconds:.0f} s", n) for n, fitted in plan.fitted.items()
        ]
        return gr.update(choices=choices, value=time if time in plan.fitted else choices[-1][1])

    def uploaded(self, path: str | None) -> Any:
        """Read a text file into the text box."""
        if not path:
            raise refusal("Choose a text file first.")
        try:
            decoded = read_text_file(path, most=TRAINING_CHARACTERS + 1)
        except ValueError as error:
            raise refusal(error) from None
        for note in decoded.notes:
            gr.Info(escape(note))
        if not decoded.text.strip():
            raise refusal("This file has no text in it.")
        if len(decoded.text) > TRAINING_CHARACTERS:
            gr.Info(f"The first {TRAINING_CHARACTERS:,} characters are used.")
        return unify_line_ends(decoded.text[:TRAINING_CHARACTERS]), texts.OWN


def wire_text(tab: TrainTab, planner: Planner, visitor: gr.State) -> None:
    """Say what to expect whenever the text, or anything that its plan depends on, changes."""
    text, c = tab.text, tab.controls
    handlers, cleaning = TextEvents(tab, planner), c.settings["cleaning"]
    given = [visitor, text.corpus, text.own, cleaning, c.start, text.time, c.settings_by]
    shown = [text.verdict, text.time, c.card]
    latest: Any = {"trigger_mode": "always_last", "concurrency_limit": None, **PRIVATE}
    decides = (text.corpus.input, cleaning.input, c.start.input, c.settings_by.change)
    for event in (text.verdict.check, *decides):
        event(handlers.check, given, shown, **latest)
    chosen = [text.own, text.corpus]
    text.own.change(None, chosen, chosen, js=MEANT, **PRIVATE)
    text.upload.upload(handlers.uploaded, text.upload, chosen, **PRIVATE)
    by_hand = [c.recipe.input, *(part.input for n, part in c.settings.items() if n != "cleaning")]
    gr.on(by_hand, None, None, c.settings_by, js=f"() => '{BY_HAND}'", **PRIVATE)
    fitted = [text.time.input, c.start.input]
    gr.on(fitted, None, None, c.settings_by, js=f"() => '{FITTED}'", **PRIVATE)

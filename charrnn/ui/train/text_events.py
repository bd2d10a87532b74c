"""What happens around the text to learn: its check, uploads, and settings that fit it."""

from __future__ import annotations

import asyncio
from html import escape
from typing import Any

import gradio as gr

from charrnn.service.job import Job
from charrnn.service.scheduler import Scheduler
from charrnn.text_files import read_text_file
from charrnn.training import fitted_settings
from charrnn.training.fitted_settings import FittedSettings, settings_for_text
from charrnn.ui.errors import refusal
from charrnn.ui.limits import TRAINING_CHARACTERS
from charrnn.ui.tab import PRIVATE, session
from charrnn.ui.train import settings, texts, views
from charrnn.ui.train.layout import TrainTab
from charrnn.vocabulary import CLEANINGS

STEP_SHARE = 0.8
"""Share of a run's time that is steps; the rest are evaluations, a tenth, and samples."""
TRIAL_SECONDS = 0.6
"""Training time of a trial: some 30 steps, for a speed within 20 %."""


class TextEvents:
    """The handlers around the text of one page's Train tab."""

    def __init__(self, tab: TrainTab, scheduler: Scheduler) -> None:
        self.tab, self.scheduler = tab, scheduler

    async def check(
        self, corpus: str, own: str | None, cleaning: str, request: gr.Request, **model: Any
    ) -> Any:
        """Describe the text; train a moment on it for its speed and the chart's baselines."""
        if cleaning not in CLEANINGS:
            raise refusal("There is no cleaning of that name.")
        try:
            text, name = await asyncio.to_thread(texts.chosen, corpus, own)
            config, train = settings.parse({**model, "cleaning": cleaning})
            snapshot = await self.scheduler.trial(Job(text, (config,), train, TRIAL_SECONDS, name))
        except ValueError as error:
            return {"title": "This text", "advice": str(error), "mood": "bad"}, gr.skip()
        speed = snapshot.runs[0].chars_per_second if snapshot.runs else 0.0
        card = await asyncio.to_thread(texts.card, text, cleaning, speed)
        busy = self.scheduler.running(session(request))
        return card, gr.skip() if busy else views.only_baselines(snapshot.baselines)

    def opened(self, corpus: str) -> Any:
        return gr.update(open=True) if corpus == texts.OWN else gr.skip()

    def uploaded(self, path: str | None) -> Any:
        """Read a text file into the text box."""
        if not path:
            raise refusal("Choose a text file first.")
        try:
            decoded = read_text_file(path)
        except ValueError as error:
            raise refusal(error) from None
        for note in decoded.notes:
            gr.Info(escape(note))
        if len(decoded.text) > TRAINING_CHARACTERS:
            gr.Info(f"The first {TRAINING_CHARACTERS:,} characters are used.")
        return decoded.text[:TRAINING_CHARACTERS], texts.OWN

    async def fit(self, time: str | None, corpus: str, own: str | None, cleaning: str) -> Any:
        """Set what learns most of this text in the chosen time."""
        values = await self.fitted(time, corpus, own, cleaning)
        return self.tab.updates({"recipe": "standard", **values}) if values else gr.skip()

    async def fitted(
        self, time: str | None, corpus: str, own: str | None, cleaning: str
    ) -> dict[str, Any]:
        """Settings by name; none before a time is chosen and a text of one's own is pasted."""
        if time is None or (corpus == texts.OWN and not own):
            return {}
        try:
            text, name = await asyncio.to_thread(texts.chosen, corpus, own)
            fitted = await asyncio.to_thread(settings_for_text, time, text, cleaning)
            steps = await self.steps(fitted, text, name)
        except ValueError as error:
            raise refusal(error) from None
        return {**vars(fitted.model), **vars(fitted.train), "steps": steps}

    async def steps(self, fitted: FittedSettings, text: str, name: str) -> int:
        """The steps that fit into the time on this machine.

        Measured by a moment's training, or estimated where all workers are busy.
        """
        job = Job(text, (fitted.model,), fitted.train, TRIAL_SECONDS, name)
        snapshot = await self.scheduler.trial(job)
        measured = snapshot.runs[0].chars_per_second if snapshot.runs else 0.0
        estimate = fitted_settings.speed(fitted.model, len(set(text)))
        seconds = STEP_SHARE * min(fitted.seconds, self.scheduler.seconds)
        return fitted_settings.steps(fitted.train, seconds, measured or estimate)


def wire_text(tab: TrainTab, scheduler: Scheduler) -> None:
    """Check a text when the panel opens or the text changes; settings for a time follow it."""
    text, fields = tab.text, tab.controls.settings
    handlers, cleaning = TextEvents(tab, scheduler), fields["cleaning"]
    latest: Any = {"trigger_mode": "always_last", "concurrency_limit": 4, **PRIVATE}
    chosen = [text.corpus, text.own, cleaning]
    model = {name: fields[name] for name in ("cell", "hidden_size", "layers")}
    for event in (text.check_box.expand, text.corpus.input, cleaning.input, text.own.blur):
        shown = [text.card, tab.pictures.chart]
        event(handlers.check, chosen, shown, inputs_kwargs=model, **latest)
    for event in (text.time.input, text.corpus.input, cleaning.input, text.own.blur):
        event(handlers.fit, [text.time, *chosen], [tab.controls.recipe, *fields.values()], **latest)
    # A pasted text is the one that is meant. In the browser: it may be a megabyte long.
    meant = f"(own, corpus) => own ? {texts.OWN!r} : corpus"
    text.own.change(None, [text.own, text.corpus], text.corpus, js=meant, **PRIVATE)
    text.upload.upload(handlers.uploaded, text.upload, [text.own, text.corpus], **PRIVATE)
    text.corpus.input(handlers.opened, text.corpus, text.own_box, **PRIVATE)

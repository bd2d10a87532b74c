"""What happens around the text: a look at it, measured speed and rulers, settings that fit."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import gradio as gr

from charrnn.service.job import Job
from charrnn.service.scheduler import Scheduler
from charrnn.training import presets
from charrnn.training.presets import Preset, preset_for
from charrnn.ui.train import settings, texts, views
from charrnn.ui.train.events import refusal, session
from charrnn.ui.train.layout import TrainTab
from charrnn.vocabulary import CLEANINGS, read_text

STANDARD = "standard"
"""The recipe that a preset's settings are told as changes of."""
STEPPING = 0.8
"""Share of a run's time that is steps; the rest are evaluations, a tenth, and samples."""
TRIAL_SECONDS = 0.6
"""Training time of a trial: some 30 steps, for a speed within 20 %."""


class TextEvents:
    """The handlers around the text of one page's Train tab."""

    def __init__(self, tab: TrainTab, scheduler: Scheduler) -> None:
        self.tab, self.scheduler = tab, scheduler

    async def look(
        self,
        corpus: str,
        own: str | None,
        cleaning: str,
        cell: str,
        hidden_size: float,
        layers: float | None,
        request: gr.Request,
    ) -> Any:
        """Describe the text; train a moment on it for its speed and the chart's rulers."""
        if cleaning not in CLEANINGS:
            raise refusal(ValueError("There is no cleaning of that name."))
        try:
            text, name = await asyncio.to_thread(texts.chosen, corpus, own)
            values = {"cell": cell, "hidden_size": hidden_size, "layers": layers}
            model, config = settings.parse({**values, "cleaning": cleaning})
            job = Job(text, (model,), config, TRIAL_SECONDS, name)
            snapshot = await self.scheduler.trial(job)
        except ValueError as error:
            return {"title": "This text", "advice": str(error), "mood": "bad"}, gr.skip()
        speed = snapshot.runs[0].chars_per_second if snapshot.runs else 0.0
        facts = await asyncio.to_thread(texts.look, text, cleaning, speed)
        busy = self.scheduler.running(session(request))
        return facts, gr.skip() if busy else views.ruled(snapshot.baselines)

    def opened(self, corpus: str) -> Any:
        return gr.update(open=True) if corpus == texts.OWN else gr.skip()

    def uploaded(self, path: str | None) -> Any:
        """Read a .txt file into the text box."""
        if not path:
            raise refusal(ValueError("Choose a text file first."))
        try:
            text = read_text(path)
        except ValueError as error:
            raise refusal(error) from None
        if len(text) > texts.OWN_LIMIT:
            gr.Info(f"The first {texts.OWN_LIMIT:,} characters are used.")
        return text[: texts.OWN_LIMIT], texts.OWN

    async def fit(
        self, preset: str | None, corpus: str, own: str | None, cleaning: str, *_: Any
    ) -> Any:
        """Set what a preset takes for this text, and the steps that fit into its time, here."""
        nothing = [gr.skip()] * (1 + len(settings.NAMES))
        if preset is None:
            return nothing
        try:
            text, name = await asyncio.to_thread(texts.chosen, corpus, own)
            fitted = await asyncio.to_thread(preset_for, preset, text, cleaning)
            steps = await self.steps(fitted, text, name)
        except ValueError as error:
            if corpus == texts.OWN and not own:  # nothing is pasted yet: the preset waits for it
                return nothing
            raise refusal(error) from None
        values = {
            **settings.DEFAULTS,
            **dataclasses.asdict(fitted.model),
            **dataclasses.asdict(fitted.train),
            "steps": steps,
        }
        return [STANDARD, *(values[name] for name in settings.NAMES)]

    async def steps(self, fitted: Preset, text: str, name: str) -> int:
        """The preset's seconds in steps, by a moment's training; by an estimate where all workers
        are busy."""
        job = Job(text, (fitted.model,), fitted.train, TRIAL_SECONDS, name)
        snapshot = await self.scheduler.trial(job)
        measured = snapshot.runs[0].chars_per_second if snapshot.runs else 0.0
        estimate = presets.speed(fitted.model, len(set(text)))
        seconds = STEPPING * min(fitted.seconds, self.scheduler.seconds)
        return presets.steps(fitted.train, seconds, measured or estimate)

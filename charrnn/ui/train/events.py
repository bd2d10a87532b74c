"""What happens on the Train tab: jobs from settings, runs to pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from charrnn.corpora import CORPORA
from charrnn.network.cells import CELLS
from charrnn.network.model import ModelConfig
from charrnn.network.sampling import Sampling
from charrnn.service.job import Job
from charrnn.service.queue import QueueFullError
from charrnn.service.scheduler import BusyError, Scheduler, Update, with_run
from charrnn.service.visitor import Visitor
from charrnn.training.recipes import RECIPES
from charrnn.ui.train import settings, texts, views
from charrnn.ui.train.layout import TrainTab
from charrnn.vocabulary import Vocabulary

Updates = dict[Any, Any]

# What the page cannot go on from, each with a sentence for people.
REFUSALS = (ValueError, BusyError, QueueFullError)


def refusal(error: Exception) -> gr.Error:
    """A sentence as a toast. Gradio shows the message as HTML, so it is escaped."""
    return gr.Error(escape(str(error)), duration=8, print_exception=False)


def job_of(seconds: float, corpus: str, own: str | None, recipe: str, *rest: Any) -> Job:
    """The job that the tab's inputs describe. Raises ValueError with a sentence."""
    seed, temperature, rate, *values = rest
    model, train = settings.parse(dict(zip(settings.NAMES, values, strict=True)))
    text, name = texts.chosen(corpus, own)
    Sampling(temperature=temperature)
    vocabulary = Vocabulary.from_text(
        text,
        words=train.words,
        cleaning=train.cleaning,
        min_count=train.min_count,
        max_size=train.max_vocab or None,
    )
    settings.check_size(model, train, text, len(vocabulary))
    return Job(
        text=text,
        models=(model,),
        config=train,
        seconds=seconds,
        corpus=name,
        seed=str(seed or "")[:200] or texts.first_words(text),
        sample_length=RECIPES[recipe].sample_length if recipe in RECIPES else 240,
        temperature=float(temperature),
        rate=min(max(float(rate), 0.01), 10.0),
    )


def race_of(job: Job, seconds: float) -> Job:
    """The same job for every cell, `seconds` of computing for each."""
    model: ModelConfig = job.models[0]
    models = tuple(replace(model, cell=cell) for cell in CELLS)
    return replace(job, models=models, seconds=len(models) * min(max(float(seconds), 1.0), 60.0))


def rest_of(visitor: Visitor, seconds: float, corpus: str, own: str | None) -> Job:
    """The job that continues the visitor's training. Raises ValueError.

    An uploaded file does not hold its text. It is the corpus that the file names, or the text that
    is chosen now; Trainer.resume refuses any other than the file's.
    """
    checkpoint, run = visitor.checkpoint, visitor.run
    if checkpoint is None or not visitor.resumable:
        raise ValueError("There is no run to continue: press Train.")
    if run:
        record = run.snapshot.runs[0].record
        return replace(run.job, checkpoint=checkpoint, record=record, seconds=seconds)
    config, name = checkpoint.train_config(), checkpoint.training.corpus
    text, _ = texts.chosen(name if name in CORPORA else corpus, own)
    seed, models = texts.first_words(text), (checkpoint.model.config,)
    return Job(text, models, config, seconds, name, seed, checkpoint=checkpoint)


def query_of(tab: TrainTab, values: tuple[Any, ...]) -> str:
    """The settings that differ from the recipe's, for the page's address."""
    corpus, _, recipe, _, _, _, *rest = values
    usual = settings.of_recipe(RECIPES[recipe])
    told = {"recipe": recipe}
    if corpus not in (texts.OWN, RECIPES[recipe].corpus):
        told["corpus"] = corpus
    for name, value in zip(settings.NAMES, rest, strict=True):
        if value is not None and value != usual[name]:
            told[name] = value
    return urlencode(told)


class Events:
    """The handlers of one page's Train tab."""

    def __init__(
        self, tab: TrainTab, scheduler: Scheduler, visitor: gr.State, token: gr.BrowserState
    ) -> None:
        self.tab, self.scheduler = tab, scheduler
        self.visitor, self.token = visitor, token

    async def start(
        self, visitor: Visitor, request: gr.Request, *values: Any
    ) -> AsyncGenerator[Updates, None]:
        """Train on the chosen text with the chosen settings."""
        try:
            job = await asyncio.to_thread(job_of, self.scheduler.seconds, *values)
        except ValueError as error:
            raise refusal(error) from None
        query = {self.tab.address: {"query": query_of(self.tab, values)}}
        async with aclosing(self.follow(job, visitor, request, query)) as updates:
            async for update in updates:
                yield update

    async def start_race(
        self, visitor: Visitor, seconds: float, request: gr.Request, *values: Any
    ) -> AsyncGenerator[Updates, None]:
        """Train the three cells on the same text for the same seconds."""
        try:
            job = race_of(await asyncio.to_thread(job_of, 0.0, *values), seconds)
        except ValueError as error:
            raise refusal(error) from None
        async with aclosing(self.follow(job, visitor, request, {})) as updates:
            async for update in updates:
                yield update

    async def go_on(
        self, visitor: Visitor, request: gr.Request, corpus: str, own: str | None
    ) -> AsyncGenerator[Updates, None]:
        """Continue the visitor's last run exactly where it stopped, or beyond its plan."""
        visitor = visitor or Visitor()
        try:
            job = await asyncio.to_thread(rest_of, visitor, self.scheduler.seconds, corpus, own)
        except ValueError as error:
            raise refusal(error) from None
        async with aclosing(self.follow(job, visitor, request, {})) as updates:
            async for update in updates:
                yield update

    async def follow(
        self, job: Job, visitor: Visitor, request: gr.Request, first: Updates
    ) -> AsyncGenerator[Updates, None]:
        """Run a job and show it; at the end the visitor holds the best model."""
        pictures = self.tab.pictures
        visitor = self.scheduler.session_store.keep(
            visitor or Visitor()
        )  # None: the server forgot the session
        yield {
            **first,
            **self.buttons(running=True),
            self.token: visitor.token,
            self.visitor: visitor,
            pictures.samples: gr.update(visible=not job.race),
            pictures.race: gr.update(visible=job.race),
        }
        news, before = Update(), views.previous_run(job, visitor.run)
        try:
            async with aclosing(self.scheduler.train(job, visitor, session(request))) as told:
                async for news in told:
                    yield self.paint(job, news, before)
        except REFUSALS as error:
            refused = {"state": "failed", "title": "Not started", "note": str(error)}
            yield {pictures.status: {**views.IDLE, **refused}, **self.buttons(False, visitor)}
            return
        if news.snapshot:
            visitor = await asyncio.to_thread(with_run, visitor, job, news.snapshot)
            visitor = self.scheduler.session_store.keep(visitor)
        else:
            yield {pictures.status: views.IDLE}
        yield {self.visitor: visitor, **self.buttons(running=False, visitor=visitor)}

    def paint(self, job: Job, news: Update, before: str = "") -> Updates:
        """Only what changed: a place in line, or all pictures of a snapshot."""
        pictures, snapshot = self.tab.pictures, news.snapshot
        if snapshot is None:
            return {pictures.status: views.waiting(news.ahead, news.wait)}
        updates: Updates = {pictures.status: views.status(job, snapshot, news.elapsed)}
        if snapshot.runs:
            updates[pictures.chart] = views.chart(job, snapshot, before)
            if job.race:
                updates[pictures.race] = views.race(job, snapshot)
            else:
                updates[pictures.samples] = views.samples(job, snapshot)
        return updates

    def buttons(self, running: bool, visitor: Visitor | None = None) -> Updates:
        c = self.tab.controls
        more = visitor is not None and visitor.resumable
        return {
            c.train: gr.update(interactive=not running),
            c.race: gr.update(interactive=not running),
            c.stop: gr.update(interactive=running),
            c.go_on: gr.update(interactive=more and not running),
        }

    def stop(self, request: gr.Request) -> None:
        """End the run; its best weights are kept."""
        self.scheduler.stop(session(request))

    def set_rate(self, factor: float, request: gr.Request) -> None:
        self.scheduler.steer(session(request), "rate", min(max(float(factor), 0.01), 10.0))

    def set_temperature(self, temperature: float, request: gr.Request) -> None:
        self.scheduler.steer(
            session(request), "temperature", min(max(float(temperature), 0.0), 5.0)
        )

    def keep(self, visitor: Visitor) -> tuple[Visitor, str]:
        """Put a model that came from elsewhere into the vault as well."""
        visitor = self.scheduler.session_store.keep(visitor)
        return visitor, visitor.token

    def shown(self, visitor: Visitor, request: gr.Request) -> Updates:
        """The pictures of the visitor's last run, after a reload or an upload."""
        run, pictures = visitor.run, self.tab.pictures
        if self.scheduler.running(session(request)):
            return {pictures.status: gr.skip()}
        if run is None:
            status = {pictures.status: views.uploaded(visitor)} if visitor.checkpoint else {}
            return {**status, **self.buttons(running=False, visitor=visitor)}
        return {
            **self.paint(run.job, Update(snapshot=run.snapshot)),
            **self.buttons(running=False, visitor=visitor),
            pictures.samples: gr.update(
                value=views.samples(run.job, run.snapshot), visible=not run.job.race
            ),
            pictures.race: gr.update(
                value=views.race(run.job, run.snapshot) if run.job.race else views.NO_RACE,
                visible=run.job.race,
            ),
        }


def session(request: gr.Request) -> str:
    """The key of the visitor's session."""
    return request.session_hash or ""

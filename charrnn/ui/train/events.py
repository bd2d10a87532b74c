"""The events of the Train tab, which start, race, stop, continue and show a run."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from charrnn.service.job import Job
from charrnn.service.pools import WAITING
from charrnn.service.run import Run, Update
from charrnn.service.scheduler import Scheduler
from charrnn.service.visitor import Visitor
from charrnn.ui import query_string
from charrnn.ui.errors import REFUSALS, refusal
from charrnn.ui.server.sessions import PRESSED
from charrnn.ui.tab import PRIVATE, client, session
from charrnn.ui.train import views
from charrnn.ui.train.api import wire_api
from charrnn.ui.train.layout import TrainTab
from charrnn.ui.train.plans import Planner
from charrnn.ui.train.settings import BY_HAND, clamp, job_of, race_of, recipe_values, rest_of
from charrnn.ui.train.text_events import wire_text

Updates = dict[Any, Any]


class Events:
    """The handlers of one page's Train tab."""

    def __init__(
        self, tab: TrainTab, scheduler: Scheduler, visitor: gr.State, token: gr.Textbox
    ) -> None:
        self.tab, self.scheduler = tab, scheduler
        self.visitor, self.token = visitor, token
        self.planner = Planner(scheduler.seconds)

    async def start(
        self, visitor: Visitor, request: gr.Request, **values: Any
    ) -> AsyncGenerator[Updates, None]:
        """Train on the chosen text with the chosen settings."""
        own = visitor.model if visitor else None
        job = await refusing(request, job_of, values, self.scheduler.seconds, self.planner, own)
        query = {self.tab.query_string: {"query": query_string.write(values)}}
        async with aclosing(self.follow(job, visitor, request, query)) as updates:
            async for update in updates:
                yield update

    async def start_race(
        self, visitor: Visitor, seconds: float, request: gr.Request, **values: Any
    ) -> AsyncGenerator[Updates, None]:
        """Train the three cells on the same text for the same seconds."""
        job = race_of(
            await refusing(request, job_of, {**values, "settings_by": BY_HAND}, 0.0), seconds
        )
        async with aclosing(self.follow(job, visitor, request)) as updates:
            async for update in updates:
                yield update

    async def resume(
        self, visitor: Visitor, corpus: str, own: str | None, request: gr.Request
    ) -> AsyncGenerator[Updates, None]:
        """Continue the visitor's last run exactly where it stopped, or beyond its last step."""
        visitor = visitor or Visitor()
        job = await refusing(request, rest_of, visitor, self.scheduler.seconds, corpus, own)
        async with aclosing(self.follow(job, visitor, request)) as updates:
            async for update in updates:
                yield update

    async def follow(
        self, job: Job, visitor: Visitor, request: gr.Request, first: Updates | None = None
    ) -> AsyncGenerator[Updates, None]:
        """Run a job and show it; at the end the visitor has the best model."""
        visitor = self.scheduler.keep(visitor or Visitor(), session(request))
        yield {
            **(first or {}),
            **self.buttons(running=True),
            self.token: visitor.token,
            self.visitor: visitor,
            **self.stage(job.race),
        }
        try:
            who, linger = client(request), self.scheduler.linger
            run = self.scheduler.start(job, visitor, session(request), who, linger)
        except REFUSALS as error:
            yield self.refused(error, visitor)
            return
        async with aclosing(self.show(run)) as updates:
            async for each in updates:
                yield each

    async def rejoin(self, visitor: Visitor, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """Follow the run in progress under the visitor's token, which another page started."""
        run = self.scheduler.run_of(visitor.token) if visitor else None
        if run is None:  # the run has just ended
            visitor = (visitor and self.scheduler.find(visitor.token)) or Visitor()
            yield {self.visitor: visitor, **self.shown(visitor, request)}
            return
        yield {**self.buttons(running=True), **self.stage(run.job.race)}
        async with aclosing(self.show(run)) as updates:
            async for each in updates:
                yield each

    async def show(self, run: Run) -> AsyncGenerator[Updates, None]:
        """Draw a run until it is over; then the visitor has its model."""
        update, previous = Update(), views.previous_run(run.job, run.visitor.run)
        try:
            async with aclosing(run.follow()) as progress:
                async for update in progress:
                    yield self.paint(run.job, update, previous)
        except REFUSALS as error:
            yield self.refused(error, run.visitor)
            return
        if update.snapshot is None:
            yield {self.tab.pictures.status: views.IDLE}
        yield {self.visitor: run.visitor, **self.buttons(running=False, visitor=run.visitor)}

    def refused(self, error: Exception, visitor: Visitor) -> Updates:
        """The updates that show why a run did not start."""
        card = {"state": "failed", "title": "Not started", "note": str(error)}
        return {self.tab.pictures.status: {**views.IDLE, **card}, **self.buttons(False, visitor)}

    def paint(self, job: Job, update: Update, previous: str = "") -> Updates:
        """The updates for what changed: a place in the queue, or all pictures of a snapshot."""
        pictures, snapshot = self.tab.pictures, update.snapshot
        if snapshot is None:
            return {pictures.status: views.waiting(update.ahead, update.wait)}
        updates: Updates = {pictures.status: views.status(job, snapshot, update.elapsed)}
        if snapshot.runs:
            updates[pictures.chart] = views.chart(job, snapshot, previous)
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
            c.resume: gr.update(interactive=more and not running),
        }

    def stage(self, race: bool) -> Updates:
        """Show the pictures of a run instead of the network that writes."""
        pictures = self.tab.pictures
        shown: Updates = {pictures.live: False, pictures.status: True, pictures.chart: True}
        shown |= {pictures.samples: not race, pictures.race: race, pictures.version: False}
        return {picture: gr.update(visible=visible) for picture, visible in shown.items()}

    def stop(self, request: gr.Request) -> None:
        """End the run; its best weights are kept."""
        self.scheduler.stop(session(request))

    def set_rate(self, factor: float, request: gr.Request) -> None:
        self.scheduler.steer(session(request), "rate", clamp(factor, 0.01, 10.0))

    def set_temperature(self, temperature: float, request: gr.Request) -> None:
        self.scheduler.steer(session(request), "temperature", clamp(temperature, 0.0, 5.0))

    def shown(self, visitor: Visitor, request: gr.Request) -> Updates:
        """The pictures of the visitor's last run; none for a model that comes from elsewhere."""
        run, pictures = visitor.run, self.tab.pictures
        if self.scheduler.running(session(request)):
            return {pictures.status: gr.skip()}
        buttons = self.buttons(running=False, visitor=visitor)
        if run is None:  # the pictures are of another model's run
            uploaded = visitor.checkpoint is not None
            status = views.uploaded(visitor) if uploaded else views.IDLE
            return {
                **buttons,
                pictures.live: gr.update(visible=not uploaded),
                pictures.status: gr.update(value=status, visible=uploaded),
                pictures.chart: gr.update(value=views.NO_CHART, visible=False),
                pictures.samples: gr.update(value=views.NO_SAMPLES, visible=False),
                pictures.race: gr.update(visible=False),
            }
        painted = self.paint(run.job, Update(snapshot=run.snapshot))
        shown = {
            picture: gr.update(value=value, visible=True) for picture, value in painted.items()
        }
        return {**self.stage(run.job.race), **buttons, **shown}


async def refusing(request: gr.Request, make: Any, *arguments: Any) -> Any:
    """Call a function that may download a text, in a thread; its ValueError becomes a toast."""
    try:
        return await WAITING.run(session(request), make, *arguments)
    except ValueError as error:
        raise refusal(error) from None


def choose_recipe(names: list[str]) -> str:
    """JavaScript that sets the inputs of these names, and the text and seed, as a recipe says."""
    return f"""(...values) => {{
      const recipe = {json.dumps(recipe_values())}[values[{names.index("recipe")}]] ?? {{}};
      return {json.dumps(names)}.map((name, k) => recipe[name] ?? values[k]);
    }}"""


@dataclass(frozen=True)
class Wired:
    """What the page needs from the wired tab."""

    tab: TrainTab
    handlers: Events
    outputs: list[Any]  # everything that a run draws


def wire(tab: TrainTab, scheduler: Scheduler, visitor: gr.State, token: gr.Textbox) -> Wired:
    """Connect the whole tab and the endpoint /train."""
    handlers = Events(tab, scheduler, visitor, token)
    c, text = tab.controls, tab.text
    buttons = [c.train, c.race, c.stop, c.resume]
    outputs = [visitor, token, tab.query_string, *tab.pictures, *buttons]
    # No limit from Gradio: the scheduler has its own queue, which shows the visitor's place.
    run: Any = {"outputs": outputs, "concurrency_limit": None, **PRIVATE}
    train, race = (each.click(None, js=PRESSED, **PRIVATE) for each in (c.train, c.race))
    train.then(handlers.start, visitor, inputs_kwargs=tab.inputs, **run)
    race.then(handlers.start_race, [visitor, c.race_seconds], inputs_kwargs=tab.inputs, **run)
    c.resume.click(handlers.resume, [visitor, text.corpus, text.own], **run)
    wire_api(scheduler, visitor)
    c.stop.click(handlers.stop, None, None, queue=False, **PRIVATE)
    # Not `release`: only the mouse triggers it, and sliders are moved by keys too.
    last: Any = {"queue": False, "trigger_mode": "always_last", **PRIVATE}
    c.rate.input(handlers.set_rate, c.rate, None, **last)
    c.temperature.input(handlers.set_temperature, c.temperature, None, **last)
    inputs = [*tab.inputs.values()]
    c.recipe.input(None, inputs, inputs, js=choose_recipe([*tab.inputs]), **PRIVATE)
    wire_text(tab, handlers.planner, visitor)
    return Wired(tab, handlers, outputs)

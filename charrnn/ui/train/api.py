"""The endpoint /train for gradio_client: fewer inputs than the page, progress as JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from charrnn.corpora import CORPORA
from charrnn.service.job import Job
from charrnn.service.pools import WAITING
from charrnn.service.scheduler import Scheduler, Update
from charrnn.service.visitor import Visitor
from charrnn.training.recipes import RECIPES
from charrnn.ui.errors import REFUSALS, refusal
from charrnn.ui.tab import client, session
from charrnn.ui.train import texts
from charrnn.ui.train.settings import SETTINGS, job_of, of_recipe


def wire_api(scheduler: Scheduler, visitor: gr.State) -> Any:
    """Components that only the API sees, and the event behind /train."""
    with gr.Row(visible=False):
        text = gr.Textbox(value="", label="text")
        recipe = gr.Dropdown(list(RECIPES), value="standard", label="recipe")
        options = gr.JSON(value={}, label="options")
        seconds = gr.Number(value=30, label="seconds")
        result = gr.JSON(label="progress")
        start = gr.Button("train")

    async def train(
        visitor: Visitor,
        request: gr.Request,
        text: str,
        recipe: str = "standard",
        options: dict[str, Any] | None = None,
        seconds: float = 30,
    ) -> AsyncGenerator[tuple[Any, Any], None]:
        """Train a model of your own; the session's other endpoints then use it.

        text: the text to learn, or the name of a corpus. recipe: settings to start from. seconds:
        the longest it may take. Yields the step and the losses in nats per character. options: a
        JSON object of settings that differ, e.g. {"cell": "gru", "hidden_size": 64}, among these:
        """
        try:
            job = await WAITING.run(
                session(request), api_job, scheduler, text, recipe, options, seconds
            )
            update = Update()
            visitor = scheduler.keep(visitor or Visitor(), session(request))
            async with aclosing(
                scheduler.train(job, visitor, session(request), client(request))
            ) as progress:
                async for update in progress:
                    yield gr.skip(), summary(update)
        except REFUSALS as error:
            raise refusal(error) from None
        if update.snapshot is None:
            raise refusal("The run was stopped before it started.")
        if update.snapshot.failed:
            raise refusal(update.snapshot.note)
        visitor = scheduler.find(visitor.token) or visitor
        yield visitor, summary(update)

    listed = "; ".join(f"{name}: {row.help}" for name, row in SETTINGS.items())
    return start.click(
        train,
        [visitor, text, recipe, options, seconds],
        [visitor, result],
        api_name="train",
        api_description=f"{' '.join((train.__doc__ or '').split())} {listed}",
        concurrency_limit=None,
        show_progress="hidden",
    )


def api_job(scheduler: Scheduler, text: str, recipe: str, options: Any, seconds: float) -> Job:
    """The job a client asked for. Raises ValueError."""
    if not isinstance(recipe, str) or recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}.")
    options = options or {}
    if not isinstance(options, dict) or not options.keys() <= SETTINGS.keys():
        raise ValueError(f"options is an object with keys among: {', '.join(SETTINGS)}.")
    if type(seconds) not in (int, float) or not 0 < seconds <= scheduler.seconds:
        raise ValueError(f"seconds must be above 0 and at most {scheduler.seconds:g}.")
    chosen = RECIPES[recipe]
    named = isinstance(text, str) and text in CORPORA
    values = {
        "corpus": text if named else texts.OWN,
        "own": str(text or ""),
        "recipe": recipe,
        "seed": chosen.seed,
        "temperature": chosen.temperature,
        "rate": 1.0,
    }
    return job_of(values | of_recipe(chosen) | options, float(seconds))


def summary(update: Update) -> dict[str, Any]:
    """Where a run is, as plain JSON."""
    snapshot = update.snapshot
    if snapshot is None:
        return {
            "state": "waiting",
            "ahead": update.ahead,
            "seconds_to_wait": round(update.wait, 1),
        }
    if not snapshot.runs:
        return {"state": "starting"}
    run_view = snapshot.runs[0]
    progress, validation = run_view.progress, run_view.record.validation.points
    return {
        "state": "over" if snapshot.over else "training",
        "step": progress.step if progress else 0,
        "steps": progress.steps if progress else 0,
        "loss": progress.smooth_loss if progress else None,
        "val_loss": validation[-1][1] if validation else None,
        "best_loss": progress.best_loss if progress else None,
        "chars_per_second": round(run_view.chars_per_second),
        "sample": run_view.sample,
        "note": snapshot.note,
    }

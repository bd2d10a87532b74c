"""`train --push` and `train --on-jobs`: the model on the Hub when it is done, trained here or on a
rented machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.cli import output
from charrnn.cli.plan import DEFAULT_RECIPE
from charrnn.cli.push import add_card_options, share
from charrnn.corpora import CORPORA
from charrnn.network.model import CharRNN
from charrnn.training.recipes import RECIPES, UNTIL_STOPPED

if TYPE_CHECKING:
    from charrnn.hub import Job, Machines, Submission

PACKAGE = "charrnn-numpy"
HERE = {"command", "run", "corpus", "json", "out", "overwrite", "on_jobs", "dry_run"} | {
    "job_timeout", "job_package", "resume", "start", "baselines", "save_every", "compact",
    "workers",
}  # fmt: skip
"""Options that say where and how to run, not what; or that are handled by name."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of sharing and of rented machines to `train`."""
    group = parser.add_argument_group("on the Hub")
    group.add_argument("--push", metavar="USER/NAME", help="share the model when it is done")
    add_card_options(group)
    group.add_argument(
        "--on-jobs",
        metavar="FLAVOR",
        help="train on a machine of the Hub, such as cpu-upgrade; needs --push, and costs money",
    )
    group.add_argument(
        "--job-timeout", default="2h", metavar="TIME", help="the longest it may take there (2h)"
    )
    group.add_argument(
        "--job-package", default=PACKAGE, metavar="SPEC", help="what pip installs there as charrnn"
    )
    group.add_argument(
        "--dry-run", action="store_true", help="print what --on-jobs would ask for, and ask nothing"
    )


def check(args: argparse.Namespace) -> None:
    """Hear before an hour of training that the model could not be shared. Raises ValueError."""
    if (args.on_jobs or args.dry_run) and not (args.on_jobs and args.push):
        raise ValueError("--on-jobs needs --push USER/NAME: the model ends there, not here.")
    if args.push and not args.dry_run:
        from charrnn.hub.account import checked_name, write_token

        checked_name(args.push, "owner")
        write_token(None)


def maybe_run(args: argparse.Namespace) -> int | None:
    """Train on a rented machine if that is asked for, and return the exit code; else None."""
    check(args)
    if not args.on_jobs:
        return None
    submission = submission_of(args)
    if args.dry_run:
        output.emit(submission.told())
        return 0
    from charrnn import hub

    hub.quiet()
    machines = hub.Machines()
    job = machines.submit(submission)
    output.remark(f"Started on {submission.flavor}: {job.url}")
    try:
        return follow(machines, job, args)
    except KeyboardInterrupt:
        output.remark(f"The job goes on, and costs. To end it: hf jobs cancel {job.id}")
        raise


def share_trained(
    model: CharRNN, baselines: dict[str, float], stopped: object, args: argparse.Namespace
) -> None:
    """Share the model of a finished run, if that was asked for."""
    if not args.push:
        return
    if stopped:
        output.remark(f"Not shared, for the run was stopped: charrnn push FILE {args.push}")
        return
    model.metadata = {**model.metadata, **({"rulers": baselines} if baselines else {})}
    share(model, args.push, args)


def submission_of(args: argparse.Namespace) -> Submission:
    """The same training as a job's command line. Raises ValueError."""
    from charrnn.hub.jobs import Submission, arguments

    if args.resume or args.start:
        raise ValueError("--on-jobs starts afresh: leave out --resume and --start.")
    corpus = args.corpus or RECIPES[args.recipe or DEFAULT_RECIPE].corpus
    if corpus not in CORPORA and not Path(corpus).is_file():
        raise ValueError(f"There is no file {corpus!r}, and no corpus of that name.")
    told = {name: value for name, value in vars(args).items() if name not in HERE}
    given: list[tuple[str, Any]] = [
        (name, value)
        for name, value in told.items()
        if value not in (None, "") and not (name == "private" and value is False)
    ]
    if args.baselines is False:
        given.append(("baselines", False))
    given += [("json", True), ("out", "model.npz")]
    return Submission(arguments(given, corpus), args.on_jobs, args.job_timeout, args.job_package)


def follow(machines: Machines, job: Job, args: argparse.Namespace) -> int:
    """Show the job's log as `train` shows its own; the exit code is the job's."""
    pushed: dict[str, Any] = {}
    shown = 0
    bar = _bar(args) if sys.stderr.isatty() and not args.json else None
    try:
        for told in _objects(machines.lines(job)):
            if "url" in told and "revision" in told:
                pushed = told
            if args.json:
                output.emit(told)
            elif told.get("step", 0) > shown:
                shown = told["step"]
                _show(told, bar)
    finally:
        if bar is not None:
            bar.close()
    stage = machines.stage(job)
    if stage != "COMPLETED" or not pushed:
        raise ValueError(f"The job ended as {stage} and shared nothing. Its log: {job.url}")
    if not args.json:
        print(f"The model is on the Hub, revision {str(pushed['revision'])[:7]}:")
        print(f"    {pushed['url']}", flush=True)
    return 0


def _objects(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The JSON objects of a log; its other lines become remarks."""
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if isinstance(told, dict):
            yield told
        elif line.strip():
            output.remark(line)


def _bar(args: argparse.Namespace) -> Any:
    from tqdm import tqdm

    recipe = RECIPES[args.recipe or DEFAULT_RECIPE]
    steps = getattr(args, "steps", recipe.train.steps)
    by_steps = args.seconds is None and args.epochs is None and args.preset is None
    known = by_steps and steps < UNTIL_STOPPED
    return tqdm(total=steps if known else None, unit="step", dynamic_ncols=True)


def _show(told: dict[str, Any], bar: Any) -> None:
    """One line of the job's progress."""
    loss, val = told.get("loss"), told.get("val_loss")
    text = "" if loss is None else f"loss {loss:.4f} nats"
    text += "" if val is None else f", validation {val:.4f}"
    if bar is None:
        print(f"step {told['step']:>6,}  {text}", flush=True)
        return
    bar.n = told["step"]
    bar.set_postfix_str(text, refresh=False)
    bar.refresh()

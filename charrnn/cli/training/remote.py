"""Shares the trained model for `train --push`, or trains on a rented machine for `--on-jobs`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.cli.output import ExitCode, Mode, Output
from charrnn.cli.push import add_card_options
from charrnn.cli.training.plan import DEFAULT_RECIPE
from charrnn.corpora import CORPORA
from charrnn.training.recipes import RECIPES, UNTIL_STOPPED

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

    from charrnn.hub import Machines, Submission

PACKAGE = "charrnn-numpy"
LOCAL = {"command", "run", "corpus", "json", "out", "overwrite", "on_jobs", "dry_run"} | {
    "job_timeout", "job_attempts", "job_package", "resume", "start", "baselines", "compact",
    "processes", "device",
}  # fmt: skip
"""Options that the job's command line does not take over as they are."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for sharing and for rented machines to `train`."""
    group = parser.add_argument_group("on the Hub")
    group.add_argument("--push", metavar="USER/NAME", help="share the model when training is done")
    add_card_options(group)
    group.add_argument(
        "--on-jobs",
        metavar="FLAVOR",
        help="train on a rented machine of the Hub, such as cpu-upgrade; needs --push, costs money",
    )
    group.add_argument(
        "--job-timeout", default="2h", metavar="TIME", help="the longest the job may take (2h)"
    )
    group.add_argument(
        "--job-attempts",
        type=int,
        default=1,
        metavar="N",
        help="jobs to start at most: each goes on from the last save of one that ended early (1)",
    )
    group.add_argument(
        "--job-package", default=PACKAGE, metavar="SPEC", help="the package that the job installs"
    )
    group.add_argument(
        "--dry-run",
        action="store_true",
        help="print the job that --on-jobs would start, and start nothing",
    )


def check(args: argparse.Namespace) -> None:
    """Check, before an hour of training, that the model can be shared. Raises ValueError."""
    if (args.on_jobs or args.dry_run) and not (args.on_jobs and args.push):
        raise ValueError("--on-jobs needs --push USER/NAME: the job shares the model there.")
    if not 1 <= args.job_attempts <= 100:
        raise ValueError("--job-attempts must lie between 1 and 100.")
    if args.push and not args.dry_run:
        from charrnn.hub.account import checked_name, write_token

        checked_name(args.push, "owner")
        write_token(None)


def maybe_run(args: argparse.Namespace, output: Output) -> ExitCode | None:
    """Train on a rented machine if asked to, and return the exit code; else None."""
    check(args)
    if not args.on_jobs:
        return None
    submission = submission_of(args)
    if args.dry_run:
        output.result(submission.request() | {"secrets": ["HF_TOKEN"], "files": submission.files})
        return ExitCode.OK
    from charrnn import hub

    hub.quiet()
    machines = hub.Machines()
    for attempt in range(1, args.job_attempts + 1):
        job = machines.submit(submission)
        output.remark(f"Started on {submission.flavor}: {job.url}")
        try:
            if follow(machines, job, args, output, last=attempt == args.job_attempts):
                break
        except KeyboardInterrupt:
            output.remark(
                f"The job is still running and costs money. To end it: hf jobs cancel {job.id}"
            )
            raise
    try:
        machines.clear(job, submission)
    except hub.HubError as error:  # the model is shared all the same
        output.remark(str(error))
    return ExitCode.OK


def submission_of(args: argparse.Namespace) -> Submission:
    """A job that runs the same training. Raises ValueError."""
    from charrnn.hub.jobs import SAVE, SAVES, Submission, arguments

    if args.resume or args.start:
        raise ValueError("--on-jobs starts a new run: leave out --resume and --start.")
    if args.track:
        raise ValueError("--track logs on this machine, and --on-jobs trains on another: give one.")
    names = args.corpus or [RECIPES[args.settings or DEFAULT_RECIPE].corpus]
    if len(names) > 1:
        raise ValueError("--on-jobs takes one text: join the files into one.")
    (corpus,) = names
    if corpus not in CORPORA and not Path(corpus).is_file():
        raise ValueError(f"There is no file {corpus!r}, and no corpus of that name.")
    given: list[tuple[str, Any]] = [
        (name, value)
        for name, value in vars(args).items()
        if name not in LOCAL
        and value not in (None, "")
        and not (name == "private" and value is False)
    ]
    if args.baselines is False:
        given.append(("baselines", False))
    given += [("json", True), ("out", f"{SAVES}/{SAVE}")]
    return Submission(arguments(given, corpus), args.on_jobs, args.job_timeout, args.job_package)


def follow(
    machines: Machines, job: JobInfo, args: argparse.Namespace, output: Output, last: bool
) -> bool:
    """Show the job's log as `train` shows its own; returns whether the job has shared the model.

    Raises ValueError where it has not, if that was the last attempt or somebody canceled it.
    """
    pushed: dict[str, Any] = {}
    shown = 0
    with output.progress_bar(_planned_steps(args)) as show:
        for record in _records(machines.lines(job), output):
            if "url" in record and "revision" in record:
                pushed = record
            if output.json:
                output.result(record)
            elif (step := record.get("step", 0)) > shown:
                shown = step
                show(step, f"step {step:,}  {_losses(record)}")
                if output.mode is Mode.PLAIN:
                    output.write(f"step {step:>6,}  {_losses(record)}")
    stage = machines.stage(job)
    if stage != "COMPLETED" or not pushed:
        ended = f"The job ended as {stage} and shared nothing."
        if last or stage in ("CANCELED", "DELETED"):
            raise ValueError(f"{ended} Its log: {job.url}")
        output.remark(f"{ended} Another one goes on from its last save.")
        return False
    if not output.json:
        revision = str(pushed["revision"])[:7]
        output.write(f"The model is on the Hub, revision {revision}:\n    {pushed['url']}")
    return True


def _records(lines: Iterator[str], output: Output) -> Iterator[dict[str, Any]]:
    """The JSON objects in a log; its other lines become remarks."""
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if isinstance(record, dict):
            yield record
        elif line.strip():
            output.remark(line)


def _planned_steps(args: argparse.Namespace) -> int | None:
    """The steps of the job's run; None if another limit ends it."""
    steps: int = getattr(args, "steps", RECIPES[args.settings or DEFAULT_RECIPE].train.steps)
    by_steps = args.seconds is None and args.epochs is None and args.time is None
    return steps if by_steps and steps < UNTIL_STOPPED else None


def _losses(record: dict[str, Any]) -> str:
    """The losses in one line of the job's log."""
    loss, val_loss = record.get("loss"), record.get("val_loss")
    text = "" if loss is None else f"loss {loss:.4f} nats"
    return text + ("" if val_loss is None else f", validation {val_loss:.4f}")

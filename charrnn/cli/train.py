"""`train`: train a model on a text until the plan ends or Ctrl+C; save it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

from charrnn.cli import options
from charrnn.cli.options import ENCODING
from charrnn.cli.output import ExitCode, Output
from charrnn.cli.push import share
from charrnn.cli.training import ranks, remote, saves
from charrnn.cli.training.devices import DEVICES
from charrnn.cli.training.interrupt import StopSignal
from charrnn.cli.training.plan import DEFAULT_RECIPE, REPORTING, Plan, make_plan
from charrnn.cli.training.report import Report
from charrnn.cli.training.samples import held_out_baselines
from charrnn.cli.training.track import TRACKERS, tracking
from charrnn.corpora import CORPORA
from charrnn.held_out import alphabetical
from charrnn.training import checkpoint
from charrnn.training.fitted_settings import TIMES
from charrnn.training.parallel.gradients import WorkerError
from charrnn.training.parallel.ranks import world
from charrnn.training.progress import Progress
from charrnn.training.recipes import RECIPES
from charrnn.training.trainer import Trainer

SUMMARY = "Train a model on a text and save it to a file."
EXAMPLES = """
charrnn train lighthouse
charrnn train book.txt --time better
charrnn train part1.txt part2.txt --out book.npz      several files as one text
charrnn train book.txt --cell gru --layers 2 --hidden-size 256 --seconds 600 --out book.npz
charrnn train --settings adagrad         until Ctrl+C, which saves
charrnn train book.txt --resume book.npz --steps 8000
charrnn train letters.txt --start auto --out letters.npz
charrnn train book.txt --push me/book                     shared on the Hub when training is done
charrnn train book.txt --push me/book --on-jobs cpu-upgrade      trained on a rented machine
"""


def add_parser(commands: options.Commands) -> None:
    """Add `train`; every field of ModelConfig and TrainConfig is a flag."""
    parser = options.command(commands, "train", SUMMARY, EXAMPLES)
    parser.add_argument(
        "corpus",
        metavar="CORPUS",
        nargs="*",
        help=f"text files, a folder of them, - for stdin, or one of {', '.join(CORPORA)} "
        "(default: that of the settings)",
    )
    parser.add_argument("--encoding", default="", help=ENCODING)
    recipes = "; ".join(f"{name}: {recipe.summary[:-1]}" for name, recipe in RECIPES.items())
    parser.add_argument(
        "--settings",
        "--recipe",
        choices=RECIPES,
        metavar="NAME",
        help=f"ready-made settings, which any flag overrides. {recipes}",
    )
    times = ", ".join(f"{name}: {seconds / 60:g} min" for name, seconds in TIMES.items())
    parser.add_argument(
        "--time",
        "--preset",
        choices=TIMES,
        help="how long to train, with the settings that learn most of this text in that time "
        f"({times} of one core; less for a short text); any flag overrides",
    )
    _add_files(parser)
    parser.add_argument("--seconds", type=float, metavar="S", help="train for this long")
    parser.add_argument("--epochs", type=float, metavar="E", help="times to read the text")
    parser.add_argument(
        "--processes",
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that share each step's sequences, up to the machine's cores (1)",
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="cpu",
        help="where to compute; cuda is an NVIDIA GPU and needs CuPy (cpu)",
    )
    _add_reporting(parser)
    remote.add_options(parser)
    standard = RECIPES[DEFAULT_RECIPE]
    options.add_settings(parser, standard.model, "the model")
    options.add_settings(parser, standard.train, "the training")


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE", help="the model's file (default: NAME.npz)")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="continue the run in this file, exactly as if it had not stopped",
    )
    parser.add_argument(
        "--start",
        metavar="MODEL",
        help="start from this model: a file, a name, USER/NAME on the Hub, or auto for the shipped "
        "model that guesses the text best, if one helps",
    )
    parser.add_argument(
        "--compact",
        action="store_true",
        help="save only the model at the end: a third of the size, but no --resume",
    )
    parser.add_argument(
        "--save-every", type=float, default=60.0, metavar="S", help="seconds between two saves (60)"
    )


def _add_reporting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--log-every", type=int, metavar="N", help="steps between two lines (default: evaluations)"
    )
    group.add_argument(
        "--sample-every",
        type=int,
        metavar="N",
        help="steps between two samples; 0 for none (default: that of the settings, or ever fewer)",
    )
    group.add_argument(
        "--baselines",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="at the end, print the losses of simple baselines on the same held-out text",
    )
    group.add_argument(  # the old name
        "--rulers",
        dest="baselines",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
    group.add_argument(
        "--track",
        choices=TRACKERS,
        default="",
        help="also log every step to trackio, which pip installs: trackio show draws the curves",
    )
    for name, (kind, metavar, text) in REPORTING.items():
        text += " (default: that of the settings)"
        group.add_argument(options.flag(name), type=kind, metavar=metavar, help=text)


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Train, save, report, share. Ctrl+C saves too, and gives exit code 130."""
    comm = world()
    if comm is not None and comm.rank:
        return ranks.follow(args, comm)
    if (code := remote.maybe_run(args, output)) is not None:
        return code
    with StopSignal() as stop:
        plan = make_plan(args) if comm is None else ranks.lead(args, comm)
        for remark in plan.remarks:
            output.remark(remark)
        config = plan.trainer.config
        if not config.shuffle_lines and (warning := alphabetical(plan.text, config.val_fraction)):
            output.remark(f"{warning} Add --shuffle-lines to hold out a fair sample.")
        report = Report(plan, args, output)
        try:
            with tracking(args.track, plan) as track, report.shown():
                _train(plan, report, stop, args.save_every, track)
                if args.compact and not stop.received:
                    plan.out.save(partial(checkpoint.save, plan.trainer.model))
        except (BrokenPipeError, MemoryError):
            _save(plan, report)
            raise
        except WorkerError:
            _save(plan, report)
            if not stop.received:  # a signal to the whole group ends the workers too
                raise
        except KeyboardInterrupt:
            there = plan.out.path.exists()
            kept = f"{plan.out} holds the last save." if there else "Nothing was saved."
            output.remark(f"Ended at once. {kept}")
            return ExitCode.INTERRUPTED
    report.end(stop.received)
    if args.push and stop.received:
        command = f"python -m charrnn push {plan.out} {args.push}"
        output.remark(f"Not shared because the run was stopped. To share it: {command}")
    elif args.push:
        model = plan.trainer.model
        if args.baselines and (baselines := held_out_baselines(plan)):  # for the card
            model.metadata["baselines"] = baselines
        share(model, args.push, args, output)
    return stop.exit_code


def _train(
    plan: Plan,
    report: Report,
    stop: StopSignal,
    save_every: float,
    track: Callable[[Progress], None],
) -> None:
    """Train until the end or a signal; save every save_every seconds, and at the end."""
    saved = time.monotonic()
    with closing(plan.trainer.run(seconds=plan.seconds, spent=plan.spent)) as steps:
        while not stop.received and (progress := next(steps, None)) is not None:
            if _save_now(plan.trainer, progress, time.monotonic() - saved > save_every):
                try:
                    _save(plan, report)
                except OSError as error:  # a full disk now may have room at the end
                    report.output.remark(f"Not saved this time: {error.strerror or error}.")
                saved = time.monotonic()
            report.step(progress)
            track(progress)
    _save(plan, report)
    if not stop.received:
        plan.previous.unlink(missing_ok=True)


def _save_now(trainer: Trainer, progress: Progress, late: bool) -> bool:
    """Whether to save after this step; `late` says that a save is due.

    Launchers of ranks end all processes at once where one dies, so there the best weights are
    saved as soon as they are found; and the ranks' states are together only then.
    """
    if trainer.comm is None:
        return late
    evaluated = progress.step % trainer.eval_every == 0
    return evaluated and (late or progress.best_step == progress.step)


def _save(plan: Plan, report: Report) -> None:
    """Save the run, keeping the previous save; say so if another program wrote the file."""
    checkpoint = plan.trainer.checkpoint
    remark = plan.out.save(lambda path: checkpoint.save(path, previous=saves.previous(path)))
    if remark:
        report.output.remark(remark)

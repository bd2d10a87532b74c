"""`train`: learn a text until the plan is done or Ctrl+C, and keep the model in a file."""

from __future__ import annotations

import argparse
import time

from charrnn.cli import on_jobs, options, output
from charrnn.cli.interrupt import Stop
from charrnn.cli.plan import DEFAULT_RECIPE, REPORTING, Plan, make_plan
from charrnn.cli.report import Report
from charrnn.cli.samples import held_out_rulers
from charrnn.corpora import CORPORA
from charrnn.training import checkpoint
from charrnn.training.presets import BUDGETS
from charrnn.training.recipes import RECIPES
from charrnn.training.worker_pool import WorkerError

SUMMARY = "Train a model on a text and keep it in a file."
EXAMPLES = """
charrnn train lighthouse
charrnn train book.txt --preset better
charrnn train book.txt --cell gru --layers 2 --hidden-size 256 --seconds 600 --out book.npz
charrnn train --recipe adagrad           until Ctrl+C, which saves
charrnn train book.txt --resume book.npz --steps 8000
charrnn train letters.txt --start shakespeare --out letters.npz
charrnn train book.txt --push me/book                     shared on the Hub when it is done
charrnn train book.txt --push me/book --on-jobs cpu-upgrade      trained there, too
"""


def add_parser(commands: options.Commands) -> None:
    """Add `train`; every field of ModelConfig and TrainConfig is a flag."""
    parser = options.command(commands, "train", SUMMARY, EXAMPLES)
    parser.add_argument(
        "corpus",
        metavar="CORPUS",
        nargs="?",
        help=f"a UTF-8 text file, or one of {', '.join(CORPORA)} (default: the recipe's)",
    )
    recipes = "; ".join(f"{name}: {recipe.summary[:-1]}" for name, recipe in RECIPES.items())
    parser.add_argument(
        "--recipe",
        choices=RECIPES,
        help=f"settings with a name, which any flag overrides. {recipes}",
    )
    budgets = ", ".join(f"{name}: {seconds / 60:g} min" for name, seconds in BUDGETS.items())
    parser.add_argument(
        "--preset",
        choices=BUDGETS,
        help=f"settings that fit the text's size and learn most in a budget of time ({budgets} "
        "of one core; less where a short text is learned before); any flag overrides",
    )
    _add_files(parser)
    parser.add_argument("--seconds", type=float, metavar="S", help="train for this long")
    parser.add_argument("--epochs", type=float, metavar="E", help="times to read the text")
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that share each step's sequences, up to the machine's cores (1)",
    )
    _add_reporting(parser)
    on_jobs.add_options(parser)
    standard = RECIPES[DEFAULT_RECIPE]
    options.add_settings(parser, standard.model, "the model")
    options.add_settings(parser, standard.train, "the training")


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE", help="the model's file (default: NAME.npz)")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    parser.add_argument(
        "--resume", metavar="FILE", help="go on with the run in this file, to the last bit"
    )
    parser.add_argument(
        "--start", metavar="MODEL", help="start from the weights and symbols of this model"
    )
    parser.add_argument(
        "--compact",
        action="store_true",
        help="keep only the model once the plan is done: a third of the size, but no --resume",
    )
    parser.add_argument(
        "--save-every", type=float, default=60.0, metavar="S", help="seconds between two saves (60)"
    )


def _add_reporting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    group.add_argument(
        "--log-every", type=int, metavar="N", help="steps between two lines (default: evaluations)"
    )
    group.add_argument(
        "--sample-every",
        type=int,
        metavar="N",
        help="steps between two samples; 0 takes none (default: the recipe's, or ever rarer)",
    )
    group.add_argument(
        "--baselines",
        "--rulers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="say at the end what simpler guessers lose on the same held-out text",
    )
    texts = {
        "seed": "what samples start from",
        "temperature": "how daring samples are",
        "sample_length": "characters of a sample",
        "final_length": "characters of the last sample; 0 takes none",
    }
    types = {"seed": str, "temperature": float, "sample_length": int, "final_length": int}
    for name in REPORTING:
        group.add_argument(
            options.flag(name),
            type=types[name],
            metavar="TEXT" if types[name] is str else "N",
            help=f"{texts[name]} (default: the recipe's)",
        )


def run(args: argparse.Namespace) -> int:
    """Train, save, report, share. Ctrl+C saves too, and gives exit code 130."""
    if (code := on_jobs.maybe_run(args)) is not None:
        return code
    with Stop() as stop:
        plan = make_plan(args)
        report = Report(plan, args)
        try:
            _train(plan, report, stop, args.save_every)
            if args.compact and not stop.asked:
                checkpoint.save(plan.trainer.model, plan.out)
        except (BrokenPipeError, MemoryError):
            plan.trainer.save(plan.out)
            raise
        except WorkerError:
            plan.trainer.save(plan.out)
            if not stop.asked:  # a signal to the whole group ends the workers too
                raise
        except KeyboardInterrupt:
            output.remark(f"Ended at once. {_kept(plan)}")
            return 130
        finally:
            report.close()
    report.end(stop.asked)
    if args.push:
        marks = held_out_rulers(plan) if args.baselines else {}
        on_jobs.share_trained(plan.trainer.model, marks, stop.asked, args)
    return stop.exit_code


def _train(plan: Plan, report: Report, stop: Stop, save_every: float) -> None:
    """Iterate until the end or a signal; save now and then, and at the end."""
    steps = plan.trainer.run(seconds=plan.seconds)
    saved = time.monotonic()
    while not stop.asked and (progress := next(steps, None)) is not None:
        report.step(progress)
        if time.monotonic() - saved > save_every:
            try:
                plan.trainer.save(plan.out)
            except OSError as error:  # a full disk now may have room at the end
                output.remark(f"Not saved this time: {error.strerror or error}.")
            saved = time.monotonic()
    plan.trainer.save(plan.out)


def _kept(plan: Plan) -> str:
    if plan.out.exists():
        return f"{plan.out} is as it was last saved."
    return "Nothing had been saved yet."

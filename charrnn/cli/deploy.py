"""`deploy`: put the page on the Hub as a Space of your own."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from charrnn.cli import options
from charrnn.cli.output import ExitCode, Output

SUMMARY = "Put this page on the Hub as a Space of your own, or update it."
EXAMPLES = """
charrnn deploy me/charrnn
charrnn deploy me/charrnn --dry-run              what it would do and cost
charrnn deploy me/charrnn --keep-models          visitors' models outlive a restart
charrnn deploy me/charrnn --hardware cpu-upgrade --private
"""


def add_parser(commands: options.Commands) -> None:
    """Add `deploy`; it runs from a checkout."""
    parser = options.command(commands, "deploy", SUMMARY, EXAMPLES)
    parser.add_argument("repo_id", metavar="USER/NAME", help="the Space, created if needed")
    parser.add_argument("--private", action="store_true", help="let only you see it")
    parser.add_argument(
        "--hardware",
        default="",
        metavar="NAME",
        help="its name on the Hub (default: what the account has at no further cost)",
    )
    parser.add_argument(
        "--keep-models",
        action="store_true",
        help="keep visitors' models over a restart, in a private bucket of your account",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, and end")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it runs")


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Say what will happen, upload what the Space needs in one commit, wait until it runs."""
    from charrnn import hub

    root = Path(__file__).resolve().parents[2]
    asked = {"hardware": args.hardware, "keep": args.keep_models}
    plan = output.wait_for(hub.planning(args.repo_id, **asked))
    if args.dry_run:
        output.result(dataclasses.asdict(plan), plan.sentence)
        return ExitCode.OK
    output.remark(plan.sentence)
    pushed = output.wait_for(hub.deploying(plan.repo_id, root, private=args.private, **asked))
    if args.no_wait:
        text = f"{pushed.repo_id} is on the Hub. Building it takes minutes:\n    {pushed.url}"
    else:
        output.wait_for(hub.starting(pushed.repo_id, revision=pushed.revision))
        text = f"{pushed.repo_id} runs:\n    {pushed.url}"
    output.result(dataclasses.asdict(pushed) | {"running": not args.no_wait}, text)
    return ExitCode.OK

"""`deploy`: put the page on the Hub as a Space of your own."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from charrnn.cli import options
from charrnn.cli.output import ExitCode, Output

SUMMARY = "Put this page on the Hub as a Space of your own."
EXAMPLES = """
charrnn deploy me/charrnn
charrnn deploy me/charrnn --private
"""


def add_parser(commands: options.Commands) -> None:
    """Add `deploy`; it runs from a checkout."""
    parser = options.command(commands, "deploy", SUMMARY, EXAMPLES)
    parser.add_argument("repo_id", metavar="USER/NAME", help="the Space, created if needed")
    parser.add_argument("--private", action="store_true", help="let only you see it")


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Upload what the Space needs, in one commit."""
    from charrnn import hub

    root = Path(__file__).resolve().parents[2]
    pushed = output.wait_for(hub.deploying(args.repo_id, root, private=args.private))
    output.result(
        dataclasses.asdict(pushed),
        f"{pushed.repo_id} is on the Hub. Building it takes a few minutes:\n    {pushed.url}",
    )
    return ExitCode.OK

"""`deploy`: the page as a Space of one's own."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from charrnn.cli import options, output

SUMMARY = "Put this page on the Hub as a Space of your own."
EXAMPLES = """
charrnn deploy me/charrnn
charrnn deploy me/charrnn --private
"""


def add_parser(commands: options.Commands) -> None:
    """Add `deploy`; it runs from a checkout."""
    parser = options.command(commands, "deploy", SUMMARY, EXAMPLES)
    parser.add_argument("repo_id", metavar="USER/NAME", help="the Space; made if need be")
    parser.add_argument("--private", action="store_true", help="only you can see it")


def run(args: argparse.Namespace) -> int:
    """Upload what the Space needs, in one commit."""
    from charrnn import hub
    from charrnn.cli.transfers import show

    hub.quiet()
    root = Path(__file__).resolve().parents[2]
    pushed = show(hub.deploying(args.repo_id, root, private=args.private))
    if args.json:
        output.emit(dataclasses.asdict(pushed))
    else:
        print(f"{pushed.repo_id} is on the Hub and builds now, which takes some minutes:")
        print(f"    {pushed.url}", flush=True)
    return 0

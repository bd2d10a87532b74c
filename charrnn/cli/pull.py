"""`pull`: a model from the Hub into a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from charrnn.cli import options, output
from charrnn.training.checkpoint import save

SUMMARY = "Get a model from the Hub."
EXAMPLES = """
charrnn pull me/book
charrnn pull me/book --revision 1f3c9ab --out book.npz
"""


def add_parser(commands: options.Commands) -> None:
    """Add `pull`. A private model needs HF_TOKEN or the client's login."""
    parser = options.command(commands, "pull", SUMMARY, EXAMPLES)
    parser.add_argument("repo_id", metavar="USER/NAME", help="the model's repository")
    parser.add_argument("--revision", metavar="REV", help="a branch, tag or commit (the newest)")
    parser.add_argument("--out", metavar="FILE", help="the file to write (default: NAME.npz)")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")


def run(args: argparse.Namespace) -> int:
    """Pull, save, and print which revision it was."""
    from charrnn import hub
    from charrnn.cli.transfers import show
    from charrnn.hub.account import checked_name

    hub.quiet()
    name = checked_name(args.repo_id)
    out = Path(args.out or f"{name.split('/')[1]}.npz")
    if out.exists() and not args.overwrite:
        raise ValueError(f"{out} exists. Give --overwrite, or another name with --out.")
    model = show(hub.pulling(name, revision=args.revision))
    save(model, out)
    revision = model.metadata["hub"]["revision"]
    if args.json:
        output.emit({"repo_id": name, "revision": revision, "out": str(out)})
    else:
        print(f"{name} at revision {revision[:7]} is in {out}; it writes with:")
        print(f"    python -m charrnn generate {out}", flush=True)
    return 0

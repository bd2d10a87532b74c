"""`pull`: download a model from the Hub into a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from charrnn.cli import options
from charrnn.cli.out_file import try_out
from charrnn.cli.output import ExitCode, Output
from charrnn.training.checkpoint import save

SUMMARY = "Download a model from the Hub."
EXAMPLES = """
charrnn pull me/book
charrnn pull https://huggingface.co/me/book
charrnn pull me/book --revision 1f3c9ab --out book.npz
"""


def add_parser(commands: options.Commands) -> None:
    """Add `pull`. A private model needs HF_TOKEN or the client's login."""
    parser = options.command(commands, "pull", SUMMARY, EXAMPLES)
    parser.add_argument(
        "repo_id", metavar="USER/NAME[@REV]", help="the model's repository, or its address"
    )
    parser.add_argument(
        "--revision", metavar="REV", help="a branch, tag or commit (default: the newest)"
    )
    parser.add_argument("--out", metavar="FILE", help="the file to write (default: NAME.npz)")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Pull, save, and print the revision."""
    from charrnn import hub
    from charrnn.hub.names import checked_model

    name, wanted = checked_model(args.repo_id, args.revision)
    out = Path(args.out or f"{name.split('/')[1]}.npz")
    if out.exists() and not args.overwrite:
        raise ValueError(f"{out} exists. Give --overwrite, or another name with --out.")
    try_out(out)
    model = output.wait_for(hub.pulling(name, revision=wanted))
    save(model, out)
    revision = model.metadata["hub"]["revision"]
    output.result(
        {"repo_id": name, "revision": revision, "out": str(out)},
        f"Saved {name}, revision {revision[:7]}, to {out}. To generate text with it:\n"
        f"    python -m charrnn generate {out}",
    )
    return ExitCode.OK

"""`push`: upload a model and its card to the Hub, optionally with a page."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from charrnn.cli import options
from charrnn.cli.output import ExitCode, Output
from charrnn.network.model import CharRNN

if TYPE_CHECKING:
    from charrnn.hub import Pushed

SUMMARY = (
    "Upload a model to the Hub with a model card. The token comes from HF_TOKEN or your login."
)
EXAMPLES = """
charrnn push book.npz me/book --license cc-by-4.0
charrnn push book.npz book --private         without USER/, the token's owner
charrnn push book.npz me/book --page         also a playable page, as a static Space
"""


def add_parser(commands: options.Commands) -> None:
    """Add `push`. The token comes from HF_TOKEN or the client's login, never from an option."""
    parser = options.command(commands, "push", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument("repo_id", metavar="USER/NAME", help="the repository, created if needed")
    add_card_options(parser)
    parser.add_argument(
        "--page",
        action="store_true",
        help="also share a page that generates in any browser, as a Space",
    )


def add_card_options(parser: argparse._ActionsContainer) -> None:
    """Add the options of the model card and of privacy."""
    parser.add_argument("--private", action="store_true", help="let only you see it")
    parser.add_argument(
        "--license", metavar="ID", help="its name on the Hub: mit, cc-by-4.0 (default: the card's)"
    )
    parser.add_argument(
        "--dataset",
        default="",
        metavar="USER/NAME",
        help="the text's dataset on the Hub, if it has one",
    )
    parser.add_argument(
        "--space", metavar="USER/NAME", help="the Space that the card links to for trying the model"
    )


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Push the model, and print its address."""
    model = options.read_model(args.model)
    share(model, args.repo_id, args, output)
    if args.page:
        share_page(model, args.repo_id, args, output)
    return ExitCode.OK


def share(model: CharRNN, repo_id: str, args: argparse.Namespace, output: Output) -> None:
    """Push a model with the options of the card. Raises HubError."""
    from charrnn import hub

    pushed = output.wait_for(
        hub.pushing(
            model, repo_id, private=args.private, license=args.license,
            dataset=args.dataset, space=args.space,
        )
    )  # fmt: skip
    _report(pushed, output, f"\nTo get it back:\n    python -m charrnn pull {pushed.repo_id}")


def share_page(model: CharRNN, repo_id: str, args: argparse.Namespace, output: Output) -> None:
    """Push a model's playable page, as a Space of the same name. Raises HubError."""
    from charrnn import hub
    from charrnn.formats.web import to_html

    page = to_html(model, title=repo_id.rsplit("/", 1)[-1])
    model_id = repo_id if "/" in repo_id else ""
    pushing = hub.pushing_page(page, repo_id, model_id=model_id, private=args.private)
    _report(output.wait_for(pushing), output)


def _report(pushed: Pushed, output: Output, hint: str = "") -> None:
    visible = "only you can see it" if pushed.private else "everyone can see it"
    state = "is on the Hub" if pushed.changed else "was already on the Hub, unchanged"
    output.result(
        dataclasses.asdict(pushed),
        f"{pushed.repo_id} {state}, revision {pushed.revision[:7]}; {visible}:\n"
        f"    {pushed.url}{hint}",
    )

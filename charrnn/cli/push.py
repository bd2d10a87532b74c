"""`push`: a model to the Hub, with its card, and with a playable page if asked."""

from __future__ import annotations

import argparse
import dataclasses

from charrnn.cli import options, output
from charrnn.network.model import CharRNN

SUMMARY = "Put a model on the Hub, with a card made from its file. The token is HF_TOKEN's."
EXAMPLES = """
charrnn push book.npz me/book --license cc-by-4.0
charrnn push book.npz book --private         NAME alone goes to the token's owner
charrnn push book.npz me/book --page         and a playable page as a static Space
"""


def add_parser(commands: options.Commands) -> None:
    """Add `push`. The token comes from HF_TOKEN or the client's login, never from an option."""
    parser = options.command(commands, "push", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument("repo_id", metavar="USER/NAME", help="the repository; made if need be")
    add_card_options(parser)
    parser.add_argument(
        "--page", action="store_true", help="also make a page that writes in any browser, a Space"
    )


def add_card_options(parser: argparse._ActionsContainer) -> None:
    """Add what a push may be told besides the name."""
    parser.add_argument("--private", action="store_true", help="only you can see it")
    parser.add_argument(
        "--license", metavar="ID", help="the Hub's name of it: mit, cc-by-4.0 (default: the card's)"
    )
    parser.add_argument(
        "--dataset", default="", metavar="USER/NAME", help="the text's name on the Hub, if any"
    )
    parser.add_argument(
        "--space", metavar="USER/NAME", help="the Space the card links to, to open the model"
    )


def run(args: argparse.Namespace) -> int:
    """Push, and print where it is."""
    share(options.read_model(args.model), args.repo_id, args)
    if args.page:
        share_page(options.read_model(args.model), args.repo_id, args)
    return 0


def share(model: CharRNN, repo_id: str, args: argparse.Namespace) -> None:
    """Put a model on the Hub as the options say. Raises HubError."""
    from charrnn import hub
    from charrnn.cli.transfers import show

    hub.quiet()
    pushed = show(
        hub.pushing(
            model, repo_id, private=args.private, license=args.license,
            dataset=args.dataset, space=args.space,
        )
    )  # fmt: skip
    _tell(pushed, args.json, f"    python -m charrnn pull {pushed.repo_id}")


def share_page(model: CharRNN, repo_id: str, args: argparse.Namespace) -> None:
    """Put a model's playable page on the Hub, as a Space of the same name."""
    from charrnn import hub
    from charrnn.cli.transfers import show
    from charrnn.formats.web import to_html

    title = repo_id.rsplit("/", 1)[-1]
    page = to_html(model, title=title)
    model_id = repo_id if "/" in repo_id else ""
    pushed = show(hub.pushing_page(page, repo_id, model_id=model_id, private=args.private))
    _tell(pushed, args.json)


def _tell(pushed: object, as_json: bool, hint: str = "") -> None:
    from charrnn.hub import Pushed

    assert isinstance(pushed, Pushed)
    if as_json:
        output.emit(dataclasses.asdict(pushed))
        return
    who = "only you can see it" if pushed.private else "everyone can see it"
    what = "is on the Hub" if pushed.changed else "was there already, the very same"
    print(f"{pushed.repo_id} {what}, revision {pushed.revision[:7]}; {who}:\n    {pushed.url}")
    if hint:
        print(f"It comes back with:\n{hint}", flush=True)

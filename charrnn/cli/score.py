"""`score`: how surprised a model is by a text."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import NamedTuple

from charrnn.cli import options, output
from charrnn.corpora import CORPORA, load_corpus
from charrnn.network.model import CharRNN, score
from charrnn.vocabulary import decode_text

SUMMARY = "Measure how well a model predicts a text."
EXAMPLES = """
charrnn score book.npz other.txt
charrnn score shakespeare                      the part of its text that training held out
charrnn score shakespeare --cold 256           and in windows of 256, as nanoGPT measures
charrnn score book.npz book.txt --val-fraction 0.1      the text's last tenth
charrnn score book.npz - < other.txt
"""


class Scored(NamedTuple):
    """A text to score, and how to call it."""

    text: str
    name: str
    share: float | None  # of the whole text, its last part; None for all of it


def add_parser(commands: options.Commands) -> None:
    """Add `score`."""
    parser = options.command(commands, "score", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument(
        "text",
        metavar="TEXT",
        nargs="?",
        help="a UTF-8 text file, a corpus name, or - for stdin "
        "(default: what training held out of the model's own corpus)",
    )
    parser.add_argument(
        "--val-fraction",
        type=float,
        metavar="X",
        help="score only this share of the text, its last part, as training held it out",
    )
    parser.add_argument(
        "--cold",
        type=int,
        metavar="N",
        help="score a second time in windows of N characters, each from an empty state: "
        "nanoGPT's way with 256",
    )


def run(args: argparse.Namespace) -> int:
    """Print nats and bits per character, and how they were measured; the first character is read
    and not scored."""
    if args.cold is not None and args.cold < 1:
        raise ValueError("--cold must be 1 or more characters.")
    if args.val_fraction is not None and not 0 < args.val_fraction <= 1:
        raise ValueError("--val-fraction must lie above 0 and at most be 1.")
    model = options.read_model(args.model)
    scored = _scored(model, args)
    for cold in (0, args.cold) if args.cold else (0,):
        nats, chars = measure(model, scored.text, cold)
        if args.json:
            output.emit(
                {"nats_per_char": nats, "bits_per_char": nats / math.log(2), "chars": chars}
                | {"text": scored.name, "share": scored.share or 1.0, "cold": cold}
            )
        else:
            print(
                f"{nats:.4f} nats ({nats / math.log(2):.4f} bits) per character, over {chars:,} "
                f"characters: {_part(scored)}, {_way(cold, model)}",
                flush=True,
            )
    return 0


def measure(model: CharRNN, text: str, cold: int = 0) -> tuple[float, int]:
    """Nats per character, and how many characters were scored, for a model of words too.

    The first symbol is read and not scored; `cold` is as in `score`, and raises as it does.
    """
    loss = score(model, text, cold=cold)  # nats per symbol
    if not model.vocabulary.words:
        return loss, len(model.vocabulary.clean(text)) - 1
    words = model.vocabulary.tokens(text)
    chars = sum(map(len, words[1:]))
    return loss * (len(words) - 1) / chars, chars


def _scored(model: CharRNN, args: argparse.Namespace) -> Scored:
    """The text, or its last part. Raises ValueError where there is none to score."""
    name, share = args.text, args.val_fraction
    if name is None:
        name, share = _held_out(model, args)
    text = _read(name)
    if share is not None:
        symbols = model.vocabulary.tokens(text)
        text = "".join(symbols[int(len(symbols) * (1 - share)) :])
    return Scored(text, "standard input" if name == "-" else Path(name).name, share)


def _held_out(model: CharRNN, args: argparse.Namespace) -> tuple[str, float]:
    """The corpus that a model's file names, and the share of it that training held out."""
    facts = model.metadata
    name, config = facts.get("corpus"), facts.get("config")
    share = config.get("val_fraction") if isinstance(config, dict) else None
    if name not in CORPORA or not isinstance(share, float) or not facts.get("validated"):
        raise ValueError(f"Name a text: {args.model} does not say what was held out of which.")
    if facts.get("sha256") != load_corpus(name).sha256:
        raise ValueError(f"Name a text: {args.model} learned another version of {name}.")
    return name, args.val_fraction or share


def _part(scored: Scored) -> str:
    """ "the last 10 % of tinyshakespeare", or "all of book.txt"."""
    if scored.share is None or scored.share == 1:
        return f"all of {scored.name}"
    return f"the last {100 * scored.share:g} % of {scored.name}"


def _way(cold: int, model: CharRNN) -> str:
    if not cold:
        return "read in one piece with the state carried"
    unit = "words" if model.vocabulary.words else "characters"
    return f"in cold windows of {cold} {unit}, the state reset at the start of each"


def _read(name: str) -> str:
    if name == "-":
        return decode_text(sys.stdin.buffer.read(), "The text on standard input")
    return load_corpus(name).text

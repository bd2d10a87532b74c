"""`score`: how surprised a model is by a text."""

from __future__ import annotations

import argparse
import math
import sys

from charrnn.corpora import load_corpus
from charrnn.model import CharRNN, score
from charrnn.terminal import options, output
from charrnn.vocabulary import decode_text

SUMMARY = "Measure how well a model predicts a text."
EXAMPLES = """
charrnn score book.npz other.txt
charrnn score shakespeare tinyshakespeare --val-fraction 0.1      its last tenth
charrnn score book.npz - < other.txt
"""


def add_parser(commands: options.Commands) -> None:
    """Add `score`."""
    parser = options.command(commands, "score", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument(
        "text", metavar="TEXTFILE", help="a UTF-8 text file, a corpus name, or - for stdin"
    )
    parser.add_argument(
        "--val-fraction",
        type=float,
        metavar="X",
        help="score only this share of the text, its last part, as training held it out",
    )


def run(args: argparse.Namespace) -> int:
    """Print nats and bits per character; the first character is read and not scored."""
    model = options.read_model(args.model)
    text = _read(args.text)
    if args.val_fraction is not None:
        if not 0 < args.val_fraction <= 1:
            raise ValueError("--val-fraction must lie above 0 and at most be 1.")
        text = text[int(len(text) * (1 - args.val_fraction)) :]
    nats, chars = measure(model, text)
    if args.json:
        output.emit({"nats_per_char": nats, "bits_per_char": nats / math.log(2), "chars": chars})
    else:
        print(
            f"{nats:.4f} nats ({nats / math.log(2):.4f} bits) per character, "
            f"over {chars:,} characters"
        )
    return 0


def measure(model: CharRNN, text: str) -> tuple[float, int]:
    """Nats per character, and how many characters were scored, for a model of words too.

    The first symbol is read and not scored. Raises as `score` does.
    """
    loss = score(model, text)  # nats per symbol
    if not model.vocabulary.words:
        return loss, len(model.vocabulary.clean(text)) - 1
    words = model.vocabulary.tokens(text)
    chars = sum(map(len, words[1:]))
    return loss * (len(words) - 1) / chars, chars


def _read(name: str) -> str:
    if name == "-":
        return decode_text(sys.stdin.buffer.read(), "The text on standard input")
    return load_corpus(name).text

"""`score`: measure how well a model predicts a text, in nats and bits."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

from charrnn.analysis.adaptive import WINDOW, adaptive_score
from charrnn.cli import options
from charrnn.cli.output import ExitCode, Output
from charrnn.corpora import CORPORA, load_corpus
from charrnn.network.model import CharRNN, score
from charrnn.training.record import TrainingRecord
from charrnn.vocabulary import UNKNOWN, UnknownSymbolError, show_symbols

Way = Callable[[CharRNN, str], float]
"""A measure of a text in nats per symbol, such as `score`."""
SUMMARY = "Measure how well a model predicts a text."
EXAMPLES = """
charrnn score book.npz other.txt
charrnn score shakespeare                      the part of its text that training held out
charrnn score shakespeare --cold 256           also in windows of 256, as nanoGPT does
charrnn score book.npz book.txt --val-fraction 0.1      the text's last tenth
charrnn score shakespeare --adaptive           also as it goes on learning, as a compressor does
charrnn score book.npz - < other.txt
"""


def add_parser(commands: options.Commands) -> None:
    """Add `score`."""
    parser = options.command(commands, "score", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument(
        "text",
        metavar="TEXT",
        nargs="?",
        help="a text file, a corpus name, or - for stdin "
        "(default: what training held out of the model's own corpus)",
    )
    parser.add_argument("--encoding", default="", help=options.ENCODING)
    parser.add_argument(
        "--val-fraction",
        type=float,
        metavar="X",
        help="score only the last part of the text, this fraction of it, as training held it out",
    )
    parser.add_argument(
        "--skip-unknown",
        action="store_true",
        help="leave out what the model never saw, and say how much that was",
    )
    parser.add_argument(
        "--cold",
        type=int,
        metavar="N",
        help="also score in windows of N characters, each from a zero state, as nanoGPT does "
        "with 256",
    )
    parser.add_argument(
        "--adaptive",
        action="store_true",
        help=f"also score a copy that learns from each {WINDOW} symbols once it has predicted them",
    )


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Print nats and bits per character, and how they were measured. The first character is read
    but not scored."""
    if args.cold is not None and args.cold < 1:
        raise ValueError("--cold must be 1 or more characters.")
    if args.val_fraction is not None and not 0 < args.val_fraction <= 1:
        raise ValueError("--val-fraction must be above 0 and at most 1.")
    model = options.read_model(args.model)
    name, fraction = (args.text, args.val_fraction) if args.text else _held_out(model, args)
    corpus = load_corpus(name, args.encoding)
    text = corpus.text
    for note in corpus.notes:
        output.remark(note)
    if fraction is not None:
        symbols = model.vocabulary.tokens(text)
        text = "".join(symbols[int(len(symbols) * (1 - fraction)) :])
    text, skipped = _known(model, text, args.skip_unknown, output)
    shown = "standard input" if name == "-" else Path(name).name
    part = f"the last {100 * fraction:g} %" if fraction not in (None, 1) else "all"
    unit = "words" if model.vocabulary.words else "characters"
    ways: list[tuple[str, Way, int, bool]] = [
        ("in one pass with the state carried", score, 0, False)
    ]
    if args.cold:
        how = f"in windows of {args.cold} {unit}, each starting from a zero state"
        ways.append((how, partial(score, cold=args.cold), args.cold, False))
    if args.adaptive:
        ways.append(("learning from the text as it reads", adaptive_score, 0, True))
    for how, way, cold, adaptive in ways:
        nats, chars = measure(model, text, way)
        bits = nats / math.log(2)
        output.result(
            {"nats_per_char": nats, "bits_per_char": bits, "chars": chars}
            | {"text": shown, "share": fraction or 1.0, "cold": cold, "adaptive": adaptive}
            | ({"skipped": skipped} if args.skip_unknown else {}),
            f"{nats:.4f} nats ({bits:.4f} bits) per character, over {chars:,} characters: "
            f"{part} of {shown}, {how}",
        )
    return ExitCode.OK


def measure(model: CharRNN, text: str, way: Way = score) -> tuple[float, int]:
    """Nats per character, and how many characters were scored, for a model of words too.

    The first symbol is read but not scored. The errors raised are those of `way`.
    """
    loss = way(model, text)
    if not model.vocabulary.words:
        return loss, len(model.vocabulary.clean(text)) - 1
    words = model.vocabulary.tokens(text)
    chars = sum(map(len, words[1:]))
    return loss * (len(words) - 1) / chars, chars


def _known(model: CharRNN, text: str, skip: bool, output: Output) -> tuple[str, int]:
    """The text without the symbols that the model never saw, and how many those were.

    Raises UnknownSymbolError where there are some and they are not to be skipped.
    """
    vocabulary = model.vocabulary
    missing = vocabulary.unknown(text)
    if not missing or UNKNOWN in vocabulary.ids:
        return text, 0
    if not skip:
        raise UnknownSymbolError(
            f"The model never saw {show_symbols(missing)}. To score the rest, add --skip-unknown."
        )
    tokens = vocabulary.tokens(text)
    kept = [symbol for symbol in tokens if symbol in vocabulary.ids]
    skipped, unit = len(tokens) - len(kept), "words" if vocabulary.words else "characters"
    output.remark(
        f"Skipped {skipped:,} of {len(tokens):,} {unit}, which the model never saw: "
        f"{show_symbols(missing)}."
    )
    return "".join(kept), skipped


def _held_out(model: CharRNN, args: argparse.Namespace) -> tuple[str, float]:
    """The corpus in a model's metadata, and the fraction of it that training held out."""
    record = TrainingRecord.from_metadata(model.metadata)
    name, fraction = record.corpus, record.val_fraction
    if name not in CORPORA or fraction is None or not record.validated:
        raise ValueError(f"Name a text: {args.model} does not say which text was held out.")
    if record.sha256 != load_corpus(name).sha256:
        raise ValueError(f"Name a text: {args.model} was trained on another version of {name}.")
    return name, args.val_fraction or fraction

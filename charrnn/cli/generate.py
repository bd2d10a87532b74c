"""`generate`: print text that a model generates from a seed."""

from __future__ import annotations

import argparse
import random
from dataclasses import replace

from charrnn.analysis.copies import copied_spans
from charrnn.cli import options
from charrnn.cli.output import ExitCode, Output, safe
from charrnn.corpora import load_corpus
from charrnn.network.sampling import Sampling, generate

SUMMARY = "Generate text with a model."
EXAMPLES = """
charrnn generate shakespeare --seed "ROMEO:" --length 300
charrnn generate book.npz --temperature 0.5 --top-p 0.9 --random-seed 7
charrnn generate book.npz --check-copy book.txt      how much is copied from the book?
charrnn generate book.npz --json
"""


def add_parser(commands: options.Commands) -> None:
    """Add `generate`; every field of Sampling is a flag."""
    parser = options.command(commands, "generate", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument(
        "--seed",
        default="",
        metavar="TEXT",
        type=options.plain("The seed"),
        help="the text to continue",
    )
    parser.add_argument(
        "--length", type=int, default=500, metavar="N", help="symbols to generate (500)"
    )
    parser.add_argument(
        "--check-copy",
        metavar="CORPUS",
        help="a text file or a corpus name: report runs of 20 or more characters copied from it",
    )
    options.add_settings(parser, Sampling(), "sampling")


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Print each piece as it is generated; with --json, one object at the end."""
    sampling = Sampling(**options.given(args, Sampling))
    if sampling.random_seed is None:
        sampling = replace(sampling, random_seed=random.SystemRandom().randrange(2**32))
    model = options.read_model(args.model)
    corpus = load_corpus(args.check_copy).text if args.check_copy else None
    pieces = []
    symbols = generate(model, args.seed, args.length, sampling)
    if not output.json:
        output.write(safe(args.seed), end="")
    for piece in symbols:
        pieces.append(piece)
        if not output.json:
            output.write(safe(piece), end="")
    text = "".join(pieces)
    if not output.json and not text.endswith("\n"):
        output.write("")
    copied = {}
    if corpus is not None:
        copies = copied_spans(text, model.vocabulary.clean(corpus))
        names = ("novel", "longest", "spans", "copying")
        copied = {name: getattr(copies, name) for name in names}
    if output.json:
        seeds = {"seed": args.seed, "text": text, "random_seed": sampling.random_seed}
        output.result({**seeds, **copied})
    elif copied:
        verdict = "Mostly copied: only " if copied["copying"] else ""
        output.remark(
            f"{verdict}{copied['novel']:.1%} of it is not in a run of 20 or more characters copied "
            f"from {args.check_copy}. The longest run: {copied['longest']!r}."
        )
    return ExitCode.OK

"""`generate`: a model writes on from a seed."""

from __future__ import annotations

import argparse
import random
from dataclasses import replace

from charrnn.cli import options, output
from charrnn.network.sampling import Sampling, generate

SUMMARY = "Let a model write."
EXAMPLES = """
charrnn generate shakespeare --seed "ROMEO:" --length 300
charrnn generate book.npz --temperature 0.5 --top-p 0.9 --random-seed 7
charrnn generate book.npz --check-copy book.txt      what of it stands in the book?
charrnn generate book.npz --json
"""


def add_parser(commands: options.Commands) -> None:
    """Add `generate`; every field of Sampling is a flag."""
    parser = options.command(commands, "generate", SUMMARY, EXAMPLES)
    options.add_model(parser)
    parser.add_argument("--seed", default="", metavar="TEXT", help="the text to go on from")
    parser.add_argument(
        "--length", type=int, default=500, metavar="N", help="symbols to write (500)"
    )
    parser.add_argument(
        "--check-copy",
        metavar="CORPUS",
        help="a text file or a corpus name: say which runs of 20 characters or more stand in it",
    )
    options.add_settings(parser, Sampling(), "how the next symbol is drawn")


def run(args: argparse.Namespace) -> int:
    """Write as the characters come; with --json, one object at the end."""
    from charrnn.corpora import load_corpus

    sampling = Sampling(**options.given(args, Sampling))
    if sampling.random_seed is None:
        sampling = replace(sampling, random_seed=random.SystemRandom().randrange(2**32))
    model = options.read_model(args.model)
    corpus = load_corpus(args.check_copy).text if args.check_copy else None
    pieces = []
    if not args.json:
        print(args.seed, end="", flush=True)
    for piece in generate(model, args.seed, args.length, sampling):
        pieces.append(piece)
        if not args.json:
            print(piece, end="", flush=True)
    text = "".join(pieces)
    if not args.json and not text.endswith("\n"):
        print()
    copied = _copied(text, model.vocabulary.clean(corpus)) if corpus is not None else {}
    if args.json:
        output.emit(
            {"seed": args.seed, "text": text, "random_seed": sampling.random_seed, **copied}
        )
    elif copied:
        verdict = "It is copying: only " if copied["copying"] else ""
        output.remark(
            f"{verdict}{copied['novel']:.1%} is in no run of 20 characters or more that "
            f"{args.check_copy} holds. The longest run: {copied['longest']!r}."
        )
    return 0


def _copied(text: str, corpus: str) -> dict[str, object]:
    """What copied_spans finds, for JSON."""
    from charrnn.analysis import copied_spans

    found = copied_spans(text, corpus)
    told = {"novel": found.novel, "longest": found.longest, "spans": found.spans}
    return {**told, "copying": found.copying}

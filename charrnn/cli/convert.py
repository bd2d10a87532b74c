"""`convert`: export a model to other formats, or import old .npz weights."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from charrnn import files
from charrnn.cli import options
from charrnn.cli.out_file import try_out
from charrnn.cli.output import ExitCode, Output
from charrnn.formats import legacy_npz
from charrnn.formats.onnx import to_onnx
from charrnn.formats.safetensors import to_safetensors
from charrnn.formats.web import to_html
from charrnn.network.model import CharRNN, score
from charrnn.text_files import read_text_file
from charrnn.training.checkpoint import save
from charrnn.vocabulary import CLEANINGS, Vocabulary

SUMMARY = "Turn a model into a web page, .safetensors or .onnx, or old .npz weights into a model."
EXAMPLES = """
charrnn convert shakespeare --to-web shakespeare.html --seed "ROMEO:"
charrnn convert book.npz --to-safetensors book.safetensors --to-onnx book.onnx
charrnn convert --from-npz weights.npz --text book.txt --out book.npz
charrnn convert --from-npz weights.npz --text book.txt --orientation rows --out book.npz
"""

CHECKED = 100_000
"""Characters of the text that a converted model is tested on."""

WRITERS: dict[str, Callable[[CharRNN, argparse.Namespace], bytes]] = {
    "to_web": lambda model, args: to_html(
        model, args.title or Path(args.model).stem, args.seed
    ).encode(),
    "to_safetensors": lambda model, args: to_safetensors(model),
    "to_onnx": lambda model, args: to_onnx(model),
}
"""What each output option puts into its file."""


def add_parser(commands: options.Commands) -> None:
    """Add `convert`."""
    parser = options.command(commands, "convert", SUMMARY, EXAMPLES)
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="a model file (.npz), or the name of a pretrained model",
    )
    out = parser.add_argument_group("from a model")
    out.add_argument(
        "--to-web", metavar="HTML", help="one page that generates in any browser, with no server"
    )
    out.add_argument("--title", metavar="TEXT", help="the page's title (default: the model's name)")
    out.add_argument(
        "--seed",
        default="",
        metavar="TEXT",
        type=options.plain("The seed"),
        help="the text that the page continues",
    )
    out.add_argument(
        "--to-safetensors",
        metavar="FILE",
        help="the arrays under PyTorch's names",
    )
    out.add_argument(
        "--to-onnx", metavar="FILE", help="a graph for ONNX runtimes (needs pip install onnx)"
    )
    old = parser.add_argument_group("to a model")
    old.add_argument(
        "--from-npz",
        metavar="FILE",
        help="arrays of a plain RNN named Wxh Whh Why bh by, or U W V b c",
    )
    old.add_argument("--out", metavar="FILE", help="the model file (.npz) to write")
    old.add_argument(
        "--text",
        metavar="FILE",
        help="the training text, whose sorted characters are the vocabulary; "
        "not needed if the file has chars, ix_to_char or char_to_ix",
    )
    old.add_argument(
        "--cleaning", choices=CLEANINGS, default="none", help="how that text was cleaned (none)"
    )
    old.add_argument(
        "--orientation",
        choices=legacy_npz.ORIENTATIONS,
        default="",
        help="columns for Wxh x, rows for x Wxh; needed if the shapes allow both",
    )


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Convert in one direction, and print what was written."""
    wanted = [name for name in WRITERS if getattr(args, name)]
    if args.from_npz:
        if args.model or wanted or not args.out:
            raise ValueError(
                "Write convert --from-npz OLD.npz --out NEW.npz, with no model and no other output."
            )
        _import_npz(args, output)
        return ExitCode.OK
    if not args.model or not wanted or args.out:
        raise ValueError(
            "Give MODEL and an output, one of "
            f"{', '.join(map(options.flag, WRITERS))}, or --from-npz OLD.npz --out NEW.npz."
        )
    for name in wanted:
        try_out(getattr(args, name))
    model = options.read_model(args.model)
    for name in wanted:
        path = getattr(args, name)
        data = WRITERS[name](model, args)
        files.write(path, data)
        _report(output, path, len(data))
    return ExitCode.OK


def _import_npz(args: argparse.Namespace, output: Output) -> None:
    try_out(args.out)
    vocabulary, text = None, ""
    if args.text:
        text = read_text_file(args.text).text
        vocabulary = Vocabulary.from_text(text, cleaning=args.cleaning)
    imported = legacy_npz.from_npz(args.from_npz, vocabulary, args.orientation)
    for remark in imported.remarks:
        output.remark(remark)
    if text:
        output.remark(_check(imported.model, text[:CHECKED]))
    save(imported.model, args.out)
    _report(output, args.out, Path(args.out).stat().st_size)


def _check(model: CharRNN, text: str) -> str:
    """How well the model guesses its own text, which shows whether the order of ids was right."""
    loss, blind = score(model, text), math.log(len(model.vocabulary))
    if loss < blind:
        return (
            f"It guesses {loss:.2f} nats per character of this text; a blind guess is {blind:.2f}."
        )
    return (
        f"Warning: it guesses {loss:.2f} nats per character of this text, worse than a blind guess "
        f"of {blind:.2f}. The script probably numbered its characters in another order, as "
        "list(set(text)) does: save its chars or char_to_ix in the file, and leave --text out."
    )


def _report(output: Output, path: str, size: int) -> None:
    output.result({"path": path, "bytes": size}, f"Wrote {path}, {size:,} bytes.")

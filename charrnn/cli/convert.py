"""`convert`: a model in the formats of others, and old weights in ours."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from charrnn import files
from charrnn.cli import options, output
from charrnn.formats import legacy_npz
from charrnn.formats.onnx import to_onnx
from charrnn.formats.safetensors import to_safetensors
from charrnn.formats.web import to_html
from charrnn.network.model import CharRNN
from charrnn.training.checkpoint import save
from charrnn.vocabulary import CLEANINGS, Vocabulary, read_text

SUMMARY = "Turn a model into a web page, .safetensors or .onnx, or old .npz weights into a model."
EXAMPLES = """
charrnn convert shakespeare --to-web shakespeare.html --seed "ROMEO:"
charrnn convert book.npz --to-safetensors book.safetensors --to-onnx book.onnx
charrnn convert --from-npz weights.npz --text book.txt --out book.npz
charrnn convert --from-npz weights.npz --text book.txt --orientation rows --out book.npz
"""

Writer = Callable[[CharRNN, argparse.Namespace], bytes]
WRITERS: dict[str, Writer] = {
    "to_web": lambda model, args: _page(model, args).encode(),
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
    out = parser.add_argument_group("out of a model")
    out.add_argument("--to-web", metavar="HTML", help="one page that writes in any browser, alone")
    out.add_argument("--title", metavar="TEXT", help="the page's title (the model's name)")
    out.add_argument("--seed", default="", metavar="TEXT", help="what the page goes on from")
    out.add_argument(
        "--to-safetensors",
        metavar="FILE",
        help="PyTorch's names for the arrays (needs pip install safetensors)",
    )
    out.add_argument(
        "--to-onnx", metavar="FILE", help="a graph for ONNX runtimes (needs pip install onnx)"
    )
    old = parser.add_argument_group("into a model")
    old.add_argument(
        "--from-npz",
        metavar="FILE",
        help="arrays of a plain RNN named Wxh Whh Why bh by, or U W V b c",
    )
    old.add_argument("--out", metavar="FILE", help="the model file (.npz) to write")
    old.add_argument(
        "--text",
        metavar="FILE",
        help="the text of the training, whose sorted characters are the vocabulary; "
        "not needed where the file has chars, ix_to_char or char_to_ix",
    )
    old.add_argument(
        "--cleaning", choices=CLEANINGS, default="none", help="what was done to that text (none)"
    )
    old.add_argument(
        "--orientation",
        choices=legacy_npz.ORIENTATIONS,
        default="",
        help="columns for Wxh x, rows for x Wxh; needed where the shapes do not tell",
    )


def run(args: argparse.Namespace) -> int:
    """Do one of the two, and say what was written."""
    wanted = [name for name in WRITERS if getattr(args, name)]
    if args.from_npz:
        if args.model or wanted or not args.out:
            raise ValueError(
                "Say convert --from-npz OLD.npz --out NEW.npz, with no model and no other output."
            )
        return _bring_in(args)
    if not args.model or not wanted or args.out:
        raise ValueError(
            "Say what to convert and to what: MODEL with "
            f"{', '.join(map(options.flag, WRITERS))}, or --from-npz OLD.npz --out NEW.npz."
        )
    model = options.read_model(args.model)
    for name in wanted:
        path = getattr(args, name)
        data = WRITERS[name](model, args)
        files.write(path, data)
        _report(args, path, len(data))
    return 0


def _page(model: CharRNN, args: argparse.Namespace) -> str:
    return to_html(model, title=args.title or Path(args.model).stem, seed=args.seed)


def _bring_in(args: argparse.Namespace) -> int:
    vocabulary = None
    if args.text:
        vocabulary = Vocabulary.from_text(read_text(args.text), cleaning=args.cleaning)
    found = legacy_npz.from_npz(args.from_npz, vocabulary, args.orientation)
    for remark in found.remarks:
        output.remark(remark)
    save(found.model, args.out)
    _report(args, args.out, Path(args.out).stat().st_size)
    return 0


def _report(args: argparse.Namespace, path: str, size: int) -> None:
    if args.json:
        output.emit({"path": path, "bytes": size})
    else:
        print(f"Wrote {path}, {size:,} bytes.")

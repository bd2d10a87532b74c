"""Options that commands share, and those that follow from the fields of a dataclass."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from charrnn.formats.checkpoint import load
from charrnn.network.cells import CELLS
from charrnn.network.initialization import INITIALIZATIONS
from charrnn.network.model import CharRNN
from charrnn.pretrained import load_pretrained, pretrained_names
from charrnn.training.optimizers import OPTIMIZERS, SCHEDULES
from charrnn.vocabulary import CLEANINGS

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

CHOICES: Mapping[str, Collection[str]] = {
    "cell": CELLS,
    "initialization": INITIALIZATIONS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "cleaning": CLEANINGS,
    "batching": ("streams", "windows"),
    "state": ("carry", "reset", "endless"),
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as every error here is."""

    def error(self, message: str) -> typing.NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def command(commands: Commands, name: str, summary: str, examples: str) -> argparse.ArgumentParser:
    """Add a command with its summary, its examples and `--json`; returns its parser."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog="examples:\n" + textwrap.indent(textwrap.dedent(examples).strip(), "  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add MODEL, for read_model."""
    parser.add_argument(
        "model", metavar="MODEL", help="a model file (.npz), or the name of a pretrained model"
    )


def read_model(name: str) -> CharRNN:
    """Read a model file, or a pretrained model by name. Raises ValueError, OSError."""
    if not Path(name).exists() and name in pretrained_names():
        return load_pretrained(name)
    return load(name)


def add_fields(parser: argparse.ArgumentParser, defaults: Any, title: str) -> None:
    """Add a flag for every field of a dataclass instance, `--hidden-size` for hidden_size.

    The help text is the docstring under the field, and the value of the instance. A flag that
    is not given leaves nothing in the namespace, so that a recipe can supply the value.
    """
    group = parser.add_argument_group(title)
    help_texts, types = field_docs(type(defaults)), typing.get_type_hints(type(defaults))
    for field in dataclasses.fields(defaults):
        name, default = flag(field.name), _shown(getattr(defaults, field.name))
        text = f"{help_texts[field.name]} (default: {default})".replace("%", "%%")
        kind = types[field.name]
        if kind is bool:
            group.add_argument(
                name, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text
            )
        else:
            group.add_argument(
                name,
                type=_number_or_text(kind),
                choices=CHOICES.get(field.name),
                default=argparse.SUPPRESS,
                metavar=None if field.name in CHOICES else _metavar(kind),
                help=text,
            )


def given(args: argparse.Namespace, config: type[Any]) -> dict[str, Any]:
    """The fields of a dataclass that the command line sets."""
    names = {field.name for field in dataclasses.fields(config)}
    return {name: value for name, value in vars(args).items() if name in names}


def flag(name: str) -> str:
    """The flag of a field."""
    return "--" + name.replace("_", "-")


def field_docs(config: type[Any]) -> dict[str, str]:
    """The docstring under each field of a dataclass, as one line; "" where there is none."""
    body = ast.parse(textwrap.dedent(inspect.getsource(config))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {field.name: "" for field in dataclasses.fields(config)}
    for line, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    docs[line.target.id] = " ".join(text.split())
    return docs


def _number_or_text(kind: Any) -> Any:
    """The constructor of a field's type: int for `int | None`."""
    options = [option for option in typing.get_args(kind) if option is not type(None)]
    return options[0] if options else kind


def _metavar(kind: Any) -> str:
    return {int: "N", float: "X"}.get(_number_or_text(kind), "TEXT")


def _shown(default: Any) -> str:
    return {None: "drawn anew", "": "none"}.get(default, str(default))

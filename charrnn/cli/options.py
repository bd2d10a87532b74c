"""Options that several commands share, and the flags made from the table of settings."""

from __future__ import annotations

import argparse
import re
import textwrap
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from charrnn.config_fields import Setting, table
from charrnn.network.model import CharRNN
from charrnn.pretrained import pretrained_folder, pretrained_names
from charrnn.training.checkpoint import load

ON_HUB = re.compile(r"(?:hf|https?)://.+|(?![./~])[^/\\\s]+/[^/\\\s]+(?<!\.npz)/?")
"""Matches what must be a name on the Hub if there is no such file."""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as every error here is."""

    def error(self, message: str) -> typing.NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


ENCODING = "encoding of the text file, where the guess is wrong, such as cp1252"
"""Help of the flag that `train` and `score` share."""


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
        "model",
        metavar="MODEL",
        help="a model file (.npz), its folder, the name of a pretrained model, or USER/NAME on the "
        "Hub",
    )


def model_path(name: str) -> Path:
    """The file of that name, or of the pretrained model of that name."""
    if not Path(name).exists() and name in pretrained_names():
        return pretrained_folder() / f"{name}.npz"
    return Path(name)


def read_model(name: str) -> CharRNN:
    """Read a model file, a folder with one, a pretrained model by name, or a model of the Hub.

    Raises ModelFileError, HubError.
    """
    path = model_path(name)
    if path.is_dir() or (not path.exists() and ON_HUB.fullmatch(name)):
        from charrnn import hub

        hub.quiet()
        return hub.from_pretrained(name)
    return load(path)


def add_settings(parser: argparse.ArgumentParser, defaults: Any, title: str) -> None:
    """Add a flag for every field of a configuration, `--hidden-size` for hidden_size.

    Help and choices come from the table of settings, the default shown from the instance. A flag
    that is not given leaves nothing in the namespace, so that other settings can supply the value.
    """
    group = parser.add_argument_group(title)
    for name, row in table(type(defaults)).items():
        default = {None: "random", "": "none"}.get(getattr(defaults, name), getattr(defaults, name))
        options: dict[str, Any] = {"default": argparse.SUPPRESS}
        options["help"] = f"{row.help} (default: {default})".replace("%", "%%")
        if row.kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        elif row.choices:
            options["choices"] = row.choices
        else:
            options |= {"type": typed(row), "metavar": {int: "N", float: "X"}.get(row.kind, "TEXT")}
        group.add_argument(flag(name), **options)


def plain(name: str) -> Callable[[str], str]:
    """The argparse type of a text called `name`; refuses what cannot be encoded."""
    return typed(Setting("", label=name))


def typed(row: Setting) -> Callable[[str], Any]:
    """The argparse type of a setting."""
    if row.kind is not str:
        return row.kind

    def read(text: str) -> Any:
        try:
            return row.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def given(args: argparse.Namespace, config: type[Any]) -> dict[str, Any]:
    """The fields of a dataclass that the command line sets."""
    return {name: value for name, value in vars(args).items() if name in table(config)}


def flag(name: str) -> str:
    """The flag of a field."""
    return "--" + name.replace("_", "-")

"""`info`: show a model file's metadata and size."""

from __future__ import annotations

import argparse
from typing import Any

from charrnn.cli import options
from charrnn.cli.output import ExitCode, Output
from charrnn.training import checkpoint
from charrnn.vocabulary import show_symbols

SUMMARY = "Show a model file's metadata and size."
EXAMPLES = """
charrnn info book.npz
charrnn info shakespeare --json
"""


def add_parser(commands: options.Commands) -> None:
    """Add `info`."""
    options.add_model(options.command(commands, "info", SUMMARY, EXAMPLES))


def run(args: argparse.Namespace, output: Output) -> ExitCode:
    """Print the file's metadata and its number of parameters."""
    info = checkpoint.info(options.model_path(args.model))
    output.result(info, "\n".join(f"{name:>16}  {value}" for name, value in _rows(info)))
    return ExitCode.OK


def _rows(info: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of every line; long values are cut short."""
    rows = []
    for name, value in info.items():
        if name == "vocab":
            rows.append((name, show_symbols(value, 12)))
        elif name == "training":
            hidden = {"config", "history"}
            rows += [(key, _short(each)) for key, each in value.items() if key not in hidden]
            settings = value.get("config")
            if isinstance(settings, dict):
                rows.append(("config", _short(", ".join(f"{k} {v}" for k, v in settings.items()))))
        elif name != "resume":
            rows.append((name, _short(value)))
    return rows


def _short(value: Any, limit: int = 600) -> str:
    """One line, safe to print: a file may hold control characters."""
    text = f"{value:,}" if type(value) is int else str(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= limit else text[: limit - 3] + "..."

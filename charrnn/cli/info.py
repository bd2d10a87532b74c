"""`info`: what a model file says of itself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from charrnn.cli import options, output
from charrnn.pretrained import pretrained_folder, pretrained_names
from charrnn.training import checkpoint
from charrnn.vocabulary import show_symbols

SUMMARY = "Show what a model file says of itself."
EXAMPLES = """
charrnn info book.npz
charrnn info shakespeare --json
"""


def add_parser(commands: options.Commands) -> None:
    """Add `info`."""
    options.add_model(options.command(commands, "info", SUMMARY, EXAMPLES))


def run(args: argparse.Namespace) -> int:
    """Print the file's metadata and its number of parameters."""
    path = Path(args.model)
    if not path.exists() and args.model in pretrained_names():
        path = pretrained_folder() / f"{args.model}.npz"
    facts = checkpoint.info(path)
    if args.json:
        output.emit(facts)
        return 0
    for name, value in _rows(facts):
        print(f"{name:>16}  {value}")
    return 0


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of every line, the long ones cut short."""
    rows = []
    for name, value in facts.items():
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
    """One line, safe to print: what a file says may hold control characters."""
    text = f"{value:,}" if type(value) is int else str(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= limit else text[: limit - 3] + "..."

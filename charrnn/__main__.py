"""The command line: `python -m charrnn COMMAND ...` parses the arguments and runs a command."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from collections.abc import Sequence

from charrnn import __version__
from charrnn.cli import COMMANDS, options
from charrnn.cli.output import ExitCode, Output, discard_stdout
from charrnn.cli.threads import use_one_thread
from charrnn.streams import prepare_streams
from charrnn.training.parallel.gradients import WorkerError


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each adds its own part."""
    parser = options.Parser(
        prog="charrnn",
        description="Character-level recurrent networks in NumPy.",
        epilog="charrnn COMMAND --help shows the options of a command, with examples.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"charrnn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"charrnn.cli.{name}")
        module.add_parser(commands)
        commands.choices[name].set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 2 and one line on stderr for bad input."""
    prepare_streams()
    try:
        args = build_parser().parse_args(argv)
    except SystemExit as end:  # argparse has printed help, or a line about bad input
        return int(end.code or 0)
    use_one_thread()
    output = Output.of_process(args.json)
    with warnings.catch_warnings():
        warnings.simplefilter("once")
        warnings.showwarning = lambda message, *details, **more: output.complain(str(message))
        return _run(args, output)


def _run(args: argparse.Namespace, output: Output) -> ExitCode:
    try:
        code: ExitCode = args.run(args, output)
        return ExitCode.OUTPUT_LOST if output.lost and not code else code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return ExitCode.BROKEN_PIPE
    except MemoryError:
        output.complain("There is not enough memory for this. Try smaller numbers.")
    except (ValueError, OSError, WorkerError) as error:
        output.complain(_sentence(error))
    return ExitCode.BAD_INPUT


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return str(error)


if __name__ == "__main__":
    sys.exit(main())

"""Serves the page of charrnn: `python app.py` on this machine; a Space runs the same file."""

from __future__ import annotations

import argparse
import math
import os

# Before NumPy is imported. Visitors share the cores: one BLAS thread each is the fastest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from charrnn.streams import prepare_streams
from charrnn.ui import LaunchError, serve

HOSTED = "SPACE_ID" in os.environ


def port(text: str) -> int:
    """A port as argparse reads it."""
    if not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """The length of a run as argparse reads it."""
    if not 0 < float(text) < math.inf:
        raise argparse.ArgumentTypeError("a run takes a number of seconds above 0")
    return float(text)


def runs(text: str) -> int:
    """A number of runs as argparse reads it."""
    if not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError("1 to 64 runs can go on at once")
    return int(text)


def main() -> None:
    prepare_streams()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=port, help="default: GRADIO_SERVER_PORT or 7860")
    parser.add_argument("--host", help="0.0.0.0 also serves other machines")
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=120 if HOSTED else 900,
        help="longest training run; Continue continues it (default: %(default)s)",
    )
    parser.add_argument(
        "--runs-at-once",
        "--workers",
        type=runs,
        default=2,
        metavar="N",
        help="training runs; the others wait (default: %(default)s)",
    )
    options = parser.parse_args()
    try:
        serve(options.seconds, options.runs_at_once, options.host, options.port)
    except LaunchError as error:
        parser.exit(2, f"app.py: {error}\n")


if __name__ == "__main__":
    main()

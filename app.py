"""Serves the page of charrnn: `python app.py` on this machine; a Space runs the same file."""

from __future__ import annotations

import argparse
import os

# Before NumPy is imported. Visitors share the cores: one BLAS thread each is the fastest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from charrnn.ui import serve

HOSTED = "SPACE_ID" in os.environ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT or 7860")
    parser.add_argument("--host", help="0.0.0.0 also serves other machines")
    parser.add_argument(
        "--seconds",
        type=float,
        default=120 if HOSTED else 900,
        help="longest training run; Continue continues it (default: %(default)s)",
    )
    parser.add_argument(
        "--runs-at-once",
        "--workers",
        type=int,
        default=2,
        metavar="N",
        help="training runs; the others wait (default: %(default)s)",
    )
    options = parser.parse_args()
    serve(options.seconds, options.runs_at_once, options.host, options.port)


if __name__ == "__main__":
    main()

"""The page of charrnn: `python app.py` opens it on this machine; a Space runs the same file."""

from __future__ import annotations

import argparse
import os

# Before NumPy is imported: visitors share the cores, and one BLAS thread each is the fastest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from charrnn.ui import serve

HOSTED = "SPACE_ID" in os.environ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="where to listen; GRADIO_SERVER_PORT or 7860")
    parser.add_argument("--host", help="0.0.0.0 lets other machines in; only this one by default")
    parser.add_argument(
        "--seconds",
        type=float,
        default=120 if HOSTED else 900,
        help="longest training run; Continue goes on from there (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=2, help="training runs at once")
    options = parser.parse_args()
    serve(options.seconds, options.workers, options.host, options.port)


if __name__ == "__main__":
    main()

"""Eight visitors wait for a network that never answers; how long another's Generate takes.

    python benchmarks/silent_network.py

Starts the real page behind a proxy that accepts every connection and never answers. Eight
visitors train on a text that has to be downloaded first; another one generates. Prints
the seconds to the first characters and to the whole text; the exit code is 1 above a second.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from serving import serving
from test_slow_network import SilentProxy
from visitor import Visitor
from waiting import wait_until

VISITORS, TEXTS, LIMIT = 8, 15, 1.0


def first_characters(visitor: Visitor) -> tuple[float, float]:
    """Seconds until the first characters of a text, and until its last."""
    started, first = time.monotonic(), 0.0
    event = visitor.join("generate", None, "The ", 0.8, 60, 0, 1.0, "", "1")
    for message in visitor.listen(event):
        if not first and message["msg"] in ("process_generating", "process_completed"):
            first = time.monotonic() - started
        if message["msg"] == "process_completed":
            break
    return first, time.monotonic() - started


def main() -> int:
    proxy = SilentProxy()
    environment = {"HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "no_proxy": "127.0.0.1"}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **environment) as url:
        quick = Visitor(url)
        alone = [first_characters(quick) for _ in range(TEXTS)]
        for _ in range(VISITORS):
            slow = Visitor(url, quick.functions)
            slow.join("train", None, "tinyshakespeare", "standard", {}, 5)
        wait_until(lambda: proxy.waiting == VISITORS)
        beside = [first_characters(quick) for _ in range(TEXTS)]
        waiting = proxy.waiting
    for name, taken in (("alone", alone), (f"beside {waiting} who wait", beside)):
        first, whole = (sorted(column) for column in zip(*taken, strict=True))
        half = len(first) // 2
        print(
            f"{name:<22} first characters {first[half]:.2f} s, worst {first[-1]:.2f} s; "
            f"whole text {whole[half]:.2f} s, worst {whole[-1]:.2f} s"
        )
    return int(max(first for first, _ in beside) >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())

"""Measure the time and memory that the reader of model files takes for every hostile file.

    python benchmarks/hostile_files.py [--json]

Seconds are CPU time of the reading process; megabytes are the growth of its peak memory. The limits
are 0.25 s and 64 MB per file. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS, MEGABYTES = 0.25, 64


def verdicts() -> list[dict[str, Any]]:
    """The verdict of tests/hostile.py on each file."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, str(ROOT / "tests" / "hostile.py"), f"{folder}/canary"]
        done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        if os.listdir(folder):
            raise SystemExit("A pickle was opened.")
    return [json.loads(line) for line in done.stdout.splitlines()]


def wrong(verdict: dict[str, Any]) -> bool:
    return bool(verdict["outcome"] != ("loads" if verdict["healthy"] else "ModelFileError"))


def table(results: list[dict[str, Any]]) -> str:
    """A line for each kind of file, then the files that take longest."""
    lines = ["kind        files  refused  loaded  wrong  worst s  worst MB"]
    for kind in [*dict.fromkeys(v["name"].split(".")[0] for v in results), "all"]:
        of = [v for v in results if kind in ("all", v["name"].split(".")[0])]
        loaded = sum(v["outcome"] == "loads" for v in of)
        refused = sum(v["outcome"] == "ModelFileError" for v in of)
        seconds, megabytes = (max(v[key] for v in of) for key in ("seconds", "megabytes"))
        lines.append(
            f"{kind:<10}{len(of):>7}{refused:>9}{loaded:>8}{sum(map(wrong, of)):>7}"
            f"{seconds:>9.3f}{megabytes:>10.1f}"
        )
    for key, unit in (("seconds", "s"), ("megabytes", "MB")):
        lines.append(f"\nmost {key}")
        for v in sorted(results, key=lambda v: -v[key])[:8]:
            lines.append(f"  {v[key]:>7.3f} {unit:<3}{v['name']:<45}{v['size']:>12,} bytes")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="a line of JSON a file")
    results = verdicts()
    if parser.parse_args().json:
        print(*map(json.dumps, results), sep="\n")
    else:
        print(table(results))
    over = [v for v in results if v["seconds"] > SECONDS or v["megabytes"] > MEGABYTES or wrong(v)]
    for v in over:
        print(f"BROKEN PROMISE: {v}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

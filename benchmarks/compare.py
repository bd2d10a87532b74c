"""Compare the speed of two commits, or two results of speed.py, and list what became slower.

    python benchmarks/compare.py old.json new.json      two files that speed.py wrote
    python benchmarks/compare.py main HEAD              two commits, in turns on this machine

Exits with 1 if something became slower than --tolerance allows. Two files are only comparable if
both were made on one idle machine; two commits take turns, so a busy moment affects both.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(1, str(Path(__file__).parent.parent))

from bench.report import number
from bench.sides import ROOT, ChildError, Way, WorkerPool, in_turns, ratio, summary
from bench.workloads import THREADS, encoding, generation, training


class Change(NamedTuple):
    """One workload in two versions: units a second, and new over old."""

    name: str
    old: float
    new: float
    ratio: float


def from_files(old: Path, new: Path, only: str) -> Iterator[Change]:
    """The ratios of our own speeds in two files, for the workloads that both have."""
    before, after = (
        {row["name"]: row["ours"]["median"] for row in json.loads(path.read_text())["ratios"]}
        for path in (old, new)
    )
    for name in before:
        if name in after and re.search(only, name):
            yield Change(name, before[name], after[name], after[name] / before[name])


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A commit's files in a folder of their own, which is removed after the block."""
    with tempfile.TemporaryDirectory() as folder:
        git = ["git", "-C", str(ROOT), "worktree"]
        tree = Path(folder) / "tree"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def from_commits(old: str, new: str, options: argparse.Namespace) -> Iterator[Change]:
    """Run both commits' code in turns, each with the threads that suit it."""
    scale = options.scale
    with ExitStack() as stack:
        roots = [stack.enter_context(checked_out(commit)) for commit in (old, new)]
        pool = stack.enter_context(WorkerPool())
        for row in [*training(scale), *generation(scale), *encoding(100 / scale)]:
            if not re.search(options.only, row.name) or row.repeats:
                continue
            try:
                a, b = (
                    pool.fastest(
                        [Way("ours", n, root=root) for n in THREADS], row.work, options.seconds
                    )
                    for root in roots
                )
            except ChildError as error:
                print(f"{row.name}: {error}", file=sys.stderr)
                continue
            before, after = in_turns([a, b], options.pairs)
            medians = (summary(rates)["median"] for rates in (before, after))
            yield Change(row.name, *medians, ratio(after, before)["median"])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", help="a JSON file of speed.py, or a commit")
    parser.add_argument("new", help="another one")
    parser.add_argument("--only", default="", metavar="REGEX", help="workloads whose name fits")
    parser.add_argument("--tolerance", type=float, default=0.05, help="loss allowed (0.05)")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs of two commits (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a run (1.0)")
    parser.add_argument("--scale", type=int, default=1, help="divide sizes, to try the script out")
    options = parser.parse_args(argv)
    if Path(options.old).is_file() and Path(options.new).is_file():
        changes = from_files(Path(options.old), Path(options.new), options.only)
    else:
        changes = from_commits(options.old, options.new, options)
    slower = 0
    print("| workload | old, a second | new, a second | new / old | |")
    print("|---|---|---|---|---|")
    for c in changes:
        worse = c.ratio < 1 - options.tolerance
        slower += worse
        verdict = "**slower**" if worse else "faster" if c.ratio > 1 + options.tolerance else ""
        print(f"| {c.name} | {number(c.old)} | {number(c.new)} | {c.ratio:.2f} | {verdict} |")
    print(f"\n{slower} slower than before." if slower else "\nNothing is slower than before.")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())

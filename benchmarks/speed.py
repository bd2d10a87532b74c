"""Compare the speed of charrnn with its peers, a plain script and the bare matrix products.

    python benchmarks/speed.py                          everything: about an hour on 2 cores
    python benchmarks/speed.py --quick                  one short pair of each: a few minutes
    python benchmarks/speed.py --only 'lstm' --json speed.json
    python benchmarks/speed.py --from speed.json --write      writes the results into the documents
    python benchmarks/speed.py --from speed.json --only lstm --json speed.json     some rows again

The peers are PyTorch, ONNX Runtime (generation) and JAX (training), each if it is installed. Every
ratio is the median over rounds of runs that take turns, against the peer that was fastest in them.
Each side keeps processes of its own and uses its fastest configuration of threads and settings.
Nothing else should run at the same time.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).parent.parent))

from bench import document, start
from bench.machine import describe, environment, installed
from bench.report import compact, number_row, ratio_row, table
from bench.sides import ROOT, ChildError, Way, WorkerPool, fresh, in_turns, ratio, summary
from bench.workloads import (
    CELLS,
    OURS,
    SIZES,
    THREADS,
    Workload,
    encoding,
    generation,
    growth,
    training,
)

from charrnn import CharRNN, ModelConfig, Vocabulary, save

Row = dict[str, Any]
GROWTH_BAR = 1.3
MEMORY_BAR = 300
"""The most MB of a process that trains."""


def compare(pool: WorkerPool, row: Workload, count: int, seconds: float, peers: list[str]) -> Row:
    """One row of ratios: all sides at their fastest, then in turns."""
    ours = pool.fastest(row.ours, row.work, seconds)
    theirs = [pool.fastest(row.peers[peer], row.work, seconds) for peer in peers]
    sides = [
        {"runs": rates, "way": str(side.way), "tried": side.tried}
        for side, rates in zip([ours, *theirs], in_turns([ours, *theirs], count), strict=True)
    ]
    return ratio_of(row.name, row.bar, peers, sides)


def ratio_of(name: str, bar: float | None, peers: list[str], sides: list[Row]) -> Row:
    """A row of the table from our runs and each peer's: the ratio to the fastest peer."""
    ours, *theirs = (summary(side["runs"]) | side for side in sides)
    by_peer = dict(zip(peers, theirs, strict=True))
    ratios = {peer: ratio(ours["runs"], side["runs"]) for peer, side in by_peer.items()}
    fastest = min(peers, key=lambda peer: ratios[peer]["median"])
    return {
        "name": name,
        "peer": fastest,
        "bar": bar,
        "ours": ours,
        "theirs": by_peer[fastest],
        "ratio": ratios.pop(fastest),
        "others": ratios,
    }


def first_character(count: int, hidden: int, peers: list[str]) -> Row:
    """The ratio of the times that processes take to their first character."""
    env = environment(max(THREADS), ROOT)
    with tempfile.TemporaryDirectory() as folder:
        npz = Path(folder) / "model.npz"
        save(
            CharRNN(Vocabulary(tuple(map(chr, range(32, 97)))), ModelConfig("lstm", hidden, 2)), npz
        )
        lines = start.commands(npz, env, peers)
        rounds = [
            [1 / start.seconds_to_first_character(line, env) for line in lines]
            for _ in range(count + 1)
        ]
    runs = zip(*rounds[1:], strict=True)  # the first round warms the disk's cache
    sides = [{"runs": list(rates), "way": "a second"} for rates in runs]
    return ratio_of(f"process start to first character, lstm 2x{hidden}", 5, peers, sides)


def measured(name: str, value: float, unit: str, **bar: float) -> Row:
    return {"name": name, "value": value, "unit": unit, **bar}


def shares(scale: int) -> Iterator[Row]:
    """How much of a training step is matrix products, and how near they come to bare ones.

    On one thread, as in each worker: two would halve the products and nothing else.
    """
    for cell in CELLS:
        for layers, hidden, batch, steps in SIZES:
            work = {"kind": "share", "cell": cell, "layers": layers, "hidden": hidden // scale}
            with fresh(OURS[0]) as side:
                best = side.ask("measure", work=work | {"batch": batch, "steps": steps})
            name, bars = f"{cell} {layers}x{hidden}", hidden == 512
            inside, alone = best["inside"] / best["step"], best["alone"] / best["inside"]
            yield measured(
                f"share of products in training {name}",
                100 * inside,
                "%",
                **{"least": 85} if bars else {},
            )
            yield measured(
                f"their speed beside bare products {name}",
                100 * alone,
                "%",
                **{"least": 75} if bars else {},
            )


def memory(megabytes: float, scale: int) -> Iterator[Row]:
    """Peaks of memory, each in a fresh process."""
    with fresh(OURS[0]) as side:
        values = side.ask("measure", work={"kind": "encode memory", "megabytes": megabytes})
    bars = {"seconds to encode": {"most": 5}, "bytes kept per character": {"most": 2}}
    for name, value in values.items():
        unit = "s" if name.startswith("seconds") else "bytes"
        yield measured(f"{megabytes:g} MB of text: {name}", value, unit, **bars.get(name, {}))
    work = {"kind": "train memory", "layers": 2, "hidden": 512 // scale, "batch": 64, "steps": 64}
    for script in ("ours", "pytorch") if installed("PyTorch") else ("ours",):
        for cell in CELLS:
            with fresh(Way(script, max(THREADS))) as side:
                values = side.ask("measure", work=work | {"cell": cell})
            for name, value in values.items():
                bar = {"most": MEMORY_BAR} if script == "ours" and name == "megabytes" else {}
                label = f"peak of training {cell} 2x512, {name}"
                yield measured(label, value, f"MB, {script}", **bar)


def growths(pool: WorkerPool, seconds: float, scale: int) -> Iterator[Row]:
    """The cost of several times as much work, divided by that of the arithmetic alone."""
    for name, small, large, expected in growth(scale):
        one = pool.prepare(OURS[0], small, seconds, seat=0)
        more = pool.prepare(OURS[0], large, seconds, seat=1)
        value = ratio(*in_turns([one, more], 3))["median"] / expected
        yield measured(f"{name}: cost of a unit, over arithmetic", value, "", most=GROWTH_BAR)


class Report:
    """Collects results and shows each as soon as it is measured."""

    def __init__(self, only: str) -> None:
        self.only = re.compile(only)
        parts = ("ratios", "numbers", "skipped", "trouble")
        self.results: Row = {"machine": describe(ROOT)} | {part: [] for part in parts}

    def wants(self, name: str) -> bool:
        return self.only.search(name) is not None

    def ratio(self, name: str, peers: Iterable[str], make: Callable[[list[str]], Row]) -> None:
        """A row beside those of its peers that are installed; names those that are not."""
        if not self.wants(name):
            return
        there = [peer for peer in peers if installed(peer)]
        for peer in peers:
            if peer not in there:
                self.results["skipped"].append(f"{name}: {peer} is not installed")
        if not there:
            return
        try:
            row = make(there)
        except (ChildError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
            self.results["trouble"].append(f"{name}: {error}")
            print(f"{name}: {error}", file=sys.stderr)
            return
        self.results["ratios"].append(row)
        print(ratio_row(row), file=sys.stderr, flush=True)

    def numbers(self, name: str, rows: Callable[[], Iterator[Row]]) -> None:
        if not self.wants(name):
            return
        try:
            for row in rows():
                self.results["numbers"].append(row)
                print(number_row(row), file=sys.stderr, flush=True)
        except ChildError as error:
            self.results["trouble"].append(f"{name}: {error}")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here as well")
    parser.add_argument("--from", type=Path, dest="known", metavar="FILE", help="what was measured")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    parser.add_argument("--quick", action="store_true", help="one short pair of each")
    parser.add_argument("--only", default="", metavar="REGEX", help="workloads whose name fits")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs for each ratio (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a run (1.0)")
    parser.add_argument("--scale", type=int, default=1, help="divide sizes, to try the script out")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    known = json.loads(options.known.read_text()) if options.known else None
    results = measure(options) if known is None or options.only else known
    if known is not None and options.only:
        results = merged(known, results)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.write:
        document.put(ROOT / "docs" / "speed.md", "table", table(results))
        document.put(ROOT / "README.md", "speed", compact(results))


def merged(known: Row, new: Row) -> Row:
    """The earlier results, with the rows that were measured again replaced."""
    both: Row = {**known, **{part: new[part] for part in ("machine", "skipped", "trouble")}}
    for part in ("ratios", "numbers"):
        values = {_key(row): row for row in new[part]}
        both[part] = [values.pop(_key(row), row) for row in known[part]] + [*values.values()]
    return both


def _key(row: Row) -> tuple[str, str]:
    """What identifies a row: the memory of two libraries has the same name in two units."""
    return row["name"], row.get("unit", "")


def measure(options: argparse.Namespace) -> Row:
    """Measure all that is asked for, in the order of the tables."""
    count, seconds = (1, 0.2) if options.quick else (options.pairs, options.seconds)
    scale, report = options.scale, Report(options.only)
    with WorkerPool() as pool:
        for row in [*training(scale), *generation(scale), *encoding(100 / scale)]:
            report.ratio(row.name, row.peers, partial(compare, pool, row, count, seconds))
        report.numbers("growth", lambda: growths(pool, seconds, scale))
    report.ratio("start", start.PEERS, partial(first_character, count, 256 // scale))
    report.numbers("shares", lambda: shares(scale))
    report.numbers("memory", lambda: memory(100 / scale, scale))
    return report.results


if __name__ == "__main__":
    main()

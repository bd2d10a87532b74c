"""Compare the speed of charrnn with PyTorch, a plain script and the bare matrix products.

    python benchmarks/speed.py                          everything: about 20 minutes on 2 cores
    python benchmarks/speed.py --quick                  one short pair of each: a few minutes
    python benchmarks/speed.py --only 'lstm' --json speed.json
    python benchmarks/speed.py --from speed.json --write      writes the results into the documents
    python benchmarks/speed.py --from speed.json --only lstm --json speed.json     some rows again

Every ratio is the median of pairs of runs that take turns. Both sides keep their processes and use
their fastest configuration of threads, input and oneDNN. Nothing else should run at the same time.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).parent.parent))

from bench import document, start
from bench.machine import describe, environment, has_torch
from bench.report import compact, number_row, ratio_row, table
from bench.sides import ROOT, ChildError, Side, Way, WorkerPool, fresh, pairs, summary
from bench.workloads import (
    CELLS,
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
OURS = [Way("ours", threads) for threads in THREADS]
OURS_TRAINING = [*OURS, Way("ours", 1, {"workers": max(THREADS)})]


def compare(pool: WorkerPool, row: Workload, count: int, seconds: float) -> Row:
    """One row of ratios: both sides at their fastest, then in turns."""
    ways = OURS_TRAINING if row.shared else OURS
    ours = pool.fastest(ways, row.work, seconds)
    theirs = pool.fastest(row.ways, row.peer_work or row.work, seconds)
    rates = pairs(ours, theirs, count)
    return {
        "name": row.name,
        "peer": row.peer,
        "bar": row.bar,
        "ours": _side(ours, rates[0]),
        "theirs": _side(theirs, rates[1]),
        "ratio": summary([a / b for a, b in zip(*rates, strict=True)]),
    }


def _side(side: Side, rates: list[float]) -> Row:
    return summary(rates) | {"way": str(side.way), "runs": rates, "tried": side.tried}


def first_character(count: int, hidden: int) -> Row:
    """The ratio of two processes' time to their first character."""
    env = environment(max(THREADS), ROOT)
    with tempfile.TemporaryDirectory() as folder:
        npz, peer = Path(folder) / "model.npz", Path(folder) / "model.pt"
        save(
            CharRNN(Vocabulary(tuple(map(chr, range(32, 97)))), ModelConfig("lstm", hidden, 2)), npz
        )
        start.save_for_peer(npz, peer, env)
        ours, theirs = ([sys.executable, "-c", code] for code in (start.OURS, start.PEER))
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(count + 1):
            rates[0].append(1 / start.seconds_to_first_character([*ours, str(npz)], env))
            rates[1].append(1 / start.seconds_to_first_character([*theirs, str(peer)], env))
    a, b = rates[0][1:], rates[1][1:]  # the first pair warms the disk's cache
    return {
        "name": f"process start to first character, lstm 2x{hidden}",
        "peer": "PyTorch",
        "bar": 5,
        "ours": summary(a) | {"way": "a second", "runs": a},
        "theirs": summary(b) | {"way": "a second", "runs": b},
        "ratio": summary([x / y for x, y in zip(a, b, strict=True)]),
    }


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
    for script in ("ours", "pytorch") if has_torch() else ("ours",):
        for cell in CELLS:
            with fresh(Way(script, max(THREADS))) as side:
                values = side.ask("measure", work=work | {"cell": cell})
            for name, value in values.items():
                unit = f"MB, {script}"
                yield measured(f"peak of training {cell} 2x512, {name}", value, unit)


def growths(pool: WorkerPool, seconds: float, scale: int) -> Iterator[Row]:
    """What four times as much costs, over what the arithmetic alone would cost."""
    for name, small, large, expected in growth(scale):
        one = pool.prepare(OURS[0], small, seconds, seat=0)
        four = pool.prepare(OURS[0], large, seconds, seat=1)
        rates = pairs(one, four, 3)
        value = summary([a / b for a, b in zip(*rates, strict=True)])["median"] / expected
        yield measured(f"four times the {name}: cost of a unit, over arithmetic", value, "")


class Report:
    """Collects results and shows each as soon as it is there."""

    def __init__(self, only: str) -> None:
        self.only = re.compile(only)
        self.results: Row = {"machine": describe(ROOT), "ratios": [], "numbers": [], "trouble": []}

    def wants(self, name: str) -> bool:
        return self.only.search(name) is not None

    def ratio(self, name: str, make: Callable[[], Row]) -> None:
        if not self.wants(name):
            return
        try:
            row = make()
        except (ChildError, OSError, RuntimeError) as error:
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
    both: Row = {**known, "machine": new["machine"]}
    for part in ("ratios", "numbers"):
        values = {row["name"]: row for row in new[part]}
        both[part] = [values.pop(row["name"], row) for row in known[part]] + [*values.values()]
    return both


def measure(options: argparse.Namespace) -> Row:
    """All that is asked for, in the order of the tables."""
    count, seconds = (1, 0.2) if options.quick else (options.pairs, options.seconds)
    scale, report = options.scale, Report(options.only)
    with WorkerPool() as pool:
        for row in [*training(scale), *generation(scale), *encoding(100 / scale)]:
            if has_torch() or row.ways[0].script != "pytorch":
                report.ratio(row.name, partial(compare, pool, row, count, seconds))
        report.numbers("growth", lambda: growths(pool, seconds, scale))
    if has_torch():
        report.ratio("start", lambda: first_character(count, 256 // scale))
    report.numbers("shares", lambda: shares(scale))
    report.numbers("memory", lambda: memory(100 / scale, scale))
    return report.results


if __name__ == "__main__":
    main()

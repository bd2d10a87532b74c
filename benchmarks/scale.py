"""What more ranks give: the time of a step as compute and all-reduce, measured and predicted.

    python benchmarks/scale.py                 measures, predicts, compares; about ten minutes
    python benchmarks/scale.py --pairs 7       two ranks beside `--workers 2`, in turns
    python benchmarks/scale.py --accumulate    the loss by the windows read for a step
    python benchmarks/scale.py --network 10 30 for a network of 10 Gbit/s and 30 microseconds
    --write puts a table into docs/scale.md

A step of p ranks that read n sequences each takes compute(n) + all_reduce(p). The all-reduce of B
bytes is the ring or the tree of Thakur et al. (2005), "Optimization of Collective Communication
Operations in MPICH": 2 log2(p) latency + 2 (p - 1) / p B (1 / bandwidth + 1 / adding / 2).
Compute and the speed of adding are measured on one core of this machine, in processor time, latency
and bandwidth between its ranks over shared memory and over TCP; --network gives those of a network.
Ranks on one machine share its caches and cores. So the comparison with real steps takes as compute
what as many processes need that train at the same time and wait for each other, summing nothing.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from bench import document, machine

sys.path.insert(1, str(Path(__file__).parent.parent))

from charrnn import ModelConfig, TrainConfig, Trainer, load_corpus

DOCUMENT = Path(__file__).parents[1] / "docs" / "scale.md"
T = 64
SIZES = {"1 million": 288, "4 million": 576, "25 million": 1440}
"""Hidden units of an LSTM of two layers with about that many weights."""
SEQUENCES = 16
"""Sequences of each rank where the batch grows with the ranks."""
RANKS = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
TCP = {"MPIR_CVAR_NOLOCAL": "1", "FI_PROVIDER": "tcp"}
ENOUGH = 0.8
"""The efficiency below which a table says that more ranks do not pay."""


def trainer(hidden: int, N: int, **more: Any) -> Trainer:
    """One of the standard networks on N sequences of T symbols."""
    text = load_corpus("lighthouse").text
    config = TrainConfig(steps=10**9, batch_size=N, seq_length=T, eval_every=10**9)
    return Trainer(text, ModelConfig("lstm", hidden, 2), config, **more)


def step_seconds(
    run: Any,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    first: Callable[[bool], bool] = bool,
) -> float:
    """The shortest time of a step, in about `seconds`: other work can only make steps longer."""
    next(run)
    times: list[float] = []
    while first(sum(times) < seconds or len(times) < 2):
        start = clock()
        next(run)
        times.append(clock() - start)
    return min(times)


def child(kind: str, hidden: int, N: int, seconds: float) -> None:
    """Measure in this process, or in all ranks, and print it once."""
    if kind == "workers":
        print(json.dumps(step_seconds(trainer(hidden, N, workers=2).run(), seconds)))
        return
    if kind == "compute":
        print(json.dumps(step_seconds(trainer(hidden, N).run(), seconds, time.process_time)))
        return
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    if kind == "ranks":
        run = trainer(hidden, N, comm=comm).run()
        measured: Any = step_seconds(run, seconds, first=lambda more: comm.bcast(more))
        if comm.rank:  # until rank 0 has ended the run
            list(run)
        run.close()
    elif kind == "together":  # each trains alone, and all wait for the slowest
        own = trainer(hidden, N).run()
        steps = (comm.Barrier() or step for step in own)
        measured = step_seconds(steps, seconds, first=lambda more: comm.bcast(more))
    else:
        measured = {}
        for size in (16, 1 << 14, 1 << 18, 1 << 20, 1 << 22, 25_000_000):
            vector, times = np.zeros(size, np.float32), []
            for _ in range(12 if size > 1 << 20 else 100):
                comm.Barrier()
                start = time.perf_counter()
                comm.Allreduce(MPI.IN_PLACE, vector)
                times.append(time.perf_counter() - start)
            measured[4 * size] = min(times)
    if comm.rank == 0:
        print(json.dumps(measured), flush=True)


def measure(
    kind: str, ranks: int, hidden: int = 0, N: int = 0, seconds: float = 2, **env: str
) -> Any:
    """The measurement of a new child process, or of one on each of several ranks."""
    launcher = [str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks)]
    words = [__file__, "--child", kind, str(hidden), str(N), str(seconds)]
    argv = [
        *(launcher if kind in ("ranks", "together", "all-reduce") else []),
        sys.executable,
        *words,
    ]
    environment = machine.environment(1, Path(__file__).parents[1]) | env
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)


@functools.cache
def compute(hidden: int, N: int, seconds: float) -> float:
    """Seconds that one core takes for a step of N sequences."""
    return float(measure("compute", 1, hidden, N, seconds))


def adding_bandwidth() -> float:
    """Bytes a second of a sum in place, on one core."""
    a, b = (np.ones(1 << 22, np.float32) for _ in range(2))
    times = []
    for _ in range(20):
        start = time.perf_counter()
        np.add(a, b, out=a)
        times.append(time.perf_counter() - start)
    return a.nbytes / min(times)


def link(times: dict[str, float]) -> tuple[float, float]:
    """Latency (s) and bandwidth (bytes/s) that two ranks' all-reduces give, adding included."""
    latency = times["64"] / 2
    big = max(times, key=int)
    return latency, int(big) / max(times[big] - 2 * latency, 1e-9)


def all_reduce(p: int, size: int, latency: float, bandwidth: float) -> float:
    """Seconds that p ranks take to sum `size` bytes."""
    return 2 * math.log2(p) * latency + 2 * (p - 1) / p * size / bandwidth


def weights(hidden: int) -> int:
    return trainer(hidden, 1).live.parameters.vector.size


def validation(seconds: float, sizes: list[str]) -> str:
    """Predicted and measured steps of 2 and 4 ranks on this machine."""
    rows = ["| Weights | Ranks | Over | Compute, ms | All-reduce, ms | Sum, ms | Measured, ms |",
            "|---|---:|---|---:|---:|---:|---:|"]  # fmt: skip
    ratios: list[float] = []
    for over, env in (("memory", {}), ("TCP", TCP)) if sizes else ():
        latency, bandwidth = link(measure("all-reduce", 2, **env))
        rows.append(f"| | | {over}: {1e6 * latency:.0f} us, {bandwidth / 1e9:.2f} GB/s | | | | |")
        for name in sizes:
            hidden = SIZES[name]
            for p in (2, 4):
                alone = measure("together", p, hidden, SEQUENCES, seconds, **env)
                reduce = all_reduce(p, 4 * weights(hidden), latency, bandwidth)
                took = measure("ranks", p, hidden, p * SEQUENCES, seconds, **env)
                ratios.append(took / (alone + reduce))
                rows.append(
                    f"| {name} | {p} | {over} | {1e3 * alone:,.0f} | {1e3 * reduce:,.1f} | "
                    f"{1e3 * (alone + reduce):,.0f} | {1e3 * took:,.0f} |"
                )
                print(rows[-1], flush=True)
    if ratios:
        middle, least, most = statistics.median(ratios), min(ratios), max(ratios)
        rows += [
            "",
            f"A real step took {middle:.2f} times the sum, from {least:.2f} to {most:.2f}.",
        ]
    return "\n".join(rows)


def prediction(seconds: float, gigabits: float, microseconds: float) -> str:
    """Steps of 2 to 1,024 ranks over a network, and where more stop paying."""
    latency = 1e-6 * microseconds
    bandwidth = 1 / (8 / (1e9 * gigabits) + 0.5 / adding_bandwidth())
    rows = ["| Weights | Ranks | Batch | Compute, ms | All-reduce, ms | Efficiency | "
            "with 8 windows a step | Characters/s |",
            "|---|---:|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    ends = []
    for name, hidden in SIZES.items():
        by_n = {n: compute(hidden, n, seconds) for n in (1, 4, SEQUENCES)}
        alone, size = by_n[SEQUENCES], 4 * weights(hidden)
        for p in RANKS:
            reduce = all_reduce(p, size, latency, bandwidth)
            efficiency, several = (k * alone / (k * alone + reduce) for k in (1, 8))
            speed = p * SEQUENCES * T / (alone + reduce)
            rows.append(
                f"| {name} | {p:,} | {p * SEQUENCES:,} | {1e3 * alone:,.0f} | "
                f"{1e3 * reduce:,.1f} | {efficiency:.0%} | {several:.0%} | {speed:,.0f} |"
            )
            print(rows[-1], flush=True)
        reduce = all_reduce(1024, size, latency, bandwidth)
        least = ENOUGH / (1 - ENOUGH) * reduce  # seconds of compute for that efficiency
        each = next((n for n in by_n if by_n[n] >= least), None)
        slope = (by_n[SEQUENCES] - by_n[4]) / (SEQUENCES - 4)
        needed = each or math.ceil(SEQUENCES + (least - by_n[SEQUENCES]) / slope)
        fixed = {p: interpolated(by_n, 256 / p) + all_reduce(p, size, latency, bandwidth)
                 for p in RANKS if p <= 256}  # fmt: skip
        best = min(fixed, key=lambda p: fixed[p])
        ends.append(
            f"- {name}: a rank needs {needed} sequences or more for {ENOUGH:.0%} at any number of "
            f"ranks, {1024 * needed:,} at 1,024. A batch of 256 is fastest on {best} ranks: "
            f"{interpolated(by_n, 256) / fixed[best]:.0f} times one, "
            f"{interpolated(by_n, 256) / fixed[best] / best:.0%} of each."
        )
    return "\n".join([*rows, "", *ends])


def interpolated(by_n: dict[int, float], n: float) -> float:
    """Seconds to compute n sequences, interpolated from a few n, extrapolated from the last two."""
    known = sorted(by_n)
    if n > known[-1]:
        a, b = known[-2:]
        return by_n[b] + (n - b) * (by_n[b] - by_n[a]) / (b - a)
    return float(np.interp(n, known, [by_n[k] for k in known]))


def pairs(count: int, seconds: float) -> str:
    """Two ranks beside two workers, in turns, in fresh processes."""
    rows = ["| LSTM, sequences of 64 | Two ranks / two workers | Least | Most |",
            "|---|---:|---:|---:|"]  # fmt: skip
    for hidden, N in ((128, 32), (256, 64), (512, 64)):
        ratios = []
        for i in range(count):
            kinds = ("ranks", "workers") if i % 2 else ("workers", "ranks")
            took = {kind: measure(kind, 2, hidden, N, seconds) for kind in kinds}
            ratios.append(took["workers"] / took["ranks"])
            print(hidden, N, took, flush=True)
        middle = statistics.median(ratios)
        rows.append(f"| 2 x {hidden}, {N} | {middle:.2f} | {min(ratios):.2f} | {max(ratios):.2f} |")
    return "\n".join(rows)


def accumulation(windows: int) -> str:
    """The loss after the same text, by the windows whose gradients are averaged for a step."""
    rows = ["| Windows a step | Steps | Loss at the same rate | at sqrt(k) times the rate |",
            "|---:|---:|---:|---:|"]  # fmt: skip
    text = load_corpus("lighthouse").text
    for k in (1, 2, 4, 8, 16):
        losses = []
        for factor in (1.0, math.sqrt(k)):
            config = TrainConfig(windows // k, 8, 32, k, learning_rate=5e-3 * factor)
            run = Trainer(text, ModelConfig("gru", 128), config)
            for _ in run.run():
                pass
            losses.append(run.train_state.best_loss)
        rows.append(f"| {k} | {windows // k:,} | {losses[0]:.3f} | {losses[1]:.3f} |")
        print(rows[-1], flush=True)
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, help="measure ranks beside workers, so many times")
    parser.add_argument("--accumulate", action="store_true", help="measure the loss of windows")
    parser.add_argument("--windows", type=int, default=4000, help="to read for each loss (4000)")
    parser.add_argument("--seconds", type=float, default=2, help="for each number (2)")
    parser.add_argument("--network", nargs=2, type=float, default=(10, 30), help="Gbit/s, us")
    parser.add_argument("--validate", nargs="*", default=[*SIZES], help="sizes to run for real")
    parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        kind, hidden, N, seconds = args.child
        child(kind, int(hidden), int(N), float(seconds))
        return
    if args.pairs:
        parts = {"pairs": pairs(args.pairs, args.seconds)}
    elif args.accumulate:
        parts = {"accumulate": accumulation(args.windows)}
    else:
        parts = {"validation": validation(args.seconds, args.validate)}
        parts["prediction"] = prediction(args.seconds, *args.network)
    for name, table in parts.items():
        print(table)
        if args.write:
            document.put(DOCUMENT, name, table)
    if args.write:
        document.put(DOCUMENT, "machine", machine.sentence())


if __name__ == "__main__":
    main()

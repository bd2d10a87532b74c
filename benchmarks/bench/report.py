"""Results as a Markdown table."""

from __future__ import annotations

from typing import Any

from bench.workloads import CELLS, SIZES


def number(value: float) -> str:
    """Three figures, thousands with commas."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(result: dict[str, float]) -> str:
    return f"{result['median']:.2f} ({result['low']:.2f} to {result['high']:.2f})"


def table(results: dict[str, Any]) -> str:
    """The whole report of one run."""
    m = results["machine"]
    peers = ", ".join(f"{peer} {version}" for peer, version in m["peers"].items()) or "no peers"
    lines = [
        f"{m['cpu']}, {m['cores']} cores, {m['memory_gb']} GB; Python {m['python']}, "
        f"NumPy {m['numpy']} with {m['blas']}; {peers}; commit {m['commit']}, {m['date']}; "
        f"load at the start {m['load']}",
        "",
        "| workload | ours, a second | fastest peer, a second | which | ratio (least to most) "
        "| bar | | beside others |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [ratio_row(row) for row in results["ratios"]]
    if results["numbers"]:
        lines += ["", "| measured | value | bar | |", "|---|---|---|---|"]
        lines += [number_row(row) for row in results["numbers"]]
    for label, part in (("Skipped", "skipped"), ("Not measured", "trouble")):
        for line in results[part]:
            lines += ["", f"{label}: {line}."]
    return "\n".join(lines)


def ratio_row(row: dict[str, Any]) -> str:
    bar, ratio = row["bar"], row["ratio"]
    verdict = "" if bar is None else "reached" if ratio["median"] >= bar else "**below**"
    others = ", ".join(f"{peer} {other['median']:.2f}" for peer, other in row["others"].items())
    return (
        f"| {row['name']} | {number(row['ours']['median'])} ({row['ours']['way']}) "
        f"| {number(row['theirs']['median'])} ({row['theirs']['way']}) | {row['peer']} "
        f"| {spread(ratio)} | {'' if bar is None else f'{bar:g}'} | {verdict} "
        f"| {others} |"
    )


def number_row(row: dict[str, Any]) -> str:
    bar, verdict = "", ""
    if "least" in row:
        bar = f"{row['least']:g} or more"
        verdict = "reached" if row["value"] >= row["least"] else "**below**"
    if "most" in row:
        bar = f"{row['most']:g} or less"
        verdict = "reached" if row["value"] <= row["most"] else "**above**"
    return f"| {row['name']} | {number(row['value'])} {row['unit']} | {bar} | {verdict} |"


def compact(results: dict[str, Any]) -> str:
    """Ratios as two small tables, cells side by side; those under their bar in bold."""
    m = results["machine"]
    *others, last = [f"{peer} {version}" for peer, version in m["peers"].items()] or ["no peer"]
    peers = f"{', '.join(others)} and {last}" if others else last
    measured = f"Beside {peers}, on {m['cores']} cores of {m['cpu']}, commit {m['commit']}."
    ratios = {row["name"]: row for row in results["ratios"]}
    trainings = {
        f"{layers} x {hidden}, {batch} sequences of {steps}": (
            f"train {{cell}} {layers}x{hidden} N={batch} T={steps}"
        )
        for layers, hidden, batch, steps in SIZES
    }
    writings = {
        f"2 x {hidden}, {way}": f"generate {{cell}} 2x{hidden}{ending}"
        for hidden in (128, 256, 512)
        for way, ending in (
            ("fastest peer", ""),
            ("one thread each", ", one thread each"),
            ("PyTorch's plain module", ", plain module"),
        )
    }
    return "\n".join(
        [
            measured,
            "",
            *_block("Training, layers x units", trainings, ratios),
            "",
            *_block("Generation, one stream", writings, ratios),
        ]
    )


def _block(title: str, names: dict[str, str], ratios: dict[str, Any]) -> list[str]:
    lines = [f"| {title} | {' | '.join(cell.upper() for cell in CELLS)} |", "|---|---:|---:|---:|"]
    for label, name in names.items():
        shown = []
        for cell in CELLS:
            row = ratios.get(name.format(cell=cell))
            median = row["ratio"]["median"] if row else 0.0
            below = row is not None and row["bar"] is not None and median < row["bar"]
            shown.append("" if row is None else f"**{median:.2f}**" if below else f"{median:.2f}")
        lines.append(f"| {label} | {' | '.join(shown)} |")
    return lines

"""Results as a Markdown table."""

from __future__ import annotations

from typing import Any


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
    torch = f"PyTorch {m['torch']}" if m["torch"] else "no PyTorch"
    lines = [
        f"{m['cpu']}, {m['cores']} cores, {m['memory_gb']} GB; Python {m['python']}, "
        f"NumPy {m['numpy']} with {m['blas']}; {torch}; commit {m['commit']}, {m['date']}; "
        f"load at the start {m['load']}",
        "",
        "| workload | ours, a second | peer, a second | peer | ratio (least to most) | bar | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [ratio_row(row) for row in results["ratios"]]
    if results["numbers"]:
        lines += ["", "| measured | value | bar | |", "|---|---|---|---|"]
        lines += [number_row(row) for row in results["numbers"]]
    for trouble in results["trouble"]:
        lines += ["", f"Not measured: {trouble}"]
    return "\n".join(lines)


def ratio_row(row: dict[str, Any]) -> str:
    bar, ratio = row["bar"], row["ratio"]
    verdict = "" if bar is None else "reached" if ratio["median"] >= bar else "**below**"
    return (
        f"| {row['name']} | {number(row['ours']['median'])} ({row['ours']['way']}) "
        f"| {number(row['theirs']['median'])} ({row['theirs']['way']}) | {row['peer']} "
        f"| {spread(ratio)} | {'' if bar is None else f'{bar:g}'} | {verdict} |"
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

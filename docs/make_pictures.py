"""Draw the pictures of the docs from real runs: python docs/make_pictures.py [NAME ...]

Each picture is a function here that trains what it shows, in a few seconds, and returns SVG. Only
`state_reset` reads its numbers from a file, which benchmarks/state_reset.py writes in minutes.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from charrnn import CELLS, RECIPES, ModelConfig, Sampling, TrainConfig, Trainer, load_corpus
from charrnn.analysis import gradient_reach
from charrnn.network.sampling import prime, probabilities

HERE = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 76, 52  # margins around the plot
STYLE = """
svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
.paper { fill: #ffffff; stroke: #d8dee8; }
text { fill: #334155; } .title { font-size: 16px; font-weight: 600; fill: #0f172a; }
.grid { stroke: #e2e8f0; } .c0 { --c: #4f46e5; } .c1 { --c: #d97706; } .c2 { --c: #0d9488; }
.line { fill: none; stroke: var(--c); stroke-width: 2.2; stroke-linejoin: round; }
.fill { fill: var(--c); } .ring { fill: none; stroke: var(--c); stroke-width: 2; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.mono { font-family: ui-monospace, Menlo, monospace; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #131c2f; stroke: #2b3750; } text { fill: #b6c2d3; } .title { fill: #f1f5f9; }
  .grid { stroke: #2b3750; } .c0 { --c: #a5b4fc; } .c1 { --c: #fbbf24; } .c2 { --c: #5eead4; }
}
"""


def text(x: float, y: float, words: str, classes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="grid" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def svg(title: str, alt: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    """A whole picture, with a paper of its own, so that it stands on any page."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(alt)}</title><style>{STYLE}</style>",
        f'<rect class="paper" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="12"/>',
        text(24, 32, title, "title"),
        *parts,
        "</svg>\n",
    ])


def legend(names: Sequence[str]) -> list[str]:
    parts, x = [], 24.0
    for i, name in enumerate(names):
        parts += [f'<circle class="fill c{i}" cx="{x + 5}" cy="52" r="5"/>', text(x + 16, 56.5, name)]
        x += 40 + 7.2 * len(name)
    return parts


def curves(
    title: str,
    alt: str,
    series: dict[str, Sequence[float]],
    axes: tuple[str, str],
    y_ticks: Sequence[float],
    x_ticks: Sequence[int],
    log: bool = False,
) -> str:
    """Lines over 0, 1, 2, ...; the ticks are also the ranges of the two axes."""
    scale: Callable[[float], float] = math.log10 if log else float
    low, high = scale(y_ticks[0]), scale(y_ticks[-1])
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        share = (scale(max(y, y_ticks[0])) - low) / (high - low)
        return LEFT + across * x / x_ticks[-1], TOP + down * (1 - share)

    parts = legend(list(series))
    for tick in y_ticks:
        x, y = at(0, tick)
        label = f"10{str(round(scale(tick))).translate(SUPERSCRIPTS)}" if log else f"{tick:g}"
        parts += [line(x, y, WIDTH - RIGHT, y), text(x - 8, y + 4, label, "end")]
    for tick in x_ticks:
        x, y = at(tick, y_ticks[0])
        parts.append(text(x, y + 20, f"{tick:g}", "middle"))
    for i, values in enumerate(series.values()):
        points = [at(x, y) for x, y in enumerate(values)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path class="line c{i}" d="M{path}"/>')
    parts.append(text(LEFT + across / 2, HEIGHT - 12, axes[0], "middle"))
    parts.append(text(WIDTH - RIGHT, 56.5, axes[1], "end"))
    return svg(title, alt, parts)


SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def trained(cell: str, steps: int = 800) -> Trainer:
    """A small model that has read the lighthouse play for some seconds."""
    config = TrainConfig(steps=steps, seq_length=64, learning_rate=6e-3)
    trainer = Trainer(load_corpus("lighthouse").text, ModelConfig(cell, 64), config)
    for _ in trainer.run():
        pass
    return trainer


# ---- the pictures ----


def notebook() -> str:
    """One sentence, learned twice: the only difference is the length a gradient may have."""
    recipe, sentence = RECIPES["notebook"], load_corpus("sentence").text
    series = {}
    for name, clip_norm in (("as given", 0.0), ("with --clip-norm 0.5", 0.5)):
        config = dataclasses.replace(recipe.train, clip_norm=clip_norm)
        trainer = Trainer(sentence, recipe.model, config)
        series[name] = [progress.loss * (len(sentence) - 1) for progress in trainer.run()]
        print(f"notebook, {name}: {series[name][0]:.0f} nats a pass at first, "
              f"least {min(series[name]):.1f}, most {max(series[name]):.0f}, "
              f"{series[name][-1]:.1f} at the end")
    return curves(
        "One sentence, 100 epochs, learning rate 3.4",
        "Without clipping the loss falls to 63 nats a pass, then jumps to 201 and stays high; with "
        "clipping it falls to 2.",
        series,
        ("epoch", "nats per pass of 34 characters"),
        range(0, 251, 50),
        range(0, 101, 20),
    )


def temperature() -> str:
    """One distribution at three temperatures."""
    model = trained("lstm").model
    seed = "AMOS:\nThe l"
    logits, _ = prime(model, seed)
    order = np.argsort(-logits)[:10]
    panels, parts = (0.4, 1.0, 1.6), []
    highest = probabilities(logits, Sampling(temperature=panels[0])).max()
    for i, degrees in enumerate(panels):
        p = probabilities(logits, Sampling(temperature=degrees))
        left = 40 + i * 225
        parts.append(text(left, 62, f"temperature {degrees}"))
        for row, j in enumerate(order):
            y, width = 76 + row * 25, 140 * p[j] / highest
            symbol = {" ": "␣", "\n": "↵"}.get(model.vocabulary.symbols[j], model.vocabulary.symbols[j])
            parts += [
                text(left, y + 14, symbol, "mono"),
                f'<rect class="fill c{i}" x="{left + 18}" y="{y}" width="{max(width, 1):.1f}" '
                'height="18" rx="3"/>',
                text(left + 24 + width, y + 14, f"{100 * p[j]:.0f} %" if p[j] >= 0.005 else ""),
            ]
        print(f"temperature {degrees}: " + ", ".join(
            f"{model.vocabulary.symbols[j]!r} {p[j]:.3f}" for j in order[:4]))
    return svg(
        "What follows “The l”: the same logits, three temperatures",
        "A low temperature gives nearly all to the likeliest letter, a high one spreads it.",
        parts,
        height=346,
    )


def reach() -> str:
    """How the gradient fades on its way back."""
    ids = None
    series = {}
    for cell in CELLS:
        trainer = trained(cell)
        ids = trainer.val_ids[:2000]
        series[cell.upper()] = list(gradient_reach(trainer.model, ids, 100)[0])
        print(f"reach, {cell}: " + ", ".join(f"{k}: {series[cell.upper()][k]:.1e}" for k in (10, 20, 50, 100)))
    low = min(min(values) for values in series.values())
    return curves(
        "How much of a gradient is left, k characters back",
        "The gradient fades in all three; after 40 characters it fades slowest in the LSTM.",
        series,
        ("k, characters back", "share of its length, 64 units after 800 steps"),
        [10.0**e for e in range(2 * math.floor(math.log10(low) / 2), 1, 2)],
        range(0, 101, 20),
        log=True,
    )


def state_reset() -> str:
    """Held-out loss of three ways to train, judged in two ways."""
    facts = json.loads((HERE / "state_reset.json").read_text("utf-8"))
    rows, ways = [], {"carry": 0, "reset": 1, "shuffled": 2}
    for cell in CELLS:
        for way in ways:
            runs = [r for r in facts["runs"] if (r["cell"], r["way"]) == (cell, way)]
            rows.append((cell, way, *(
                sum(r[k] for r in runs) / len(runs) for k in ("one_piece", "pieces_of_20"))))
    low = math.floor(10 * min(min(row[2:]) for row in rows)) / 10
    high = math.ceil(10 * max(max(row[2:]) for row in rows)) / 10
    parts = [
        text(24, 56.5, "●  the text read in one piece"),
        text(230, 56.5, "○  in pieces of 20, each from zeros"),
        text(WIDTH - RIGHT, 56.5, "nats per character, held out", "end"),
    ]
    left, bottom = 170, 84 + 26 * len(rows)

    def at(loss: float) -> float:
        return left + (WIDTH - RIGHT - left) * (loss - low) / (high - low)

    for tick in range(round(10 * low), round(10 * high) + 1):
        x = at(tick / 10)
        parts += [line(x, 74, x, bottom - 10), text(x, bottom + 8, f"{tick / 10:.1f}", "middle")]
    for i, (cell, way, one, pieces) in enumerate(rows):
        y, color = 92 + 26 * i, f"c{ways[way]}"
        parts += [
            text(24, y + 4, cell.upper() if way == "carry" else ""),
            text(86, y + 4, way),
            f'<circle class="fill {color}" cx="{at(one):.1f}" cy="{y}" r="6"/>',
            f'<circle class="ring {color}" cx="{at(pieces):.1f}" cy="{y}" r="5"/>',
        ]
    return svg(
        "Carry the state or reset it: the same text, the same budget",
        "Carrying the state wins when the text is then read in one piece, resetting it when it is "
        "read in pieces of 20.",
        parts,
        height=bottom + 24,
    )


PICTURES = {f.__name__: f for f in (notebook, temperature, reach, state_reset)}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        (HERE / f"{name}.svg").write_text(PICTURES[name](), "utf-8")
        print(f"Wrote docs/pictures/{name}.svg")


if __name__ == "__main__":
    main()

"""The values of the Look inside tab's drawings, computed and packed."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn import analysis, gradient_check
from charrnn.corpora import load_corpus
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array
from charrnn.pretrained import load_pretrained
from charrnn.ui.components import packing

Value = dict[str, Any]
Ids = NDArray[np.unsignedinteger]

MATRIX_LIMIT = 160_000
"""The most numbers in the matrix sent for scrubbing: 213 KB of base64, once per reading."""
LAGS = 60
"""Steps that the gradient is followed back; a plain RNN has usually forgotten by then."""
WORK = 8e9
"""Floating-point operations for one model's gradients by lag: 0.3 to 1 s on one core."""
NEAR = 40
"""Steps that saliency is followed back: few letters matter beyond."""
CHECKED = 30
"""The most elements checked in one array: each costs a forward pass in complex numbers."""
STEPS = 16
"""Letters that a check runs over: enough for a dozen distinct ones to have a gradient."""
CHECK_WORK = 1e9
"""Complex multiplications of a gradient check: 0.5 to 1 s on one core."""

PARTS = {
    "hidden": "hidden state: what it passes on",
    "cell": "cell: the long memory",
    "i": "input gate: what to write",
    "f": "forget gate: what to keep",
    "o": "output gate: what to show",
    "g": "candidate: what it would write",
    "r": "reset gate: what to ignore",
    "z": "update gate: what to keep",
    "n": "candidate: what it would write",
}
"""The values that can color a text, in the words of the page."""


ENDS = dict.fromkeys("ifo", "shut|open") | {
    "cell": "below its average|above",
    "r": "ignore|use",
    "z": "renew|keep",
}
"""The meaning of the two ends of the color scale, where they are not -1 and 1."""


def part_name(layer: int, part: str, layers: int) -> str:
    """A layer's part for people: "layer 2, forget gate: what to keep"."""
    return f"layer {layer + 1}, {PARTS[part]}" if layers > 1 else PARTS[part].capitalize()


def units(model: CharRNN, ids: Ids, layer: int = 0, part: str = "hidden", unit: int = -1) -> Value:
    """All units of one part of one layer over the text, and the units that follow each trait.

    unit: the one to show first; -1 takes the best match of any trait in this part.
    """
    vocabulary, size = model.vocabulary, model.config.hidden_size
    layers = analysis.activations(model, ids)
    symbols = [vocabulary.symbols[i] for i in ids]
    acts = layers[layer][part]
    traits = analysis.features(symbols)
    matches = analysis.find_units(layers, traits)
    fit = analysis.correlations(acts, traits)
    middle, limits = _range(part, acts)
    shown = max(40, MATRIX_LIMIT // size)
    names = packing.Names(vocabulary.symbols)
    numbers = np.array(names.number(ids[:shown]), "<u2")
    options = [
        (at, name, part_name(at, name, len(layers)))
        for at, parts in enumerate(layers)
        for name in parts
    ]
    best_units = {
        name: [(m.layer, m.part, m.unit, round(m.correlation, 3)) for m in ms]
        for name, ms in matches.items()
    }
    best = int(np.abs(fit).max(axis=0).argmax()) if fit.size else 0
    return {
        "ids": packing.base64_of(numbers),
        "names": names.json,
        "data": packing.signed_bytes((acts[:shown] - middle) / limits, 1.0),
        "middle": packing.base64_of(middle.astype("<f4")),
        "limits": packing.base64_of(limits.astype("<f4")),
        "ends": ENDS.get(part, "−1|+1"),
        "units": size,
        "unit": unit if 0 <= unit < size else best,
        "layer": layer,
        "part": part,
        "options": json.dumps(options),
        "traits": json.dumps(list(traits)),
        "fit": packing.signed_bytes(fit, 1.0),
        "matches": json.dumps(best_units),
    }


def _range(part: str, acts: Array) -> tuple[Array, Array]:
    """For each unit (H,): the value drawn without color, and the distance to full color."""
    ones = np.ones(acts.shape[1])
    if part == "cell":  # it has no bounds: around each unit's own average
        middle = acts.mean(axis=0)
        return middle, np.maximum(np.abs(acts - middle).max(axis=0), 1e-3)
    return (0.5 * ones, 0.5 * ones) if part in "iforz" else (0 * ones, ones)


def saliency(model: CharRNN, ids: Ids) -> Value:
    """For every character, how much each earlier one mattered for its guess."""
    kept = ids[: 2 * work_length(model, NEAR, 300) + 1]  # float32 goes twice as far
    note = f"Only the first {len(kept)} letters are followed." if len(kept) < len(ids) else ""
    names = packing.Names(model.vocabulary.symbols)
    reading = analysis.read(model, kept)
    by_lag = analysis.lagged_gradients(model, kept, NEAR, np.float32).inputs  # (K + 1, T)
    strength = by_lag / np.maximum(by_lag.max(axis=0), np.finfo(np.float64).tiny)
    return {
        "records": packing.records(reading, names),
        "names": names.json,
        "lags": by_lag.shape[0],
        "note": note,
        "data": packing.base64_of(np.rint(strength.T * 255).astype(np.uint8)),  # (T, K + 1)
    }


def work_length(model: CharRNN, lags: int, most: int) -> int:
    """How many characters' gradients can be followed back in about a second; at least 50."""
    shape = model.config
    per_place = 4 * lags * shape.layers * len(model.cell.gates) * shape.hidden_size**2
    return int(min(most, max(50, WORK / per_place)))


def own_reach(model: CharRNN, ids: Ids, name: str) -> Value:
    """How the gradient fades with distance in the visitor's own model, on the text it reads."""
    return _curve(name, model, ids, "own")


@cache
def trained_reach(cell: str) -> Value:
    """The same for the network of this cell that was trained on Shakespeare, on a fixed passage."""
    model = load_pretrained(f"shakespeare-{cell}")
    return _curve(f"trained {cell.upper()}", model, _passage(model), "trained")


@cache
def untrained_reach(cell: str) -> Value:
    """The same for a new network of that size."""
    model = load_pretrained(f"shakespeare-{cell}")
    fresh = CharRNN(model.vocabulary, replace(model.config, dropout=0.0))
    return _curve(f"new {cell.upper()}", fresh, _passage(model), "new")


def _passage(model: CharRNN) -> Ids:
    """A text that none of the three networks has learned."""
    return model.vocabulary.encode(load_corpus("lighthouse").text[5000:6000], unknown="skip")


def _curve(name: str, model: CharRNN, ids: Ids, kind: str) -> Value:
    """The geometric mean over the layers, by distance."""
    ids = ids[: work_length(model, LAGS, 300) + 1]
    by_layer = analysis.gradient_reach(model, ids, LAGS)
    points = np.exp(np.log(np.maximum(by_layer, 1e-300)).mean(axis=0))
    return {
        "name": name,
        "cell": model.config.cell.upper(),
        "kind": kind,
        "points": " ".join(f"{value:.3g}" for value in points),
    }


def weights(model: CharRNN) -> Value:
    """Every array of the model as a picture, with what it does."""
    return {"pictures": [_weight(p) for p in analysis.weights_summary(model, size=64)]}


def _weight(p: analysis.ArrayPicture) -> Value:
    return {
        "name": p.name,
        "gate": PARTS[p.gate].split(":")[0] if p.gate else "",
        "meaning": meaning(p.name),
        "shape": " × ".join(map(str, p.shape)),
        "columns": p.pixels.shape[1],
        "data": packing.signed_bytes(p.pixels, p.limit),
        "stats": f"{p.mean:+.3f} ± {p.spread:.3f}, largest {p.limit:.2f}",
        "histogram": " ".join(map(str, p.histogram)),
    }


def meaning(name: str) -> str:
    """What an array does, from its name in the file."""
    if name == "Why":
        return "from the memory to a score for every next character"
    if name == "by":
        return "how likely each character is anyway"
    layer = name.lstrip("Wxhb")
    inputs = "the character read" if layer == "0" else "the layer below"
    return {
        "Wxh": f"from {inputs} into layer {int(layer) + 1}",
        "Whh": f"from the memory to itself, one step on, in layer {int(layer) + 1}",
        "bh": f"what layer {int(layer) + 1} leans to by itself",
        "bhh": f"a second lean, inside the candidate's reset, in layer {int(layer) + 1}",
    }[name.rstrip("0123456789")]


def gradient_errors(model: CharRNN, ids: Ids) -> Value:
    """The largest relative error of the gradient in every array, measured independently."""
    window = np.asarray(ids[: STEPS + 1], np.intp)[:, None]
    passes = CHECK_WORK / (model.parameters.vector.size * (len(window) - 1))
    checked = int(min(CHECKED, max(3, passes / len(model.parameters))))
    errors = gradient_check(model, window[:-1], window[1:], max_elements=checked)
    rows = [
        (name, " × ".join(map(str, model.parameters[name].shape)), f"{error:.1e}", error)
        for name, error in errors.items()
    ]
    return {"rows": json.dumps(rows), "checked": checked, "steps": len(window) - 1}


COMPARED = ("rnn", "lstm", "gru")
"""The cells whose trained networks the drawing of the gradient's reach compares."""

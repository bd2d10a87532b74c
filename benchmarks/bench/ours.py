"""Our side: charrnn as its users call it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from child import Work, peak_megabytes, serve

import charrnn
from charrnn import CharRNN, ModelConfig, Sampling, TrainConfig, Trainer, Vocabulary

SYMBOLS = tuple(chr(code) for code in range(32, 97))  # V = 65, as tinyshakespeare has


def random_text(length: int, symbols: int = 65) -> str:
    """A random text of so many symbols, from the space on: its content does not change the work."""
    codes = np.random.default_rng(0).integers(32, 32 + symbols, length, dtype=np.uint16)
    codes[:symbols] = np.arange(32, 32 + symbols)
    return codes.tobytes().decode("utf-16-le")


def new_trainer(
    cell: str, layers: int, hidden: int, batch: int, steps: int, workers: int = 1,
    dropout: float = 0.0, windows: int = 20, symbols: int = 65,
) -> Trainer:  # fmt: skip
    """windows: the length of each sequence in windows. symbols: how many distinct ones."""
    config = TrainConfig(
        batch_size=batch,
        seq_length=steps,
        steps=10**6,
        val_fraction=0,
        schedule="constant",
        rescue=False,
    )
    text = random_text(windows * batch * steps + 1, symbols)
    shared = {"workers": workers} if workers > 1 else {}  # older commits have no workers
    return Trainer(text, ModelConfig(cell, hidden, layers, dropout), config, **shared)


def steps_of(trainer: Trainer) -> Work:
    """Steps of one run that continues from piece to piece, so that its workers stay alive too."""
    config, run = trainer.config, trainer.run()
    return Work(lambda n: [next(run) for _ in range(n)], config.batch_size * config.seq_length)


def train(**shape: Any) -> Work:
    """Whole training steps of `new_trainer`: read a window, forward, back, clip, Adam."""
    return steps_of(new_trainer(**shape))


def train_plain(hidden: int, steps: int) -> Work:
    """The sizes of min-char-rnn: one sequence, Adagrad, no batch."""
    config = TrainConfig(
        batch_size=1,
        seq_length=steps,
        optimizer="adagrad",
        clip_norm=0,
        clip_value=5,
        steps=10**6,
        val_fraction=0,
        schedule="constant",
        rescue=False,
    )
    trainer = Trainer(random_text(400 * steps + 1), ModelConfig("rnn", hidden), config)
    return steps_of(trainer)


def new_model(cell: str, layers: int, hidden: int) -> CharRNN:
    return CharRNN(Vocabulary(SYMBOLS), ModelConfig(cell, hidden, layers))


def generate(cell: str, layers: int, hidden: int) -> Work:
    """One stream, at the temperature that `generate` starts from."""
    symbols = charrnn.generate(
        new_model(cell, layers, hidden), " ", 10**12, Sampling(random_seed=0)
    )
    return Work(lambda n: [next(symbols) for _ in range(n)])


def draw_each(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A draw for each stream: logits (V, N) to ids (N,)."""
    y = logits.astype(np.float64)
    y -= y.max(axis=0)
    total = np.exp(y / 0.8).cumsum(axis=0)
    drawn: np.ndarray = (total <= rng.random(y.shape[1]) * total[-1]).sum(axis=0)
    return drawn


def generate_many(cell: str, layers: int, hidden: int, streams: int) -> Work:
    """Many streams side by side, each with a draw of its own."""
    from charrnn.network.recurrent import Stepper

    model, rng = new_model(cell, layers, hidden), np.random.default_rng(0)
    stepper = Stepper(model.cell, model.parameters, model.initial_state(streams))
    ids = np.zeros(streams, np.intp)

    def run(n: int) -> None:
        nonlocal ids
        for _ in range(n):
            ids = draw_each(stepper.step(ids), rng)

    return Work(run, streams)


def generate_length(cell: str, layers: int, hidden: int, length: int) -> Work:
    """Whole texts of one length, each from a cold start."""
    model = new_model(cell, layers, hidden)
    return Work(lambda n: [list(charrnn.generate(model, " ", length)) for _ in range(n)], length)


def encode_text(megabytes: float) -> Work:
    """Text to ids, over and over."""
    text = random_text(int(megabytes * 1e6))
    vocabulary = Vocabulary.from_text(text)
    return Work(lambda n: [len(vocabulary.encode(text)) for _ in range(n)], len(text))


def encode_memory(megabytes: float) -> dict[str, Any]:
    """Seconds, memory and bytes kept for one large text, in a fresh process."""
    text = random_text(int(megabytes * 1e6))
    before = peak_megabytes()
    started = time.perf_counter()
    vocabulary = Vocabulary.from_text(text)
    counted = time.perf_counter()
    ids = vocabulary.encode(text)
    done = time.perf_counter()
    return {
        "seconds to encode": done - counted,
        "seconds to collect the vocabulary": counted - started,
        "bytes kept per character": ids.nbytes / len(text),
        "peak bytes above the text, per character": (peak_megabytes() - before) * 1e6 / len(text),
    }


def train_memory(cell: str, layers: int, hidden: int, batch: int, steps: int) -> dict[str, Any]:
    """The peak of a few training steps, in a fresh process."""
    before = peak_megabytes()
    for _ in new_trainer(cell, layers, hidden, batch, steps).run(steps=3):
        pass
    return {"megabytes": peak_megabytes(), "megabytes above imports": peak_megabytes() - before}


class Timed(np.ndarray):
    """An array that adds up the time of the matrix products it takes part in."""

    seconds = 0.0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [a.view(np.ndarray) if isinstance(a, Timed) else a for a in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(
                a.view(np.ndarray) if isinstance(a, Timed) else a for a in kwargs["out"]
            )
        started = time.perf_counter()
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            Timed.seconds += time.perf_counter() - started
        return result


def share(cell: str, layers: int, hidden: int, batch: int, steps: int) -> dict[str, Any]:
    """Seconds of a training step, of the products in it, and of the same products alone.

    The best of several of each, taken in turns for a few seconds: a busy moment makes all of
    them longer.
    """
    trainer = new_trainer(cell, layers, hidden, batch, steps)
    vector = trainer.live.parameters.vector.view(Timed)
    trainer.train_state.live = trainer.live.with_vector(vector)
    alone = products(cell, layers, hidden, batch, steps)
    best = {"step": np.inf, "inside": np.inf, "alone": np.inf}
    begun, turns = time.perf_counter(), 0
    while turns < 5 or time.perf_counter() < begun + 3:
        turns += 1
        Timed.seconds, started = 0.0, time.perf_counter()
        for _ in trainer.run(steps=1):
            pass
        took = time.perf_counter() - started
        if took < best["step"]:
            best |= {"step": took, "inside": Timed.seconds}
        started = time.perf_counter()
        alone.run(1)
        best["alone"] = min(best["alone"], time.perf_counter() - started)
    return best


def products(cell: str, layers: int, hidden: int, batch: int, steps: int) -> Work:
    """Only the matrix products of a training step: the lower bound on its time."""
    rng, H, V = np.random.default_rng(0), hidden, len(SYMBOLS)
    GH, columns = len(charrnn.CELLS[cell].gates) * H, batch * steps

    def some(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    W, WT, Why, WhyT = some(GH, H), some(H, GH), some(V, H), some(H, V)
    h, dh, dy = some(H, columns + batch), some(GH, columns + batch), some(V, columns)
    h_steps = [some(H, batch) for _ in range(steps)]
    d_steps = [some(GH, batch) for _ in range(steps)]
    h_window, d_window = h[:, :columns], dh[:, :columns]

    def run(n: int) -> None:
        for _ in range(n):
            for layer in range(layers):
                for t in range(steps):
                    W @ h_steps[t]
                for t in range(steps):
                    WT @ d_steps[t]
                d_window @ h_window.T
                if layer:
                    W @ h_window
                    WT @ d_window
                    d_window @ h_window.T
            Why @ h_window
            WhyT @ dy
            dy @ h_window.T

    return Work(run, columns)


if __name__ == "__main__":
    serve(
        {
            "train": train,
            "train plain": train_plain,
            "generate": generate,
            "generate many": generate_many,
            "generate length": generate_length,
            "encode": encode_text,
            "products": products,
        },
        {"encode memory": encode_memory, "train memory": train_memory, "share": share},
    )

"""Random changes to bytes, and a loop that counts inputs and keeps those that fail.

fuzz_reader.py and fuzz_hub.py share this. Nothing here watches coverage, so an input costs little
more than the code under test.
"""

from __future__ import annotations

import itertools
import json
import random
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LENGTHS = (1, 1, 2, 2, 3, 4, 8, 16, 64, 256)
TOKENS = (
    b"\x00", b"\xff", b"\x7f", b"\x80", b"\xff\xff", b"\x00\x00\x00\x80", b"\xff\xff\xff\xff",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x93NUMPY", b"__meta__.npy", b"<f4", b"|O",
    b"0", b"-1", b"1e999", b"1e9", b"-1e300", b"NaN", b"null", b"true", b"[]", b"{}",
    b'""', b"\\ud800", b"'", b'"',
    b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\n---\n", b"---", b"<!--", b"-->", b"```", b": ",
    b"- ", b"&a", b"*a", b"!!python/object", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"{{", b"|",
)  # fmt: skip
"""Pieces that a parser may stumble over."""


def mutated(chance: random.Random, data: bytearray, inputs: Sequence[bytes], longest: int) -> bytes:
    """An input after one to six random changes, some of which take a piece of another input."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        start, length = chance.randrange(len(data) + 1), chance.choice(LENGTHS)
        kind = chance.randrange(8)
        if kind < 2 and start < len(data):
            data[start] = chance.randrange(256) if kind else data[start] ^ 1 << chance.randrange(8)
        elif kind == 2:
            del data[start : start + length]
        elif kind == 3:
            data[start:start] = chance.choice(TOKENS)
        elif kind == 4:
            token = chance.choice(TOKENS)
            data[start : start + len(token)] = token
        elif kind == 5:
            data[start:start] = data[start : start + length] * chance.choice((1, 1, 2, 50))
        elif kind == 6:
            other = chance.choice(inputs)
            place = chance.randrange(len(other) + 1)
            data[start : start + length] = other[place : place + length]
        else:
            del data[start:]
            data += chance.choice(inputs)[start:]
    return bytes(data[:longest])


def cost(one_input: Callable[[bytes], object], data: bytes) -> float:
    """The CPU seconds that an input takes."""
    before = time.process_time()
    one_input(data)
    return time.process_time() - before


def run(
    one_input: Callable[[bytes], object],
    inputs: Sequence[bytes],
    *,
    seconds: float,
    crashes: Path,
    random_seed: int | None = None,
    longest: int = 8192,
    slow: float = 1.0,
) -> dict[str, Any]:
    """Give changed inputs to `one_input` for so many seconds, and keep those that raise.

    slow: CPU seconds above which an input counts as a crash too. Prints the counts so far every
    five minutes, so that they survive a kill.
    """
    seed = random.randrange(2**32) if random_seed is None else random_seed
    chance = random.Random(seed)
    # As AFL does: an input that costs a tenth is changed ten times as often.
    shares = list(itertools.accumulate(1 / max(1e-5, cost(one_input, data)) for data in inputs))
    begin = last = time.monotonic()
    count, worst, failed = 0, 0.0, 0

    def result() -> dict[str, Any]:
        took = time.monotonic() - begin
        return {
            "inputs": count, "crashes": failed, "worst_seconds": round(worst, 4),
            "seconds": round(took), "inputs_per_second": round(count / took),
            "random_seed": seed,
        }  # fmt: skip

    while (now := time.monotonic()) < begin + seconds:
        if now > last + 300:
            print(json.dumps(result()), flush=True)
            last = now
        for start in chance.choices(inputs, cum_weights=shares, k=100):
            data = mutated(chance, bytearray(start), inputs, longest)
            before, reason = time.perf_counter(), ""
            try:
                one_input(data)
            except Exception:
                reason = traceback.format_exc()
            # Reading the CPU's time costs up to 50 microseconds: only an input that took long by
            # the clock, which may have stood still for another process, is given once more.
            took = time.perf_counter() - before
            if took > worst and not reason:
                took = min(took, cost(one_input, data))
            worst = max(worst, took)
            count += 1
            if reason or took > slow:
                failed += 1
                crashes.mkdir(exist_ok=True, parents=True)
                name = f"{seed}-{count}"
                (crashes / name).write_bytes(data)
                (crashes / f"{name}.txt").write_text(reason or f"took {took:.2f} s")
    return result()

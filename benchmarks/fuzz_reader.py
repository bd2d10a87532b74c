"""Fuzz the reader of model files, by random changes or guided by coverage.

    python benchmarks/fuzz_reader.py --seconds 300
    python -m pip install "atheris==3.0.0"      (only for this; Linux and macOS, Python 3.11)
    python benchmarks/fuzz_reader.py --seconds 300 --coverage --corpus DIR

The first byte of an input says what the rest is: an entire file, or the metadata or an array of a
file with correct checksums, so that the fuzzer gets past them. It starts from the corpus of tests/.
An input is a crash, and kept, unless ModelFileError refuses it or it is a model that can be saved
and loaded again. Random changes alone are ten times as fast as those that coverage guides. With
--corpus both start from the inputs there too, and --coverage adds those that take new branches.
Prints the inputs, crashes and speed as a line of JSON.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import fuzzing  # noqa: E402

MAX_LENGTH = 8192


def seeds() -> list[bytes]:
    """The small files of the corpus as inputs, and the metadata and arrays inside them."""
    import forge
    import hostile

    files = (case.build() for case in hostile.corpus("/nonexistent/canary"))
    inputs = [b"\x00" + data for data in files if len(data) < MAX_LENGTH]
    for cell in forge.GATES:
        resume = {"slots": 2, "batch_size": 3}
        parts = forge.parts(forge.META | {"cell": cell, "resume": resume, "training": {"a": [1.5]}})
        inputs += [b"\x01" + parts[0].data[128:], *(b"\x02" + part.data for part in parts)]
    return inputs


@functools.cache
def healthy() -> list[Any]:
    """The members of the smallest model, cached: making them took half the time of an input."""
    import forge

    return forge.parts()


def one_input(data: bytes) -> None:
    """Give one input to the reader. Raises whatever the reader must never raise."""
    import forge

    from charrnn.training import checkpoint

    kind, rest = data[:1], data[1:]
    if kind == b"\x01":
        rest = forge.forge([forge.meta_part(rest), *healthy()[1:]])
    elif kind == b"\x02":
        parts = (p.but(data=rest) if p.name == b"Wxh0.npy" else p for p in healthy())
        rest = forge.forge(list(parts))
    try:
        model = checkpoint.Checkpoint.from_bytes(rest, checkpoint.HOSTED_BYTES).model
    except checkpoint.ModelFileError as error:
        if not str(error).isprintable():
            raise AssertionError("a message that cannot be printed") from error
        return
    again = checkpoint.Checkpoint.from_bytes(checkpoint.Checkpoint(model).to_bytes()).model
    if again.vocabulary != model.vocabulary or again.config != model.config:
        raise AssertionError("a model that its own file does not give back")


def child(arguments: list[str]) -> None:
    """Run libFuzzer in this process; it never returns."""
    import atheris

    # Only the reader is watched: with all of NumPy and json, most coverage would be theirs.
    with atheris.instrument_imports(include=["charrnn.formats", "charrnn.training.checkpoint"]):
        import charrnn.training.checkpoint  # noqa: F401

    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()


def fuzz(folder: Path, crashes: Path, seconds: int) -> dict[str, Any]:
    """Run libFuzzer on a folder of inputs, and read its final report."""
    crashes.mkdir(exist_ok=True, parents=True)
    libfuzzer = {
        "max_total_time": seconds, "max_len": MAX_LENGTH, "len_control": 0, "timeout": 60,
        "report_slow_units": 60, "rss_limit_mb": 1024, "print_final_stats": 1,
        "artifact_prefix": f"{crashes.resolve()}/",
    }  # fmt: skip
    argv = [sys.executable, __file__, "--child", str(folder)]
    argv += [f"-{name}={value}" for name, value in libfuzzer.items()]
    done = subprocess.run(argv, capture_output=True, text=True)
    runs, speed, memory, coverage = (
        int([0, *re.findall(pattern, done.stderr)][-1])
        for pattern in (r"units:\s+(\d+)", r"per_sec:\s+(\d+)", r"rss: (\d+)Mb", r"cov: (\d+)")
    )
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
    return {
        "inputs": runs, "inputs_per_second": speed, "rss_mb": memory, "edges": coverage,
        "corpus": len(list(folder.iterdir())), "exit": done.returncode,
        "crashes": sorted(path.name for path in crashes.iterdir()),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="A fuzz of the reader of model files.")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--crashes", type=Path, default=Path("crashes"), help="where to keep them")
    parser.add_argument("--corpus", type=Path, help="start from the inputs here too")
    parser.add_argument("--coverage", action="store_true", help="use atheris, and add to --corpus")
    options = parser.parse_args()
    inputs = seeds()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.corpus or Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        if options.coverage:
            for number, data in enumerate(inputs):
                (folder / f"seed{number}").write_bytes(data)
            result = fuzz(folder, options.crashes, options.seconds)
        else:
            inputs += [path.read_bytes() for path in sorted(folder.iterdir())]
            result = fuzzing.run(
                one_input, inputs, seconds=options.seconds, crashes=options.crashes
            )
    print(json.dumps({"seeds": len(inputs), **result}))
    return 1 if result.get("exit") or result["crashes"] else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    sys.exit(main())

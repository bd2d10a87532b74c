"""Describes the machine and the libraries that the numbers were measured on."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PEERS = {"PyTorch": ("torch",), "ONNX Runtime": ("onnx", "onnxruntime"), "JAX": ("jax",)}
"""The modules that each peer needs, its own one last."""


def describe(root: Path) -> dict[str, Any]:
    """The machine, the libraries and the commit, as far as they are known."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "peers": {name: version(needed[-1]) for name, needed in PEERS.items() if installed(name)},
        "commit": _commit(root),
        "date": time.strftime("%Y-%m-%d"),
    }


def sentence() -> str:
    """The machine in one line of a document."""
    facts = describe(Path(__file__).parent)
    return (
        f"Measured on {facts['cpu']}, {facts['cores']} of its cores, with Python "
        f"{facts['python']}, NumPy {facts['numpy']} and {facts['blas']}."
    )


def installed(peer: str) -> bool:
    """Whether everything that a peer needs is installed; one that is not in PEERS needs nothing."""
    return all(importlib.util.find_spec(name) for name in PEERS.get(peer, ()))


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit(root: Path) -> str:
    argv = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def environment(threads: int, root: Path) -> dict[str, str]:
    """The environment of a child: its number of threads, and the path of charrnn."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return os.environ | dict.fromkeys(names, str(threads)) | {"PYTHONPATH": str(root)}

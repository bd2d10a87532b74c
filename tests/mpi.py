"""Runs commands on MPI ranks: on this machine, over TCP, or in network namespaces of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
MPIEXEC = str(Path(sys.executable).with_name("mpiexec"))
OVER_TCP = {"MPIR_CVAR_NOLOCAL": "1", "FI_PROVIDER": "tcp"}
"""Makes MPICH's ranks talk over TCP instead of shared memory."""

LAUNCHER = """#!/bin/sh
# MPICH calls it with [options] HOST COMMAND; HOST ends in a namespace's number.
while [ "${1#-}" != "$1" ]; do shift; done
host=$1; shift
exec ip netns exec %s${host##*.} sh -c "$*"
"""


def start(
    words: list[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    launcher: Sequence[str] = (MPIEXEC,),
) -> subprocess.Popen[str]:
    """Start mpiexec with these arguments."""
    return subprocess.Popen(
        [*launcher, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def rank_process(launcher: subprocess.Popen[str], rank: int) -> psutil.Process:
    """The process of a rank."""
    for process in psutil.Process(launcher.pid).children(recursive=True):
        if process.environ().get("PMI_RANK") == str(rank):
            return process
    raise AssertionError(f"rank {rank} is not there")


@contextmanager
def namespaces(folder: Path) -> Iterator[list[str]]:
    """Two network namespaces joined by a cable: the start of an mpiexec over both of them.

    Raises OSError or CalledProcessError if this machine does not allow them.
    """
    name = f"charrnn{os.getpid()}n"
    script = folder / "launcher.sh"
    script.write_text(LAUNCHER % name)
    script.chmod(0o755)

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        for i in "12":
            ip("netns", "add", name + i)
        ip("link", "add", "e1", "netns", f"{name}1", "type", "veth", "peer", "name", "e2",
           "netns", f"{name}2")  # fmt: skip
        for i in "12":
            ip("-n", name + i, "addr", "add", f"10.77.0.{i}/24", "dev", f"e{i}")
            ip("-n", name + i, "link", "set", f"e{i}", "up")
            ip("-n", name + i, "link", "set", "lo", "up")
        yield [
            *("ip", "netns", "exec", f"{name}1", MPIEXEC, "-launcher", "ssh"),
            *("-launcher-exec", str(script), "-hosts", "10.77.0.1,10.77.0.2"),
        ]
    finally:
        for i in "12":
            subprocess.run(["ip", "netns", "del", name + i], capture_output=True)

"""The Hub's checks of a `git push`, as a pre-receive hook for a bare repository.

In any new commit it refuses binary files of any size and text files above 10 MiB that are not
stored in LFS or Xet, and pointers to LFS files that were not uploaded before.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

LARGEST = 10 * 1024 * 1024
LOOKED_AT = 8000
"""Bytes of a file in which Git looks for a NUL, which makes the file binary."""
POINTER = re.compile(rb"version https://git-lfs[^\n]+\noid sha256:([0-9a-f]{64})\nsize \d+\n")


def git(*words: str, send: bytes = b"") -> bytes:
    return subprocess.run(["git", *words], check=True, capture_output=True, input=send).stdout


def faults(new: str) -> list[str]:
    """A line for each file that the Hub would refuse in the commits that lead to `new`."""
    lines = git("rev-list", "--objects", new, "--not", "--all").decode().splitlines()
    paths = dict(line.split(" ", 1) for line in lines if " " in line)  # commits have no path
    answer = io.BytesIO(git("cat-file", "--batch", send="\n".join(paths).encode()))
    found = []
    for path in paths.values():
        _, kind, size = answer.readline().split()
        data = answer.read(int(size) + 1)[:-1]
        if kind == b"blob" and (fault := fault_of(data)):
            found.append(f"{path}: {fault}")
    return found


def fault_of(data: bytes) -> str:
    """Why the Hub would refuse a file, or ""."""
    if pointer := POINTER.fullmatch(data):
        oid = pointer[1].decode()
        there = Path("lfs/objects", oid[:2], oid[2:4], oid).is_file()
        return "" if there else "a pointer to a file that was not uploaded"
    if b"\0" in data[:LOOKED_AT]:
        return "a binary file"
    return "larger than 10 MiB" if len(data) > LARGEST else ""


def bare_repository(folder: Path) -> str:
    """Make a repository that checks what is pushed; returns its address."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    hook = folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} {os.path.abspath(__file__)}\n")
    hook.chmod(0o755)
    return folder.as_uri()


if __name__ == "__main__":
    refused = [fault for line in sys.stdin for fault in faults(line.split()[1])]
    print(*refused, sep="\n", file=sys.stderr)
    sys.exit(bool(refused))

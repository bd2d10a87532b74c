"""Order the tests for benchmarks/mutation.sh, and count what became of the mutants.

As a pytest plugin it runs the quickest tests first, and property tests with the same examples each
time. As a program, in a folder where `mutmut run` has ended, it prints a table of the mutants:

    python mutants.py EQUIVALENT

EQUIVALENT lists the changes that have no effect: below a line `# why`, lines such as
`npz.dumps: raw = text.encode("UTF-8")`, each a function and its new code.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

KILLED, SURVIVED, TIMED_OUT = (1, 3), 0, (-24, 24, 36, 152, 255)
PROCESSES = ("kills", "full_disk", "every_process", "every_hash_seed")
"""Tests that take seconds, by the ends of their names, and the fixture of hostile files."""


def pytest_configure() -> None:
    """Stop at the first failing example: the smallest one is not needed."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Leave out tests that start processes, and begin with the quickest ones."""
    items[:] = [item for item in items if not item.originalname.endswith(PROCESSES)]
    items[:] = [item for item in items if "verdicts" not in item.fixturenames]
    timed = Path("mutmut-stats.json")  # written once all tests have run with no mutant
    if timed.exists():
        took = json.loads(timed.read_text())["duration_by_test"]
        items.sort(key=lambda item: (took.get(item.nodeid, 0), item.nodeid))


def change(mutant: str, path: str) -> str:
    """The function and its new lines, which identify a mutant when the code around it changes."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    module, _, name = mutant.removeprefix("charrnn.").rpartition(".")
    function = re.sub(r"^x(_|ǁ\w+ǁ)|__mutmut_\d+$", "", name)
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    code = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return f"{module}.{function}: {code}"


def read_equivalent(path: str) -> dict[str, str]:
    """The kind of every change in the list."""
    kinds, kind = {}, ""
    for line in Path(path).read_text("utf-8").splitlines():
        if line.startswith("# "):
            kind = line[2:]
        elif line:
            kinds[line] = kind
    return kinds


def count(meta: Path, kinds: dict[str, str], survivors: list[str]) -> Counter[str]:
    """Count the fates of one module's mutants; those that no test killed are added to the list."""
    path = str(meta.relative_to("mutants")).removesuffix(".meta")
    counts: Counter[str] = Counter()
    for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items():
        counts["mutants"] += 1
        if code in KILLED:
            counts["killed"] += 1
        elif code in TIMED_OUT:
            counts["timed out"] += 1
        elif code == SURVIVED:
            line = change(mutant, path)
            counts["equivalent" if line in kinds else "survived"] += 1
            survivors.append(f"{kinds.get(line, 'Not in the list')}: {line}  [{mutant}]")
        else:
            counts["not run"] += 1
    return counts


COLUMNS = ("mutants", "killed", "timed out", "survived", "equivalent", "not run")


def row(name: str, counts: Counter[str]) -> str:
    """A line of the table; its last shares are of all that ran, with and without equivalents."""
    caught = counts["killed"] + counts["timed out"]
    run = counts["mutants"] - counts["not run"]
    shares = [f"{100 * caught / max(n, 1):.1f} %" for n in (run, run - counts["equivalent"])]
    return "| " + " | ".join([name, *(str(counts[c]) for c in COLUMNS), *shares]) + " |"


def main() -> None:
    """Print the table, and below it what survived, kind by kind."""
    kinds = read_equivalent(sys.argv[1])
    survivors: list[str] = []
    total: Counter[str] = Counter()
    print("| module | " + " | ".join(COLUMNS) + " | of all | without equivalents |")
    print("|---|" + "---:|" * (len(COLUMNS) + 2))
    for meta in sorted(Path("mutants/charrnn").rglob("*.meta")):
        counts = count(meta, kinds, survivors)
        total += counts
        if counts:
            print(row(f"`{meta.name.removesuffix('.py.meta')}`", counts))
    print(row("all", total), end="\n\n")
    print("\n".join(sorted(survivors)))


if __name__ == "__main__":
    main()

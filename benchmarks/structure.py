"""Print how the package is built: folders, floors, imports between them, circles and lines.

    python benchmarks/structure.py [REVISION ...]      the working tree, or revisions of git

A room is a folder of the package, or a module that stands beside the folders. Floors are those of
the revision's own tests/test_architecture.py. Imports for types alone count like any other.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("charrnn", "tests", "app.py")
LANGUAGES = {".py": "Python", ".js": "JavaScript", ".css": "CSS", ".html": "HTML"}
Graph = dict[str, set[str]]


def read_tree(revision: str | None) -> dict[str, str]:
    """Path and text of every source file of a revision, or of the working tree for None."""
    if revision is None:
        paths = sorted(path for part in PARTS for path in [ROOT / part, *(ROOT / part).rglob("*")])
        return {
            path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
            for path in paths
            if path.is_file() and path.suffix in LANGUAGES
        }
    argv = ["git", "-C", str(ROOT), "archive", revision, *PARTS]
    data = subprocess.run(argv, check=True, capture_output=True).stdout
    texts = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and PurePosixPath(member.name).suffix in LANGUAGES:
                texts[member.name] = file.read().decode("utf-8")
    return texts


def module_name(path: str) -> str:
    """charrnn.network.model for charrnn/network/model.py, charrnn.network for its __init__."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(source: str, modules: set[str]) -> Iterator[str]:
    """The project's own modules that a file imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names = (f"{node.module}.{alias.name}", node.module or "")
                yield from [name for name in names if name in modules][:1]


def import_graph(texts: dict[str, str]) -> Graph:
    """What each module imports. The package itself is left out: it names the public surface."""
    sources = {
        module_name(path): text
        for path, text in texts.items()
        if path.endswith(".py") and not path.startswith("tests/")
    }
    modules = sources.keys() - {"charrnn"}
    return {name: set(imports(sources[name], set(modules))) - {name} for name in sorted(modules)}


def circles(graph: Graph) -> list[list[str]]:
    """Every group of nodes that reach each other."""
    reach: Graph = {}
    for start in graph:
        seen, waiting = set(), [start]
        while waiting:
            new = graph.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        reach[start] = seen
    groups = {frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def floors(texts: dict[str, str]) -> list[list[str]]:
    """The table FLOORS of the architecture test, lowest first."""
    for node in ast.walk(ast.parse(texts.get("tests/test_architecture.py", ""))):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "FLOORS":
            words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            return [names.split() for names in words if isinstance(names, str)]
    return []


def room(module: str) -> str:
    """network for charrnn.network.cells.rnn, files for charrnn.files, app for app."""
    return module.removeprefix("charrnn.").split(".")[0]


def show(title: str, texts: dict[str, str]) -> None:
    """Print everything about one revision."""
    graph = import_graph(texts)
    package = {path: text for path, text in texts.items() if path.startswith("charrnn/")}
    by_language: Counter[str] = Counter()
    by_folder: defaultdict[str, list[int]] = defaultdict(list)
    for path, text in package.items():
        by_language[LANGUAGES[PurePosixPath(path).suffix]] += text.count("\n")
        by_folder[str(PurePosixPath(path).parent)].append(text.count("\n"))
    tests = sum(text.count("\n") for path, text in texts.items() if path.startswith("tests/"))
    table = list(enumerate(floors(texts)))
    lengths = [*by_language.most_common(), ("tests", tests)]
    folders = [f"{len(each):4}  {sum(each):6,}  {name}" for name, each in sorted(by_folder.items())]
    print(f"# {title}")
    show_list("Lines", [f"{lines:6,}  {language}" for language, lines in lengths])
    show_list("Folders: files, lines", folders)
    show_list("Floors, highest first", [f"{n}  {' '.join(names)}" for n, names in table[::-1]])
    show_arrows(graph, {name: number for number, names in table for name in names})


def show_arrows(graph: Graph, floor: dict[str, int]) -> None:
    """Print the imports between rooms, those that point up, and the circles."""
    arrows = [(a, b) for a, targets in graph.items() for b in targets if room(a) != room(b)]
    counts = Counter((room(a), room(b)) for a, b in arrows)
    rooms: Graph = defaultdict(set)
    for source, target in counts:
        rooms[source].add(target)
    order = sorted(rooms, key=lambda name: (-floor.get(name, 0), name))
    up = [(a, b) for a, b in arrows if floor.get(room(b), 0) > floor.get(room(a), 0)]
    show_list(
        f"Arrows between rooms: {len(counts)}, of {len(arrows)} imports",
        [f"{source} -> {', '.join(sorted(rooms[source]))}" for source in order],
    )
    show_list(f"Imports that point up: {len(up)}", [f"{a} -> {b}" for a, b in sorted(up)])
    for what, nodes in (("rooms", rooms), ("modules", graph)):
        groups = circles(nodes)
        show_list(f"Circles of {what}: {len(groups)}", [", ".join(group) for group in groups])


def show_list(title: str, lines: list[str]) -> None:
    """Print a heading, and a line for each entry below it."""
    print(f"\n{title}", *lines, sep="\n    ")


def main() -> None:
    """Show the working tree, or each revision named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("revisions", metavar="REVISION", nargs="*", help="such as HEAD or a tag")
    for revision in parser.parse_args().revisions or [None]:
        show(revision or "the working tree", read_tree(revision))


if __name__ == "__main__":
    main()

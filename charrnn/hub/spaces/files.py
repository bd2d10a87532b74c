"""Picks the files of a checkout that a Space of the whole page needs, and writes its README."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from charrnn.hub.faults import HubError
from charrnn.hub.spaces.push import FOLDERS

FILES = ("app.py", "README.md", "requirements.txt", "pyproject.toml", "LICENSE")
SUFFIXES = {".py", ".js", ".css", ".html", ".json", ".txt", ".md", ".npz"}
NEEDED = ("app.py", "README.md", "requirements.txt")
SHOWN = re.compile(r'(?:src|srcset)="(docs/[\w./-]+)"|!\[[^\]\n]*\]\((docs/[\w./-]+)\)')
"""Matches a picture that the README shows."""
THUMBNAIL = "docs/pictures/first-screen-light.png"
CHAPTERS = "docs/how-it-works.md"
"""The document that the page itself shows, with its drawings."""
NOTEBOOK = "docs/charrnn.ipynb"
REPOSITORY = "https://github.com/OWNER/charrnn"
"""The placeholder in README and notebook for the address of the user's own copy."""
COLAB = "https://colab.research.google.com/"
STORED = (
    "The model that you trained or opened here, for 24 hours after it was last written, so that "
    "your browser finds it again after a restart. It lies in the private bucket {bucket}, in a "
    "file whose name is a hash. It holds no text, only the network and the name of the model. "
    "Older files are deleted while the Space runs, and when it starts."
)
"""What the README of a Space that keeps models tells its visitors."""


def files_of_space(root: Path) -> dict[str, Path]:
    """The files that a Space needs, by their path in it. Raises HubError outside a checkout."""
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if missing:
        raise HubError(f"Run this in a checkout of charrnn: there is no {missing[0]} in {root}.")
    readme = (root / "README.md").read_text(encoding="utf-8")
    pictures = {path for pair in SHOWN.findall(readme) for path in pair if path}
    paths = [*map(root.joinpath, FILES), *(p for f in FOLDERS for p in (root / f).rglob("*"))]
    paths = [path for path in paths if path.suffix in SUFFIXES or path.name == "LICENSE"]
    paths += map(root.joinpath, sorted(pictures | {THUMBNAIL}))
    paths += [root / CHAPTERS, root / NOTEBOOK, *sorted((root / "docs/pictures").glob("*.svg"))]
    return {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}


def at_address(text: str, name: str, endpoint: str) -> str:
    """README or notebook with a Space's address: Colab opens it, and pip installs from there."""
    space = f"{endpoint}/spaces/{name}"
    badge = REPOSITORY.replace("https://github.com/", f"{COLAB}github/") + "/blob/"
    return text.replace(badge, f"{COLAB}#fileId={space}/blob/").replace(REPOSITORY, space)


def space_readme(
    readme: str, name: str, endpoint: str, models: Sequence[str] = (), bucket: str = ""
) -> str:
    """The README of one Space: with its address, also of its thumbnail, and what is its own.

    models: its owner's models, on whose pages the Hub then shows the Space. bucket: where it keeps
    its visitors' models, which the README then tells them; "" for none.
    """
    readme = at_address(readme, name, endpoint)
    head, mark, rest = readme.removeprefix("---\n").partition("\n---\n")
    thumbnail = f"thumbnail: {endpoint}/spaces/{name}/resolve/main/{THUMBNAIL}"
    listed = "".join(f"\n  - {model}" for model in models)
    own = f"{thumbnail}\nmodels:{listed}" if listed else thumbnail
    kept = f"\n## What this Space keeps\n\n{STORED.format(bucket=bucket)}\n" if bucket else ""
    return f"---\n{head}\n{own}{mark}{rest}{kept}"

"""Puts a model's playable page on the Hub as a static Space, and the whole page as a Gradio one.

Every account may host static Spaces for free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete
from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined]

from charrnn.hub.account import checked_name, endpoint_of, write_token
from charrnn.hub.calls import Call, Transfer, blocking, supervise
from charrnn.hub.card import LIBRARY
from charrnn.hub.faults import HubError
from charrnn.hub.push import Pushed, commit, names_in, repository, sign_in

FOLDERS = ("charrnn", "data", "pretrained")
FILES = ("app.py", "README.md", "requirements.txt", "pyproject.toml", "LICENSE")
SUFFIXES = {".py", ".js", ".css", ".html", ".json", ".txt", ".md", ".npz"}
NEEDED = ("app.py", "README.md", "requirements.txt")


def pushing_page(
    html: str,
    repo_id: str,
    *,
    title: str = "",
    model_id: str = "",
    token: str | None = None,
    private: bool = False,
    endpoint: str | None = None,
) -> Iterator[Transfer[Pushed]]:
    """Put a self-contained web page on the Hub as a static Space.

    `push_page` returns the Pushed; `pushing_page` yields a Transfer a step, and it with the last.

    html: the page, as `charrnn.formats.web.to_html` makes it. model_id: the model's repository,
    which the Space then links to. Other arguments as in `push_to_hub`. Raises HubError.
    """
    name = checked_name(repo_id, "owner").split("/")[1]
    metadata = {
        "title": title or name,
        "emoji": "🔤",
        "colorFrom": "indigo",
        "colorTo": "gray",
        "sdk": "static",
        "app_file": "index.html",
        "short_description": "A character-level RNN that writes in your browser",
        "tags": [LIBRARY],
        **({"models": [checked_name(model_id)]} if model_id else {}),
    }
    readme = (
        f"---\n{yaml_dump(metadata, sort_keys=False)}---\n\n"
        "A recurrent network that runs in the page itself. Made with charrnn.\n"
    )
    files = {"index.html": html.encode(), "README.md": readme.encode()}
    return _pushing(repo_id, "static", files, private, token, endpoint, "Push a playable page")


push_page = blocking(pushing_page, "push_page")


def deploying(
    repo_id: str,
    root: Path,
    *,
    token: str | None = None,
    private: bool = False,
    endpoint: str | None = None,
) -> Iterator[Transfer[Pushed]]:
    """Put the whole page on the Hub as a Gradio Space; yields a Transfer a step. Raises HubError.

    root: a checkout of charrnn, whose README.md has the Space's metadata. The Space gets its
    package, texts, pretrained models and app.py, and loses what an earlier deployment left in
    their folders.
    """
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if missing:
        raise HubError(f"Run this in a checkout of charrnn: there is no {missing[0]} in {root}.")
    paths = [*map(root.joinpath, FILES), *(p for f in FOLDERS for p in (root / f).rglob("*"))]
    files = {
        path.relative_to(root).as_posix(): path
        for path in paths
        if path.is_file() and (path.suffix in SUFFIXES or path.name == "LICENSE")
    }
    return _pushing(repo_id, "gradio", files, private, token, endpoint, "Deploy charrnn")


def _pushing(
    repo_id: str,
    sdk: str,
    files: Mapping[str, bytes | Path],
    private: bool,
    token: str | None,
    endpoint: str | None,
    message: str,
) -> Iterator[Transfer[Pushed]]:
    """Make a Space hold these files, in one commit."""
    secret, address = write_token(token), endpoint_of(endpoint)
    size = sum(len(f) if isinstance(f, bytes) else f.stat().st_size for f in files.values())

    def work(call: Call) -> Pushed:
        call.allow(size)
        api, name = sign_in(call, address, secret, repo_id)
        before = repository(api, name, private, sdk)
        left = {path for path in names_in(before) if path.split("/")[0] in FOLDERS} - files.keys()
        call.report(f"Uploading {len(files)} files, {size / 1e6:,.1f} MB", 0.3)
        additions = [CommitOperationAdd(path, data) for path, data in sorted(files.items())]
        deletions = [CommitOperationDelete(path) for path in sorted(left)]
        return commit(api, before, [*additions, *deletions], message)

    return supervise(work, repo_id)

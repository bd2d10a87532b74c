"""Spaces: a model's playable page as a static one, which every account may host free, and the
whole page as a Gradio one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import SpaceInfo
from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined]

from charrnn.hub.account import checked_name, client, endpoint_of, write_token
from charrnn.hub.calls import Call, Transfer, result_of, supervise
from charrnn.hub.card import LIBRARY
from charrnn.hub.faults import HubError
from charrnn.hub.push import FRESH, Pushed, whose

LOOK = {"emoji": "🔤", "colorFrom": "indigo", "colorTo": "gray"}
PYTHON = "3.12"
SCOPES = ["contribute-repos"]
"""The least right that sharing needs: make repositories, and reach those made here."""

FOLDERS = ("charrnn", "data", "pretrained")
FILES = ("app.py", "README.md", "requirements.txt", "pyproject.toml", "LICENSE")
ENDINGS = {".py", ".js", ".css", ".html", ".json", ".txt", ".md", ".npz"}
MARK = "charrnn/__init__.py"
"""The file by which an earlier deployment is known."""
NEEDED = ("app.py", "requirements.txt")


@dataclass(frozen=True)
class _Space:
    """A Space as it shall be: all of it is one commit."""

    repo_id: str
    sdk: str
    files: Mapping[str, bytes | Path]
    private: bool
    endpoint: str
    message: str


def push_page(
    html: str,
    repo_id: str,
    *,
    title: str = "",
    model_id: str = "",
    token: str | None = None,
    private: bool = False,
    endpoint: str | None = None,
) -> Pushed:
    """Put a self-contained web page on the Hub as a static Space, which costs nothing to host.

    html: the page, as `charrnn.formats.web.to_html` makes it. model_id: the model's repository,
    which the Space then links to. Other arguments as in `push_to_hub`. Raises HubError.
    """
    return result_of(
        pushing_page(
            html, repo_id, title=title, model_id=model_id,
            token=token, private=private, endpoint=endpoint,
        )
    )  # fmt: skip


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
    """`push_page`, telling where it is; the last Transfer has the result. Raises HubError."""
    name = checked_name(repo_id, "owner").split("/")[1]
    facts: dict[str, Any] = {
        "title": title or name,
        **LOOK,
        "sdk": "static",
        "app_file": "index.html",
        "short_description": "A character-level RNN that writes in your browser",
        "tags": [LIBRARY],
    }
    if model_id:
        facts["models"] = [checked_name(model_id)]
    words = "A recurrent network that runs in the page itself. Made with charrnn.\n"
    files = {"index.html": html.encode(), "README.md": with_front_matter(words, facts)}
    return _pushing(
        _Space(repo_id, "static", files, private, endpoint_of(endpoint), "Push a playable page"),
        write_token(token),
    )


def deploying(
    repo_id: str,
    root: Path,
    *,
    token: str | None = None,
    private: bool = False,
    endpoint: str | None = None,
) -> Iterator[Transfer[Pushed]]:
    """Put the whole page on the Hub as a Gradio Space, telling where it is. Raises HubError.

    root: a checkout of charrnn. The Space gets its package, texts, pretrained models and app.py,
    and loses what an earlier deployment left in their folders.
    """
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if missing:
        raise HubError(f"Run this in a checkout of charrnn: there is no {missing[0]} in {root}.")
    files: dict[str, bytes | Path] = {}
    for path in (*map(root.joinpath, FILES), *(p for f in FOLDERS for p in (root / f).rglob("*"))):
        if path.is_file() and (path.suffix in ENDINGS or path.name == "LICENSE"):
            files[path.relative_to(root).as_posix()] = path
    readme = root / "README.md"
    words = readme.read_text("utf-8") if readme.is_file() else "# charrnn\n"
    files["README.md"] = with_front_matter(words, front_matter())
    return _pushing(
        _Space(repo_id, "gradio", files, private, endpoint_of(endpoint), "Deploy charrnn"),
        write_token(token),
    )


def front_matter() -> dict[str, Any]:
    """What the Hub must know to build and run the page; tests hold it against what is installed."""
    return {
        "title": "charrnn",
        **LOOK,
        "sdk": "gradio",
        "sdk_version": version("gradio"),
        "python_version": PYTHON,
        "app_file": "app.py",
        "license": "mit",
        "short_description": "Train a character-level RNN and look inside it",
        "suggested_hardware": "cpu-basic",
        "tags": [LIBRARY, "rnn", "lstm", "gru", "numpy", "education"],
        "hf_oauth": True,
        "hf_oauth_scopes": SCOPES,
    }


def with_front_matter(text: str, facts: Mapping[str, Any]) -> bytes:
    """A README with the metadata that the Hub reads; one that has its own stays as it is."""
    if text.startswith("---\n"):
        return text.encode()
    return f"---\n{yaml_dump(dict(facts), sort_keys=False)}---\n\n{text}".encode()


def _pushing(space: _Space, token: str) -> Iterator[Transfer[Pushed]]:
    return supervise(lambda call: _push(call, client(space.endpoint, token), space), space.repo_id)


def _push(call: Call, api: HfApi, space: _Space) -> Pushed:
    sizes = [len(f) if isinstance(f, bytes) else f.stat().st_size for f in space.files.values()]
    call.allow(sum(sizes))
    call.report("Checking the token", 0.05)
    repo_id = checked_name(space.repo_id, whose(api))
    call.report(f"Making {repo_id} ready", 0.15)
    before = _repository(api, repo_id, space)
    there = {file.rfilename for file in before.siblings or ()}
    old = {path for path in there if path.startswith(tuple(f"{name}/" for name in FOLDERS))}
    call.report(f"Uploading {len(sizes)} files, {sum(sizes) / 1e6:,.1f} MB", 0.3)
    commit = api.create_commit(
        repo_id,
        [
            *(CommitOperationAdd(path, data) for path, data in sorted(space.files.items())),
            *(CommitOperationDelete(path) for path in sorted(old - space.files.keys())),
        ],
        commit_message=space.message,
        repo_type="space",
        parent_commit=before.sha,
    )
    url = f"{space.endpoint}/spaces/{repo_id}"
    changed = commit.oid != before.sha
    return Pushed(repo_id, url, str(commit.oid), bool(before.private), changed)


def _repository(api: HfApi, repo_id: str, space: _Space) -> SpaceInfo:
    """The Space as it is, made if there was none. Raises HubError for one of another kind."""
    try:
        found = api.space_info(repo_id)
    except RepositoryNotFoundError:
        api.create_repo(repo_id, repo_type="space", space_sdk=space.sdk, private=space.private)
        return api.space_info(repo_id)
    card: Any = found.card_data
    tags = {*(found.tags or ()), *((card.get("tags") if card else None) or ())}
    there = {file.rfilename for file in found.siblings or ()}
    ours = found.sdk == space.sdk and (LIBRARY in tags or MARK in there)
    if not (ours or there <= FRESH):
        raise HubError(f"There is another Space called {repo_id}. Choose another name.")
    if space.private and not found.private:
        raise HubError(f"{repo_id} is public. Make it private on the Hub, or choose another name.")
    return found

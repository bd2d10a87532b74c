"""Puts a model's playable page on the Hub as a static Space; the common part of every Space.

Every account may host static Spaces for free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined]

from charrnn.hub.account import checked_name, endpoint_of, write_token
from charrnn.hub.calls import Call, Transfer, blocking, supervise
from charrnn.hub.card import LIBRARY
from charrnn.hub.push import Pushed, commit, names_in, repository, sign_in

FOLDERS = ("charrnn", "data", "pretrained")


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
    return pushing_files(repo_id, "static", files, private, token, endpoint, "Push a playable page")


push_page = blocking(pushing_page, "push_page")


def pushing_files(
    repo_id: str,
    sdk: str,
    files: Mapping[str, bytes | Path],
    private: bool,
    token: str | None,
    endpoint: str | None,
    message: str,
    *,
    create: Callable[[HfApi, str], None] | None = None,
    prepare: Callable[[HfApi, str], None] | None = None,
) -> Iterator[Transfer[Pushed]]:
    """Put these files into a Space, in one commit.

    create: makes a Space that does not exist; by default one that needs no hardware. prepare:
    called with the Space's full name before its files are uploaded, and may still change them.
    """
    secret, address = write_token(token), endpoint_of(endpoint)
    size = sum(len(f) if isinstance(f, bytes) else f.stat().st_size for f in files.values())

    def work(call: Call) -> Pushed:
        call.allow(size)
        api, name = sign_in(call, address, secret, repo_id)
        before = repository(api, name, private, sdk, create)
        if prepare:
            prepare(api, name)
        left = {path for path in names_in(before) if path.split("/")[0] in FOLDERS} - files.keys()
        call.report(f"Uploading {len(files)} files, {size / 1e6:,.1f} MB", 0.3)
        additions = [CommitOperationAdd(path, data) for path, data in sorted(files.items())]
        deletions = [CommitOperationDelete(path) for path in sorted(left)]
        return commit(api, before, [*additions, *deletions], message)

    return supervise(work, repo_id)

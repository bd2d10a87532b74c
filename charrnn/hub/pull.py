"""Pulls a model from its repository: checks its size first, and never trusts the file.

Each download has its own folder; in a shared one it would wait for an earlier one that hangs.
On a user's own machine, a model that could be read goes into the client's cache, as with every
library of the Hub: a second pull downloads nothing, and HF_HUB_OFFLINE=1 works. A page
caches only for its machine's user, because a cache would hand a private model to the next visitor.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.hf_api import ModelInfo
from tqdm import tqdm

from charrnn import files
from charrnn.formats import npz
from charrnn.hub.account import client, endpoint_of, on_space, read_token
from charrnn.hub.calls import Call, Transfer, blocking, supervise
from charrnn.hub.faults import HubError
from charrnn.hub.names import checked_model
from charrnn.hub.push import CONFIG, PULLED_FROM, WEIGHTS, sizes_of
from charrnn.network.model import CharRNN
from charrnn.training import checkpoint

CONFIG_BYTES = 1_000_000
"""Bytes of a config.json that is fetched for the download count; ours has some thousands."""


def pulling(
    repo_id: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    max_bytes: int = npz.MAX_BYTES,
    cache: bool | None = None,
    endpoint: str | None = None,
) -> Iterator[Transfer[CharRNN]]:
    """Load a model from the Hub by its name, USER/NAME, or its address; see `checked_model`.

    `from_hub` returns the model; `pulling` yields a Transfer a step, and it with the last.

    revision: a branch, tag or commit; None takes the newest. `model.metadata["hub"]` says which
    commit it was. token: None takes HF_TOKEN or the client's own login, but never on a Space;
    False asks without one. max_bytes: a larger file is refused before it is downloaded.
    cache: whether to keep the file in this machine's cache; None does, but never on a Space.
    Raises HubError.
    """
    name, wanted = checked_model(repo_id, revision, endpoint)
    secret = read_token(token)
    api = client(endpoint_of(endpoint), secret)
    cached = not on_space() if cache is None else cache

    def pull(call: Call) -> CharRNN:
        if cached and constants.is_offline_mode():
            data, commit = _offline(api, name, wanted, max_bytes)
            return _read(data, name, commit, max_bytes)
        call.report(f"Looking for {name}", 0.05)
        repo = api.model_info(name, revision=wanted, files_metadata=True)
        path, size = _weights_of(repo)
        _check_size(name, size, max_bytes)
        there = try_to_load_from_cache(name, path, revision=repo.sha) if cached else None
        if isinstance(there, str):
            return _read(Path(there).read_bytes(), name, str(repo.sha), max_bytes)
        data = _download(call, api, repo, path, size, max_bytes)
        model = _read(data, name, str(repo.sha), max_bytes)
        if cached:
            _remember(name, path, wanted or "main", str(repo.sha), data)
        return model

    return supervise(pull, name, signed_in=bool(secret), reading=True)


from_hub = blocking(pulling, "from_hub")


def _download(
    call: Call, api: HfApi, repo: ModelInfo, path: str, size: int, max_bytes: int
) -> bytes:
    """The bytes of a repository's model file."""
    call.allow(size)
    step = f"Downloading {size / 1e6:,.1f} MB"
    call.report(step, 0.1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        where: dict[str, Any] = {"revision": repo.sha, "cache_dir": folder}
        bar = _bar(call, step, max(size, 1), max_bytes)
        data = Path(api.hf_hub_download(repo.id, path, tqdm_class=bar, **where)).read_bytes()
        call.report("Checking the file", 0.95)
        if 0 < sizes_of(repo).get(CONFIG, 0) <= CONFIG_BYTES:
            with suppress(HfHubHTTPError, OSError):  # only so that the Hub counts the download
                api.hf_hub_download(repo.id, CONFIG, **where)
    return data


def _remember(name: str, path: str, revision: str, commit: str, data: bytes) -> None:
    """Put a file into the client's cache, and record which commit the revision is.

    The layout without links, as on Windows; see "Understand caching" in the client's guide.
    """
    folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="model")
    contents = {folder / "snapshots" / commit / path: data}
    if revision != commit:
        contents[folder / "refs" / revision] = commit.encode()
    with suppress(OSError):  # a cache that cannot be written costs no model
        for file, content in contents.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            files.write(file, content)


def _offline(api: HfApi, name: str, revision: str | None, max_bytes: int) -> tuple[bytes, str]:
    """The file that an earlier pull left in this machine's cache, and its commit."""
    try:
        path = Path(api.hf_hub_download(name, WEIGHTS, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, ValueError):
        raise HubError(
            f"HF_HUB_OFFLINE keeps the Hub client offline, and {name} is not in this machine's "
            "cache. Unset it, then try again."
        ) from None
    _check_size(name, path.stat().st_size, max_bytes)
    return path.read_bytes(), path.parent.name


def _check_size(name: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise HubError(
            f"{name} takes {size / 1e6:,.1f} MB, and the limit here is {max_bytes / 1e6:,.1f} MB."
        )


def _read(data: bytes, name: str, commit: str, max_bytes: int) -> CharRNN:
    """The model in a file, checked whether it was downloaded or cached. Raises HubError."""
    try:
        model = checkpoint.Checkpoint.from_bytes(data, max_bytes).model
    except checkpoint.ModelFileError as error:
        raise HubError(f"{name} cannot be opened. {error}") from None
    model.metadata[PULLED_FROM] = {"repo_id": name, "revision": commit}
    return model


def _weights_of(repo: ModelInfo) -> tuple[str, int]:
    """The path of a repository's model file, and its size in bytes. Raises HubError."""
    sizes = sizes_of(repo)
    found = [path for path in sizes if path.endswith(".npz")]
    if WEIGHTS in sizes:
        return WEIGHTS, sizes[WEIGHTS]
    if len(found) == 1:
        return found[0], sizes[found[0]]
    raise HubError(f"{repo.id} holds no charrnn model: there is no {WEIGHTS} in it.")


def _bar(call: Call, step: str, size: int, max_bytes: int) -> type[tqdm]:
    """A progress bar that draws nothing but reports to the call.

    It ends the download when the call is over, or when it grows past what the Hub announced.
    """

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})
            self.received = 0.0

        def update(self, n: float | None = 1) -> bool | None:
            self.received += n or 0
            if self.received > max_bytes:
                raise HubError("The download grew past the size that the Hub announced.")
            call.report(step, 0.1 + 0.8 * self.received / size)
            return None

    return Bar

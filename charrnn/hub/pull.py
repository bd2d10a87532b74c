"""Pulls a model from its repository, after a look at its size, and reads it as a stranger's file.

Every pull has a cache folder of its own. A shared one would give a private model to the next
visitor, because the client answers from its cache when the Hub refuses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import ModelInfo
from tqdm import tqdm

from charrnn.formats import npz
from charrnn.hub.account import checked_name, checked_revision, client, endpoint_of, read_token
from charrnn.hub.calls import Call, Transfer, blocking, supervise
from charrnn.hub.faults import HubError
from charrnn.hub.push import CONFIG, PULLED_FROM, WEIGHTS
from charrnn.network.model import CharRNN
from charrnn.training import checkpoint


def pulling(
    repo_id: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    max_bytes: int = npz.MAX_BYTES,
    endpoint: str | None = None,
) -> Iterator[Transfer[CharRNN]]:
    """Load a model from the Hub by its name, USER/NAME.

    `from_hub` returns the model; `pulling` yields a Transfer a step, and it with the last.

    revision: a branch, tag or commit; None takes the newest. `model.metadata["hub"]` says which
    commit it was. token: None takes HF_TOKEN or the client's own login, but never on a Space;
    False asks without one. max_bytes: a larger file is refused before it is downloaded.
    Raises HubError.
    """
    name, wanted = checked_name(repo_id), checked_revision(revision)
    secret = read_token(token)
    api = client(endpoint_of(endpoint), secret)
    return supervise(
        lambda call: _pull(call, api, name, wanted, max_bytes), name, signed_in=bool(secret)
    )


from_hub = blocking(pulling, "from_hub")


def _pull(call: Call, api: HfApi, name: str, revision: str | None, max_bytes: int) -> CharRNN:
    call.report(f"Looking for {name}", 0.05)
    repo = api.model_info(name, revision=revision, files_metadata=True)
    path, size = _weights_of(repo)
    if size > max_bytes:
        raise HubError(
            f"{name} takes {size / 1e6:,.1f} MB, and the limit here is {max_bytes / 1e6:,.1f} MB."
        )
    call.allow(size)
    step = f"Downloading {size / 1e6:,.1f} MB"
    call.report(step, 0.1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        where: dict[str, Any] = {"revision": repo.sha, "cache_dir": folder}
        bar = _bar(call, step, max(size, 1), max_bytes)
        data = Path(api.hf_hub_download(name, path, tqdm_class=bar, **where)).read_bytes()
        call.report("Checking the file", 0.95)
        with suppress(HfHubHTTPError, OSError):  # only so that the Hub counts the download
            api.hf_hub_download(name, CONFIG, **where)
    try:
        model = checkpoint.Checkpoint.from_bytes(data, max_bytes).model
    except checkpoint.ModelFileError as error:
        raise HubError(f"{name} cannot be opened. {error}") from None
    model.metadata[PULLED_FROM] = {"repo_id": name, "revision": str(repo.sha)}
    return model


def _weights_of(repo: ModelInfo) -> tuple[str, int]:
    """The path of a repository's model file, and its size in bytes. Raises HubError."""
    sizes = {file.rfilename: file.size or 0 for file in repo.siblings or ()}
    files = [path for path in sizes if path.endswith(".npz")]
    if WEIGHTS in sizes:
        return WEIGHTS, sizes[WEIGHTS]
    if len(files) == 1:
        return files[0], sizes[files[0]]
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

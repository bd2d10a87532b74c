"""Pushes a model to its repository in one commit of weights, config.json and card."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo, SpaceInfo

from charrnn.formats.safetensors import to_safetensors
from charrnn.hub.account import checked_name, client, endpoint_of, write_token
from charrnn.hub.calls import Call, Transfer, blocking, supervise
from charrnn.hub.card import LIBRARY, card
from charrnn.hub.faults import HubError
from charrnn.hub.names import bare_name
from charrnn.network.model import CharRNN
from charrnn.training import checkpoint
from charrnn.vocabulary import UNKNOWN

WEIGHTS, CONFIG, CARD = "weights.npz", "config.json", "README.md"
TENSORS = "model.safetensors"
EMPTY = {".gitattributes", CARD}
"""The files of a repository into which nobody has put anything."""
DEPLOYED = "charrnn/__init__.py"
"""A file that shows that charrnn has deployed this Space before."""

CARD_BYTES = 1_000_000
"""Bytes of a card to write again; ours has some thousands."""

LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,39}")
PULLED_FROM = "hub"
"""The entry of a pulled model's metadata that says where it came from."""


@dataclass(frozen=True)
class Pushed:
    """What a push has put on the Hub."""

    repo_id: str
    url: str
    revision: str
    """The commit that holds it."""
    private: bool
    changed: bool
    """False when the same content was there already."""


def pushing(
    model: CharRNN,
    repo_id: str,
    *,
    token: str | None = None,
    private: bool = False,
    license: str | None = None,  # noqa: A002  the word that the Hub and every flag use
    dataset: str = "",
    space: str | None = None,
    endpoint: str | None = None,
) -> Iterator[Transfer[Pushed]]:
    """Put a model on the Hub, in a new repository or as a new commit of one made by charrnn.

    `push_to_hub` returns the Pushed; `pushing` yields a Transfer a step, and it with the last.

    repo_id: USER/NAME, or NAME for the token's owner. token: None takes HF_TOKEN or the client's
    own login, but never on a Space. private: who sees a new repository; a private model is never
    put into a public one. license: the Hub's name of it; None keeps what the card says. dataset:
    the text's name on the Hub, if it has one. space: the Space that the card links to; None takes
    SPACE_ID. Raises HubError, after which the repository is as it was.
    """
    repo_id = bare_name(repo_id, endpoint=endpoint)
    checked_name(repo_id, "owner")
    if license is not None and not LICENSE.fullmatch(license):
        raise HubError("A license is one of the Hub's names, such as mit or cc-by-4.0.")
    secret, address = write_token(token), endpoint_of(endpoint)
    files = model_files(model)
    write_card = partial(
        card,
        model,
        license=license or None,
        dataset=checked_name(bare_name(dataset, "datasets", endpoint)) if dataset else "",
        space=checked_name(bare_name(space, "spaces", endpoint))
        if space
        else os.environ.get("SPACE_ID", ""),
        endpoint=address,
    )
    connect = partial(sign_in, endpoint=address, token=secret, repo_id=repo_id)
    return supervise(lambda call: _push(call, connect, files, write_card, private), repo_id)


push_to_hub = blocking(pushing, "push_to_hub")


def model_files(model: CharRNN) -> dict[str, bytes]:
    """A repository's files besides its card. Raises HubError.

    model.safetensors is for the Hub, which reads the number of weights from it, and for people who
    load them elsewhere; it is left out for a cell that PyTorch does not have.
    """
    contents = {WEIGHTS: _weights(model), CONFIG: config_json(model)}
    with suppress(ValueError):
        contents[TENSORS] = to_safetensors(model)
    return contents


def config_json(model: CharRNN) -> bytes:
    """The repository's config.json: the architecture, for people and for the download count."""
    known = [symbol for symbol in model.vocabulary.symbols if symbol != UNKNOWN]
    config = {
        "model_type": LIBRARY,
        **dataclasses.asdict(model.config),
        "vocab_size": len(model.vocabulary),
        "words": model.vocabulary.words,
        "cleaning": model.vocabulary.cleaning,
        "parameters": model.parameters.vector.size,
        **({} if model.vocabulary.words else {"characters": "".join(known)}),
    }
    return (json.dumps(config, ensure_ascii=True, indent=2) + "\n").encode()


def sign_in(call: Call, endpoint: str, token: str, repo_id: str) -> tuple[HfApi, str]:
    """A client for the token, and the full name of the repository. Raises HubError."""
    call.report("Checking the token", 0.05)
    api = client(endpoint, token)
    name = checked_name(repo_id, owner_of(api))
    call.report(f"Preparing {name}", 0.15)
    return api, name


def owner_of(api: HfApi) -> str:
    """The name of the user whose token this is. Raises HubError as `account_of` does."""
    return str(account_of(api)["name"])


def account_of(api: HfApi) -> dict[str, Any]:
    """The user whose token this is. Raises HubError for a token that may only read."""
    user: dict[str, Any] = api.whoami()
    if user.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise HubError("This token may only read. Make one that may write to your repositories.")
    return user


def commit(
    api: HfApi,
    before: ModelInfo | SpaceInfo,
    operations: Sequence[CommitOperationAdd | CommitOperationDelete],
    message: str,
) -> Pushed:
    """Change a repository, unless somebody else has changed it since `before` was read."""
    space = isinstance(before, SpaceInfo)
    done = api.create_commit(
        before.id,
        operations,
        commit_message=message,
        repo_type="space" if space else None,
        parent_commit=before.sha,
    )
    url = f"{api.endpoint}/{'spaces/' if space else ''}{before.id}"
    return Pushed(before.id, url, str(done.oid), bool(before.private), done.oid != before.sha)


def repository(
    api: HfApi,
    name: str,
    private: bool,
    sdk: str | None = None,
    create: Callable[[HfApi, str], None] | None = None,
) -> ModelInfo | SpaceInfo:
    """A model's repository, or a Space if `sdk` names what runs it, created if there was none.

    create: makes it in a way other than the default. Raises HubError for a repository that has
    other content, or is public where `private` is wanted.
    """
    look: Callable[[str], ModelInfo | SpaceInfo] = api.space_info if sdk else api.model_info
    try:
        before = look(name)
    except RepositoryNotFoundError:
        kind = "space" if sdk else None
        if create:
            create(api, name)
        else:
            api.create_repo(name, repo_type=kind, space_sdk=sdk, private=private)
        return look(name)
    there = names_in(before)
    card_tags = (before.card_data.get("tags") if before.card_data else None) or ()
    ours = LIBRARY in {*(before.tags or ()), *card_tags} or (sdk and DEPLOYED in there)
    if not ((ours and getattr(before, "sdk", None) == sdk) or there <= EMPTY):
        raise HubError(f"{name} is there already and holds something else. Choose another name.")
    if private and not before.private:
        raise HubError(f"{name} is public. Make it private on the Hub, or choose another name.")
    return before


def names_in(repo: ModelInfo | SpaceInfo) -> set[str]:
    """The paths of a repository's files."""
    return set(sizes_of(repo))


def sizes_of(repo: ModelInfo | SpaceInfo) -> dict[str, int]:
    """The bytes of a repository's files by their paths, 0 where the Hub was not asked."""
    return {file.rfilename: file.size or 0 for file in repo.siblings or ()}


def _push(
    call: Call,
    connect: Callable[[Call], tuple[HfApi, str]],
    files: dict[str, bytes],
    write_card: Callable[..., str],
    private: bool,
) -> Pushed:
    size = sum(map(len, files.values()))
    call.allow(size)
    api, name = connect(call)
    before = repository(api, name, private)
    old = _old_card(api, name) if CARD in names_in(before) else ""
    call.report("Writing the card", 0.25)
    contents = {**files, CARD: write_card(name, old=old).encode()}
    operations = {path: CommitOperationAdd(path, data) for path, data in contents.items()}
    for number, path in enumerate(sorted(files.keys() & {WEIGHTS, TENSORS})):
        # One at a time: several would be uploaded in threads that know nothing of the call.
        call.report(f"Uploading {size / 1e6:,.1f} MB", 0.4 + 0.2 * number)
        api.preupload_lfs_files(name, [operations[path]], free_memory=False)
    call.report("Committing", 0.8)
    return commit(api, before, [*operations.values()], "Push a model with charrnn")


def _weights(model: CharRNN) -> bytes:
    """The model's file, without the note of where it was pulled from. Raises HubError."""
    metadata = {name: value for name, value in model.metadata.items() if name != PULLED_FROM}
    try:
        return checkpoint.Checkpoint(
            CharRNN(model.vocabulary, model.config, model.parameters, metadata=metadata)
        ).to_bytes()
    except checkpoint.ModelFileError as error:
        raise HubError(str(error)) from None


def _old_card(api: HfApi, name: str) -> str:
    """The present card; "" if there is none. Raises HubError for one too large to keep.

    It may be a stranger's: anybody who may write to the repository may have put it there.
    """
    before = api.model_info(name, files_metadata=True)
    size = sizes_of(before).get(CARD)
    if size is None:
        return ""
    if size > CARD_BYTES:
        raise HubError(
            f"The README.md of {name} takes {size / 1e6:,.1f} MB, and at most "
            f"{CARD_BYTES / 1e6:,.1f} MB can be kept. Shorten it on the Hub, then push again."
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = api.hf_hub_download(before.id, CARD, revision=before.sha, cache_dir=folder)
        return Path(path).read_bytes().decode("utf-8", "replace")

"""A model to its repository, in one commit: the weights, config.json and the card, or nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo

from charrnn.hub.account import checked_name, client, endpoint_of, write_token
from charrnn.hub.calls import Call, Transfer, result_of, supervise
from charrnn.hub.card import LIBRARY, card
from charrnn.hub.faults import HubError
from charrnn.network.model import CharRNN
from charrnn.training import checkpoint
from charrnn.vocabulary import UNKNOWN

WEIGHTS, CONFIG, CARD = "weights.npz", "config.json", "README.md"
FRESH = {".gitattributes", CARD}
"""The files of a repository that nobody has put anything into."""

LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,39}")
HERE = "hub"
"""The entry of a pulled model's metadata that says where it is from."""


@dataclass(frozen=True)
class Pushed:
    """A model that is on the Hub now."""

    repo_id: str
    url: str
    revision: str
    """The commit that holds it."""
    private: bool
    changed: bool
    """False when the very same model and card were there already."""


@dataclass(frozen=True)
class _Plan:
    """What was asked for, checked."""

    model: CharRNN
    repo_id: str
    private: bool
    license: str | None
    dataset: str
    space: str
    endpoint: str
    weights: bytes


def push_to_hub(
    model: CharRNN,
    repo_id: str,
    *,
    token: str | None = None,
    private: bool = False,
    license: str | None = None,  # noqa: A002  the word that the Hub and every flag use
    dataset: str = "",
    space: str | None = None,
    endpoint: str | None = None,
) -> Pushed:
    """Put a model on the Hub, in a new repository or as a new commit of one made by charrnn.

    repo_id: USER/NAME, or NAME for the token's owner. token: None takes HF_TOKEN or the client's
    own login, but never on a Space. private: who sees a new repository; a public one is never
    filled with a model that should be private. license: a name of the Hub's; None keeps what the
    card says. dataset: the text's name on the Hub, if it has one. space: the Space that the card
    links to; None takes SPACE_ID. Raises HubError; then the repository is as it was.
    """
    return result_of(
        pushing(
            model, repo_id, token=token, private=private, license=license,
            dataset=dataset, space=space, endpoint=endpoint,
        )
    )  # fmt: skip


def pushing(
    model: CharRNN,
    repo_id: str,
    *,
    token: str | None = None,
    private: bool = False,
    license: str | None = None,  # noqa: A002
    dataset: str = "",
    space: str | None = None,
    endpoint: str | None = None,
) -> Iterator[Transfer[Pushed]]:
    """`push_to_hub`, telling where it is; the last Transfer has the result. Raises HubError."""
    checked_name(repo_id, "owner")
    if license is not None and not LICENSE.fullmatch(license):
        raise HubError("A license is one of the Hub's names, such as mit or cc-by-4.0.")
    secret = write_token(token)
    plan = _Plan(
        model=model,
        repo_id=repo_id,
        private=private,
        license=license or None,
        dataset=checked_name(dataset) if dataset else "",
        space=checked_name(space) if space else os.environ.get("SPACE_ID", ""),
        endpoint=endpoint_of(endpoint),
        weights=_weights(model),
    )
    return supervise(lambda call: _push(call, client(plan.endpoint, secret), plan), repo_id)


def config_json(model: CharRNN) -> bytes:
    """The repository's config.json: the architecture, for people and for the download count."""
    known = [symbol for symbol in model.vocabulary.symbols if symbol != UNKNOWN]
    facts = {
        "model_type": LIBRARY,
        **dataclasses.asdict(model.config),
        "vocab_size": len(model.vocabulary),
        "words": model.vocabulary.words,
        "cleaning": model.vocabulary.cleaning,
        "parameters": model.parameters.vector.size,
        **({} if model.vocabulary.words else {"characters": "".join(known)}),
    }
    return (json.dumps(facts, ensure_ascii=True, indent=2) + "\n").encode()


def whose(api: HfApi) -> str:
    """The user whose token this is. Raises HubError for one that may only read."""
    who = api.whoami()
    if who.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise HubError("This token may only read. Make one that may write to your repositories.")
    return str(who["name"])


def _weights(model: CharRNN) -> bytes:
    """The model's file, without the note of where it was pulled from."""
    metadata = {name: value for name, value in model.metadata.items() if name != HERE}
    try:
        return checkpoint.Checkpoint(
            CharRNN(model.vocabulary, model.config, model.parameters, metadata=metadata)
        ).to_bytes()
    except checkpoint.ModelFileError as error:
        raise HubError(str(error)) from None


def _push(call: Call, api: HfApi, plan: _Plan) -> Pushed:
    call.allow(len(plan.weights))
    call.report("Checking the token", 0.05)
    repo_id = checked_name(plan.repo_id, whose(api))
    call.report(f"Making {repo_id} ready", 0.15)
    before, made = _repository(api, repo_id, plan.private)
    files = {file.rfilename for file in before.siblings or ()}
    if not made:
        _check_ours(before, files, plan.private)
    old = _old_card(api, before) if CARD in files else ""
    call.report("Writing the card", 0.25)
    words = card(
        plan.model, repo_id, license=plan.license, dataset=plan.dataset,
        space=plan.space, endpoint=plan.endpoint, old=old,
    )  # fmt: skip
    contents = {WEIGHTS: plan.weights, CONFIG: config_json(plan.model), CARD: words.encode()}
    size = len(plan.weights)
    call.report(f"Uploading {size / 1e6:,.1f} MB", 0.4)
    commit = api.create_commit(
        repo_id,
        [CommitOperationAdd(path, data) for path, data in contents.items()],
        commit_message="Push a model with charrnn",
        parent_commit=before.sha,
    )
    changed = commit.oid != before.sha
    url = f"{plan.endpoint}/{repo_id}"
    return Pushed(repo_id, url, str(commit.oid), bool(before.private), changed)


def _repository(api: HfApi, repo_id: str, private: bool) -> tuple[ModelInfo, bool]:
    """The repository as it is, and whether it had to be made."""
    try:
        return api.model_info(repo_id), False
    except RepositoryNotFoundError:
        api.create_repo(repo_id, private=private)
        return api.model_info(repo_id), True


def _check_ours(before: ModelInfo, files: set[str], private: bool) -> None:
    """Refuse to fill a repository that is not for this. Raises HubError."""
    if LIBRARY not in (before.tags or ()) and not files <= FRESH:
        raise HubError(
            f"{before.id} is there already and holds something else. Choose another name."
        )
    if private and not before.private:
        raise HubError(
            f"{before.id} is public. Make it private in its settings on the Hub, "
            "or choose another name."
        )


def _old_card(api: HfApi, before: ModelInfo) -> str:
    """The card that is there now."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = api.hf_hub_download(before.id, CARD, revision=before.sha, cache_dir=folder)
        return Path(path).read_bytes().decode("utf-8", "replace")

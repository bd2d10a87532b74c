"""Understands the names of repositories as people type and paste them.

USER/NAME is what the Hub calls a repository. People also paste its address, write hf:// before it,
end it with a slash or add @REVISION; a revision also stands in an address after /tree/.
"""

from __future__ import annotations

import re

from charrnn.hub.account import checked_name, checked_revision, endpoint_of
from charrnn.hub.faults import HubError

HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
SCHEME = re.compile(r"(?:https?|hf)://", re.IGNORECASE)
KINDS = ("models", "datasets", "spaces")
PAGES = ("tree", "blob", "resolve", "commit")
"""What stands between a name and a revision in an address of the Hub."""


def checked_model(
    name: str, revision: str | None = None, endpoint: str | None = None
) -> tuple[str, str | None]:
    """USER/NAME and the revision, None for the newest, of a model named in any of these ways:

        USER/NAME, USER/NAME/, USER/NAME@REVISION, hf://USER/NAME@REVISION,
        https://huggingface.co/USER/NAME/tree/REVISION, huggingface.co/USER/NAME?a=b#c

    revision: a revision given separately. Raises HubError for what names no model, and for two
    revisions that differ.
    """
    repo_id, named = parse(name, "models", endpoint)
    wanted = checked_revision(revision)
    if wanted and named and wanted != named:
        raise HubError(f"{repo_id} is wanted at {named} and at {wanted}. Leave one of them out.")
    return checked_name(repo_id), wanted or checked_revision(named)


def bare_name(name: str, kind: str = "models", endpoint: str | None = None) -> str:
    """USER/NAME or NAME of a repository to write to. Raises HubError for one with a revision."""
    repo_id, revision = parse(name, kind, endpoint)
    if revision:
        raise HubError("Leave the revision out: what is written becomes the newest one.")
    return repo_id


def parse(name: str, kind: str, endpoint: str | None = None) -> tuple[str, str]:
    """The name and the revision ("" without one) in what was typed, both unchecked."""
    text = name.strip()[:500]
    rest = SCHEME.sub("", text, count=1)
    host, _, path = rest.partition("/")
    ours = SCHEME.sub("", endpoint_of(endpoint), count=1)
    if rest.lower().startswith(f"{ours.lower()}/"):
        rest = rest[len(ours) + 1 :]
    elif host.lower() in HOSTS:
        rest = path
    elif rest != text and not text.lower().startswith("hf://"):
        raise HubError(f"{text} is not an address of the Hub. Give USER/NAME.")
    rest = re.split("[?#]", rest, maxsplit=1)[0].strip("/")
    first, slash, after = rest.partition("/")
    if slash and first in KINDS and "/" in after:
        if first != kind:
            raise HubError(f"{after} is not a model but one of the Hub's {first}.")
        rest = after
    rest, _, revision = rest.partition("@")
    parts = rest.split("/")
    if len(parts) > 3 and parts[2] in PAGES:
        rest, revision = "/".join(parts[:2]), revision or parts[3]
    if text.lower().startswith("hf://") and not revision.startswith("refs/"):
        revision = revision.partition("/")[0]
    return rest, revision

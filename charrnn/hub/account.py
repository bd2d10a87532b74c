"""Checks tokens, endpoints and repository names before a call to the Hub.

On a Space the environment may hold its owner's token, which the client would use for a visitor who
has none. So nothing here falls back to it on a Space, and the client is always given either a token
or False.
"""

from __future__ import annotations

import os
import re
from typing import Literal

from huggingface_hub import HfApi, get_token

from charrnn.hub.faults import HubError

HUB = "https://huggingface.co"

ACCESS_TOKEN = re.compile(r"hf_[A-Za-z0-9]{20,200}")
OAUTH_TOKEN = re.compile(r"(?:hf_[a-z]{2,10}_)?[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{8,4000}){2}")
PART = r"[A-Za-z0-9](?:[A-Za-z0-9_]|[-.](?![-.])){0,94}[A-Za-z0-9_]?"
REPO_ID = re.compile(rf"(?:({PART})/)?({PART})")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,99}")

Token = str | Literal[False]


def endpoint_of(given: str | None = None) -> str:
    """The address of the Hub: as given, HF_ENDPOINT, or the public one."""
    return (given or os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def checked_token(token: str) -> str:
    """A token without the white space around it. Raises HubError, whose message never repeats it.

    The client's own message about a token with a line break in it would show all of it.
    """
    token = token.strip()
    if not token:
        raise HubError("Give a token: huggingface.co/settings/tokens makes one.")
    if not (ACCESS_TOKEN.fullmatch(token) or OAUTH_TOKEN.fullmatch(token)):
        raise HubError("That is not a token: a token is hf_ followed by letters and digits only.")
    return token


def on_space() -> bool:
    """Whether this process serves the visitors of a Space."""
    return bool(os.environ.get("SPACE_ID"))


def machine_token() -> str | None:
    """The token of this machine's user, HF_TOKEN or the client's login; None on a Space."""
    return None if on_space() else get_token()


def write_token(token: str | None) -> str:
    """The token to write with: as given, or the machine's own. Raises HubError without one."""
    token = machine_token() if token is None else token
    if token is None:
        raise HubError("Sign in first, or give a token that may write; HF_TOKEN can hold it.")
    return checked_token(token)


def read_token(token: str | bool | None) -> Token:
    """The token to read with, False for none: as given, or the machine's own, if it has one."""
    if token is None or token is True:
        token = machine_token()
    return checked_token(token) if isinstance(token, str) else False


def client(endpoint: str, token: Token) -> HfApi:
    """The Hub's client, bound to one endpoint and one token."""
    from charrnn import __version__

    return HfApi(
        endpoint=endpoint, token=token, library_name="charrnn", library_version=__version__
    )


def checked_name(repo_id: str, owner: str = "") -> str:
    """USER/NAME, with `owner` as the user where only NAME is given. Raises HubError."""
    match = REPO_ID.fullmatch(repo_id.strip())
    if not match or len(repo_id) > 200:
        raise HubError("A repository is called USER/NAME, in letters, digits, dots and dashes.")
    if not (match[1] or owner):
        raise HubError(f"Add the owner's name: USER/{match[2]}.")
    if match[2].endswith((".git", ".ipynb")):
        raise HubError("The name of a repository must not end in .git or .ipynb.")
    return f"{match[1] or owner}/{match[2]}"


def checked_revision(revision: str | None) -> str | None:
    """A branch, tag or commit; None for the newest. Raises HubError."""
    revision = (revision or "").strip()
    if revision and (".." in revision or not REVISION.fullmatch(revision)):
        raise HubError("A revision is a branch, a tag or the letters and digits of a commit.")
    return revision or None

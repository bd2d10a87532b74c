"""Every fault of a call to the Hub as one plain sentence that says what to do.

The client raises from six families: its own HTTP errors, httpx2's, the ConnectionError and
RuntimeError of hf_xet, files that are missing, ValueErrors, and what a damaged answer causes.
None of their texts is shown: a pasted token with a line break stands in them whole.
"""

from __future__ import annotations

import re

from huggingface_hub import errors
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # httpx2 today

from charrnn.training.checkpoint import ModelFileError


class HubError(ValueError):
    """A call to the Hub failed; the message is one sentence that says why and what to do."""


class OverError(Exception):
    """The call's time is up, or nobody waits for it any more."""


TOO_LATE = "The Hub did not answer in time. Try again in a minute."
UNREACHABLE = "The Hub cannot be reached. Check the network, then try again."
BUSY = "The Hub cannot be reached, or has trouble. Check the network, then try again."
CUT = "The connection to the Hub broke. Try again: what is there already is not done twice."
STRANGE = "The Hub sent an answer that makes no sense. Try again in a minute."

BY_STATUS = {
    400: "The Hub refused the request as malformed.",
    401: "The Hub does not accept the token: it is mistyped, expired or revoked. Make a new one.",
    402: "The Hub asks for a paid plan or credit for this; see docs/hub.md for what is free.",
    403: "The token has no right to do this to {name}. It needs write access to that repository.",
    404: "There is no {name} on the Hub, or it is private and not yours.",
    408: TOO_LATE,
    409: "The name {name} is taken. Choose another name.",
    412: "{name} was changed by someone else in the meantime. Look at it, then push again.",
    413: "The Hub refused {name}: it is too large for the account.",
    429: "The Hub has had too many requests from here. Try again in five minutes.",
}
SERVER = "The Hub has trouble (error {status}). Try again in some minutes."
OTHER = "The Hub refused the request (error {status})."

STATUS_IN_TEXT = re.compile(r"\b([45]\d\d)\b(?= [A-Z])")
"""hf_xet has no exception classes: "Network error: ... 403 Forbidden"."""


def sentence(error: BaseException, name: str = "", signed_in: bool = True, status: int = 0) -> str:
    """The sentence for an error that a call about the repository `name` raised.

    status: of the last answer.
    """
    for fault in _chain(error):
        if isinstance(fault, OverError):
            return too_late(status, name)
        found = _own_words(fault) or _by_class(fault, name, signed_in)
        if found:
            return found
    return f"The call to the Hub failed unexpectedly ({type(error).__name__}). Try again."


def too_late(status: int, name: str) -> str:
    """The sentence when the time is up, by the last answer: it may say what was waited for."""
    return by_status(status, name) if status == 429 or status >= 500 else TOO_LATE


def by_status(status: int, name: str) -> str:
    """The sentence for an HTTP status."""
    if status >= 500:
        return SERVER.format(status=status)
    return BY_STATUS.get(status, OTHER).format(name=name or "the repository", status=status)


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and what caused it: the client hides a 403 in a LocalEntryNotFoundError."""
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < 8:
        found.append(error)
        error = error.__cause__ or error.__context__
    # These two are only what a failed request looks like from outside; their cause says more.
    vague = (errors.LocalEntryNotFoundError, RuntimeError)
    return sorted(found, key=lambda e: isinstance(e, vague))


def _own_words(error: BaseException) -> str:
    """Sentences that are ours already, and safe to show."""
    return str(error) if isinstance(error, HubError | ModelFileError) else ""


def _by_class(error: BaseException, name: str, signed_in: bool) -> str:
    name = name or "the repository"
    match error:
        case httpx.TimeoutException():
            return TOO_LATE
        case errors.OfflineModeIsEnabled():
            return "The Hub client is switched off by HF_HUB_OFFLINE. Unset it, then try again."
        case errors.GatedRepoError():
            return f"{name} is gated: ask its owner for access on its page, then use your token."
        case errors.DisabledRepoError():
            return f"{name} was disabled by the Hub."
        case errors.RevisionNotFoundError():
            return f"{name} has no such revision. Leave the revision out for the newest."
        case errors.RepositoryNotFoundError():
            return by_status(404, name)
        case errors.RemoteEntryNotFoundError():
            return f"{name} holds no charrnn model."
        case errors.FileMetadataError():
            return STRANGE
        case errors.HFValidationError():
            return "A repository is called USER/NAME, in letters, digits, dots and dashes."
        case errors.HfHubHTTPError():
            return _by_response(error, name, signed_in)
        case httpx.ConnectError():
            return UNREACHABLE
        case httpx.HTTPError():
            return CUT
        case ConnectionError() | RuntimeError():
            found = STATUS_IN_TEXT.search(str(error))
            return by_status(int(found[1]), name) if found else CUT
        case errors.LocalEntryNotFoundError():
            return UNREACHABLE
        case OSError():
            return "The Hub's files cannot be kept on this machine: its disk may be full."
        case ValueError() | KeyError() | TypeError() | AttributeError():
            return STRANGE
    return ""


def _by_response(error: errors.HfHubHTTPError, name: str, signed_in: bool) -> str:
    status = getattr(error.response, "status_code", 0)
    if status == 401 and not signed_in:  # the Hub hides from strangers what exists
        status = 404
    return by_status(status, name)

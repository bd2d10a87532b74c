"""One plain sentence for every way in which a call to the Hub can fail.

The client raises its own HTTP errors, those of httpx, the ConnectionError and RuntimeError of
hf_xet, and whatever a damaged response causes. Their texts are never shown: one about a malformed
header would contain a pasted token.
"""

from __future__ import annotations

import errno
import re

from huggingface_hub import errors

from charrnn.training.checkpoint import ModelFileError


class HubError(ValueError):
    """A call to the Hub failed; the message is a sentence that says why and what to do."""


class CallOverError(Exception):
    """The call's time is up, or nobody waits for it any more."""


UNREACHABLE = (
    "The Hub cannot be reached or does not answer in time. Check the network, then try again."
)
NONSENSE = "The Hub sent an answer that makes no sense. Try again in a few minutes."
TROUBLE = "The Hub has trouble (error {status}). Try again in a few minutes."
REFUSED = "The Hub refused the request for {name} (error {status})."
BY_STATUS = {
    401: "The Hub does not accept the token: it is mistyped, expired or revoked. Make a new one.",
    402: "The Hub asks for a paid plan or credit for this; docs/hub.md says what is free.",
    403: "The token has no right to do this to {name}. It needs write access to that repository.",
    404: "There is no {name} on the Hub, or it is private and not yours.",
    412: "{name} was changed by someone else in the meantime. Look at it, then push again.",
    429: "The Hub has had too many requests from here. Try again in five minutes.",
}
BY_CLASS: dict[type[Exception], str] = {
    errors.GatedRepoError: "{name} is gated: ask its owner for access, then use your token.",
    errors.RevisionNotFoundError: "{name} has no such revision. Leave it out to get the newest.",
    errors.OfflineModeIsEnabled: "HF_HUB_OFFLINE keeps the Hub client offline. Unset it.",
}
MAY_NOT_READ = "You may not read {name}. Ask its owner for access, or use a token that may read it."
CARD_REFUSED = "Invalid metadata in README.md"
"""How the client begins the message of a card that the Hub does not accept."""
GARBLED = (ValueError, LookupError, TypeError, AttributeError, errors.FileMetadataError)
"""What the client raises when a response is not what it expects."""

STATUS_IN_TEXT = re.compile(r"\b([45]\d\d)\b(?= [A-Z])")
"""hf_xet has no exception classes: "Network error: ... 403 Forbidden"."""


def sentence(
    error: BaseException,
    name: str = "",
    signed_in: bool = True,
    status: int = 0,
    reading: bool = False,
) -> str:
    """The sentence for an error raised by a call about the repository `name`.

    status: that of the last response, 0 if the last request got none. reading: nothing is written.
    """
    name = name or "the repository"
    if isinstance(error, HubError | ModelFileError):
        return str(error)
    for kind, text in BY_CLASS.items():
        if isinstance(error, kind):
            return text.format(name=name)
    if isinstance(error, ValueError) and str(error).startswith(CARD_REFUSED):
        why = " ".join(str(error).removeprefix(CARD_REFUSED).strip(".").split())[:300]
        return f"The Hub refuses the README.md's metadata: {why} Correct it there, then push again."
    if in_text := STATUS_IN_TEXT.search(str(error)):
        status = int(in_text[1])
    status = getattr(getattr(error, "response", None), "status_code", status)
    if status == 401 and not signed_in:  # the Hub does not tell strangers what exists
        status = 404
    if status == 403 and reading:
        return MAY_NOT_READ.format(name=name)
    if status >= 400:
        text = TROUBLE if status >= 500 else BY_STATUS.get(status, REFUSED)
        return text.format(name=name, status=status)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk of this machine is full."
    return NONSENSE if isinstance(error, GARBLED) else UNREACHABLE

"""The error for model files that cannot be used, and messages that several readers share."""

from __future__ import annotations

from typing import NoReturn


class ModelFileError(ValueError):
    """A model file that cannot be used; the message is a sentence or two for a person."""


def quote(value: object) -> str:
    """Something from a file, made safe to print: escaped, and at most 80 characters of it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def damaged(what: str) -> NoReturn:
    """Raise ModelFileError for a file that was damaged after it was written."""
    raise ModelFileError(
        f"The file is damaged or was cut short: {what}. Copy or download it again."
    )


def strange(what: str) -> NoReturn:
    """Raise ModelFileError for a file that was never a model."""
    raise ModelFileError(f"The file is not laid out as a model: {what}.")


def too_large(size: float, limit: float) -> NoReturn:
    """Raise ModelFileError for a file or a model of `size` bytes."""
    raise ModelFileError(
        f"The model takes {size / 1e6:,.1f} MB, and the limit here is {limit / 1e6:,.1f} MB."
    )

"""What the commands print: results on stdout, remarks on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def emit(result: Mapping[str, Any]) -> None:
    """Print one JSON object on one line, at once. Raises ValueError for NaN and infinity."""
    print(json.dumps(result, ensure_ascii=False, allow_nan=False), flush=True)


def remark(sentence: str) -> None:
    """Print a sentence for a person, where it does not mix with results."""
    print(sentence, file=sys.stderr, flush=True)


def use_utf8() -> None:
    """Write UTF-8 whatever the console's code page: a model may draw any character."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")

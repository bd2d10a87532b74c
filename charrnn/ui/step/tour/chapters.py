"""Prepares docs/how-it-works.md, the source of the tour's lessons, for the page."""

from __future__ import annotations

import base64
import re
from functools import cache

from charrnn.files import shipped

NAME = "how-it-works.md"
HERE = "http://127.0.0.1:7860/"
"""The page's address in the document."""


def there() -> bool:
    """Whether the document comes along with this installation."""
    return (shipped("docs") / NAME).is_file()


@cache
def chapters() -> str:
    """The document in Markdown, with its pictures embedded and its links to lessons relative.

    A link to a file of the repository becomes the name of that file.
    """
    text = (shipped("docs") / NAME).read_text("utf-8").split("\n", 1)[1]
    text = re.sub(rf"<{HERE}(\?lesson=(\d))>", r"[lesson \2](\1)", text)
    text = re.sub(r"!\[([^\]]*)\]\(pictures/([\w-]+\.svg)\)", _picture, text)
    return re.sub(r"(?<!!)\[([^\]]+)\]\((?:\.\./)?[\w./-]+\.(?:py|md|html)\)", r"\1", text)


def _picture(found: re.Match[str]) -> str:
    data = (shipped("docs") / "pictures" / found[2]).read_bytes()
    return f"![{found[1]}](data:image/svg+xml;base64,{base64.b64encode(data).decode()})"

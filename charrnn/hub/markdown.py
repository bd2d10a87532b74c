"""Escapes text for Markdown, and keeps what people wrote into a card when it is written again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from huggingface_hub import ModelCard

BEGIN = "<!-- charrnn: generated from the model's file at every push, down to the next mark -->"
END = "<!-- charrnn: end of the generated part -->"
YOURS = "<!-- charrnn: write your own words below; they stay when you push again -->"
YOURS_END = "<!-- charrnn: end of your own words -->"

GENERATED = re.compile(
    r"<!-- charrnn: (?:generated|from here on made).*?-->.*?"
    r"<!-- charrnn: (?:end of the generated|up to here made).*?-->",
    re.DOTALL,
)
"""The generated part, also between the marks of version 0.1."""


def fence(text: str) -> str:
    """A code block that shows any text as it is."""
    text = text.replace("<!--", "<!\N{WORD JOINER}--")  # no text may look like one of our markers
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}text\n{text}\n{ticks}"


def cell(value: object) -> str:
    """A value for a table: one line, as code where a sign in it could mean something."""
    text = " ".join(str(value).split()).replace("`", "'")
    return text if re.fullmatch(r"[\w .,%+-]*", text) else f"`{text}`".replace("|", "\\|")


def code(name: str) -> str:
    """A name as code, where no sign in it means anything."""
    return f"`{name.replace('`', chr(39))}`"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def split(card: str) -> tuple[dict[str, Any], str]:
    """A card's metadata and its body; no metadata when it cannot be read."""
    if not card.strip():
        return {}, ""
    try:
        parsed = ModelCard(card, ignore_metadata_errors=True)
        data: dict[str, Any] = parsed.data.to_dict()  # type: ignore[no-untyped-call]
        return data, str(parsed.text)
    except Exception:  # a card may hold any YAML; the words below it must not be lost
        return {}, re.sub(r"\A\s*---\r?\n.*?\n---\r?\n", "", card, count=1, flags=re.DOTALL)


def keep(old: str, generated: str) -> str:
    """The new body: what is generated, and around it all that people wrote into the old body."""
    block = f"{BEGIN}\n{generated.strip()}\n{END}"
    blocks = list(GENERATED.finditer(old))
    if blocks:
        before, after = old[: blocks[0].start()], old[blocks[0].end() :]
        return f"{before}{block}{GENERATED.sub('', after)}".strip() + "\n"
    words = old.strip()
    if "<!-- charrnn: " not in words:
        words = "\n".join(filter(None, (YOURS, words, YOURS_END)))
    return f"{block}\n\n{words}\n"

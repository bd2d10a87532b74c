"""Text into Markdown that shows as text, and a card whose writer's words survive a second push."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from huggingface_hub import ModelCard

BEGIN = "<!-- charrnn: from here on made from the file, and written anew at every push -->"
END = "<!-- charrnn: up to here made from the file -->"
YOURS = "<!-- charrnn: your own words may stand from here on; they stay when you push again -->"
YOURS_END = "<!-- charrnn: up to here your own words -->"

MADE = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def fence(text: str) -> str:
    """A code block that shows the text as it is, whatever it holds."""
    text = text.replace("<!--", "<!\N{WORD JOINER}--")  # no text may look like a marker of ours
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}text\n{text}\n{ticks}"


def cell(value: object) -> str:
    """A value for a table: one line, in code where a sign in it could mean something."""
    text = " ".join(str(value).split()).replace("`", "'")
    return text if re.fullmatch(r"[\w .,%+-]*", text) else f"`{text}`".replace("|", "\\|")


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
        found = ModelCard(card, ignore_metadata_errors=True)
        data: dict[str, Any] = found.data.to_dict()  # type: ignore[no-untyped-call]
        return data, str(found.text)
    except Exception:  # a card may hold any YAML, and the words below it must not be lost
        return {}, re.sub(r"\A\s*---\r?\n.*?\n---\r?\n", "", card, count=1, flags=re.DOTALL)


def keep(old: str, made: str) -> str:
    """The new body: what is made from the file, and around it all that people wrote in the old."""
    block = f"{BEGIN}\n{made.strip()}\n{END}"
    found = list(MADE.finditer(old))
    if found:
        before, after = old[: found[0].start()], old[found[0].end() :]
        return f"{before}{block}{MADE.sub('', after)}".strip() + "\n"
    words = old.strip()
    if YOURS not in words:
        words = "\n".join(filter(None, (YOURS, words, YOURS_END)))
    return f"{block}\n\n{words}\n"

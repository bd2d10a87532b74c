"""Escapes text for Markdown, and keeps what people wrote into a card that is rewritten."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import yaml

from charrnn.hub.faults import HubError

BEGIN = "<!-- charrnn: generated from the model's file at every push, down to the next mark -->"
END = "<!-- charrnn: end of the generated part -->"
YOURS = "<!-- charrnn: write your own words below; they stay when you push again -->"
YOURS_END = "<!-- charrnn: end of your own words -->"

STARTS = ("<!-- charrnn: generated", "<!-- charrnn: from here on made")
ENDS = ("<!-- charrnn: end of the generated", "<!-- charrnn: up to here made")
"""How the two marks of the generated part begin, the second of each in version 0.1."""
MARK_END = "-->"

METADATA_CHARACTERS = 16_000
"""Characters of a card's metadata that are parsed; ours has about a thousand."""

METADATA_DEPTH = 30
"""Brackets that may be open at once in a card's metadata; a model-index needs six."""


def unmarked(text: str) -> str:
    """The text without comments, so that nothing in it looks like one of our marks."""
    return text.replace("<!--", "<!\N{WORD JOINER}--")


def fence(text: str) -> str:
    """A code block that shows any text as it is."""
    text = unmarked(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}text\n{text}\n{ticks}"


def cell(value: object) -> str:
    """A value for a table: one line, as code where a character in it could be markup."""
    text = unmarked(" ".join(str(value).split()).replace("`", "'"))
    return text if re.fullmatch(r"[\w .,%+-]*", text) else f"`{text}`".replace("|", "\\|")


def code(name: str) -> str:
    """A name as code, where no character is markup."""
    return f"`{unmarked(name).replace('`', chr(39))}`"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads plain values. An alias could stand for a billion values in a few lines."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are refused")
        return super().compose_node(parent, index)


def split(card: str) -> tuple[dict[str, Any], str]:
    """A card's metadata and its body; no metadata when it cannot be read.

    Line ends and a byte order mark are as any editor leaves them. Raises HubError for metadata
    longer than METADATA_CHARACTERS or deeper than METADATA_DEPTH.
    """
    card = card.removeprefix("\N{BYTE ORDER MARK}").replace("\r\n", "\n").replace("\r", "\n")
    if not card.lstrip().startswith("---\n"):
        return {}, card.strip()
    head, mark, body = f"{card.lstrip()[3:]}\n".partition("\n---\n")
    if not mark:
        return {}, card.strip()
    if len(head) > METADATA_CHARACTERS:
        raise HubError(
            f"The metadata of the README.md there has {len(head):,} characters, and at most "
            f"{METADATA_CHARACTERS:,} can be read. Shorten it on the Hub, then push again."
        )
    if _depth(head) > METADATA_DEPTH:
        raise HubError(
            "The metadata of the README.md there is nested too deeply to be read. Simplify it on "
            "the Hub, then push again."
        )
    try:
        data = yaml.load(head, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError):  # the words below must not be lost
        data = {}
    named = isinstance(data, dict) and all(isinstance(name, str) for name in data)
    return (data if named else {}), body.strip()


def _depth(text: str) -> int:
    """The most brackets that are open at once. PyYAML takes 0.8 s for 15,000 of them."""
    steps = (1 if sign in "[{" else -1 for sign in re.findall(r"[][{}]", text))
    return max(itertools.accumulate(steps), default=0)


def keep(old: str, generated: str) -> str:
    """The new body: the generated part, and around it all that people wrote into the old body."""
    block = f"{BEGIN}\n{generated.strip()}\n{END}"
    own = _own_parts(old)
    if len(own) > 1:
        return f"{own[0]}{block}{''.join(own[1:])}".strip() + "\n"
    words = old.strip()
    if "<!-- charrnn: " not in words:
        words = "\n".join(filter(None, (YOURS, words, YOURS_END)))
    return f"{block}\n\n{words}\n"


def _own_parts(old: str) -> list[str]:
    """What people wrote, cut where a generated part was. Each character is read a few times."""
    parts, at = [], 0
    while (span := _generated(old, at)) is not None:
        parts.append(old[at : span[0]])
        at = span[1]
    return [*parts, old[at:]]


def _generated(text: str, at: int) -> tuple[int, int] | None:
    """Where the next generated part begins and ends, its marks included."""
    begin = _first(text, STARTS, at)
    end = _first(text, ENDS, begin) if begin >= 0 else -1
    close = text.find(MARK_END, end) if end >= 0 else -1
    return (begin, close + len(MARK_END)) if close >= 0 else None


def _first(text: str, marks: Iterable[str], at: int) -> int:
    """The first place of any of the marks; -1 without one."""
    return min((place for mark in marks if (place := text.find(mark, at)) >= 0), default=-1)

"""The table of settings, with the help, range and label of each configuration field.

    hidden_size: int = setting(128, "Size of its memory.", minimum=1, maximum=4096)

Validation, command-line flags, page controls, the page's address and the endpoints all read this
table, so a new setting costs one line.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import re
import sys
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

KINDS: Mapping[type, tuple[Any, str]] = {
    bool: (bool, "true or false"),
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a number"),
    str: (str, "text"),
}
"""For each type of field: the values it takes, and what to call them."""

T = TypeVar("T")
TABLES: dict[type[Any], dict[str, Setting]] = {}
"""The tables already built: 0.2 ms for each text that is written would be too much."""

LARGEST = sys.float_info.max
LONGEST_TEXT = 300
"""Characters of a text setting that comes from outside."""
ESCAPE, ESCAPES = re.compile(r"\\([ntr\\])"), {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
"""What people type for characters that a text box or a shell does not accept."""
HALF_PAIR = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair, which no file and no connection can encode."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """One row of the table. `table` fills in what the field itself says: name, kind, default."""

    help: str
    choices: Collection[str] = ()
    """Allowed values; a registry is read each time, so it may grow later."""
    title: Callable[[str], str] = str
    """Turns a choice into its label."""
    minimum: float = -math.inf
    maximum: float = math.inf
    above: float = -math.inf
    """The value must be larger than this."""
    below: float = math.inf
    """The value must be smaller than this."""
    step: float | None = None
    """Step of a slider; without one the page shows a number field."""
    label: str = ""
    advanced: bool = True
    """Whether the page hides it under the advanced settings."""
    name: str = ""
    kind: type = str
    default: Any = None
    optional: bool = False
    """Whether None is a value too."""
    escapes: bool = False
    """Whether people may type \\n for a line break in it."""

    def check(self, value: Any) -> None:
        """Raise ValueError, with the name and what is allowed, for an invalid value."""
        if value is None and self.optional:
            return
        accepted, words = KINDS[self.kind]
        number = self.kind in (int, float)
        if not isinstance(value, accepted) or (number and isinstance(value, bool)):
            raise ValueError(f"{self.name} must be {words}.")
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.name} must be one of {', '.join(self.choices)}.")
        # False for infinities and for NaN too.
        if number and not (
            self.minimum <= value <= self.maximum and self.above < value < self.below
        ):
            raise ValueError(f"{self.name} must {self.range}.")

    @property
    def range(self) -> str:
        """The range in words, to follow "must"."""
        if math.isfinite(self.minimum) and math.isfinite(self.maximum):
            return f"lie between {self.minimum:g} and {self.maximum:g}"
        low = f"above {self.above:g}" if math.isfinite(self.above) else f"at least {self.minimum:g}"
        if math.isfinite(self.maximum):
            return f"be {low} and at most {self.maximum:g}"
        return f"be {low} and below {self.below:g}" if math.isfinite(self.below) else f"be {low}"

    def convert(self, value: Any) -> Any:
        """A JSON value as the field's type; None is the default. Raises ValueError."""
        if value is None:
            return self.default
        if self.kind is str:
            return self.read(str(value)[:LONGEST_TEXT])
        if self.kind is bool:
            return bool(value)
        if self.optional and isinstance(value, str):
            return self._optional(value.strip())
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (number and -LARGEST <= value <= LARGEST):
            raise ValueError(f"{self.label} must be a number.")
        return self.kind(value)

    def read(self, text: str) -> Any:
        """Text that a person typed, as the field's type. Raises ValueError."""
        if self.kind is not str:
            return self.kind(text)
        whole(text, self.label)
        return ESCAPE.sub(lambda m: ESCAPES[m[1]], text) if self.escapes else text

    def _optional(self, digits: str) -> int | None:
        if not digits:
            return None
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
            raise ValueError(f"{self.label} must be a whole number of at most 12 digits, or empty.")
        return int(digits)

    def parse(self, text: str) -> Any:
        """Text from an address as the field's type. Raises ValueError."""
        if self.kind is bool:
            return text.lower() in ("1", "true", "yes", "on")
        return self.convert(self.kind(text[:LONGEST_TEXT]))


def whole(text: str, name: str) -> str:
    """The text, if it can be encoded. Raises ValueError or TypeError that says what to do."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str: decode bytes first, as with .decode('utf-8').")
    if half := HALF_PAIR.search(text):
        raise ValueError(
            f"{name} has half of an emoji or of another two-part character at position "
            f"{half.start() + 1:,}: delete it."
        )
    return text


def setting(default: T, text: str, **options: Any) -> T:
    """A dataclass field with its row of the table: its help, and fields of `Setting` as options."""
    return dataclasses.field(default=default, metadata={"setting": Setting(text, **options)})


def table(config: type[Any]) -> dict[str, Setting]:
    """The setting of every field of a dataclass, by name."""
    if rows := TABLES.get(config):
        return rows
    types, rows = typing.get_type_hints(config), TABLES.setdefault(config, {})
    for field in dataclasses.fields(config):
        row: Setting = field.metadata["setting"]
        kinds = [kind for kind in typing.get_args(types[field.name]) if kind is not type(None)]
        rows[field.name] = dataclasses.replace(
            row,
            name=field.name,
            label=row.label or field.name.replace("_", " ").capitalize(),
            kind=kinds[0] if kinds else types[field.name],
            default=field.default,
            optional=bool(kinds),
        )
    return rows


def validate(config: Any) -> None:
    """Check every field of a configuration. Raises ValueError that names the field."""
    for name, row in table(type(config)).items():
        row.check(getattr(config, name))

"""A model's methods for loading and sharing, by the names that other libraries of the Hub use.

The functions behind them are in packages above this one, so charrnn puts them in when it is
imported; nothing of the Hub's client is imported before the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self, cast


class Shareable:
    """A model that can be loaded from, saved to and pushed to where others find it."""

    function: ClassVar[Callable[[str], Callable[..., Any]]]
    """Gives the function behind a method by the method's name; `charrnn` sets it."""

    @classmethod
    def from_pretrained(cls, name: str | Path, **options: Any) -> Self:
        """Load a model from a folder, a file or the Hub; see `charrnn.hub.from_pretrained`."""
        return cast(Self, cls.function("from_pretrained")(name, **options))

    def save_pretrained(self, folder: str | Path, **options: Any) -> None:
        """Write the files of a repository; see `charrnn.hub.save_pretrained`."""
        type(self).function("save_pretrained")(self, folder, **options)

    def push_to_hub(self, repo_id: str, **options: Any) -> Any:
        """Put the model on the Hub; see `charrnn.push_to_hub`, whose result it returns."""
        return type(self).function("push_to_hub")(self, repo_id, **options)

    def _repr_html_(self) -> str:
        """What a notebook shows of the model; see `charrnn.analysis.summary`."""
        return cast(str, type(self).function("html")(self))

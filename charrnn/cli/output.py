"""What commands print and return: results on stdout, remarks and progress on stderr, exit codes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from charrnn.hub import Transfer

T = TypeVar("T")

BAR, BAR_WITHOUT_END = "{percentage:3.0f}%|{bar:24}| {desc}", "{desc}"


CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters except tab and line break, and those that change a line's direction."""


class ExitCode(IntEnum):
    """What a command returns to the shell; codes from 128 on say which signal ended it."""

    OK = 0
    BAD_INPUT = 2
    OUTPUT_LOST = 74  # EX_IOERR of sysexits.h
    HANGUP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class Mode(Enum):
    """Who reads the output."""

    TERMINAL = "a person at a terminal, who sees progress bars"
    PLAIN = "a person reading a pipe or a file, line by line"
    JSON = "a program, one JSON object a line"


class Output:
    """Prints sentences and progress bars for people, JSON objects for programs."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.lost = False
        """Whether something could not be written to stdout."""
        self._print: Callable[..., None] = print  # tqdm's own while a bar is shown

    @classmethod
    def of_process(cls, json: bool = False) -> Output:
        """JSON if asked for; TERMINAL where both streams are terminals; else PLAIN."""
        if json:
            return cls(Mode.JSON)
        return cls(Mode.TERMINAL if sys.stdout.isatty() and sys.stderr.isatty() else Mode.PLAIN)

    @property
    def json(self) -> bool:
        """Whether a program reads the output."""
        return self.mode is Mode.JSON

    def result(self, data: Mapping[str, Any], text: str | None = None) -> None:
        """Print a result: its text for people, if it has one; else its data as a line of JSON.

        Raises ValueError for NaN and infinity, which JSON does not have.
        """
        if self.json or text is None:
            text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        self.write(text)

    def write(self, text: str, end: str = "\n") -> None:
        """Print to stdout at once, above the progress bar if there is one.

        If stdout is on a full disk, training continues and the rest of the output is discarded.
        Raises BrokenPipeError when nobody reads any more.
        """
        try:
            self._print(text, file=sys.stdout, end=end)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.lost = True
            discard_stdout()
            self.complain(f"The output cannot be written ({error.strerror}), and is lost.")

    def remark(self, sentence: str) -> None:
        """Print a sentence for a person to stderr, where it does not mix with results."""
        with suppress(OSError):
            self._print(sentence, file=sys.stderr)
            sys.stderr.flush()

    def complain(self, sentence: str) -> None:
        """Print an error or a warning as one line."""
        self.remark("charrnn: " + " ".join(sentence.split()))

    @contextmanager
    def progress_bar(self, total: float | None) -> Iterator[Callable[[float, str], None]]:
        """A function that shows how much is done and a text. Outside a terminal it does nothing.

        total: the amount at the end; None if it is unknown.
        """
        if self.mode is not Mode.TERMINAL:
            yield lambda done, text: None
            return
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread beside a process that handles signals
        bar_format = BAR_WITHOUT_END if total is None else BAR
        with tqdm(total=total, bar_format=bar_format, dynamic_ncols=True) as bar:

            def show(done: float, text: str) -> None:
                bar.n = done
                bar.set_description_str(text)

            self._print = tqdm.write
            try:
                yield show
            finally:
                self._print = print

    def wait_for(self, transfers: Iterator[Transfer[T]]) -> T:
        """Show a call to the Hub until it has a result: as a bar, or a line a step. Raises
        HubError."""
        from charrnn.hub import quiet

        quiet()
        result: T | None = None
        shown = ""
        with self.progress_bar(1.0) as show:
            for transfer in transfers:
                result = transfer.result
                show(transfer.fraction, transfer.step)
                if self.mode is not Mode.TERMINAL and result is None and transfer.step != shown:
                    self.remark(f"{transfer.step} ...")
                shown = transfer.step
        assert result is not None
        return result


def safe(text: str) -> str:
    """A text that a model wrote, for stdout: on a terminal its control characters are escaped.

    Others' models may write sequences that move the cursor, change colors or set the title. A pipe
    and a file get the text as it is.
    """
    return CONTROL.sub(lambda m: ascii(m[0])[1:-1], text) if sys.stdout.isatty() else text


def discard_stdout() -> None:
    """Discard what is still to be written to stdout; otherwise the flush at exit would fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

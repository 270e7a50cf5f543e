"""What a command writes: results on stdout, everything else on stderr.

out, emit        a text, or one JSON object, on stdout
as_json          that object as text
note, fail       a message, or the one line of an error, on stderr
interruptible    Ctrl-C raises KeyboardInterrupt, whatever started the command
Progress         a bar on stderr with rate and remaining time
table            rows as aligned columns
percent, points  a value with its interval
together         how far several runs are
again            the command line that goes on with a run
Failure          a command that could not finish; exit code 1
"""

import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from engine.results import Interval
from engine.runs.status import Status

LOG_SECONDS = 10.0
"""Between two lines of progress where stderr is a file or a pipe."""


class Failure(Exception):
    """The command could not finish, through no fault of its input. The message is one line."""


def tolerate_any_text() -> None:
    """Characters that the terminal cannot show become question marks instead of errors."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def out(text: str) -> None:
    """Print a result. A reader that has gone away (`| head`) is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes once more at exit, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit(value: dict[str, Any]) -> None:
    """Print the one JSON object of a command."""
    out(as_json(value))


def as_json(value: dict[str, Any]) -> str:
    return json.dumps(value, allow_nan=False)


def note(text: str) -> None:
    """Print a message beside a running bar."""
    tqdm.write(text, file=sys.stderr)


def fail(message: str, code: int) -> int:
    """Print an error as one line; returns the exit code."""
    note(f"error: {' '.join(message.split())}")
    return code


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C, and a polite kill, raise KeyboardInterrupt inside: also in a run that a script put into the background,
    where the shell lets Ctrl-C be ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Progress:
    """A bar on stderr, drawn once the total is known."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self._bar: tqdm | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, total: int, label: str) -> None:
        """Move the bar to `done` of `total`."""
        if self._bar is None:
            interval = 0.2 if sys.stderr.isatty() else LOG_SECONDS
            self._bar = tqdm(
                desc=label,
                total=total,
                initial=done,
                unit=self.unit,
                file=sys.stderr,
                mininterval=interval,
                dynamic_ncols=True,
            )
        self._bar.set_description(label, refresh=False)
        self._bar.update(done - self._bar.n)


def again(argv: Sequence[str]) -> str:
    """The command line that goes on with what `argv` began."""
    return shlex.join(["python", "-m", "engine", *argv, *([] if "--resume" in argv else ["--resume"])])


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of texts as columns, two spaces apart. Columns of numbers are aligned by their callers' formats."""
    rows = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def percent(value: float, ci: Interval | None = None) -> str:
    return f"{value:.2f} %{_interval(ci, '.2f')}"


def points(value: float, ci: Interval | None = None) -> str:
    return f"{value:+6.2f}{_interval(ci, '+.2f')}"


def _interval(ci: Interval | None, form: str) -> str:
    return "" if ci is None else f" [{ci[0]:{form}}, {ci[1]:{form}}]"


def together(statuses: Sequence[Status | None], what: str) -> tuple[int, int, str]:
    """How far several runs are, in percent of 100, and how many of `what` have finished."""
    shares = [status.share if status else 0.0 for status in statuses]
    done = sum(status is not None and status.state == "done" for status in statuses)
    return round(100 * sum(shares) / len(shares)), 100, f"{done} of {len(statuses)} {what} finished"

"""A process that computes for the app: `python -m app.work.evaluator FD`, started and asked by `app.work.evaluators`.

serve   answers what comes through a connection until it ends

A message is a tuple: what is asked, a number that the asker chose, how many threads to use, and arguments.

    take     begin a measurement and give its first state      -> gives Taken | ends
    next     go on with it                                     -> gives Taken | ends
    forget   nobody wants it any more                          -> no answer
    preview, tune   a function with a report                   -> reports, any number of times, then gives

Every answer ends with what was lost when images were read here. Each report waits for a "go", or for a "stop". An error
that people can read is sent as it is; any other as a MemoryError or a RuntimeError, so that no torch is needed to read
it.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from app.work import tuned, worker
from app.work.worker import Taken
from engine.checkpoint.format import read_summary
from engine.errors import BadInput
from engine.selection.decisions import Decision

YIELDING = 5
"""Added to this process's niceness: whoever looks at a page goes before whoever waits for a number."""

_log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The asker wants no more of it."""


def serve(connection: "Connection[Any, Any]") -> None:
    """Answer until the other side is gone."""
    import torch

    worker.load()
    connection.send(("ready", "cuda" if torch.cuda.is_available() else "cpu"))
    going: dict[int, Iterator[Taken]] = {}

    def answer(kind: str, value: Any = None) -> None:
        connection.send((kind, value, worker.image_notes))

    def report(*said: Any) -> None:
        answer("reports", said)
        if connection.recv() != "go":
            raise _Stopped

    while True:
        what, number, threads, *arguments = connection.recv()
        if what == "forget":
            going.pop(number, None)
            continue
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        try:
            if what in CALLS:
                answer("gives", CALLS[what](*arguments, report))
                continue
            if what == "take":
                going[number] = worker.take(*arguments)
            answer("gives", next(going[number]))
        except StopIteration:
            answer("ends")
        except _Stopped:
            answer("stopped")
        except BadInput as error:
            answer("fails", error)
        except Exception as error:
            _log.exception("%s failed", what)
            said = " ".join(f"{type(error).__name__}: {error}".split())
            memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
            answer("fails", MemoryError(said) if memory else RuntimeError(said))


def _tune(path: Path, decisions: tuple[Decision, ...], letters: str, data: str, report: Callable[..., None]) -> Any:
    """The seconds that a batch took, None where nothing was missing."""
    base = read_summary(path)
    tuned.tune(base, decisions, letters, report, data)
    return tuned.rate(base)


CALLS: dict[str, Callable[..., Any]] = {"preview": worker.preview, "tune": _tune}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the app, and that ends the connection
    os.nice(YIELDING)
    try:
        serve(Connection(int(sys.argv[1])))
    except (EOFError, OSError):  # the app is gone
        os._exit(0)

"""A process that is killed at a chosen moment, without the process.

dying     after so many changes to the disk nothing more reaches it
moments   how many changes an action makes
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

CHANGES = ("fsync", "mkdir", "open", "rename", "replace", "rmdir", "unlink")


class Killed(BaseException):
    """Not an Exception: nothing may handle it. Cleaning up does not help either, for that fails as well."""


@contextmanager
def dying(after: float) -> Iterator[list[str]]:
    """Every change after the first `after` ones raises `Killed` instead of happening. Gives the list of changes."""
    done: list[str] = []

    def mortal(name: str) -> Callable:
        call = getattr(os, name)

        def change(*args, **kwargs):
            if threading.current_thread().name == "heartbeat":  # it beats when it will, so it makes no moments
                if len(done) >= after:
                    raise OSError("the process is dead")
                return call(*args, **kwargs)
            if len(done) >= after:
                raise Killed
            done.append(name)
            return call(*args, **kwargs)

        return change

    with ExitStack() as patches:
        for name in CHANGES:
            patches.enter_context(mock.patch.object(os, name, mortal(name)))
        yield done


def moments(action: Callable[[], object]) -> int:
    """Do it, undisturbed, and count its changes to the disk."""
    with dying(float("inf")) as done:
        action()
    return len(done)

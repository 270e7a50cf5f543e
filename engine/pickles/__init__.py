"""Pickles read without running anything in them.

read      the value of the pickle that begins somewhere in a file, and where it ended
Inert     stands in for an object of any class, with the plain values it was built from
Refused   the file asks for what no data needs, such as running a command
TooMany   it asks for more than any of ours has
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.pickles.arrays import ARRAYS
from engine.pickles.inert import Build, Inert, Refused, TooMany
from engine.pickles.machine import Machine
from engine.pickles.words import WORDS

__all__ = ["Inert", "Refused", "TooMany", "read"]


def read(
    content: bytes,
    at: int = 0,
    builders: Mapping[str, Build] = ARRAYS,
    persistent: Callable[[Any], Any] = lambda mark: Inert("persistent", (mark,)),
) -> tuple[Any, int]:
    """The value of the pickle that begins at `at`, and where it ended.

    builders: by full name of class or function, what makes our value from the arguments. persistent: what stands for a
    thing that is stored beside the pickle, from its mark. Raises Refused, TooMany, and any other exception for damage.
    """
    machine = Machine(content, at, builders, persistent)
    return machine.run(WORDS), machine.at

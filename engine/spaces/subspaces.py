"""Search spaces that files come from besides the named ones, as declarations.

SUBSPACES    the smaller spaces on NAS-Bench-201's cell that DARTS-PT searches
space_named  a space by its name, these among them
alike        names of the spaces whose files no one can tell apart
"""

from functools import lru_cache

from engine.spaces.catalog import search_space
from engine.spaces.declared import from_data
from engine.spaces.space import SearchSpace

_OPERATIONS = {
    "nas-bench-201-simple": ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"),
    "nas-bench-201-s2": ("skip_connect", "nor_conv_3x3"),
    "nas-bench-201-s4": ("noise", "nor_conv_3x3"),
    "nas-bench-201-s10": ("none", "nor_conv_3x3"),
}
SUBSPACES = tuple(_OPERATIONS)
_ALIKE = ("nas-bench-201-s2", "nas-bench-201-s4", "nas-bench-201-s10")
"""One convolution stands in the second place, and the other operation has no weights."""


@lru_cache
def _declared(name: str) -> SearchSpace:
    cell = {"inputs": 1, "nodes": 4, "output": "last", "operations": list(_OPERATIONS[name])}
    return from_data({"name": name, "cells": {"cell": cell}, "skeleton": {"like": "nas-bench-201"}})


def space_named(name: str) -> SearchSpace:
    """One of SUBSPACES, or what `engine.search_space` gives for a name or a file."""
    return _declared(name) if name in _OPERATIONS else search_space(name)


def alike(space: SearchSpace) -> tuple[str, ...]:
    """The other spaces whose supernets have the same names and shapes."""
    return tuple(name for name in _ALIKE if name != space.name) if space.name in _ALIKE else ()

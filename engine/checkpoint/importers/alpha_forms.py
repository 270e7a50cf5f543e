"""Alphas as plain values hold them: by cell type, stacked, node by node, edge by edge.

tables_in    every table of alphas in values, with its cell type
in_mapping   the same of a mapping's own entries, nothing nested deeper
named_cell   the cell type that the name of a value says
unreadable   the name of an entry that should be alphas and is none
in_words     what values are, for messages
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.checkpoint.importers.logs import BOTH, BY_NODE, PAIRS
from engine.checkpoint.importers.pickles import Inert

Table = NDArray[np.float64]

UNKNOWN = ""
"""The cell type of a table whose name says none."""
MOST_VALUES = 10_000

_WORD = r"(?:log_)?(?:alphas?|arch(?:itecture)?_?(?:param(?:eter)?s?|weights?|alphas?)|theta)"
_NAME = re.compile(
    rf"(?:\w+\.)*?_*(?:{_WORD}(?:[._-]?(?P<after>normal|reduction|reduce|cell))?"
    rf"|(?P<before>normal|reduction|reduce|cell)[._-]{_WORD}|(?P<alone>normal|reduction|reduce|cell))(?:[._](?P<part>\d{{1,2}}))?",
    re.IGNORECASE,
)


def named_cell(name: Any) -> tuple[str, int | None] | None:
    """The cell type that a name says, UNKNOWN where it only says alphas, and the number of a part; None for others."""
    match = _NAME.fullmatch(name) if isinstance(name, str) and len(name) < 200 else None
    if match is None:
        return None
    cell = (match["after"] or match["before"] or match["alone"] or "").lower()
    return ("reduce" if cell == "reduction" else cell), (int(match["part"]) if match["part"] else None)


def tables_in(values: Any) -> list[tuple[str, Table]]:
    """(cell type, [T, E, K]) of every table of alphas, T epochs of them; none where the values are something else.

    Values without a name are UNKNOWN, unless their form tells: two are normal and reduce, in this order.
    """
    waiting, seen, opened = deque([values]), 0, set[int]()
    while waiting and seen < MOST_VALUES:
        value = waiting.popleft()
        value = value.fields if isinstance(value, Inert) else value
        seen += 1
        if id(value) in opened:
            continue
        if isinstance(value, Mapping):
            opened.add(id(value))
            if found := in_mapping(value):
                return found
            waiting += value.values()
        elif value is values and (found := list(_unnamed(value))):
            return found
    return []


def in_mapping(values: Mapping[Any, Any]) -> list[tuple[str, Table]]:
    """(cell type, [T, E, K]) of what the entries of a mapping are named as alphas."""
    parts: dict[str, dict[int, Any]] = {}
    whole: dict[str, Any] = {}
    for name, value in values.items():
        known = named_cell(name)
        if known is not None and known[1] is None:
            whole.setdefault(known[0], value)
        elif known is not None:
            parts.setdefault(known[0], {})[known[1] or 0] = value
    for cell, numbered in parts.items():
        whole.setdefault(cell, [numbered[number] for number in sorted(numbered)])
    named = [(cell, table) for cell, value in whole.items() if cell and (table := _with_time(value)) is not None]
    if named:
        return named
    together = whole.get(UNKNOWN)
    if isinstance(together, Mapping) and together:
        tables = [(str(cell), _with_time(value)) for cell, value in together.items()]
        inner = in_mapping(together)
        return inner or [(cell, table) for cell, table in tables if table is not None]
    return [] if together is None else list(_unnamed(together))


def _unnamed(values: Any) -> Iterator[tuple[str, Table]]:
    table = _array(values)
    if table is not None and table.ndim == 4 and table.shape[1] == 2:  # epoch by epoch
        yield from (("normal", table[:, 0]), ("reduce", table[:, 1]))
    elif table is not None and table.ndim == 3 and len(table) == 2:
        yield from (("normal", table[:1]), ("reduce", table[1:]))
    elif table is not None and table.ndim == 2 and len(table) == BOTH:
        yield from (("normal", table[None, :PAIRS]), ("reduce", table[None, PAIRS:]))
    elif table is not None and table.ndim in (2, 3):
        yield UNKNOWN, table[None] if table.ndim == 2 else table
    elif isinstance(values, list | tuple):
        nodes = [_array(value) for value in values]
        found = [_joined(nodes)] if len(nodes) != 2 else [_with_time(value) for value in values]
        half = len(nodes) // 2
        if found[0] is None and len(nodes) % 2 == 0:
            found = [_joined(nodes[:half]), _joined(nodes[half:])]
        if all(each is not None for each in found):
            cells = (UNKNOWN,) if len(found) == 1 else ("normal", "reduce")
            yield from ((cell, each) for cell, each in zip(cells, found, strict=True) if each is not None)


def _with_time(value: Any) -> Table | None:
    """[T, E, K] from a table, from tables of several epochs, or from one for every node."""
    table = _array(value)
    if table is not None:
        return table[None] if table.ndim == 2 else table if table.ndim == 3 else None
    return _joined([_array(node) for node in value]) if isinstance(value, list | tuple) else None


def _joined(nodes: Sequence[Table | None]) -> Table | None:
    """[1, E, K] from a table for every node."""
    tables = [node for node in nodes if node is not None and node.ndim == 2]
    if len(tables) < len(nodes) or tuple(map(len, tables)) not in BY_NODE or len({t.shape[1] for t in tables}) > 1:
        return None
    return np.concatenate(tables)[None]


def _array(value: Any) -> Table | None:
    """Numbers of a rectangle as an array; None for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    elif isinstance(value, list | tuple) and value:
        rows = [_array(row) if not isinstance(row, int | float) else row for row in value]
        known = [row for row in rows if row is not None]
        if len(known) < len(rows) or len({np.shape(row) for row in known}) > 1:
            return None
        value = np.array(known)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.size == 0:
        return None
    return value.astype(np.float64)


def unreadable(values: Any) -> str:
    """The name of an entry that says it holds alphas and holds no table; "" without one."""
    entries = values.items() if isinstance(values, Mapping) else ()
    return next((str(name)[:40] for name, value in entries if named_cell(name) and _with_time(value) is None), "")


def in_words(values: Any) -> str:
    """What values are, without the names of classes here."""
    if isinstance(values, Inert):
        return f"an object of {values.name[:60]}"
    if isinstance(values, Mapping):
        names = ", ".join(str(name)[:40] for name in list(values)[:5])
        return f"entries named {names}{', ...' if len(values) > 5 else ''}" if names else "nothing"
    if hasattr(values, "shape"):
        return f"an array of shape {tuple(values.shape)}"
    return f"a list of {len(values)}" if isinstance(values, list | tuple) else f"one {type(values).__name__}"

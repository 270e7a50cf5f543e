"""Spaces that somebody declares, in a .toml file of their own or in the file that carries the declaration.

read        a .toml file; imports the plug-in that it names
from_json   a declaration as JSON text; from_data: as plain values. Both import nothing
to_json     a declared space as JSON text

    name = "three-nodes"
    [cells.cell]                      # one table a cell type
    inputs = 1                        # input nodes, numbered first
    nodes = 4                         # all nodes, inputs included
    output = "last"                   # or "concat", the default: all inner nodes joined
    keep = 2                          # incoming edges a node keeps; left out: all
    none_may_win = true               # default: where nodes keep all their edges
    stride = 1                        # 2: a cell that halves the image
    edges = [[0, 1], [0, 2], [1, 2]]  # default: every node takes all nodes before it
    operations = ["none", "skip_connect", "nor_conv_3x3", "my_conv"]    # or one list an edge
    [skeleton]
    like = "nas-bench-201"            # or "darts"; also channels, cells (a supernet's default size) and stem
    [operations.my_conv]              # what is special about operations that no plug-in describes
    label = "mine"                    # also code, silent, weightless
    [plugin]
    module = "my_operations"          # see engine.spaces.plugins
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from engine.errors import BadInput, one_of
from engine.runs.texts import read_text
from engine.spaces import plugins
from engine.spaces.cell import CellSpec
from engine.spaces.operations import BUILT_IN, OperationSpec
from engine.spaces.skeletons import SKELETONS, Skeleton, Stem
from engine.spaces.space import SearchSpace

MOST_BYTES = 1_000_000
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
CELL_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CELL_FIELDS = ("inputs", "nodes", "edges", "output", "keep", "none_may_win", "stride", "operations")


def read(path: Path) -> SearchSpace:
    """The space that a file declares, with its plug-in imported from beside the file or from where it is installed.

    Raises BadInput, naming the file and the fix, for anything else.
    """
    try:
        data = tomllib.loads(read_text(path, MOST_BYTES, "a .toml file that declares a space"))
    except OSError as error:
        raise BadInput(f"cannot read {path} ({error.strerror or error}); give the path of a declaration") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML ({' '.join(str(error).split())}); mend that line") from None
    try:
        module = _plugin(data)
        known = {} if module is None else {spec.name: spec for spec in plugins.load(module, path.parent)}
        return _space(data, known, trusted=True)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def from_json(text: str) -> SearchSpace:
    """Raises BadInput for text that is no declaration."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("a space's declaration must be valid JSON") from None
    return from_data(data)


def from_data(data: object) -> SearchSpace:
    """Raises BadInput for values that are no declaration. Names no plug-in that is not there already."""
    return _space(data, {}, trusted=False)


def to_json(space: SearchSpace) -> str:
    return json.dumps(space.declaration(), ensure_ascii=False)


def _space(data: Any, known: Mapping[str, OperationSpec], trusted: bool) -> SearchSpace:
    _fields("a declaration", data, ("name", "cells", "skeleton", "operations", "plugin"))
    name = data.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadInput(f"name must be letters, digits, - and _, beginning with a letter, not {name!r}")
    tables = data.get("cells")
    if not isinstance(tables, Mapping) or not tables:
        raise BadInput("cells is missing; write a table [cells.NAME] for every cell type")
    cells = tuple((cell, _cell(cell, table)) for cell, table in tables.items())
    names = dict.fromkeys(name for _, spec in cells for row in spec.operations for name in row)
    own = _operations(data.get("operations", {}))
    specs = []
    for each in names:
        if each in BUILT_IN:
            continue
        spec = own.get(each) or known.get(each) or (plugins.find(each) if trusted else None)
        if spec is None:
            raise one_of("operation", each, (*BUILT_IN, *own, *known))
        specs.append(replace(spec, supernet=None, network=None))
    skeleton = _skeleton(data.get("skeleton", {}), cells)
    return SearchSpace(name, cells, skeleton, tuple(specs), _plugin(data), declared=True)


def _fields(what: str, data: Any, known: Iterable[str]) -> None:
    if not isinstance(data, Mapping):
        raise BadInput(f"{what} is a table with {', '.join(known)}, not {type(data).__name__}")
    for key in data:
        if key not in known:
            raise one_of(f"setting of {what}:", key, known)


def _cell(name: object, table: Any) -> CellSpec:
    if not isinstance(name, str) or not CELL_NAME.fullmatch(name):
        raise BadInput(f"a cell type's name is small letters, digits and _, not {name!r}")
    try:
        _fields(f"[cells.{name}]", table, _CELL_FIELDS)
        for required in ("inputs", "nodes", "operations"):
            if required not in table:
                raise BadInput(f"{required} is missing")
        if type(table.get("none_may_win", False)) is not bool:
            raise BadInput("none_may_win must be true or false")
        return CellSpec.of(**table)
    except BadInput as error:
        raise BadInput(f"[cells.{name}]: {error}") from None


def _operations(tables: Any) -> dict[str, OperationSpec]:
    if not isinstance(tables, Mapping):
        raise BadInput("operations must be tables [operations.NAME]")
    specs = {}
    for name, table in tables.items():
        _fields(f"[operations.{name}]", table, ("label", "code", "silent", "weightless"))
        if name in BUILT_IN:
            raise BadInput(f"[operations.{name}] is built in; give an operation of your own another name")
        for key, value in table.items():
            wanted = str if key in ("label", "code") else bool
            if type(value) is not wanted or len(str(value)) > 40:
                words = "a short text" if wanted is str else "true or false"
                raise BadInput(f"[operations.{name}]: {key} must be {words}, not {value!r}")
        specs[name] = OperationSpec(name, **table)
    return specs


def _skeleton(table: Any, cells: tuple[tuple[str, CellSpec], ...]) -> Skeleton:
    _fields("[skeleton]", table, ("like", "channels", "cells", "stem"))
    joins = any(spec.output == "concat" for _, spec in cells)
    like = table.get("like", "darts" if joins else "nas-bench-201")
    if like not in SKELETONS:
        raise one_of("skeleton:", like, SKELETONS)
    skeleton = SKELETONS[like]
    stem = table.get("stem", skeleton.stem)
    if stem not in get_args(Stem):
        raise one_of("stem:", stem, get_args(Stem))
    sizes = {"channels": table.get("channels", skeleton.channels), "cells": table.get("cells", skeleton.cells)}
    for key, value in sizes.items():
        if type(value) is not int or not 1 <= value <= 1024:
            raise BadInput(f"[skeleton]: {key} must be a whole number from 1 to 1024, not {value!r}")
    return replace(skeleton, stem=stem, channels=sizes["channels"], cells=sizes["cells"])


def _plugin(data: Any) -> str | None:
    table = data.get("plugin") if isinstance(data, Mapping) else None
    if table is None:
        return None
    _fields("[plugin]", table, ("module",))
    module = table.get("module")
    if not isinstance(module, str) or not all(part.isidentifier() for part in module.split(".")):
        raise BadInput(f"[plugin]: module must be the name of a Python module, not {module!r}")
    return module

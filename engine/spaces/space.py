"""Search spaces: cell types with their candidate operations, and the network that they stand in.

SearchSpace    a space: cell types, edges, operations per edge, skeleton, genotype format
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from engine.errors import BadInput, one_of
from engine.spaces import plugins
from engine.spaces.cell import CellSpec, Edge
from engine.spaces.operations import BUILT_IN, Factory, Form, MissingPlugin, OperationSpec, describe, factory
from engine.spaces.skeletons import Block, Skeleton, Stem, blocks

GenotypeFormat = Literal["darts", "nas-bench-201", "json"]
"""The published text forms of a discrete cell, and the one that holds cells of any shape."""


@dataclass(frozen=True, repr=False)
class SearchSpace:
    """Cell types by name, the skeleton they stand in, and what is known about operations that are not built in.

    The order of an edge's operations is the column order of alphas, weights and scores everywhere. own: operations of
    one's own; plugin: the module that builds them; declared: not one of the named spaces, so whatever is saved carries
    the declaration. Raises BadInput for a space that cannot be used.
    """

    name: str
    types: tuple[tuple[str, CellSpec], ...]
    skeleton: Skeleton
    own: tuple[OperationSpec, ...] = ()
    plugin: str | None = None
    declared: bool = False

    def __repr__(self) -> str:
        return f"SearchSpace({self.name!r})"

    def __post_init__(self) -> None:
        describe(self.own)
        codes: dict[str, str] = {}
        for cell, spec in self.types:
            for row in spec.operations:
                for name in row:
                    code = self.operation(name).code
                    if codes.setdefault(code, name) != name:
                        raise BadInput(
                            f"operations {codes[code]} and {name} of {self.name} share the code {code}; "
                            "give one of them another"
                        )
                if not any(spec.none_may_win or not self.operation(name).silent for name in row):
                    raise BadInput(f"an edge of {cell} offers nothing that it could end with; add an operation")
        if not self.types:
            raise BadInput("a space has at least one cell type")

    @property
    def cells(self) -> tuple[str, ...]:
        """Cell types: ("normal", "reduce"), or ("cell",) in NAS-Bench-201."""
        return tuple(cell for cell, _ in self.types)

    @cached_property
    def _cells(self) -> Mapping[str, CellSpec]:
        return dict(self.types)

    @cached_property
    def _own(self) -> Mapping[str, OperationSpec]:
        return {spec.name: spec for spec in self.own}

    @property
    def steps(self) -> int:
        """Decisions until a selection is complete, over all cell types."""
        return sum(spec.steps for _, spec in self.types)

    @property
    def has_topology(self) -> bool:
        """Whether any node chooses between its inputs."""
        return any(spec.topology_nodes for _, spec in self.types)

    @cached_property
    def genotype_format(self) -> GenotypeFormat:
        """The text form of this space's discrete cells."""
        if self._is_darts():
            return "darts"
        if self.cells == ("cell",) and self.skeleton.name == "nas-bench-201" and self._offers(NAS_BENCH_201_OPERATIONS):
            cell = self.cell("cell")
            if cell.is_whole and (cell.inputs, cell.nodes, cell.output, cell.keep) == (1, 4, "last", None):
                return "nas-bench-201"
        return "json"

    def _is_darts(self) -> bool:
        if self.cells != ("normal", "reduce") or self.skeleton.name != "darts" or not self._offers(_DARTS_ANY):
            return False
        return all(
            spec.is_whole
            and not spec.none_may_win
            and (spec.inputs, spec.nodes, spec.output, spec.keep) == (2, 6, "concat", 2)
            and spec.stride == (2 if cell == "reduce" else 1)
            for cell, spec in self.types
        )

    def _offers(self, known: Iterable[str]) -> bool:
        return {name for _, spec in self.types for row in spec.operations for name in row} <= set(known)

    def check_cell(self, cell: str) -> str:
        if cell not in self._cells:
            raise one_of(f"cell type for space {self.name}:", cell, self.cells)
        return cell

    def cell(self, cell: str) -> CellSpec:
        """The graph of a cell type. Raises BadInput for an unknown one."""
        return self._cells[self.check_cell(cell)]

    def edges(self, cell: str) -> tuple[Edge, ...]:
        """All edges of a cell type in index order. Raises BadInput for an unknown cell type."""
        return self.cell(cell).edges

    def edge(self, cell: str, edge: int | Edge) -> Edge:
        """The edge with this index. Raises BadInput if the cell type has no such edge."""
        edges = self.edges(cell)
        index = edge.index if isinstance(edge, Edge) else edge
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(edges):
            raise BadInput(f"no edge {index!r} in cell type {cell!r} of {self.name}; edges are 0 to {len(edges) - 1}")
        return edges[index]

    def operations(self, cell: str, edge: int | Edge) -> tuple[str, ...]:
        """Candidate operations of an edge, in column order."""
        return self._cells[cell].operations[self.edge(cell, edge).index]

    def operation_index(self, cell: str, edge: int | Edge, operation: str) -> int:
        """Column of a candidate operation. Raises BadInput if the edge does not offer it."""
        operations = self.operations(cell, edge)
        if operation not in operations:
            raise one_of(
                f"operation for edge {self.edge(cell, edge).index} ({cell}) of {self.name}:", operation, operations
            )
        return operations.index(operation)

    def eligible(self, cell: str, edge: int | Edge) -> tuple[str, ...]:
        """Operations that an edge can end with in a discrete cell, in column order: without `none` where it may not
        win."""
        names = self.operations(cell, edge)
        return names if self.cell(cell).none_may_win else tuple(n for n in names if not self.operation(n).silent)

    def operation(self, name: str) -> OperationSpec:
        """What is known about an operation. Raises BadInput for an unknown one."""
        spec = BUILT_IN.get(name) or self._own.get(name)
        if spec is None:
            raise one_of("operation", name, (*BUILT_IN, *self._own))
        return spec

    def shape(self, cell: str) -> tuple[int, int]:
        """Shape of this cell type's alphas: (edges, operations)."""
        return len(self.edges(cell)), len(self.operations(cell, 0))

    def blocks(self, channels: int, cells: int, stem: Stem | None = None) -> tuple[Block, ...]:
        """The network's blocks: cells in all, or in each stage, as the skeleton counts them.

        stem: another than the skeleton's. Raises BadInput for cells that this skeleton cannot hold.
        """
        self._check_fits()
        skeleton = replace(self.skeleton, stem=stem or self.skeleton.stem)
        return blocks(skeleton, self.outlines, channels, cells)

    @property
    def outlines(self) -> dict[str, tuple[int, int]]:
        """What `blocks` asks of the cell types: stride, and how many nodes the output joins."""
        return {cell: (spec.stride, len(spec.joined)) for cell, spec in self.types}

    def _check_fits(self) -> None:
        plain = [cell for cell, spec in self.types if spec.stride == 1]
        halving = [cell for cell, spec in self.types if spec.stride == 2]
        like = f"a network like {self.skeleton.name}"
        if not plain:
            raise BadInput(f"{like} needs a cell type of stride 1; {self.name} has none: add one")
        for cell, spec in self.types:
            if self.skeleton.prepares and spec.inputs > 2:
                raise BadInput(f"{like} feeds cells one or two inputs, and {cell} has {spec.inputs}; use engine.wrap")
            if not self.skeleton.prepares and (spec.inputs > 1 or spec.output == "concat"):
                raise BadInput(f'{like} needs inputs = 1 and output = "last" in {cell}; or write like = "darts"')
        if self.skeleton.prepares and not halving:
            raise BadInput(f'{like} needs a cell type of stride 2; add one, or write like = "nas-bench-201"')
        if not self.skeleton.prepares and halving:
            raise BadInput(f'{like} has no place for {halving[0]} of stride 2; write like = "darts"')

    def factory(self, name: str, form: Form) -> Factory | None:
        """What builds an operation in this space's supernets or networks; None for a network form that there is not.

        Raises MissingPlugin for an operation whose plug-in is not there.
        """
        spec = self.operation(name)
        if form == "supernet" and (place := self.skeleton.form(name)) is not None:
            spec = replace(spec, supernet=place)
        elif name in self._own:
            spec = plugins.find(name) or spec
        found = factory(spec, form)
        if found is None and (form == "supernet" or spec.supernet is None):
            where = f"plug-in {self.plugin}" if self.plugin else "a plug-in"
            raise MissingPlugin(
                f"operation {name} of space {self.name} is built by {where}, which is not loaded; "
                f"install it, or name its module or .py file in the environment variable {plugins.VARIABLE}"
            )
        return found

    def declaration(self) -> dict[str, Any] | None:
        """This space as plain JSON values, the form of a declaration's file; None for a named space."""
        if not self.declared:
            return None
        skeleton = {"like": self.skeleton.name, "channels": self.skeleton.channels, "cells": self.skeleton.cells}
        if self.skeleton.stem != "cifar":
            skeleton["stem"] = self.skeleton.stem
        own = {
            spec.name: {"label": spec.label, "code": spec.code, "silent": spec.silent, "weightless": spec.weightless}
            for spec in self.own
        }
        return {
            "name": self.name,
            "cells": {cell: _cell_json(spec) for cell, spec in self.types},
            "skeleton": skeleton,
            **({"operations": own} if own else {}),
            **({"plugin": {"module": self.plugin}} if self.plugin else {}),
        }


NAS_BENCH_201_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
# `none` is no operation of a discrete DARTS cell: a node keeps two edges and each of them computes something.
DARTS_OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "noise",
)
_DARTS_ANY = (*DARTS_OPERATIONS, "none")


def _cell_json(spec: CellSpec) -> dict[str, Any]:
    same = len(set(spec.operations)) == 1
    return {
        "inputs": spec.inputs,
        "nodes": spec.nodes,
        **({} if spec.is_whole else {"edges": [[edge.source, edge.target] for edge in spec.edges]}),
        "output": spec.output,
        **({} if spec.keep is None else {"keep": spec.keep}),
        "none_may_win": spec.none_may_win,
        "stride": spec.stride,
        "operations": list(spec.operations[0]) if same else [list(row) for row in spec.operations],
    }

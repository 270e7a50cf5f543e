"""Genotypes: the discrete cells that a search ends with.

Genotype             which operations a network is built from; two are equal when they build the same network
magnitude_genotype   what the alphas alone would choose
kept_pairs           the pairs of a node whose operations and inputs are decided
EXAMPLE              a NAS-Bench-201 cell as text

Texts are read by `engine.selection.genotype_text`.
"""

import json
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import BadInput, one_of
from engine.results.shown import Shown
from engine.selection.alphas import Alphas
from engine.selection.mixing import Mixing
from engine.spaces import (
    DARTS_OPERATIONS,
    NAS_BENCH_201_OPERATIONS,
    CellSpec,
    Edge,
    GenotypeFormat,
    SearchSpace,
    described,
    search_space,
)

Pair = tuple[str, int]  # operation, source node
Cells = tuple[tuple[str, tuple[Pair, ...]], ...]  # cell type, its pairs

EXAMPLE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
_CONCAT = range(2, 6)

_HOLDS: dict[str, tuple[str, ...]] = {"darts": DARTS_OPERATIONS, "nas-bench-201": NAS_BENCH_201_OPERATIONS}
"""Operations that the published forms hold, whichever of their spaces a genotype comes from."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Genotype(Shown):
    """A discrete architecture.

    cells: cell type -> (operation, source node) pairs, node after node. DARTS family: "normal" and "reduce" with eight
    pairs each, two for every node 2 to 5. NAS-Bench-201: "cell" with one pair for every edge, in edge order. Other
    spaces: as many pairs for every node as it keeps. space: what the cells are of; None: one of the published forms.
    A genotype of a published form belongs to the space that the form is named after, whichever it was found in.
    Equality and hash leave out the order of a node's pairs, which the text forms keep.
    Raises BadInput for anything that cannot be built.
    """

    cells: Cells
    space: SearchSpace

    def __init__(self, cells: Mapping[str, Sequence[Pair]] | Cells, space: SearchSpace | None = None) -> None:
        given = dict(cells)
        format = _published(given) if space is None else space.genotype_format
        if format != "json":
            space = search_space(format)
        assert space is not None
        if set(given) != set(space.cells):
            raise BadInput(
                f"a genotype of {space.name} has the cell types {', '.join(space.cells)}; "
                f"given: {', '.join(map(repr, given))}"
            )
        checked = tuple((cell, _check_pairs(space, cell, given[cell])) for cell in sorted(given))
        object.__setattr__(self, "cells", checked)
        object.__setattr__(self, "space", space)

    @property
    def format(self) -> GenotypeFormat:
        """The text form that holds it."""
        return self.space.genotype_format

    def pairs(self, cell: str) -> tuple[Pair, ...]:
        """(operation, source) pairs of a cell type. Raises BadInput for a cell type it does not have."""
        cells = dict(self.cells)
        if cell not in cells:
            raise one_of("cell type of this genotype:", cell, cells)
        return cells[cell]

    @property
    def normal(self) -> tuple[Pair, ...]:
        return self.pairs("normal")

    @property
    def reduce(self) -> tuple[Pair, ...]:
        return self.pairs("reduce")

    def edges(self, cell: str) -> tuple[tuple[str, int, int], ...]:
        """(operation, source, target) of every edge of a cell type."""
        pairs = self.pairs(cell)
        targets = _targets(self.space.cell(cell))
        return tuple((name, source, target) for (name, source), target in zip(pairs, targets, strict=True))

    def _same(self) -> tuple[SearchSpace, frozenset[Any]]:
        # Sources differ within a node, so the set of placed edges says all there is to say.
        return self.space, frozenset((cell, edge) for cell, _ in self.cells for edge in self.edges(cell))

    def __eq__(self, other: object) -> bool:
        return self._same() == other._same() if isinstance(other, Genotype) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._same())

    def __str__(self) -> str:
        """The DARTS text, the NAS-Bench-201 architecture string, or the JSON form."""
        if self.format == "json":
            return json.dumps(self.to_dict())
        if self.format == "nas-bench-201":
            nodes = [
                [f"{name}~{source}" for name, source, at in self.edges("cell") if at == node] for node in (1, 2, 3)
            ]
            return "+".join(f"|{'|'.join(edges)}|" for edges in nodes)
        fields = [f"{cell}={list(pairs)}, {cell}_concat={_CONCAT}" for cell, pairs in self.cells]
        return f"Genotype({', '.join(fields)})"

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the four DARTS fields, `architecture`, or the space and its cells' edges."""
        if self.format == "json":
            cells = {cell: [list(edge) for edge in self.edges(cell)] for cell, _ in self.cells}
            return {**described(self.space), "cells": cells}
        if self.format == "nas-bench-201":
            return {"architecture": str(self)}
        return {key: value for cell, pairs in self.cells for key, value in _json_cell(cell, pairs)}


def _published(given: Mapping[str, Any]) -> GenotypeFormat:
    if set(given) == {"normal", "reduce"}:
        return "darts"
    if set(given) == {"cell"}:
        return "nas-bench-201"
    raise BadInput(f"a genotype has the cell types normal and reduce, or cell; given: {', '.join(map(repr, given))}")


def _json_cell(cell: str, pairs: Sequence[Pair]) -> tuple[tuple[str, Any], ...]:
    return (cell, [list(pair) for pair in pairs]), (f"{cell}_concat", list(_CONCAT))


def _targets(spec: CellSpec) -> tuple[int, ...]:
    """The target node of each of a cell's pairs."""
    return tuple(node for node in spec.inner_nodes for _ in range(spec.kept(node)))


def _check_pairs(space: SearchSpace, cell: str, pairs: Any) -> tuple[Pair, ...]:
    spec = space.cell(cell)
    targets = _targets(spec)
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
    ):
        raise BadInput(f"{cell} must be a list of (operation, source) pairs")
    if len(pairs) != len(targets):
        raise BadInput(f"{cell} has {len(pairs)} (operation, source) pairs; it needs {len(targets)}, {_how_many(spec)}")
    edges = {(edge.source, edge.target): edge for edge in spec.edges}
    holds = _HOLDS.get(space.genotype_format) or tuple(dict.fromkeys(name for row in spec.operations for name in row))
    for (name, source), target in zip(pairs, targets, strict=True):
        if not isinstance(name, str):
            raise BadInput(f"{cell}, node {target}: {name!r} is no operation's name; pairs are (operation, source)")
        if name not in holds:
            raise _foreign_operation(space, cell, target, name, holds)
        if isinstance(source, bool) or not isinstance(source, int) or (source, target) not in edges:
            sources = [edge.source for edge in spec.entering(target)]
            whole = sources == list(range(target))
            known = f"0 to {target - 1}" if whole else ", ".join(map(str, sources))
            raise BadInput(f"{cell}, node {target} cannot take source {source!r}; its sources are {known}")
        offered = space.eligible(cell, edges[source, target])
        if space.genotype_format == "json" and name not in offered:
            raise one_of(f"operation on the edge from {source} to {target} of {cell}:", name, offered)
    for node in spec.inner_nodes:
        sources = [source for (_, source), target in zip(pairs, targets, strict=True) if target == node]
        if len(set(sources)) < len(sources):
            raise BadInput(f"{cell}, node {node} takes source {sources[0]} twice; its sources must differ")
    if spec.keep is None and [source for _, source in pairs] != [edge.source for edge in spec.edges]:
        raise BadInput(f"{cell} lists one pair for every edge, ordered by target, then by source")
    return tuple((name, source) for name, source in pairs)


def _foreign_operation(space: SearchSpace, cell: str, target: int, name: str, holds: Sequence[str]) -> BadInput:
    what = f"operation {name if name.isidentifier() else reprlib.repr(name)} ({cell}, node {target})"
    if name == "none" and space.genotype_format == "darts":
        return BadInput(f"{what} is a candidate of the search alone: a discrete DARTS cell keeps two real operations")
    where = "in no DARTS space here" if space.genotype_format == "darts" else f"not in space {space.name}"
    return BadInput(f"{what} is {where}; there are {', '.join(holds)}")


def _how_many(spec: CellSpec) -> str:
    if spec.keep is None:
        return "one for every edge"
    if len({spec.kept(node) for node in spec.inner_nodes}) > 1:
        return "as many for every node as it keeps"
    number = {1: "one", 2: "two", 3: "three"}.get(spec.keep, str(spec.keep))
    return f"{number} for every node {spec.inner_nodes[0]} to {spec.inner_nodes[-1]}"


def magnitude_genotype(space: SearchSpace, alphas: Any, betas: Any = None, mixing: Mixing = "softmax") -> Genotype:
    """The genotype that alpha chooses (Liu et al. 2019, section 2.4): pairs by falling strength of their edge.

    Every node keeps its strongest edges (two in the DARTS family, all in NAS-Bench-201), and each of them its strongest
    operation, `none` left out where it may not win.
    Here equal alphas count as the published code counts them, the first of them wins; `Alphas.known` says where that is
    no opinion.
    alphas: cell type -> [edges, operations]; betas: cell type -> [edges] (PC-DARTS). Raises BadInput as Alphas.read.
    """
    read = Alphas.read(space, alphas, betas, mixing=mixing)

    def pairs(cell: str) -> list[Pair]:
        spec = space.cell(cell)
        kept = [edge.index for edge in spec.edges]
        if spec.keep is not None:
            kept = [index for node in spec.inner_nodes for index in read.strongest(cell, node)]
        first = {index: space.eligible(cell, index)[0] for index in kept}
        return [(read.best(cell, index) or first[index], space.edge(cell, index).source) for index in kept]

    return Genotype({cell: pairs(cell) for cell in space.cells}, space)


def kept_pairs(space: SearchSpace, cell: str, node: int, kept: Mapping[int, str]) -> list[Pair]:
    """(operation, source) pairs of a node, by source, from its kept edges (edge -> decided operation).

    No discrete DARTS cell holds `none`, so there the published code is followed (DARTS-PT, the magnitude rule applied
    to decided rows): an edge decided for `none` counts as little as a discarded one, the lowest sources fill the free
    places, and each of them gets the first operation of its edge that is not `none`.
    """
    spec = space.cell(cell)
    real = {edge: name for edge, name in kept.items() if name in space.eligible(cell, edge)}
    chosen: list[Edge] = sorted(spec.entering(node), key=lambda edge: edge.index not in real)[: spec.kept(node)]
    return [(real.get(edge.index) or space.eligible(cell, edge)[0], edge.source) for edge in sorted(chosen)]

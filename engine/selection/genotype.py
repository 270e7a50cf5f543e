"""Genotypes: the discrete cells that a search ends with, and their text forms.

Genotype             which operations a network is built from; two are equal when they build the same network
parse_genotype       read the DARTS text, the NAS-Bench-201 string or the JSON form
magnitude_genotype   what the alphas alone would choose
kept_pairs           the pairs of a node whose operations and inputs are decided
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import BadInput, one_of
from engine.selection.alphas import Alphas
from engine.spaces import NAS_BENCH_201_OPERATIONS, SPACES, Edge, Family, SearchSpace, search_space

Pair = tuple[str, int]  # operation, source node
Cells = tuple[tuple[str, tuple[Pair, ...]], ...]  # cell type, its pairs

EXAMPLE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
_CONCAT = range(2, 6)
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_MOST_CHARACTERS = 3000  # four times a usual text; what is longer is no genotype, and may be slow or unsafe to parse


def _darts_operations() -> tuple[str, ...]:
    spaces = [space for space in map(search_space, SPACES) if space.family == "darts"]
    names = [name for space in spaces for _, edges in space.table for operations in edges for name in operations]
    return tuple(dict.fromkeys(name for name in names if name != "none"))


# `none` is no operation of a discrete DARTS cell: a node keeps two edges and each of them computes something.
DARTS_OPERATIONS = _darts_operations()


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Genotype:
    """A discrete architecture.

    cells: cell type -> (operation, source node) pairs. DARTS family: "normal" and "reduce" with eight pairs each, two
    for every node 2 to 5. NAS-Bench-201: "cell" with one pair for every edge, in edge order.
    Equality and hash leave out the order of a node's two pairs, which the text forms keep.
    Raises BadInput for anything that cannot be built.
    """

    cells: Cells

    def __init__(self, cells: Mapping[str, Sequence[Pair]] | Cells) -> None:
        given = dict(cells)
        if set(given) not in ({"normal", "reduce"}, {"cell"}):
            raise BadInput(
                f"a genotype has the cell types normal and reduce, or cell; given: {', '.join(map(repr, given))}"
            )
        checked = tuple((cell, _check_pairs(cell, given[cell])) for cell in sorted(given))
        object.__setattr__(self, "cells", checked)

    @property
    def family(self) -> Family:
        return "darts" if len(self.cells) == 2 else "nas-bench-201"

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
        targets = _targets(cell)
        return tuple((name, source, target) for (name, source), target in zip(self.pairs(cell), targets, strict=True))

    def _same(self) -> frozenset[Any]:
        # Sources differ within a node, so the set of placed edges says all there is to say.
        return frozenset((cell, edge) for cell, _ in self.cells for edge in self.edges(cell))

    def __eq__(self, other: object) -> bool:
        return self._same() == other._same() if isinstance(other, Genotype) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._same())

    def __str__(self) -> str:
        """The DARTS text, or the NAS-Bench-201 architecture string."""
        if self.family == "nas-bench-201":
            nodes = [
                [f"{name}~{source}" for name, source, at in self.edges("cell") if at == node] for node in (1, 2, 3)
            ]
            return "+".join(f"|{'|'.join(edges)}|" for edges in nodes)
        fields = [f"{cell}={list(pairs)}, {cell}_concat={_CONCAT}" for cell, pairs in self.cells]
        return f"Genotype({', '.join(fields)})"

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the four DARTS fields, or `architecture`."""
        if self.family == "nas-bench-201":
            return {"architecture": str(self)}
        return {key: value for cell, pairs in self.cells for key, value in _json_cell(cell, pairs)}

    @classmethod
    def from_dict(cls, data: Any) -> "Genotype":
        """Read the JSON form. Raises BadInput for any other."""
        if isinstance(data, Mapping) and set(data) == {"architecture"}:
            return _parse_nas_bench_201(data["architecture"])
        if not isinstance(data, Mapping) or set(data) != set(_FIELDS):
            raise BadInput(f"a genotype in JSON holds the fields {', '.join(_FIELDS)}, or architecture alone")
        for field in ("normal_concat", "reduce_concat"):
            if data[field] != _CONCAT and data[field] not in ((2, 3, 4, 5), [2, 3, 4, 5]):
                raise BadInput(f"{field} must be range(2, 6) or [2, 3, 4, 5]: a cell's output joins its nodes 2 to 5")
        return cls({"normal": data["normal"], "reduce": data["reduce"]})


def _json_cell(cell: str, pairs: Sequence[Pair]) -> tuple[tuple[str, Any], ...]:
    return (cell, [list(pair) for pair in pairs]), (f"{cell}_concat", list(_CONCAT))


def _targets(cell: str) -> tuple[int, ...]:
    return (1, 2, 2, 3, 3, 3) if cell == "cell" else (2, 2, 3, 3, 4, 4, 5, 5)


def _check_pairs(cell: str, pairs: Any) -> tuple[Pair, ...]:
    targets = _targets(cell)
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
    ):
        raise BadInput(f"{cell} must be a list of (operation, source) pairs")
    if len(pairs) != len(targets):
        nodes = "one for every edge" if cell == "cell" else "two for every node 2 to 5"
        raise BadInput(f"{cell} has {len(pairs)} (operation, source) pairs; it needs {len(targets)}, {nodes}")
    known = NAS_BENCH_201_OPERATIONS if cell == "cell" else DARTS_OPERATIONS
    for (name, source), target in zip(pairs, targets, strict=True):
        if not isinstance(name, str) or name not in known:
            raise one_of(f"operation in {cell}, node {target}:", name, known)
        if isinstance(source, bool) or not isinstance(source, int) or not 0 <= source < target:
            raise BadInput(f"{cell}, node {target} cannot take source {source!r}; its sources are 0 to {target - 1}")
    for node in set(targets):
        sources = [source for (_, source), target in zip(pairs, targets, strict=True) if target == node]
        if len(set(sources)) < len(sources):
            raise BadInput(f"{cell}, node {node} takes source {sources[0]} twice; its sources must differ")
    if cell == "cell" and tuple(source for _, source in pairs) != (0, 0, 1, 0, 1, 2):
        raise BadInput("cell lists one pair for every edge, ordered by target, then by source")
    return tuple((name, source) for name, source in pairs)


def parse_genotype(text: str) -> Genotype:
    """Read a genotype: `Genotype(normal=...)` or `DARTSGenotype(...)`, a NAS-Bench-201 string, or the JSON form.

    A leading `NAME =`, as in published lists of genotypes, may stay. Nothing in the text is evaluated.
    Raises BadInput for text that is malformed, incomplete or cannot be built.
    """
    if not isinstance(text, str) or len(text) > _MOST_CHARACTERS:
        raise BadInput(f"a genotype is a text of at most {_MOST_CHARACTERS} characters")
    text = re.sub(r"^\w+\s*=\s*(?=\w*Genotype\()", "", text.strip())
    if re.match(r"(DARTS)?Genotype\(", text):
        return Genotype.from_dict(_read_call(text))
    if text.startswith("{"):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise BadInput("a genotype that starts with { must be valid JSON") from None
        return Genotype.from_dict(data)
    if text.startswith("|"):
        return _parse_nas_bench_201(text)
    raise BadInput(f"not a genotype: write Genotype(normal=[...], ...), or a NAS-Bench-201 cell such as {EXAMPLE}")


def _parse_nas_bench_201(text: Any) -> Genotype:
    edges = search_space("nas-bench-201").edges("cell")
    nodes = (r"\|" + "".join(rf"(\w+)~{edge.source}\|" for edge in edges if edge.target == node) for node in (1, 2, 3))
    match = re.fullmatch(r"\+".join(nodes), text.strip()) if isinstance(text, str) else None
    if match is None:
        raise BadInput(f"not a NAS-Bench-201 cell: write operation~source for all six edges, such as {EXAMPLE}")
    return Genotype({"cell": [(name, edge.source) for name, edge in zip(match.groups(), edges, strict=True)]})


def _read_call(text: str) -> dict[str, Any]:
    """Fields of `Genotype(field=literal, ...)`."""
    try:
        call = ast.parse(text, mode="eval").body
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and not call.args:
            fields = {str(field.arg): _read_value(field.value) for field in call.keywords}
            if len(fields) == len(call.keywords):
                return fields
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        pass
    raise BadInput(
        f"malformed genotype: write Genotype({', '.join(f'{name}=...' for name in _FIELDS)}), pairs as lists"
    )


def _read_value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        return range(*map(ast.literal_eval, node.args))
    return ast.literal_eval(node)


def magnitude_genotype(space: SearchSpace, alphas: Any, betas: Any = None) -> Genotype:
    """The genotype that alpha chooses (Liu et al. 2019, section 2.4): pairs by falling strength of their edge.

    DARTS family: every node keeps its two strongest edges, and on each the strongest operation, `none` left out.
    NAS-Bench-201: every edge keeps its strongest operation, `none` included.
    alphas: cell type -> [edges, operations]; betas: cell type -> [edges] (PC-DARTS). Raises BadInput as Alphas.read.
    """
    read = Alphas.read(space, alphas, betas)
    if space.family == "nas-bench-201":
        return Genotype({"cell": [(read.best("cell", edge.index), edge.source) for edge in space.edges("cell")]})

    def pairs(cell: str) -> list[Pair]:
        nodes = space.nodes[len(space.input_nodes) :]
        kept = (space.edge(cell, index) for node in nodes for index in read.inputs(cell, node))
        return [(read.best(cell, edge.index), edge.source) for edge in kept]

    return Genotype({cell: pairs(cell) for cell in space.cells})


def kept_pairs(space: SearchSpace, cell: str, node: int, kept: Mapping[int, str]) -> list[Pair]:
    """(operation, source) pairs of a node, by source, from its kept edges (edge -> decided operation).

    No discrete DARTS cell holds `none`, so there the published code is followed (DARTS-PT, the magnitude rule applied
    to decided rows): an edge decided for `none` counts as little as a discarded one, the lowest sources fill the free
    places, and each of them gets the first operation of its edge that is not `none`.
    """
    if space.family == "nas-bench-201":
        return [(kept[edge.index], edge.source) for edge in space.inputs(node)]
    real = {edge: name for edge, name in kept.items() if name != "none"}
    chosen = sorted(space.inputs(node), key=lambda edge: edge.index not in real)[:2]
    return [(real.get(edge.index) or _first_operation(space, cell, edge), edge.source) for edge in sorted(chosen)]


def _first_operation(space: SearchSpace, cell: str, edge: Edge) -> str:
    return next(name for name in space.operations(cell, edge) if name != "none")

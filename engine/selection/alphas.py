"""Alphas: the raw architecture parameters that a supernet was trained with, and what they alone would choose.

Alphas      checked, immutable alphas of every cell type, with PC-DARTS edge strengths where there are any
preferred   the operation of the largest value, if one has it

Letters in shapes: E edges of a cell type, K candidate operations of an edge.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInput
from engine.selection.mixing import Mixing, edge_strengths, mixing_weights
from engine.spaces import SearchSpace

Rows = tuple[tuple[float, ...], ...]  # [E, K]
FloatType = Literal["float32", "float64"]


@dataclass(frozen=True)
class Alphas(Mapping[str, Rows]):
    """A mapping cell type -> alphas [E, K] as nested tuples: comparable, hashable, and free of any framework.

    Made by `Alphas.read`. `dtype` is the precision of the numbers it was read from, and the one to compute with.
    `mixing`: how the search mixed operations by them.
    """

    space: SearchSpace
    rows: tuple[Rows, ...]
    betas: tuple[tuple[float, ...], ...] | None
    dtype: FloatType
    mixing: Mixing = "softmax"

    @classmethod
    def read(
        cls,
        space: SearchSpace,
        alphas: Any,
        betas: Any = None,
        dtype: FloatType | None = None,
        mixing: Mixing = "softmax",
    ) -> "Alphas":
        """Check and copy alphas (cell type -> [E, K]) and betas (cell type -> [E], PC-DARTS) of a space.

        Values may be tensors, arrays or nested sequences. dtype None takes theirs; plain numbers count as float32, as
        in torch.tensor. Raises BadInput, naming the expected shape, for other
        cell types, other shapes, and numbers that are not finite.
        """
        if isinstance(alphas, Alphas) and betas is None and alphas.space == space:
            return alphas
        dtype = dtype or _precision(alphas)
        rows = _tables("alphas", space, alphas, {cell: space.shape(cell) for cell in space.cells}, dtype)
        strengths = None
        if betas is not None:
            strengths = _tables("betas", space, betas, {cell: space.shape(cell)[:1] for cell in space.cells}, dtype)
        return cls(
            space,
            tuple(tuple(map(tuple, table.tolist())) for table in rows),
            None if strengths is None else tuple(tuple(table.tolist()) for table in strengths),
            dtype,
            mixing,
        )

    def __getitem__(self, cell: str) -> Rows:
        return self.rows[self.space.cells.index(self.space.check_cell(cell))]

    def __iter__(self) -> Iterator[str]:
        return iter(self.space.cells)

    def __len__(self) -> int:
        return len(self.space.cells)

    def strengths(self, cell: str) -> NDArray[np.float64]:
        """[E]: softmax of the betas over the edges into the same node (PC-DARTS); ones without betas."""
        edges = self.space.edges(cell)
        if self.betas is None:
            return np.ones(len(edges))
        return edge_strengths(np.array(self.betas[self.space.cells.index(cell)]), [edge.target for edge in edges])

    def weights(self, cell: str) -> NDArray[np.float64]:
        """[E, K]: softmax of the alphas of every edge, or what else the search mixed by, times the strengths."""
        return mixing_weights(np.array(self[cell]), self.mixing) * self.strengths(cell)[:, None]

    def best(self, cell: str, edge: int) -> str | None:
        """The operation with the largest alpha, `none` left out where it may not win; ties go to the lower index.

        None where alpha is unknown: all operations have the same one, as in files of weights alone.
        """
        row = self[cell][self.space.edge(cell, edge).index]
        return preferred(self.space.operations(cell, edge), self.space.eligible(cell, edge), row)

    def unknown(self, cell: str) -> tuple[int, ...]:
        """The edges on which alpha is unknown."""
        return tuple(edge.index for edge in self.space.edges(cell) if self.best(cell, edge.index) is None)

    @property
    def known(self) -> bool:
        """Whether alpha prefers an operation on every edge."""
        return not any(map(self.unknown, self.space.cells))

    def inputs(self, cell: str, node: int) -> tuple[int, ...] | None:
        """What `strongest` keeps, or None where alpha is unknown on an edge into the node."""
        unknown = self.unknown(cell)
        if any(edge.index in unknown for edge in self.space.cell(cell).entering(node)):
            return None
        return self.strongest(cell, node)

    def strongest(self, cell: str, node: int) -> tuple[int, ...]:
        """The edges into a node that the magnitude rule keeps (two in the DARTS family), the strongest first.

        An edge is as strong as its largest mixing weight, over all operations but `none`; ties go to the lower source.
        DrNAS compares edges by the softmax, although it mixes by draws.
        """
        spec, mixing = self.space.cell(cell), "softmax" if self.mixing == "dirichlet" else self.mixing
        weights = mixing_weights(np.array(self[cell]), mixing) * self.strengths(cell)[:, None]
        strongest = {
            edge.index: max(weights[edge.index, k] for k in self._eligible(cell, edge.index))
            for edge in spec.entering(node)
        }
        return tuple(sorted(strongest, key=lambda index: -strongest[index])[: spec.kept(node)])

    def _eligible(self, cell: str, edge: int) -> list[int]:
        """Columns that the magnitude rule may choose."""
        eligible = self.space.eligible(cell, edge)
        return [k for k, name in enumerate(self.space.operations(cell, edge)) if name in eligible]


def preferred(names: Sequence[str], eligible: Sequence[str], values: Sequence[float]) -> str | None:
    """The eligible operation of the largest value, the first of equal ones; None where several have one same value."""
    if len(names) > 1 and len(set(values)) == 1:
        return None
    found = [(value, name) for value, name in zip(values, names, strict=True) if name in eligible]
    return max(found, key=lambda pair: pair[0])[1]


def _precision(alphas: Any) -> FloatType:
    parts = (alphas, *alphas.values()) if isinstance(alphas, Mapping) else ()
    double = any(str(getattr(part, "dtype", "")).endswith("float64") for part in parts)
    return "float64" if double else "float32"


def _tables(
    what: str, space: SearchSpace, values: Any, shapes: dict[str, tuple[int, ...]], dtype: FloatType
) -> list[NDArray[np.float64]]:
    if not isinstance(values, Mapping) or set(values) != set(shapes):
        given = ", ".join(map(repr, values)) if isinstance(values, Mapping) else type(values).__name__
        raise BadInput(
            f"{what} of space {space.name} map the cell types {', '.join(shapes)} to numbers; given: {given}"
        )
    return [_table(f"{what}[{cell!r}] of {space.name}", values[cell], shape, dtype) for cell, shape in shapes.items()]


def _table(what: str, values: Any, shape: tuple[int, ...], dtype: FloatType) -> NDArray[np.float64]:
    expected = f"numbers of shape {shape}, " + ("edges by operations" if len(shape) == 2 else "one for every edge")
    if hasattr(values, "detach"):  # a tensor: on any device, and perhaps of a type that numpy lacks
        values = values.detach().cpu().double().numpy()
    try:
        table = np.asarray(values)
    except (ValueError, TypeError):
        raise BadInput(f"{what} must be {expected}; its rows differ in length or kind") from None
    if table.shape != shape:
        raise BadInput(f"{what} must be {expected}, not of shape {table.shape}")
    if table.dtype.kind not in "fiu":
        raise BadInput(f"{what} must be {expected}, not {table.dtype}")
    table = table.astype(np.float64)
    with np.errstate(over="ignore"):
        finite = np.isfinite(table.astype(dtype))
    if not finite.all():
        place = ", ".join(map(str, np.argwhere(~finite)[0]))
        raise BadInput(f"{what} must be finite {expected}; NaN or infinity stands at [{place}]")
    return table

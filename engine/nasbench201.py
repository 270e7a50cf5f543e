"""True accuracies of all 15,625 NAS-Bench-201 cells, and what a partial selection can still become.

lookup                a cell's accuracies, ranks and isomorphic cells
reachable             the accuracies of all completions of a partial selection
worth                 what every operation of every undecided edge is truly worth: mean and best of those accuracies
covers                whether a space is the benchmark's
accuracies            the whole table
genotype_of           the cell with a given index; code_of is a number for a cell
isomorphism_classes   the cells by their canonical text
DATASETS              names of the data sets

Accuracies are test accuracies (%) after 200 epochs of training, averaged over the benchmark's seeds
(Dong & Yang 2020). The table is read when it is first needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInput, one_of
from engine.results import EdgeWorth, Lookup, OperationWorth, Reachable
from engine.selection.benchmark_cells import CELLS, TABLE, cell_at, codes
from engine.selection.genotype import EXAMPLE, Genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection
from engine.spaces import NAS_BENCH_201_OPERATIONS as OPERATIONS
from engine.spaces import SearchSpace, search_space

DATASETS = ("cifar10", "cifar100", "imagenet16_120")
SPACE = search_space("nas-bench-201")
EDGES = len(SPACE.edges("cell"))

# Bins of one percentage point over the whole scale, so that histograms of any two selections compare bin by bin.
BINS = 100


@dataclass(frozen=True)
class _Table:
    """Row i is the cell with index i of the benchmark."""

    columns: NDArray[np.uint8]  # [cells, edges], index of the operation of every edge
    accuracies: NDArray[np.uint16]  # [cells, data sets], hundredths of a percent
    index: NDArray[np.int64]  # [cells], row of a cell's code


@cache
def _table() -> _Table:
    with np.load(TABLE, allow_pickle=False) as file:
        accuracies = file["accuracies"]
    base = len(OPERATIONS)
    columns = (codes()[:, None] // base ** np.arange(EDGES) % base).astype(np.uint8)
    return _Table(columns, accuracies, np.argsort(codes()))


@cache
def _grid() -> NDArray[np.uint16]:
    """[5, 5, 5, 5, 5, 5, data sets]: the table by the operation of every edge."""
    table = _table()
    # Edge 0 is the lowest digit of a code, so that it varies fastest, as the first axis does in Fortran's order.
    return table.accuracies[table.index].reshape([len(OPERATIONS)] * EDGES + [len(DATASETS)], order="F")


def accuracies() -> NDArray[np.float64]:
    """[15625, 3]: test accuracies (%) of every cell by index, columns as in DATASETS."""
    return _table().accuracies / 100


def code_of(genotype: Genotype) -> int:
    """A cell as a number in base 5, edge 0 being the lowest digit. Raises BadInput for a genotype of another form."""
    if genotype.format != "nas-bench-201":
        raise BadInput(f"a DARTS genotype is not in the NAS-Bench-201 table; give a cell such as {EXAMPLE}")
    return sum(
        OPERATIONS.index(name) * len(OPERATIONS) ** edge for edge, (name, _) in enumerate(genotype.pairs("cell"))
    )


def genotype_of(index: int) -> Genotype:
    """The cell with this index of the benchmark (0 to 15,624)."""
    return cell_at(index)


def canonical(operations: Sequence[str]) -> str:
    """A text that two cells share when the benchmark calls them isomorphic; 6,466 different ones exist.

    operations: of the six edges, by index. A skip connection is its source, any other operation is applied to its
    source, a node is the sorted sum of its edges. `none`, and anything computed from a lone `none`, is "#" and stays
    in the sum.
    """
    nodes = {0: "0"}
    terms: dict[int, list[str]] = {node: [] for node in SPACE.cell("cell").inner_nodes}
    for edge, name in zip(SPACE.edges("cell"), operations, strict=True):
        if edge.source not in nodes:
            nodes[edge.source] = "+".join(sorted(terms[edge.source]))
        source = nodes[edge.source]
        if name == "none" or source == "#":
            terms[edge.target].append("#")
        else:
            terms[edge.target].append(source if name == "skip_connect" else f"({source})@{name}")
    return "+".join(sorted(terms[SPACE.cell("cell").nodes - 1]))


@cache
def isomorphism_classes() -> dict[str, tuple[int, ...]]:
    """Canonical text -> indices of the cells that share it."""
    classes: dict[str, list[int]] = {}
    for index, columns in enumerate(_table().columns.tolist()):
        classes.setdefault(canonical([OPERATIONS[column] for column in columns]), []).append(index)
    return {text: tuple(members) for text, members in classes.items()}


def lookup(architecture: str | Genotype) -> Lookup:
    """A cell's true accuracies.

    rank: 1 + the number of cells with a higher accuracy, so that ties share the best rank. percentile: share (%) of all
    15,625 cells with a lower accuracy. isomorphic: the other cells that compute the same function, by index.
    architecture: a text in any usual form, the index as text among them. Raises BadInput for text that is not a
    NAS-Bench-201 cell.
    """
    return _lookup(architecture if isinstance(architecture, Genotype) else parse_genotype(architecture))


@lru_cache(maxsize=4096)  # pages ask for the same cells at every drawing
def _lookup(genotype: Genotype) -> Lookup:
    table = _table()
    row = int(table.index[code_of(genotype)])
    own = table.accuracies[row]
    higher, lower = (table.accuracies > own).sum(0), (table.accuracies < own).sum(0)
    twins = isomorphism_classes()[canonical([name for name, _ in genotype.pairs("cell")])]
    return Lookup(
        architecture=str(genotype),
        index=row,
        **{name: int(value) / 100 for name, value in zip(DATASETS, own, strict=True)},
        rank={name: 1 + int(count) for name, count in zip(DATASETS, higher, strict=True)},
        percentile={name: 100 * int(count) / CELLS for name, count in zip(DATASETS, lower, strict=True)},
        isomorphic=tuple(str(genotype_of(twin)) for twin in twins if twin != row),
    )


def covers(space: SearchSpace) -> bool:
    """Whether true accuracies exist for the cells of a space."""
    return space == SPACE


def reachable(selection: Selection, dataset: str = "cifar10") -> Reachable:
    """True accuracies of all cells that a NAS-Bench-201 selection can still become.

    The histogram has one bin for every percentage point from 0 to 100, the lower edge included.
    Raises BadInput for a selection of another space and for an unknown data set.
    """
    values = _completions(selection, dataset).ravel()
    counts = np.bincount(values // (10_000 // BINS), minlength=BINS)
    return Reachable(
        dataset=dataset,
        count=len(values),
        best=int(values.max()) / 100,
        median=float(np.median(values)) / 100,
        worst=int(values.min()) / 100,
        counts=tuple(counts.tolist()),
        bin_edges=tuple(100 * edge / BINS for edge in range(BINS + 1)),
    )


def worth(selection: Selection, dataset: str = "cifar10") -> tuple[EdgeWorth, ...]:
    """What every operation of every undecided edge is truly worth, given what is decided; by edge.

    Mean and best accuracy of all reachable cells with it: `avg_acc` and `best_acc` of Xiang et al. 2021
    (arXiv 2106.06799), there for an undecided cell and over single trainings. Nothing for a complete selection.
    Raises BadInput for a selection of another space and for an unknown data set.
    """
    values = _completions(selection, dataset)
    found = []
    for axis, edge in enumerate(selection.undecided_edges("cell")):
        rows = np.moveaxis(values, axis, 0).reshape(len(OPERATIONS), -1)
        means, bests = rows.mean(1) / 100, rows.max(1) / 100
        operations = tuple(
            OperationWorth(name, float(mean), float(best), rows.shape[1])
            for name, mean, best in zip(OPERATIONS, means, bests, strict=True)
        )
        found.append(EdgeWorth(edge, operations))
    return tuple(found)


def _completions(selection: Selection, dataset: str) -> NDArray[np.uint16]:
    """[5] * undecided edges, hundredths of a percent: an axis for every undecided edge, over its operations."""
    if not covers(selection.space):
        raise BadInput(f"true accuracies exist for space {SPACE.name} only, not for {selection.space.name}")
    if dataset not in DATASETS:
        raise one_of("data set", dataset, DATASETS)
    decided = (selection.operation("cell", edge) for edge in SPACE.edges("cell"))
    place = tuple(slice(None) if name is None else OPERATIONS.index(name) for name in decided)
    return _grid()[(*place, DATASETS.index(dataset))]

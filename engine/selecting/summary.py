"""What several edge orders lead to: the spread of their ends, and which operation wins an edge how often.

Orders      the summary of some selection documents that differ only in their order
summarise   documents -> Orders
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from engine import nasbench201
from engine.errors import BadInput
from engine.selecting.record import SelectionRecord
from engine.selection.selection import Selection


@dataclass(frozen=True)
class Orders:
    """seeds, genotypes and accuracies (of the supernet at the end of each path, %) in the order of the documents.

    true: NAS-Bench-201 test accuracies on CIFAR-10 (%) and ranks: true_accuracy, rank; empty in the DARTS family.
    wins: cell type -> for every edge, operation -> how often it was decided for. kept: cell type -> for every edge, how
    often its node kept it (NAS-Bench-201 keeps all).
    """

    seeds: tuple[int, ...]
    genotypes: tuple[str, ...]
    accuracies: tuple[float, ...]
    true_accuracy: tuple[float, ...]
    rank: tuple[int, ...]
    wins: dict[str, list[dict[str, int]]]
    kept: dict[str, list[int]]

    @property
    def spread(self) -> dict[str, dict[str, float]]:
        """Smallest, median and largest of the accuracies, of the supernet and true."""
        rows = {"supernet": self.accuracies, "true": self.true_accuracy}
        return {
            name: {"lowest": min(row), "median": median(row), "highest": max(row)} for name, row in rows.items() if row
        }

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"spread": self.spread}


def summarise(documents: Sequence[SelectionRecord]) -> Orders:
    """Raises BadInput for documents that are incomplete or of different supernets."""
    if not documents or not all(document.selection.is_complete for document in documents):
        raise BadInput("only complete selections can be summed up; finish the runs with --resume")
    if len({document.checkpoint.get("digest") for document in documents}) > 1:
        raise BadInput("these selections are of different supernets; sum up one supernet's")
    space = documents[0].selection.space
    selections = [document.selection for document in documents]
    genotypes = tuple(str(selection.decoded()) for selection in selections)
    known = [nasbench201.lookup(text) for text in genotypes] if space.genotype_format == "nas-bench-201" else []
    return Orders(
        seeds=tuple(int(document.settings.get("seed", 0)) for document in documents),
        genotypes=genotypes,
        accuracies=tuple(document.path[-1].accuracy for document in documents if document.path),
        true_accuracy=tuple(found.cifar10 for found in known),
        rank=tuple(found.rank["cifar10"] for found in known),
        wins={cell: [dict(_count(selections, cell, edge.index)) for edge in space.edges(cell)] for cell in space.cells},
        kept={
            cell: [sum(not one.is_discarded(cell, edge) for one in selections) for edge in space.edges(cell)]
            for cell in space.cells
        },
    )


def _count(selections: Sequence[Selection], cell: str, edge: int) -> Counter[str]:
    return Counter(str(selection.operation(cell, edge)) for selection in selections)

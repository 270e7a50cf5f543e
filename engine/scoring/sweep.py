"""Sweeps: everything that a selection leaves undecided scored at once. Free of torch until one is taken.

undecided      the edges and nodes that a selection leaves to decide
measure        some of them scored, one after the other
sweep          all of them: what a checkpoint's scores.json holds
StoredSweep    what a scores.json must hold
check_scores   whether scores are of a search space
"""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import engine
from engine.errors import BadInput
from engine.results import EdgeScores, InputScores
from engine.scoring.paths import Report, Scores
from engine.scoring.settings import Settings
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

if TYPE_CHECKING:
    from engine.scoring.masked import Unmasked
    from engine.scoring.scorer import Scorer


class Target(NamedTuple):
    """An edge, or a node whose inputs are scored."""

    cell: str
    number: int
    is_node: bool = False

    def __str__(self) -> str:
        """A name for files: "normal-edge-3"."""
        return f"{self.cell}-{'node' if self.is_node else 'edge'}-{self.number}"


Measure = Callable[[Sequence[Target]], Sequence[dict[str, Any]]]
"""Gives the scores of some targets, in order, as `Scorer.record` does."""


def undecided(selection: Selection) -> tuple[Target, ...]:
    """Every undecided edge of every cell type, then every node that is left to decide."""
    space = selection.space
    edges = [Target(cell, edge) for cell in space.cells for edge in selection.undecided_edges(cell)]
    nodes = [Target(cell, node, True) for cell in space.cells for node in space.cell(cell).topology_nodes]
    return (*edges, *(node for node in nodes if selection.kept(node.cell, node.number) is None))


def measure(
    scorer: "Scorer",
    selection: Selection,
    target: Target,
    report: Report = lambda share: None,
    unmasked: "Unmasked | None" = None,
) -> dict[str, Any]:
    """The scores of one target as plain JSON values. unmasked: what other edges have left, see `Scorer.stream`."""
    if target.is_node:
        return scorer.record(scorer.inputs(selection, target.cell, target.number, report))
    return scorer.record(scorer.edge(selection, target.cell, target.number, report, unmasked))


def sweep(
    scorer: "Scorer",
    selection: Selection,
    digest: str,
    report: Report = lambda share: None,
    *,
    by: Measure | None = None,
) -> dict[str, Any]:
    """Every undecided edge of every cell type and the inputs of every node left to decide, as plain JSON values.

    Keys: `digest` of the checkpoint, `settings`, `device`, `date` (UTC), `seconds`, `versions`, `edges`, `inputs`, and
    `warning` where the data asks for one. `report` is told how many edges and nodes are finished, in fractions. by:
    who measures, e.g. several workers; None: this scorer, one after the other.
    """
    import torch

    began = time.perf_counter()
    targets = undecided(selection)
    rows: Sequence[dict[str, Any]]
    if by is None:
        unmasked: Unmasked = {}
        rows = [
            measure(scorer, selection, target, lambda share, done=done: report(done + share), unmasked)  # type: ignore[misc]
            for done, target in enumerate(targets)
        ]
    else:
        rows = by(targets)
    found = {
        "digest": digest,
        "settings": scorer.header(),
        "device": scorer.device,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - began, 2),
        "versions": {
            "engine": engine.__version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
        "edges": [row for target, row in zip(targets, rows, strict=True) if not target.is_node],
        "inputs": [row for target, row in zip(targets, rows, strict=True) if target.is_node],
    }
    return found if scorer.images.warning is None else found | {"warning": scorer.images.warning}


@dataclass(frozen=True)
class StoredSweep:
    """A sweep as it was stored; further keys are free. Raises BadInput for settings that nothing is measured with."""

    settings: dict[str, Any]
    date: str
    edges: tuple[EdgeScores, ...]
    inputs: tuple[InputScores, ...]

    def __post_init__(self) -> None:
        Settings.stored(self.settings)
        if missing := {"images", "data"} - self.settings.keys():
            raise BadInput(f"settings.{min(missing)} is missing")

    @property
    def scores(self) -> tuple[Scores, ...]:
        """Of all edges and nodes."""
        return (*self.edges, *self.inputs)


def check_scores(space: SearchSpace, scores: Scores) -> None:
    """Raises BadInput unless scores are of an edge or a node of this space."""
    if isinstance(scores, EdgeScores):
        known = space.edge(scores.cell, scores.edge)
        names = tuple(each.name for each in scores.operations)
        if (scores.source, scores.target) != (known.source, known.target):
            raise BadInput(f"edge {scores.edge} joins other nodes")
        if names != space.operations(scores.cell, scores.edge):
            raise BadInput(f"edge {scores.edge} has other operations")
        return
    edges = [(edge.index, edge.source) for edge in space.cell(scores.cell).entering(scores.node)]
    if [(each.edge, each.source) for each in scores.candidates] != edges:
        raise BadInput(f"node {scores.node} has other inputs")

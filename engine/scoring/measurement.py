"""Measurements with everything that they rest on: one edge, one node, or a full sweep ready to be stored.

Measurement    scores edges and nodes of one selection under one Settings
path           where the largest drop leads in one edge order
sweep          every undecided edge and node of a selection: what a checkpoint's scores.json holds
"""

import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

import engine
from engine.checkpoint.folder import Checkpoint
from engine.data.load import load_data, scoring_batches, split_warning
from engine.errors import BadInput
from engine.results import EdgeScores, InputScores
from engine.scoring.scores import Batches, score_inputs, stream_edge_scores
from engine.scoring.settings import RECORDED, Settings
from engine.scoring.unpaired import Report, score_inputs_published, score_published
from engine.selecting.strategies import discard_one_by_one, measured_path
from engine.selection.orders import edge_order
from engine.selection.selection import Selection


class Measurement:
    """Scores edges and nodes of a selection on a checkpoint's supernet, where the supernet is.

    cumulative: whether an input that was discarded is gone while the node's others are measured.
    Raises BadInput for data that cannot be read or has another number of classes than the checkpoint, and for
    cumulative together with published, which measures without.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        selection: Selection,
        settings: Settings,
        *,
        cumulative: bool = False,
        data_dir: str | Path | None = None,
        download: bool = False,
    ) -> None:
        self.checkpoint, self.selection, self.settings = checkpoint, selection, settings
        self.cumulative = cumulative
        if cumulative and settings.published:
            raise BadInput("the published procedure does not remove inputs cumulatively; use one of the two")
        self.device = checkpoint.supernet.device
        self._data_dir, self._download = data_dir, download
        data = load_data(settings.data, data_dir=data_dir, download=download)
        self.split = data.split
        self.warning = split_warning(data, checkpoint)
        self.available = len(data.search)
        self.images = min(settings.images or self.available, self.available)
        whole = settings.until_sure is not None
        # The sequential test speaks about all search images, so it must know how many batches these are.
        self.batches = [] if settings.published else self._draw(None if whole else settings.images)
        self._budget = max(1, self.images // settings.batch_size) if whole and self.images < len(data.search) else None

    def targets(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """(cell type, edge) of every undecided edge, and (cell type, node) of every node left to decide."""
        space = self.selection.space
        edges = [(cell, edge) for cell in space.cells for edge in self.selection.undecided_edges(cell)]
        nodes = [(cell, node) for cell in space.cells for node in space.cell(cell).topology_nodes]
        return edges, [(cell, node) for cell, node in nodes if self.selection.kept(cell, node) is None]

    def edge(self, cell: str, edge: int, report: Report = lambda share: None) -> EdgeScores:
        """Final scores of one edge. `report` is told the finished share (0..1)."""
        settings = self.settings
        options: dict[str, Any] = {"bn": settings.bn, "criterion": settings.criterion, "rescale": settings.rescale}
        supernet = self.checkpoint.supernet
        if settings.published:
            draw = self._drawer(cell, 0, edge)
            return score_published(supernet, self.selection, cell=cell, edge=edge, draw=draw, report=report, **options)
        steps = stream_edge_scores(
            supernet,
            self.selection,
            cell=cell,
            edge=edge,
            batches=self.batches,
            until_sure=settings.until_sure,
            budget=self._budget,
            **options,
        )
        for scores in steps:
            report(1.0 if scores.final else scores.images / self.images)
        return scores

    def inputs(self, cell: str, node: int, report: Report = lambda share: None) -> InputScores:
        """Scores of the inputs of one node, always on all `images`."""
        settings = self.settings
        options: dict[str, Any] = {"bn": settings.bn, "criterion": settings.criterion}
        supernet = self.checkpoint.supernet
        if settings.published:
            draw = self._drawer(cell, 1, node)
            return score_inputs_published(
                supernet, self.selection, cell=cell, node=node, draw=draw, report=report, **options
            )
        batches = self.batches[: self._budget]

        def score(without: tuple[int, ...]) -> InputScores:
            place: dict[str, Any] = {"cell": cell, "node": node, "without": without}
            return score_inputs(supernet, self.selection, batches=batches, **place, **options)

        scores = discard_one_by_one(score) if self.cumulative else score(())
        report(1.0)
        return scores

    def record(self, scores: EdgeScores | InputScores) -> dict[str, Any]:
        """Scores as plain JSON values, with how they were taken and, where there is one, a warning about the data."""
        how = {name: getattr(self.settings, name) for name in RECORDED}
        found = scores.to_dict() | how | {"split": self.split}
        return found if self.warning is None else found | {"warning": self.warning}

    def _draw(self, images: int | None, seed: int | None = None) -> Batches:
        settings = self.settings
        return scoring_batches(
            settings.data,
            images=images,
            batch_size=settings.batch_size,
            checkpoint=self.checkpoint,
            device=self.device,
            augment=settings.augment or settings.published,
            shuffle=settings.published,
            seed=settings.seed if seed is None else seed,
            data_dir=self._data_dir,
            download=self._download,
        )

    def _drawer(self, cell: str, kind: int, index: int) -> Callable[[int], Batches]:
        """The batches of measurement k of an edge (kind 0) or a node (kind 1), each from a seed of its own."""
        place = (self.settings.seed, self.selection.space.cells.index(cell), kind, index)

        def draw(k: int) -> Batches:
            seed = int(np.random.SeedSequence([*place, k]).generate_state(1)[0])
            return self._draw(self.settings.images, seed)

        return draw


def path(measurement: Measurement, seed: int, report: Report = lambda share: None) -> dict[str, Any]:
    """The measured path in the edge order of `seed`, as plain JSON values.

    Keys: `seed`, `genotype` it ends at, `accuracies` before every decision, `images`. `report` is told how many
    decisions are taken.
    """
    settings, found = measurement.settings, measurement.selection
    order = edge_order(found.space, seed)
    accuracies: list[float] = []
    images = 0
    supernet, batches = measurement.checkpoint.supernet, measurement.batches
    for step in measured_path(supernet, found, order, batches, bn=settings.bn, criterion=settings.criterion):
        found, images = step.selection, step.scores.images
        accuracies.append(step.scores.baseline.accuracy)
        report(len(accuracies))
    return {"seed": seed, "genotype": str(found.decoded()), "accuracies": accuracies, "images": images}


def sweep(measurement: Measurement, report: Report = lambda share: None) -> dict[str, Any]:
    """Every undecided edge of every cell type and the inputs of every node left to decide, as plain JSON values.

    Keys: `digest` of the checkpoint, `settings`, `device`, `date` (UTC), `seconds`, `versions`, `edges`, `inputs`, and
    `warning` where the data asks for one. `report` is told how many edges and nodes are finished, in fractions.
    """
    began = time.perf_counter()
    edges, nodes = measurement.targets()
    rows: list[dict[str, Any]] = []
    for score, targets in ((measurement.edge, edges), (measurement.inputs, nodes)):
        for cell, index in targets:
            done = len(rows)

            def tell(share: float, done: int = done) -> None:
                report(done + share)

            rows.append(measurement.record(score(cell, index, tell)))
    found = {
        "digest": measurement.checkpoint.digest,
        "settings": measurement.settings.header()
        | {"images": measurement.images, "available": measurement.available, "split": measurement.split},
        "device": measurement.device.type,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - began, 2),
        "versions": {
            "engine": engine.__version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
        "edges": rows[: len(edges)],
        "inputs": rows[len(edges) :],
    }
    return found if measurement.warning is None else found | {"warning": measurement.warning}

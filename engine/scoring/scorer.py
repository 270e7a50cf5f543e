"""Measurements under one Settings: of an edge, a node, or the accuracy alone.

ScoringImages   what is measured on, and what is known of it
Scorer          scores edges and nodes of selections, paired or as published
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoint.folder import Checkpoint
from engine.data.feed import sizes
from engine.data.identity import content_id
from engine.data.load import data_warning, kept_batches, open_data, scoring_batches
from engine.errors import BadInput
from engine.results import Baseline, EdgeScores, InputScores
from engine.scoring.intervals import PairedCounts
from engine.scoring.masked import Unmasked
from engine.scoring.paths import Report, Scores
from engine.scoring.scores import Batches, measure, score_inputs, stream_edge_scores
from engine.scoring.settings import RECORDED, Settings
from engine.scoring.unpaired import Draw, score_inputs_published, score_published
from engine.selection.selection import Selection
from engine.supernet.scorable import Scorable


@dataclass(frozen=True)
class ScoringImages:
    """What a scorer measures on.

    batches: the same for every mask; none as published. draw: as published, the batches of a seed. count: how many
    images a measurement takes at most. budget: after so many batches it stops. available: images that could be scored.
    content: see `content_id`. warning: a sentence where they are of another data set than the supernet's, or
    training images may be among them. notes: what was lost or left out when they were read.
    """

    batches: Batches
    count: int
    draw: Callable[[int], Batches] | None = None
    budget: int | None = None
    available: int | None = None
    split: str | None = None
    content: str | None = None
    warning: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def given(cls, batches: Batches) -> "ScoringImages":
        """Batches of one's own, of any data that the supernet takes."""
        return cls(batches, sum(sizes(batches)))

    @classmethod
    def of(
        cls,
        checkpoint: Checkpoint,
        settings: Settings,
        *,
        data_dir: str | Path | None = None,
        download: bool = False,
    ) -> "ScoringImages":
        """The search images that `settings` name, as the checkpoint's supernet takes them, where it is.

        Raises BadInput for data that cannot be read or has another number of classes than the checkpoint, and for
        running statistics that the checkpoint does not have.
        """
        if settings.bn == "running" and not checkpoint.meta.get("statistics", True):
            raise BadInput(f"{checkpoint.name} has no running BatchNorm statistics; measure with --bn batch")
        size = checkpoint.meta["image_size"]
        data = open_data(settings.data, size, data_dir=data_dir, download=download)
        available = len(data.search)
        count = min(settings.images or available, available)
        sure = settings.until_sure is not None
        how: dict[str, Any] = {
            "batch_size": settings.batch_size,
            "checkpoint": checkpoint,
            "device": checkpoint.supernet.device,
            "data_dir": data_dir,
            "download": download,
        }

        def draw(seed: int) -> Batches:
            return scoring_batches(settings.data, images=settings.images, augment=True, shuffle=True, seed=seed, **how)

        # The sequential test speaks about all search images, so it must know how many batches these are.
        images = None if sure else settings.images
        seed = settings.seed if settings.augment else 0
        return cls(
            ()
            if settings.published
            else kept_batches(settings.data, images=images, augment=settings.augment, seed=seed, **how),
            count,
            draw if settings.published else None,
            max(1, count // settings.batch_size) if sure and count < available else None,
            available,
            data.split,
            content_id(settings.data, data_dir),
            data_warning(data, checkpoint),
            data.notes,
        )


class Scorer:
    """Scores edges and nodes of any selection on one supernet, under one Settings.

    cumulative: whether an input that was discarded is gone while the node's others are measured. Raises BadInput for
    cumulative together with published, which measures without.
    """

    def __init__(
        self, supernet: Scorable, settings: Settings, images: ScoringImages, *, cumulative: bool = False
    ) -> None:
        if cumulative and settings.published:
            raise BadInput("the published procedure does not remove inputs cumulatively; use one of the two")
        self.supernet, self.settings, self.images, self.cumulative = supernet, settings, images, cumulative

    @classmethod
    def of(
        cls,
        checkpoint: Checkpoint,
        settings: Settings,
        *,
        cumulative: bool = False,
        data_dir: str | Path | None = None,
        download: bool = False,
    ) -> "Scorer":
        """A scorer on a checkpoint's supernet, where that is, on the images that `settings` name."""
        images = ScoringImages.of(checkpoint, settings, data_dir=data_dir, download=download)
        return cls(checkpoint.supernet, settings, images, cumulative=cumulative)

    @property
    def device(self) -> str:
        """ "cpu" or "cuda"."""
        return self.supernet.device.type

    def stream(
        self,
        selection: Selection,
        cell: str,
        edge: int,
        report: Report = lambda share: None,
        counts: PairedCounts | None = None,
        unmasked: Unmasked | None = None,
    ) -> Iterator[EdgeScores]:
        """Scores of one edge as they tighten; the last ones are final. `report` is told the finished share (0..1).

        counts: of the first of the batches; unmasked: what other edges have left; see `stream_edge_scores`. Neither is
        of use as published.
        """
        settings = self.settings
        if self.images.draw is not None:
            yield score_published(
                self.supernet,
                selection,
                cell=cell,
                edge=edge,
                draw=self._draw(selection, cell, 0, edge),
                bn=settings.bn,
                criterion=settings.criterion,
                rescale=settings.rescale,
                report=report,
            )
            return
        for scores in stream_edge_scores(
            self.supernet,
            selection,
            cell=cell,
            edge=edge,
            batches=self.images.batches,
            bn=settings.bn,
            criterion=settings.criterion,
            rescale=settings.rescale,
            until_sure=settings.until_sure,
            budget=self.images.budget,
            counts=counts,
            unmasked=unmasked,
        ):
            report(1.0 if scores.final else scores.images / self.images.count)
            yield scores

    def edge(
        self,
        selection: Selection,
        cell: str,
        edge: int,
        report: Report = lambda share: None,
        unmasked: Unmasked | None = None,
    ) -> EdgeScores:
        """Final scores of one edge."""
        *_, final = self.stream(selection, cell, edge, report, unmasked=unmasked)
        return final

    def inputs(
        self,
        selection: Selection,
        cell: str,
        node: int,
        report: Report = lambda share: None,
        counts: PairedCounts | None = None,
    ) -> InputScores:
        """Scores of the inputs of one node, always on all images. counts: as for `stream`, unless cumulative."""
        settings, draw = self.settings, self.images.draw
        if draw is not None:
            return score_inputs_published(
                self.supernet,
                selection,
                cell=cell,
                node=node,
                draw=self._draw(selection, cell, 1, node),
                bn=settings.bn,
                criterion=settings.criterion,
                report=report,
            )

        def score(without: tuple[int, ...]) -> InputScores:
            return score_inputs(
                self.supernet,
                selection,
                cell=cell,
                node=node,
                batches=self._bounded,
                bn=settings.bn,
                criterion=settings.criterion,
                without=without,
                counts=counts,
            )

        scores = _discard_one_by_one(score) if self.cumulative else score(())
        report(1.0)
        return scores

    def accuracy(self, selection: Selection, counts: PairedCounts | None = None) -> Baseline:
        """The supernet's accuracy under a selection. counts: as for `stream`."""
        draw = self.images.draw
        batches = self._bounded if draw is None else draw(self.settings.seed)
        return measure(self.supernet, selection.weights(), batches, self.settings.bn, counts)

    def record(self, scores: Scores) -> dict[str, Any]:
        """Scores as plain JSON values, with how they were taken and, where there is one, a warning about the data."""
        how = {name: getattr(self.settings, name) for name in RECORDED}
        found = scores.to_dict() | how | {"split": self.images.split}
        return found if self.images.warning is None else found | {"warning": self.images.warning}

    def header(self) -> dict[str, Any]:
        """What every measurement of this scorer rests on, as plain JSON values."""
        images = self.images
        return self.settings.header() | {
            "images": images.count,
            "available": images.available,
            "split": images.split,
            "content": images.content,
        }

    @property
    def _bounded(self) -> Batches:
        return self.images.batches[: self.images.budget]

    def _draw(self, selection: Selection, cell: str, kind: int, index: int) -> Draw:
        """The batches of measurement k of an edge (kind 0) or a node (kind 1), each from a seed of its own."""
        drawn = self.images.draw
        assert drawn is not None
        place = (self.settings.seed, selection.space.cells.index(cell), kind, index)
        return lambda k: drawn(int(np.random.SeedSequence([*place, k]).generate_state(1)[0]))


def _discard_one_by_one(score: Callable[[tuple[int, ...]], InputScores]) -> InputScores:
    """Topology with cumulative removal: an edge that was discarded is gone while the others are measured again.

    score: scores of a node's inputs without the given edges. Returns the first scores with what is kept in the end.
    """
    first = scores = score(())
    gone: tuple[int, ...] = ()
    while True:
        damage = [one.drop if scores.criterion == "accuracy" else one.rise for one in scores.candidates]
        # the later of two equal edges goes
        least = min(range(len(damage)), key=lambda place: (damage[place], -place))
        gone = (*gone, scores.candidates[least].edge)
        if len(gone) == len(first.candidates) - len(first.keep):
            break
        scores = score(gone)
    keep = tuple(one.edge for one in first.candidates if one.edge not in gone)
    # What was measured first says nothing sure about a pair that only later measurements chose.
    return first if keep == first.keep else replace(first, keep=keep, lead_ci=None)

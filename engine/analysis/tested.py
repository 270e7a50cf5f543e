"""Test images for networks of different image sizes, and the accuracy of a changed network on them.

TestImages   the images, with the part of the data that they come from
accuracy     of a network in some order of its layers
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from engine.analysis.opened import Order
from engine.analysis.rewired import Rewired
from engine.analysis.settings import LabSettings
from engine.checkpoint.folder import Checkpoint
from engine.data.augment import Normalisation
from engine.data.feed import Batch, held
from engine.data.load import Data, StreamedData, open_data, open_feed, scoring_order
from engine.errors import BadInput
from engine.results import BnMode, Interval
from engine.scoring.intervals import PairedCounts


@dataclass(frozen=True, eq=False)
class TestImages:
    """part: "test", or "search" where the data have no test part: neither trained the supernet's weights. name: of the
    data set. count: images."""

    __test__ = False  # it is no test of pytest's

    data: Data | StreamedData
    part: str
    count: int
    settings: LabSettings
    device: torch.device

    @classmethod
    def of(
        cls,
        checkpoint: Checkpoint,
        settings: LabSettings,
        *,
        data_dir: str | Path | None = None,
        download: bool = False,
    ) -> "TestImages":
        """Raises BadInput for data of another number of classes, and for running statistics that are not there."""
        meta = checkpoint.meta
        if settings.bn == "running" and not meta.get("statistics", True):
            raise BadInput(f"{checkpoint.name} has no running BatchNorm statistics; measure with bn=batch")
        data = open_data(settings.data, meta["image_size"], data_dir=data_dir, download=download, test=True)
        if len(data.classes) != meta["classes"]:
            raise BadInput(
                f"the checkpoint tells {meta['classes']} classes apart but {data.spec} has {len(data.classes)}; "
                "use the data it was trained on"
            )
        images = data.search if data.test is None else data.test
        return cls(
            data,
            "search" if data.test is None else "test",
            min(settings.images, len(images)),
            settings,
            checkpoint.supernet.device,
        )

    @property
    def name(self) -> str:
        return self.data.name

    def batches(self, image_size: int, normalisation: Mapping[str, Any] | None = None) -> Sequence[Batch]:
        """The same images on every call; only the last batch may be shorter. normalisation: as a checkpoint says it;
        None: that of the data."""
        how = self.data.normalisation if normalisation is None else Normalisation.from_json(normalisation)
        pool = self.data.search if self.data.test is None else self.data.test
        chosen = pool.take(scoring_order(len(pool), self.settings.images))
        feed = open_feed([chosen], how, image_size, self.device)
        return held(feed, torch.arange(self.count).split(self.settings.batch_size))


@torch.inference_mode()
def accuracy(network: Rewired, batches: Sequence[Batch], order: Order, bn: BnMode) -> tuple[float, Interval | None]:
    """In percent, with its 95 % interval over images. Raises BadInput for answers that are not finite."""
    counts = PairedCounts(bn)
    for number, (images, labels) in enumerate(batches):
        logits = network.logits(images, order, number)
        if not torch.isfinite(logits).all():
            raise BadInput("this network returns NaN or infinite outputs, so nothing can be said; check its weights")
        losses = F.cross_entropy(logits, labels, reduction="none")
        counts.add((logits.argmax(1) == labels).cpu().numpy()[None], losses.double().cpu().numpy()[None])
    return counts.accuracy(0), counts.accuracy_ci(0)

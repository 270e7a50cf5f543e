"""What lab "snapshots" finds: where alpha and measurement end, epoch by epoch. Free of torch.

SnapshotsResult   all of it
Epoch             one moment of a training
Measured          that moment by measurement
"""

from dataclasses import dataclass

from engine.results import BnMode
from engine.results.plain import Plain


@dataclass(frozen=True)
class Measured:
    """One moment by measurement. at_once: true accuracy (%) of the cell of the largest drops; paths: of the cells that
    measured paths end with, by edge order, without tuning. images: that a decision rests on. stored: whether it comes
    from the checkpoint's own files."""

    at_once: float | None
    paths: tuple[float, ...]
    images: int
    stored: bool


@dataclass(frozen=True)
class Epoch:
    """accuracy: of the supernet on search images (%), as the training logged it. true: of the cell of the largest
    alphas (%). skips: share of edges that alpha gives to skip. name: of the checkpoint with this moment's weights."""

    epoch: int
    accuracy: float | None
    true: float
    skips: float
    name: str | None = None
    measured: Measured | None = None


@dataclass(frozen=True)
class SnapshotsResult(Plain):
    """epochs: those whose alphas are known, in order."""

    epochs: tuple[Epoch, ...]
    images: int
    orders: int
    bn: BnMode
    method: str
    final: bool

    @property
    def measured(self) -> tuple[tuple[int, Measured], ...]:
        """Epochs that were measured."""
        return tuple((each.epoch, each.measured) for each in self.epochs if each.measured is not None)

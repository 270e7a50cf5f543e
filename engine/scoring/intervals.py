"""What a measured difference is worth: paired intervals.

student_interval   95 % Student interval of a mean
Sums               all that PairedCounts knows, to be stored
PairedCounts       right answers and losses of several masked variants on the same images, batch by batch
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.checked import checked
from engine.errors import BadInput
from engine.results import BnMode, Interval
from engine.results.verdicts import CONFIDENCE, FEWEST_BATCHES, student_quantile


def student_interval(mean: float, variance: float, values: int, comparisons: int = 1) -> Interval:
    """Interval of the mean of so many values, from their mean and their (unbiased) variance.

    comparisons: how many such intervals hold at once with 95 %.
    """
    reach = student_quantile(values - 1, comparisons) * math.sqrt(variance / values)
    return mean - reach, mean + reach


@dataclass(frozen=True)
class Sums:
    """Everything that `PairedCounts` knows, of V variants. size: images in one value of which intervals are taken."""

    bn: BnMode
    images: int
    batches: int
    values: int
    size: int
    right: tuple[int, ...]
    loss: tuple[float, ...]
    differences: tuple[tuple[float, ...], ...]
    squares: tuple[tuple[float, ...], ...]


class PairedCounts:
    """How many images each of V variants got right, and their losses, on the same images; variant 0 is unmasked.

    Only sums are kept, so a batch costs the same whether it is the first or the thousandth. The values of which
    intervals are taken: with batch statistics, which couple the images of a batch, a batch's mean (a shorter last
    batch is left out, and fewer than five give no interval); with running statistics every image counts.
    """

    def __init__(self, bn: BnMode) -> None:
        self.bn = bn
        self.images = 0
        self.batches = 0
        self._right: NDArray[np.int64] = np.zeros(0, np.int64)  # [V]
        self._loss: NDArray[np.float64] = np.zeros(0)  # [V]
        # Of every pair of variants, over all values: the sum of their difference and of its square, [V + 1, V + 1] in
        # images (whole numbers, so that equal variants have no variance at all). The last row and column stand for
        # a variant that is never right: the difference to it is an accuracy.
        self._sum: NDArray[np.float64] = np.zeros(0)
        self._squares: NDArray[np.float64] = np.zeros(0)
        self._values = 0
        self._size = 1  # images in one value
        self.answers: NDArray[np.bool_] = np.zeros((0, 0), bool)  # [V, B], right ones of the last batch

    def add(self, right: NDArray[np.bool_], loss: NDArray[np.float64]) -> None:
        """One batch: right [V, B] and loss [V, B]."""
        size = right.shape[1]
        count = right.sum(axis=1)
        both = np.append(count, 0)
        differences = (both[:, None] - both).astype(np.float64)
        if not self.images:
            self._right, self._loss = np.zeros_like(count), np.zeros(len(count))
            self._sum, self._squares = np.zeros_like(differences), np.zeros_like(differences)
            self._size = 1 if self.bn == "running" else size
        self.images += size
        self.batches += 1
        self._right += count
        self._loss += loss.sum(axis=1)
        self.answers = right
        if self.bn == "running":
            answers = np.vstack([right, np.zeros(size, bool)]).astype(np.int64)
            self._squares += both[:, None] + both - 2 * (answers @ answers.T)  # one for every image they disagree on
            self._values += size
        elif size < self._size:
            return
        else:
            differences *= self._size / size
            self._squares += differences**2
            self._values += 1
        self._sum += differences

    def to_dict(self) -> dict[str, Any]:
        """All sums as plain JSON values: with them, counting goes on where it stopped."""
        return asdict(
            Sums(
                bn=self.bn,
                images=self.images,
                batches=self.batches,
                values=self._values,
                size=self._size,
                right=tuple(self._right.tolist()),
                loss=tuple(self._loss.tolist()),
                differences=tuple(map(tuple, self._sum.tolist())),
                squares=tuple(map(tuple, self._squares.tolist())),
            )
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PairedCounts":
        """Read `to_dict`. Raises BadInput for sums that do not belong together."""
        sums = checked(Sums, dict(data))
        counts = cls(sums.bn)
        counts.images, counts.batches, counts._values, counts._size = sums.images, sums.batches, sums.values, sums.size
        counts._right, counts._loss = np.array(sums.right, np.int64), np.array(sums.loss)
        counts._sum, counts._squares = np.array(sums.differences), np.array(sums.squares)
        variants = len(sums.right)
        square = (variants + 1, variants + 1)
        if counts._loss.shape != (variants,) or {counts._sum.shape, counts._squares.shape} != {square}:
            raise BadInput("these counts are of different numbers of variants; measure again")
        return counts

    @property
    def variants(self) -> int:
        """How many have been counted; 0 before the first batch."""
        return len(self._right)

    def accuracy(self, variant: int) -> float:
        """In percent."""
        return 100.0 * int(self._right[variant]) / self.images

    def loss(self, variant: int) -> float:
        """Mean cross entropy, in nats."""
        return float(self._loss[variant] / self.images)

    def difference(self, one: int, other: int) -> float:
        """Accuracy of variant `one` minus accuracy of `other`, in points."""
        return 100.0 * int(self._right[one] - self._right[other]) / self.images

    def accuracy_ci(self, variant: int) -> Interval | None:
        """Interval of one variant's accuracy (%), within 0 and 100.

        Of independent images Wilson's (1927). That of batch means is cut to what an accuracy can be: what is cut off
        cannot hold it, so the coverage stays (Mandelkern 2002, Statistical Science 17).
        """
        if self.bn == "running":
            from scipy import stats  # takes a second, and batch statistics do without

            found = stats.binomtest(int(self._right[variant]), self.images).proportion_ci(CONFIDENCE, method="wilson")
            return 100 * float(found.low), 100 * float(found.high)
        ci = self._interval(variant, -1, self.accuracy(variant))
        return None if ci is None else (max(0.0, ci[0]), min(100.0, ci[1]))

    def difference_ci(self, one: int, other: int, comparisons: int = 1) -> Interval | None:
        """Paired interval of `difference`, in points; comparisons: how many such intervals hold at once."""
        return self._interval(one, other, self.difference(one, other), comparisons)

    def _interval(self, one: int, other: int, point: float, comparisons: int = 1) -> Interval | None:
        values, total = self._values, float(self._sum[one, other])
        if values < (2 if self.bn == "running" else FEWEST_BATCHES):
            return None
        squares = values * float(self._squares[one, other])
        spread = squares - total**2  # values * (values - 1) times the variance
        if spread <= 1e-12 * squares:  # all values are equal; sizes that differ leave a rounding error
            return point, point
        points = 100 / self._size
        return student_interval(
            points * total / values, points**2 * spread / (values * (values - 1)), values, comparisons
        )

"""What a measured difference is worth: paired intervals and the sequential test behind "until sure".

interval     95 % Student interval of a mean, None when there are too few values
Tally        right answers and losses of several masked variants, batch by batch
Race         stops a measurement once one variant is, with the asked probability, the one all images would name
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from engine.results import BnMode, Interval

FEWEST_BATCHES = 5
CONFIDENCE = 0.95


def interval(values: NDArray[np.float64]) -> Interval:
    """Student's interval of the mean of `values`; [mean, mean] when they do not vary."""
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    if error == 0:
        return mean, mean
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, loc=mean, scale=error)
    return float(low), float(high)


class Tally:
    """Which images each of V variants got right, and their losses, kept per image for paired comparison.

    Variant 0 is the unmasked supernet.
    """

    def __init__(self, bn: BnMode) -> None:
        self.bn = bn
        self._right: list[NDArray[np.bool_]] = []  # per batch [V, B]
        self._loss: list[NDArray[np.float64]] = []

    def add(self, right: NDArray[np.bool_], loss: NDArray[np.float64]) -> None:
        """One batch: right [V, B] and loss [V, B]."""
        self._right.append(right)
        self._loss.append(loss)

    @property
    def batches(self) -> int:
        return len(self._right)

    @property
    def images(self) -> int:
        return sum(right.shape[1] for right in self._right)

    @property
    def right(self) -> NDArray[np.int64]:
        """Right answers of each variant, [V]."""
        return np.sum([right.sum(axis=1) for right in self._right], axis=0)

    @property
    def loss(self) -> NDArray[np.float64]:
        """Mean cross entropy of each variant, [V]."""
        return np.sum([loss.sum(axis=1) for loss in self._loss], axis=0) / self.images

    def accuracy(self, variant: int) -> float:
        return 100.0 * int(self.right[variant]) / self.images

    def difference(self, one: int, other: int) -> float:
        """Accuracy of variant `one` minus accuracy of `other`, in points."""
        right = self.right
        return 100.0 * int(right[one] - right[other]) / self.images

    def accuracy_ci(self, variant: int) -> Interval | None:
        """Interval of one variant's accuracy (%)."""
        return self._interval([right[variant].astype(np.float64) for right in self._right], self.accuracy(variant))

    def difference_ci(self, one: int, other: int) -> Interval | None:
        """Paired interval of `difference`, in points.

        Batch statistics couple the images of a batch, so there the values are batch means (a shorter last batch is
        left out) and fewer than five give None; with running statistics every image counts.
        """
        pairs = [right[one].astype(np.float64) - right[other] for right in self._right]
        return self._interval(pairs, self.difference(one, other))

    def _interval(self, values: Sequence[NDArray[np.float64]], point: float) -> Interval | None:
        if self.bn == "running":
            sample = np.concatenate(values)
            if len(sample) < 2:
                return None
        else:
            whole = [batch for batch in values if len(batch) >= len(values[0])]
            if len(whole) < FEWEST_BATCHES:
                return None
            sample = np.array([batch.mean() for batch in whole])
        sample = 100 * sample
        return (point, point) if np.ptp(sample) == 0 else interval(sample)

    def batch_differences(self) -> NDArray[np.float64]:
        """Of the last batch: mean accuracy difference of every pair of variants, [V, V] (fractions)."""
        right = self._right[-1].astype(np.float64).mean(axis=1)
        return right[:, None] - right[None]


class Race:
    """Without-replacement test of which operation's removal hurts most, over batches in random order.

    For operations a and b the capital of "a does not beat b over all batches" grows by betting on each batch's mean
    difference x in [-1, 1]: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting"
    (JRSS B 2024), sampling without replacement. Under that hypothesis the capital is a supermartingale, so it
    reaches 1/delta with probability at most delta at any time (Ville). A wrong leader must beat the true one, hence
    the union over K - 1 rivals: delta = (1 - confidence) / (K - 1).
    """

    TRUNCATION = 0.9

    def __init__(self, operations: int, batches: int, confidence: float) -> None:
        self.batches = batches
        self.threshold = max(operations - 1, 1) / (1 - confidence)
        self.seen = 0
        shape = (operations, operations)
        self.capital = np.ones(shape)
        self.total = np.zeros(shape)
        self.squares = np.zeros(shape)
        self.beats = np.zeros(shape, dtype=bool)

    def add(self, differences: NDArray[np.float64]) -> None:
        """One batch: differences[a, b] = how much more accuracy masking a costs than masking b, as a fraction."""
        left = self.batches - self.seen
        expected = -self.total / left  # mean of the remaining batches if a and b tied over all of them
        self.beats |= expected < -1  # no remaining batch can make up for it
        mean = self.total / (self.seen + 1)
        variance = (1 + self.squares) / (self.seen + 1) - mean**2
        edge = mean - expected
        room = np.maximum(1 + expected, 1e-12)
        bet = np.clip(edge / (np.maximum(variance, 0) + edge**2 + 1e-12), 0, self.TRUNCATION / room)
        self.capital = np.maximum(self.capital * (1 + bet * (differences - expected)), 0)
        self.beats |= self.capital >= self.threshold
        self.total += differences
        self.squares += differences**2
        self.seen += 1

    def won_by(self, leader: int) -> bool:
        """Whether the leader beats every other operation."""
        return bool(np.delete(self.beats[leader], leader).all())

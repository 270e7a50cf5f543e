"""The test behind "until sure": which operation all search images would name, asked after every batch.

evidence         how strongly sums of paired differences speak for the one and against the other
Race             the sums of all pairs of operations: who is out, and whether one is left
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.results import BnMode
from engine.results.verdicts import FEWEST_BATCHES

Numbers = NDArray[np.float64]

PRIOR = 64.0
"""How many images the belief about an effect is worth that the test begins with: it is best at leads of about 2 to 10
points, and holds at all."""
FEWEST_IMAGES = 64
"""Below, a normal distribution is no good description of a mean of images; see `Race` for what else has to be there."""


def evidence(seen: float | Numbers, images: int, mean: Numbers, variance: Numbers) -> Numbers:
    """Logarithm of the evidence, element by element, that a mean over all `images` is above zero.

    seen: how many have been drawn (without replacement, not yet all); mean: theirs. variance: of one image.

    The likelihood ratio mixed over positive effects by a half normal distribution: a one-sided asymptotic confidence
    sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Annals of Statistics 52, after Robbins 1970). Where
    the mean is zero, or below, it reaches 1/delta at any time with probability at most delta (Ville), as far as means
    are normal and the variance is known. What n of N images say is worth n / (1 - n/N) independent ones, as the mean of
    those left is a martingale with that clock (Waudby-Smith and Ramdas, NeurIPS 2020).
    """
    from scipy.special import log_ndtr  # takes a while, and only until-sure needs it

    worth = seen / (1 - seen / images)
    kept = PRIOR / (worth + PRIOR)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = np.where(mean == 0, 0.0, worth * mean**2 / variance) * (1 - kept)
    reach = np.sign(mean) * np.sqrt(square)
    return np.asarray(0.5 * np.log(kept) + square / 2 + math.log(2) + log_ndtr(reach))


class Race:
    """Which operation's removal costs most over all images, drawn in random order and batch by batch.

    An operation is out once the evidence that others cost more than it, averaged over all others, has reached
    1 / (1 - confidence): were it the true leader, that would happen at any time with probability at most
    1 - confidence. So that is also the probability of a wrong leader. One that the images left cannot bring back to the
    leader is out for certain.

    The variance of a difference is what the images that both variants disagree on make it, as if images were
    independent, or, with batch statistics, what batches differ by, where that is more. Few batches are often too much
    alike: with their variance alone a wrong leader was named in 9 to 14 % of simulations that promised 5 %, with both
    in 2 to 4 %. Nothing is said before `FEWEST_IMAGES` images and, with batch statistics, five batches.
    """

    def __init__(self, operations: int, images: int, confidence: float, bn: BnMode) -> None:
        """images: how many there are in all."""
        self.images, self.bn = images, bn
        self.threshold = math.log(max(operations - 1, 1) / (1 - confidence))
        self.seen = self.batches = 0
        # Of every pair of operations: images that only the supernet without the second one got right, minus those that
        # only the one without the first did; their number together; the sum of squares over batches, per image.
        self.total: Numbers = np.zeros((operations, operations))
        self.disagreed: Numbers = np.zeros((operations, operations))
        self.squares: Numbers = np.zeros((operations, operations))
        self.out = np.zeros(operations, dtype=bool)

    def add(self, right: NDArray[np.bool_]) -> None:
        """One batch: right[k, i] = whether the supernet without operation k got image i right."""
        size, count = right.shape[1], right.sum(axis=1)
        answers = right.astype(np.int64)
        # masking a costs more than masking b where b's variant is the more accurate one
        differences = (count - count[:, None]).astype(np.float64)
        self.seen += size
        self.batches += 1
        self.total += differences
        self.disagreed += count[:, None] + count - 2 * (answers @ answers.T)
        self.squares += differences**2 / size
        left = self.images - self.seen
        self.out |= (self.total > left).any(axis=0)
        fewest = FEWEST_BATCHES if self.bn == "batch" else 1
        if left and self.batches >= fewest and self.seen >= FEWEST_IMAGES:
            found = evidence(float(self.seen), self.images, self.total / self.seen, self._variance())
            np.fill_diagonal(found, -np.inf)
            self.out |= np.logaddexp.reduce(found, axis=0) >= self.threshold

    def _variance(self) -> Numbers:
        """Of one image's difference, of every pair."""
        square = (self.total / self.seen) ** 2
        alone: Numbers = self.disagreed / self.seen - square
        if self.bn == "running":
            return alone
        return np.maximum(alone, (self.squares - self.seen * square) / (self.batches - 1))

    def won_by(self, leader: int) -> bool:
        """Whether every other operation is out of the race."""
        return not self.out[leader] and bool(np.delete(self.out, leader).all())

"""Intervals: what they promise, held against Student, Wilson and all values kept."""

import numpy as np
import pytest
from scipy import stats

from engine.scoring.intervals import PairedCounts, student_interval


def test_the_interval_is_students():
    values = np.random.RandomState(0).normal(3, 2, 30)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = student_interval(float(values.mean()), float(values.var(ddof=1)), len(values))
    assert found == pytest.approx((expected.low, expected.high))
    assert student_interval(2.5, 0.0, 7) == (2.5, 2.5)


def test_counts_compare_variants_on_the_same_images():
    counts = PairedCounts("running")
    counts.add(np.array([[True, True, False], [True, False, False]]), np.ones((2, 3)))
    counts.add(np.array([[True], [True]]), np.zeros((2, 1)))
    assert counts.images == 4 and counts.accuracy(0) == 75 and counts.difference(0, 1) == 25
    assert [counts.loss(variant) for variant in (0, 1)] == [0.75, 0.75]
    low, high = counts.difference_ci(0, 1)
    assert low < 25 < high


@pytest.mark.parametrize("bn", ["batch", "running"])
@pytest.mark.parametrize("sizes", [[16] * 9, [16] * 9 + [5], [16] * 5 + [24, 16, 3]])
def test_running_sums_give_the_intervals_of_all_values_kept(bn, sizes):
    rng = np.random.RandomState(4)
    rights = [rng.rand(4, size) < [[0.9], [0.5], [0.4], [0.9]] for size in sizes]
    for right in rights:
        right[3] = right[0]  # a mask that changes nothing
    counts = PairedCounts(bn)
    for right in rights:
        counts.add(right, np.ones(right.shape))
    for one in range(4):
        for other in (-1, *range(4)):
            pairs = [100.0 * right[one] - (100.0 * right[other] if other >= 0 else 0.0) for right in rights]
            whole = [pair.mean() for pair in pairs if len(pair) >= sizes[0]]
            values = np.concatenate(pairs) if bn == "running" else np.array(whole)
            if other == -1 and bn == "running":
                continue  # Wilson's, below
            found = counts.accuracy_ci(one) if other == -1 else counts.difference_ci(one, other)
            if np.ptp(values) == 0:
                assert found == (0, 0)
            else:
                expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
                wanted = (expected.low, expected.high)
                if other == -1:
                    wanted = max(0.0, expected.low), min(100.0, expected.high)
                assert found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("bn", ["batch", "running"])
def test_an_accuracys_interval_stays_within_what_an_accuracy_can_be(bn):
    counts = PairedCounts(bn)
    for right in ([2, 64], [0, 64], [0, 63], [0, 64], [1, 64], [0, 64]):
        counts.add(np.arange(64) < np.array(right)[:, None], np.ones((2, 64)))
    (low, high), (lower, upper) = counts.accuracy_ci(0), counts.accuracy_ci(1)
    assert 0 <= low < counts.accuracy(0) < high and lower < counts.accuracy(1) < upper <= 100
    if bn == "batch":
        assert (low, upper) == (0, 100)  # Student's would reach beyond
    else:
        expected = wilson(3, 384), wilson(383, 384)
        assert [low, high, lower, upper] == pytest.approx([*expected[0], *expected[1]])


def wilson(right: int, images: int) -> tuple[float, float]:
    """Wilson's interval in percent, as he wrote it (1927)."""
    z, p = stats.norm.ppf(0.975), right / images
    middle, root = p + z**2 / (2 * images), z * np.sqrt(p * (1 - p) / images + z**2 / (4 * images**2))
    return 100 * (middle - root) / (1 + z**2 / images), 100 * (middle + root) / (1 + z**2 / images)


def test_the_bookkeeping_of_a_batch_does_not_grow_with_the_batches_before_it():
    """Counted in bytes that the object holds on to: all that its sums can be summed over again."""

    def held(batches: int) -> int:
        counts = PairedCounts("batch")
        for _ in range(batches):
            counts.add(np.ones((8, 64), bool), np.ones((8, 64)))
        return sum(value.nbytes if isinstance(value, np.ndarray) else 1 for value in vars(counts).values())

    assert held(391) == held(1)

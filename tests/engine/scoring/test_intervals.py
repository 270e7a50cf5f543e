"""Intervals and the sequential test: what they promise, checked by simulation."""

import numpy as np
import pytest
from scipy import stats

from engine.scoring.intervals import ConfidenceSequence, PairedCounts, student_interval


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


def _batches(advantage: np.ndarray, rng: np.random.RandomState, batches: int = 120, size: int = 64) -> np.ndarray:
    """Accuracy cost of masking each operation, per batch: [batches, K] fractions."""
    return rng.binomial(size, advantage, (batches, len(advantage))) / size


def _run(costs: np.ndarray, order: np.ndarray, confidence: float) -> tuple[int | None, int]:
    sequence = ConfidenceSequence(costs.shape[1], len(costs), confidence)
    total = np.zeros(costs.shape[1])
    for seen, index in enumerate(order, start=1):
        sequence.add(costs[index][:, None] - costs[index][None])
        total += costs[index]
        leader = int(total.argmax())
        if sequence.won_by(leader):
            return leader, seen
    return None, len(order)


def test_the_sequence_names_the_true_leader_at_least_as_often_as_promised():
    rng = np.random.RandomState(1)
    costs = _batches(np.array([0.3, 0.29, 0.28, 0.1]), rng)
    truth = int(costs.sum(axis=0).argmax())
    wrong = 0
    for _ in range(200):
        leader, _ = _run(costs, rng.permutation(len(costs)), 0.8)
        wrong += leader is not None and leader != truth
    assert wrong / 200 <= 0.2


def test_the_sequence_ends_early_when_the_difference_is_large_and_late_when_it_is_small():
    rng = np.random.RandomState(2)
    clear = _batches(np.array([0.4, 0.05, 0.02]), rng)
    close = _batches(np.array([0.2, 0.16, 0.02]), rng)
    leader, clear_batches = _run(clear, rng.permutation(120), 0.95)
    assert leader == 0 and clear_batches < 40
    leader, close_batches = _run(close, rng.permutation(120), 0.95)
    assert close_batches > clear_batches


def test_the_sequence_never_separates_operations_that_tie_over_all_batches():
    costs = np.tile([[0.25, 0.25], [0.5, 0.5]], (30, 1))
    leader, seen = _run(costs, np.arange(60), 0.5)
    assert leader is None and seen == 60


def test_a_higher_confidence_asks_for_more_images():
    rng = np.random.RandomState(3)
    costs = _batches(np.array([0.35, 0.2, 0.1]), rng, batches=400)
    order = rng.permutation(400)
    assert _run(costs, order, 0.6)[1] <= _run(costs, order, 0.95)[1] <= _run(costs, order, 0.999)[1]

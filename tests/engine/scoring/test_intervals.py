"""Intervals and the sequential test: what they promise, checked by simulation."""

import numpy as np
import pytest
from scipy import stats

from engine.scoring.intervals import Race, Tally, interval


def test_the_interval_is_students():
    values = np.random.RandomState(0).normal(3, 2, 30)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert interval(values) == pytest.approx((expected.low, expected.high))
    assert interval(np.full(7, 2.5)) == (2.5, 2.5)


def test_tally_compares_variants_on_the_same_images():
    tally = Tally("running")
    tally.add(np.array([[True, True, False], [True, False, False]]), np.ones((2, 3)))
    tally.add(np.array([[True], [True]]), np.zeros((2, 1)))
    assert tally.images == 4 and tally.accuracy(0) == 75 and tally.difference(0, 1) == 25
    assert tally.loss.tolist() == [0.75, 0.75]
    low, high = tally.difference_ci(0, 1)
    assert low < 25 < high


def _batches(advantage: np.ndarray, rng: np.random.RandomState, batches: int = 120, size: int = 64) -> np.ndarray:
    """Accuracy cost of masking each operation, per batch: [batches, K] fractions."""
    return rng.binomial(size, advantage, (batches, len(advantage))) / size


def _run(costs: np.ndarray, order: np.ndarray, confidence: float) -> tuple[int | None, int]:
    race = Race(costs.shape[1], len(costs), confidence)
    total = np.zeros(costs.shape[1])
    for seen, index in enumerate(order, start=1):
        race.add(costs[index][:, None] - costs[index][None])
        total += costs[index]
        leader = int(total.argmax())
        if race.won_by(leader):
            return leader, seen
    return None, len(order)


def test_the_race_names_the_true_leader_at_least_as_often_as_promised():
    rng = np.random.RandomState(1)
    costs = _batches(np.array([0.3, 0.29, 0.28, 0.1]), rng)
    truth = int(costs.sum(axis=0).argmax())
    wrong = 0
    for _ in range(200):
        leader, _ = _run(costs, rng.permutation(len(costs)), 0.8)
        wrong += leader is not None and leader != truth
    assert wrong / 200 <= 0.2


def test_the_race_ends_early_when_the_difference_is_large_and_late_when_it_is_small():
    rng = np.random.RandomState(2)
    clear = _batches(np.array([0.4, 0.05, 0.02]), rng)
    close = _batches(np.array([0.2, 0.16, 0.02]), rng)
    leader, clear_batches = _run(clear, rng.permutation(120), 0.95)
    assert leader == 0 and clear_batches < 40
    leader, close_batches = _run(close, rng.permutation(120), 0.95)
    assert close_batches > clear_batches


def test_the_race_never_separates_operations_that_tie_over_all_batches():
    costs = np.tile([[0.25, 0.25], [0.5, 0.5]], (30, 1))
    leader, seen = _run(costs, np.arange(60), 0.5)
    assert leader is None and seen == 60


def test_a_higher_confidence_asks_for_more_images():
    rng = np.random.RandomState(3)
    costs = _batches(np.array([0.35, 0.2, 0.1]), rng, batches=400)
    order = rng.permutation(400)
    assert _run(costs, order, 0.6)[1] <= _run(costs, order, 0.95)[1] <= _run(costs, order, 0.999)[1]

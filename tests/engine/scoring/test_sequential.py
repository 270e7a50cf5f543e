"""The test behind until-sure: what it promises, checked by simulation on answers of a bundled supernet.

`right-answers.npz` holds which images nas-bench-201 got right without each operation of an edge: all 15,000 search
images in batches of 64 (edges 0 and 2), and 6,400 of them with running statistics (edge 4). Packed bits.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from engine.scoring.sequential import PRIOR, Race, evidence

ANSWERS = Path(__file__).parents[2] / "files" / "right-answers.npz"
EDGES = ("edge-0", "edge-2")
SIZE = 64


@cache
def answers(name: str) -> np.ndarray:
    """Whether the supernet without each operation got each image right: [operations, batches, 64]; a short last batch
    is left out."""
    with np.load(ANSWERS) as stored:
        right = np.unpackbits(stored[name], axis=1).astype(bool)
    batches = right.shape[1] // SIZE
    return right[:, : batches * SIZE].reshape(len(right), batches, SIZE)


def ranked(right: np.ndarray) -> np.ndarray:
    """Operations by what their removal costs over all images, the leader first."""
    return np.argsort(right.sum(axis=(1, 2)), kind="stable")


def run(right: np.ndarray, order: np.ndarray, confidence: float, bn: str = "batch") -> tuple[int | None, int]:
    """Who is named as the leader and after how many batches; nobody after all of them."""
    race = Race(len(right), right[0].size, confidence, bn)
    for seen, index in enumerate(order, start=1):
        race.add(right[:, index])
        leader = int(race.total.sum(axis=1).argmax())
        if race.won_by(leader):
            return leader, seen
    return None, len(order)


def drawn(rights: list[float], rng: np.random.RandomState, batches: int = 120) -> np.ndarray:
    """Images that the supernet gets right without each operation so often: [operations, batches, 64]."""
    return rng.rand(len(rights), batches, SIZE) < np.array(rights)[:, None, None]


def put_out(right: np.ndarray, rivals: list[int], bn: str, times: int, rng: np.random.RandomState) -> float:
    """How often the true leader is ever put out of the race with 95 %, had all rivals cost as much over all images."""
    leader = ranked(right)[0]
    lead = right[rivals].sum(axis=2) - right[leader].sum(axis=1)  # [rivals, batches], images
    alike = (right[leader].sum(axis=1) - right[rivals].sum(axis=2)).T + lead.mean(axis=1)  # their means are zero
    disagreed = (right[rivals] != right[leader]).sum(axis=2).T
    batches, failed = len(alike), 0
    seen = np.arange(5 if bn == "batch" else 1, batches)
    for _ in range(times // 100):
        order = np.argsort(rng.rand(100, batches), axis=1)
        total, both, squares = (each[order].cumsum(axis=1)[:, seen - 1] for each in (alike, disagreed, alike**2 / SIZE))
        images = (SIZE * seen)[:, None].astype(float)
        mean = total / images
        variance = both / images - (mean - lead.mean(axis=1) / SIZE) ** 2
        if bn == "batch":
            variance = np.maximum(variance, (squares - images * mean**2) / (seen[:, None] - 1))
        found = np.logaddexp.reduce(evidence(images, SIZE * batches, mean, variance), axis=2) - np.log(len(rivals))
        failed += int((found.max(axis=1) >= np.log(20)).sum())
    return failed / times


@pytest.mark.parametrize(("name", "bn"), [("edge-0", "batch"), ("edge-2", "batch"), ("running", "running")])
def test_no_leader_of_real_answers_is_put_out_more_often_than_promised(name, bn):
    right, rng = answers(name), np.random.RandomState(0)
    _, *rivals = ranked(right)
    for which in (rivals[:1], rivals):
        assert put_out(right, which, bn, 4000, rng) <= 0.05


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_is_decided_within_three_times_the_images_of_a_paired_test_with_hindsight(name):
    """The fewest batches with which a t-test at 5 %, told mean and deviation, tells the leader from the next."""
    right, rng = answers(name), np.random.RandomState(2)
    leader, second = ranked(right)[:2]
    lead = right[second].sum(axis=1) - right[leader].sum(axis=1)
    seen = np.arange(2, len(lead))
    spread = lead.std(ddof=1) * np.sqrt((1 - seen / len(lead)) / seen)
    hindsight = seen[np.argmax(stats.t.ppf(0.975, seen - 1) * spread <= lead.mean())]
    found = [run(right, rng.permutation(len(lead)), 0.95) for _ in range(15)]
    assert {name for name, _ in found} == {leader}
    assert np.median([batches for _, batches in found]) <= 3 * hindsight
    assert np.median([batches for _, batches in found]) * SIZE <= 25_000 / 20


def test_one_batch_after_the_other_gives_the_sums_of_all_images():
    right, race = answers("edge-0"), Race(5, 15_000, 0.95, "batch")
    for index in range(30):
        race.add(right[:, index])
    seen = right[:, :30].reshape(5, -1).astype(int)
    differences = seen[None] - seen[:, None]
    assert np.array_equal(race.total, differences.sum(axis=2))
    assert np.array_equal(race.disagreed, abs(differences).sum(axis=2))
    means = differences.reshape(5, 5, 30, SIZE).mean(axis=3)
    expected = np.maximum(differences.var(axis=2), SIZE * means.var(axis=2, ddof=1))
    assert race._variance() == pytest.approx(expected)


def test_evidence_is_the_likelihood_ratio_mixed_over_positive_effects():
    seen, mean, variance = 320.0, 0.05, 0.25
    deviation = np.sqrt(variance / seen)

    def likely(effect: float) -> float:
        prior = 2 * stats.norm.pdf(effect, 0, np.sqrt(variance / PRIOR))
        return float(prior * stats.norm.pdf(mean, effect, deviation) / stats.norm.pdf(mean, 0, deviation))

    expected, _ = integrate.quad(likely, 0, 1, points=[0.05, 0.2])
    found = evidence(seen, 10**12, np.array(mean), np.array(variance))
    assert found == pytest.approx(np.log(expected), rel=1e-5)


def test_it_names_the_true_leader_at_least_as_often_as_promised():
    rng = np.random.RandomState(1)
    right = drawn([0.7, 0.71, 0.72, 0.9], rng, 60)
    truth = ranked(right)[0]
    named = [run(right, rng.permutation(60), 0.8)[0] for _ in range(50)]
    assert sum(leader not in (None, truth) for leader in named) <= 10


def test_it_ends_early_when_the_difference_is_large_and_late_when_it_is_small():
    rng = np.random.RandomState(2)
    leader, clear = run(drawn([0.6, 0.95, 0.98], rng), rng.permutation(120), 0.95)
    assert (leader, clear) == (0, 5)
    assert run(drawn([0.8, 0.84, 0.98], rng), rng.permutation(120), 0.95)[1] > clear


def test_running_statistics_need_no_five_batches():
    rng = np.random.RandomState(2)
    assert run(drawn([0.5, 0.95, 0.98], rng), rng.permutation(120), 0.95, "running") == (0, 1)


def test_operations_that_take_turns_and_tie_over_all_images_are_not_told_apart():
    right = np.zeros((2, 60, SIZE), bool)
    right[0, ::2, :8] = right[1, 1::2, :8] = True
    assert run(right, np.arange(60), 0.5) == (None, 60)


def test_a_lead_that_no_image_left_can_make_up_for_is_certain():
    right = np.zeros((2, 4, SIZE), bool)
    right[1, :2, :40] = right[0, 3, :30] = True
    assert run(right, np.arange(4), 1 - 1e-12) == (0, 3)
    assert run(right[:, ::-1], np.arange(4), 1 - 1e-12) == (0, 4)


def test_one_image_in_every_batch_proves_nothing_at_first():
    right = np.zeros((2, 200, SIZE), bool)
    right[1, :, 0] = True
    assert run(right, np.arange(200), 0.95)[1] >= 8


def test_a_higher_confidence_asks_for_more_images():
    rng = np.random.RandomState(3)
    right, order = drawn([0.65, 0.71, 0.9], rng, 400), rng.permutation(400)
    assert run(right, order, 0.6)[1] < run(right, order, 0.95)[1] < run(right, order, 0.999)[1]

import json
from pathlib import Path

import numpy as np
import pytest

from engine import nasbench201
from engine.results import Agreement, EdgeScores, EdgeWorth
from engine.scoring.truth import PRIOR, agreement, scoreboard
from engine.selection.selection import Selection

OPERATIONS = nasbench201.OPERATIONS
UNDECIDED = Selection(nasbench201.SPACE, {"cell": np.zeros((6, 5))})


@pytest.fixture(scope="module")
def truth() -> tuple[EdgeWorth, ...]:
    return nasbench201.worth(UNDECIDED)


def board(root: Path, name: str, truth: tuple[EdgeWorth, ...]) -> dict[str, Agreement]:
    stored = json.loads((root / "checkpoints" / name / "scores.json").read_text(encoding="utf-8"))
    edges = [EdgeScores.from_dict(edge) for edge in stored["edges"]]
    alphas = {edge.edge: {one.name: one.alpha for one in edge.operations} for edge in edges}
    drops = {edge.edge: {one.name: one.drop for one in edge.operations} for edge in edges}
    return {row.score: row for row in scoreboard(alphas, drops, truth)}


def test_on_the_bundled_supernet_the_drop_comes_nearer_than_alpha_and_neither_is_the_truth(root, truth):
    rows = board(root, "nas-bench-201", truth)
    assert (rows["alpha"].hit_count, round(rows["alpha"].mean, 2)) == (0, 0.37)
    assert (rows["drop"].hit_count, round(rows["drop"].mean, 2)) == (3, 0.65)
    assert rows["drop"].hits == (False, False, True, False, True, True)
    assert (rows["prior"].hit_count, round(rows["prior"].mean, 2)) == (6, 0.95)


def test_alpha_that_never_moved_ranks_against_the_truth(root, truth):
    row = board(root, "nas-bench-201-fixed-alpha", truth)["alpha"]
    assert (row.hit_count, round(row.mean, 2)) == (0, -0.33)


def test_a_score_that_ranks_as_the_truth_does_is_right_everywhere(truth):
    same = {edge.edge: {one.name: one.mean for one in edge.operations} for edge in truth}
    row = agreement("mean", same, truth)
    assert row is not None and row.hits == (True,) * 6 and row.mean == pytest.approx(1)
    against = agreement("against", {edge: {name: -x for name, x in each.items()} for edge, each in same.items()}, truth)
    assert against is not None and against.hit_count == 0 and against.mean == pytest.approx(-1)


def test_ties_share_their_rank_and_the_first_of_them_is_named(truth):
    values = dict(zip(OPERATIONS, (0.0, 1.0, 2.0, 2.0, 0.0), strict=True))
    row = agreement("tied", {0: values}, truth)
    assert row is not None and row.edges == (0,) and row.hits == (False,)  # conv 1x1 comes before conv 3x3
    # ranks 1.5 3 4.5 4.5 1.5 against 1 3 4 5 2
    assert row.correlations == pytest.approx((9 / np.sqrt(9 * 10),))


def test_a_score_that_knows_no_difference_is_no_evidence(truth):
    row = agreement("same", {2: dict.fromkeys(OPERATIONS, 0.2)}, truth)
    assert row is not None and row.correlations == (0.0,)


def test_only_edges_that_are_scored_and_undecided_count(truth):
    prior = {name: float(rank) for rank, name in enumerate(PRIOR)}
    later = nasbench201.worth(UNDECIDED.discretize("cell", 3, "skip_connect"))
    row = agreement("prior", {1: prior, 3: prior}, later)
    assert row is not None and row.edges == (1,)
    assert agreement("nothing", {}, truth) is None
    assert [row.score for row in scoreboard({}, {}, truth)] == ["prior"]
    assert scoreboard({}, {}, ()) == ()


def test_as_json_a_row_says_its_sums_too(truth):
    prior = {name: float(rank) for rank, name in enumerate(PRIOR)}
    row = agreement("prior", {edge: prior for edge in range(6)}, truth)
    assert row is not None
    data = json.loads(json.dumps(row.to_dict()))
    assert set(data) == {"score", "edges", "hits", "correlations", "hit_count", "mean"} and data["hit_count"] == 6

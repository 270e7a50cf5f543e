"""How signals are held against the truth: published scores, recomputed, and what a result says."""

from dataclasses import replace

import numpy as np
import pytest

from engine import nasbench201
from engine.analysis import stored
from engine.analysis.signals import words
from engine.analysis.signals.kinds import KINDS, chosen
from engine.analysis.signals.results import SignalsResult, SignalValues, mean_ci, paired, table
from engine.checkpoint.format import read_summary
from engine.errors import BadInput
from engine.selection.selection import Selection

UNDECIDED = Selection(nasbench201.SPACE, {"cell": np.zeros((6, 5))})


def result(signals: dict[str, list], selection: Selection = UNDECIDED, **more) -> SignalsResult:
    """A finished result with these signals, of one image set each unless they have more."""
    truth = nasbench201.worth(selection, more.get("dataset", "cifar10"))
    space = selection.space.cell("cell")
    values = tuple(
        SignalValues(name, name, "", 512, tuple(tuple(tuple(row) for row in rows) for rows in sets))
        for name, sets in signals.items()
    )
    fields = dict(
        edges=tuple(worth.edge for worth in truth),
        names=tuple(space.edge_name(space.edges[worth.edge]) for worth in truth),
        operations=nasbench201.OPERATIONS,
        decided=tuple(selection.operation("cell", edge) for edge in range(6)),
        dataset="cifar10",
        truth="mean",
        mean=tuple(tuple(each.mean for each in worth.operations) for worth in truth),
        best=tuple(tuple(each.best for each in worth.operations) for worth in truth),
        images=512,
        sets=max(len(sets) for sets in signals.values()),
        batch_size=64,
        bn="batch",
        seed=0,
        signals=values,
        accuracy=60.0,
        accuracy_ci=(58.0, 62.0),
        final=True,
        method="darts",
    )
    return SignalsResult(**{**fields, **more})


PRIOR = [[0.0, 2.0, 3.0, 4.0, 1.0]] * 6
COUNTS = [[0.0, 0.0, 1.0, 9.0, 0.0]] * 6


def test_the_baselines_are_as_wise_as_they_are_known_to_be() -> None:
    found = {row.name: row for row in table(result({"prior": [PRIOR], "counts": [COUNTS]}))}
    best = {row.name: row for row in table(result({"prior": [PRIOR], "counts": [COUNTS]}), "best")}
    assert (round(found["prior"].mean, 2), round(best["prior"].mean, 2)) == (0.95, 0.62)
    assert (round(found["counts"].mean, 2), round(best["counts"].mean, 2)) == (0.89, 0.68)
    assert found["prior"].hit_count == found["counts"].hit_count == 6
    assert (found["prior"].true, found["prior"].is_baseline, found["counts"].is_baseline) == (93.76, True, False)


def test_random_strengths_know_nothing() -> None:
    draw = np.random.default_rng(0)
    drawn = {f"draw-{number}": [draw.random((6, 5)).tolist()] for number in range(300)}
    rows = table(result(drawn))
    means = np.array([row.mean for row in rows])
    assert abs(means.mean()) < 0.05 and 0.15 < means.std() < 0.25
    assert abs(np.mean([row.hit_count for row in rows]) - 1.2) < 0.2
    assert 84 < np.mean([row.true for row in rows]) < 90


def test_tied_winners_of_the_best_cell_are_all_hits() -> None:
    """Edges 4 and 5 each have two operations with 94.37, of two cells that must not be mixed."""
    ones = [[0.0, 0.0, 1.0, 0.0, 0.0]] * 6
    threes = [[0.0, 0.0, 0.0, 1.0, 0.0]] * 6
    rows = {row.name: row for row in table(result({"ones": [ones], "threes": [threes]}), "best")}
    assert rows["ones"].hits[4:] == rows["threes"].hits[4:] == (True, True)
    assert rows["ones"].hits[3] is rows["threes"].hits[3] is False


def test_the_truth_of_a_partial_selection_is_that_of_its_completions() -> None:
    decided = UNDECIDED.discretize("cell", 0, "nor_conv_3x3").discretize("cell", 3, "skip_connect")
    found = result({"prior": [PRIOR[:4]]}, decided)
    assert found.edges == (1, 2, 4, 5)
    assert [round(value, 2) for value in found.mean[2]] == [90.32, 91.97, 92.92, 93.20, 91.55]
    (row,) = table(found)
    cell = decided
    for edge in found.edges:
        cell = cell.discretize("cell", edge, "nor_conv_3x3")
    assert row.genotype == str(cell.genotype()) and row.true == nasbench201.lookup(row.genotype).cifar10


def test_image_sets_are_pooled_and_held_against_each_other() -> None:
    first, second = np.tile([0.0, 2, 3, 4, 1], (6, 1)), np.tile([4.0, 2, 1, 0, 3], (6, 1))
    (row,) = table(result({"torn": [first.tolist(), second.tolist()]}))
    assert row.reliability == pytest.approx(-1) and row.images == 1024
    assert row.spread is not None and row.spread[0] == pytest.approx(-row.spread[1])
    assert row.mean == pytest.approx(0) and row.named == ("none",) * 6, "equal sums name the first"
    (same,) = table(result({"firm": [first.tolist(), (10 * first).tolist()]}))
    assert same.reliability == pytest.approx(1) and same.spread[0] == pytest.approx(same.spread[1])


def test_none_stands_below_every_number() -> None:
    rows = [[None, -5.0, -4.0, -3.0, -6.0]] * 6
    (row,) = table(result({"iim": [rows]}))
    assert row.named == ("nor_conv_3x3",) * 6 and row.mean == pytest.approx(0.95, abs=0.005)


def test_unfinished_and_failed_signals_have_no_row() -> None:
    found = result({"alpha": [PRIOR], "drop": [PRIOR], "taylor": [PRIOR]})
    alpha, drop, taylor = found.signals
    half = replace(drop, values=((drop.values[0][:3] + (None,) * 3),))
    found = replace(found, signals=(alpha, half, replace(taylor, problem="it was not to be had")))
    assert [row.name for row in table(found)] == ["alpha"]
    assert "it was not to be had" in words.verdict(found)
    assert SignalsResult.from_dict(found.to_dict()) == found


def test_intervals_are_students_over_edges() -> None:
    assert mean_ci([0.5, 0.5]) is None
    assert mean_ci([0.2, 0.4, 0.6]) == pytest.approx((0.4 - 4.302653 * 0.2 / 3**0.5, 0.4 + 4.302653 * 0.2 / 3**0.5))
    assert mean_ci([1.0, 1.0, -1.0]) == pytest.approx((-1, 1))


def test_the_verdict_is_careful_and_goes_by_paired_intervals() -> None:
    worse = [[4.0, 2.0, 1.0, 0.0, 3.0]] * 6
    clear = result({"alpha": [worse], "drop": [PRIOR]})
    rows = {row.name: row for row in table(clear)}
    difference, ci = paired(rows["drop"], rows["alpha"])
    assert ci is not None and ci[0] > 0 and difference == pytest.approx(rows["drop"].mean - rows["alpha"].mean)
    assert words.agrees(clear) is True and "told apart from 0" in words.verdict(clear)
    assert words.agrees(result({"alpha": [PRIOR], "drop": [worse]})) is False
    close = result({"alpha": [PRIOR], "drop": [PRIOR[:5] + worse[:1]]})
    assert words.agrees(close) is None and "cannot tell from 0" in words.verdict(close)
    assert words.agrees(result({"prior": [PRIOR]})) is None


def test_paper_numbers_stand_beside_ours_only_where_they_mean_the_same() -> None:
    whole = {each.what: each for each in words.compared(result({"alpha": [PRIOR], "drop": [COUNTS]}))}
    assert whole["cell of the largest α, true accuracy"].paper == 54.30
    assert whole["rank correlation of drop"].paper == 0.67
    fixed = words.compared(result({"alpha": [PRIOR], "drop": [COUNTS]}, method="fixed-alpha"))
    assert [each.paper for each in fixed if each.unit == "%"] == [None, 93.80]
    assert [each.paper for each in words.compared(result({"alpha": [PRIOR]}, method="gdas")) if each.unit] == [None]
    decided = UNDECIDED.discretize("cell", 0, "nor_conv_3x3")
    part = words.compared(result({"alpha": [PRIOR[:5]]}, decided))
    assert not [each for each in part if each.unit == ""]


def test_rows_hold_every_value_with_what_is_true() -> None:
    found = words.rows(result({"alpha": [PRIOR], "drop": [PRIOR, COUNTS]}))
    assert len(found) == 3 * 6 * 5
    assert found[3] == {
        "signal": "alpha",
        "image_set": 0,
        "edge": 0,
        "operation": "nor_conv_3x3",
        "value": 4.0,
        "true_mean": pytest.approx(90.95, abs=0.005),
        "true_best": 94.37,
    }


def test_signals_are_chosen_by_name(tmp_path) -> None:
    assert chosen("all")[0] == KINDS
    assert [kind.name for kind in chosen("taylor, drop,edge-shapley")[0]] == ["drop", "edge_shapley", "taylor"]
    with pytest.raises(BadInput, match="no signal 'talyor'; did you mean taylor"):
        chosen("talyor")
    with pytest.raises(BadInput, match="no signal is named"):
        chosen(" , ")
    with pytest.raises(BadInput, match="cannot be imported"):
        chosen("all", str(tmp_path / "absent.py"))
    (tmp_path / "nothing_in_it.py").write_text("SIGNALS = []\n")
    with pytest.raises(BadInput, match="needs SIGNALS"):
        chosen("all", str(tmp_path / "nothing_in_it.py"))


# Correlation with the mean, with the best, hits, the cell at once, and agreement with itself: as an independent program
# found them on 1,024 images, in two sets of 512.
MEASURED = {
    "alpha": (0.37, 0.09, 0, 54.30, None),
    "drop": (0.65, 0.43, 3, 93.31, 0.86),
    "rise": (0.60, 0.44, 3, 93.31, 0.97),
    "drop_rescaled": (0.72, 0.44, 3, 93.31, 0.95),
    "rise_rescaled": (0.65, 0.45, 3, 93.31, 0.93),
    "taylor": (0.23, 0.32, 2, 89.17, 0.12),
    "fisher": (0.65, 0.51, 2, 93.76, 0.83),
    "edge_shapley": (0.43, 0.23, 1, 88.32, None),
    "synflow": (0.92, 0.62, 6, 93.76, None),
}


def test_the_stored_result_says_what_others_measured(root) -> None:
    document = stored.read(read_summary(root / "checkpoints" / "nas-bench-201"), "signals")
    assert document is not None and document.numbers.images == 512 and document.numbers.sets == 2
    mean, best = ({row.name: row for row in table(document.numbers, by)} for by in ("mean", "best"))
    assert set(mean) == {kind.name for kind in KINDS}
    for name, (average, highest, hits, true, itself) in MEASURED.items():
        row = mean[name]
        assert (round(row.mean, 2), round(best[name].mean, 2), row.hit_count, row.true) == (
            average,
            highest,
            hits,
            true,
        ), name
        assert (row.reliability is None and itself is None) or round(row.reliability, 2) == itself, name

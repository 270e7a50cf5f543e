"""When decisions are taken and how long is tuned: the published schedules, as tables."""

import pytest

from engine.selecting.schedule import rounds, schedule
from engine.selecting.settings import NONE, Tuning
from engine.selection.orders import edge_order, index_order
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.engine.golden import golden_alphas


def selection(name: str) -> Selection:
    space = search_space(name)
    return Selection(space, golden_alphas(space))


def decision_epochs(name: str, epochs: int) -> tuple[list[int], int]:
    """At the start of which tuning epoch each round is decided, and how many epochs there are."""
    start = selection(name)
    at, found = 0, []
    for one in schedule(start, edge_order(start.space, 0), Tuning("epochs", epochs)):
        found.append(at)
        at += one.tune
    return found, at


@pytest.mark.parametrize(
    ("epochs", "decided_at", "total"),
    [
        (5, [0, 5, 10, 15, 20, 24], 25),
        (10, [0, 10, 20, 30, 40, 49], 50),
        (2, [0, 2, 4, 6, 8, 9], 10),
        (1, [0, 1, 2, 3, 4, 4], 5),
        (0, [0, 0, 0, 0, 0, 0], 0),
    ],
)
def test_nas_bench_201_decides_its_last_edge_at_the_start_of_the_final_epoch(epochs, decided_at, total):
    assert decision_epochs("nas-bench-201", epochs) == (decided_at, total)


@pytest.mark.parametrize(("epochs", "total"), [(5, 81), (10, 161), (1, 17), (0, 0)])
@pytest.mark.parametrize("name", ["darts", "s1", "s3"])
def test_the_darts_family_decides_every_k_epochs_and_trains_one_more_at_the_end(name, epochs, total):
    assert decision_epochs(name, epochs) == ([epochs * number for number in range(17)], total)


def test_a_round_decides_a_normal_and_then_a_reduce_edge_and_nodes_come_after_all_edges():
    start = selection("s2")
    taken = rounds(start, edge_order(start.space, 0))
    assert [[(step.kind, step.cell, step.index) for step in one] for one in (taken[0], taken[13], taken[14])] == [
        [("edge", "normal", 12), ("edge", "reduce", 5)],
        [("edge", "normal", 10), ("edge", "reduce", 2)],
        [("node", "normal", 3), ("node", "reduce", 3)],
    ]
    assert len(taken) == 17


def test_one_cell_type_after_the_other_keeps_each_order():
    start = selection("s2")
    taken = rounds(start, index_order(start.space), together=False)
    assert [len(one) for one in taken] == [1] * 34
    assert [one[0].cell for one in taken] == ["normal"] * 14 + ["reduce"] * 14 + ["normal"] * 3 + ["reduce"] * 3


def test_batches_are_trained_between_rounds_only():
    start = selection("nas-bench-201")
    taken = schedule(start, index_order(start.space), Tuning("batches", 50, 0.01))
    assert [one.tune for one in taken] == [50] * 5 + [0]
    assert sum(one.tune for one in schedule(start, index_order(start.space), NONE)) == 0


def test_a_begun_selection_goes_on_with_what_is_left():
    start = selection("nas-bench-201").discretize("cell", 4, "skip_connect").discretize("cell", 0, "none")
    taken = schedule(start, edge_order(start.space, 0), Tuning("epochs", 5))
    assert [one.steps[0].index for one in taken] == [5, 2, 3, 1]
    assert [one.tune for one in taken] == [5, 5, 4, 1]
    complete = start.alpha_path()
    assert schedule(complete, edge_order(start.space, 0), Tuning("epochs", 5)) == []


@pytest.mark.parametrize(("amount", "words"), [(0, "no tuning"), (1, "1 epoch at 0.0025"), (5, "5 epochs at 0.0025")])
def test_tuning_says_what_it_is(amount, words):
    assert str(Tuning("epochs", amount)) == words
    assert str(Tuning("batches", 1, 0.01)) == "1 batch at 0.01"

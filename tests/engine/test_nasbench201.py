import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import nasbench201
from engine.bundled.build_table import build
from engine.errors import BadInput
from engine.results import EdgeWorth, OperationWorth
from engine.selection.genotype import Genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection
from engine.spaces import NAS_BENCH_201_OPERATIONS, search_space

SPACE = search_space("nas-bench-201")


def cell(*operations: str) -> str:
    edges = SPACE.edges("cell")
    return str(Genotype({"cell": [(name, edge.source) for name, edge in zip(operations, edges, strict=True)]}))


def everywhere(operation: str) -> str:
    return cell(*[operation] * 6)


C3, C1, SKIP, NONE, POOL = "nor_conv_3x3", "nor_conv_1x1", "skip_connect", "none", "avg_pool_3x3"


def undecided() -> Selection:
    return Selection(SPACE, {"cell": np.zeros((6, 5))})


# Look-ups


@pytest.mark.parametrize(
    ("architecture", "index", "accuracies"),
    [
        (cell(C3, C3, C3, SKIP, C3, C1), 6111, (94.37, 73.22, 46.71)),
        (cell(C3, C3, C3, SKIP, C3, C3), 9930, (94.36, 73.51, 46.34)),
        (cell(C1, C1, C3, SKIP, C3, C3), 857, (93.99, 72.88, 47.31)),
        (everywhere(SKIP), 1835, (54.30, 15.61, 16.32)),
        (everywhere(C3), 1462, (93.76, 71.11, 41.44)),
        (everywhere(C1), 4317, (89.37, 65.71, 35.48)),
        (everywhere(POOL), 7581, (49.02, 10.20, 9.35)),
        (everywhere(NONE), 1651, (10.00, 1.00, 0.83)),
        (cell(C3, NONE, C3, SKIP, NONE, SKIP), 11472, (93.91, 70.89, 44.23)),
    ],
)
def test_known_cells_have_their_published_accuracies(
    architecture: str, index: int, accuracies: tuple[float, float, float]
) -> None:
    found = nasbench201.lookup(architecture)
    assert found.architecture == architecture and found.index == index
    assert (found.cifar10, found.cifar100, found.imagenet16_120) == accuracies
    assert nasbench201.lookup(parse_genotype(architecture)) == found


def test_the_best_cells_share_rank_one() -> None:
    first = nasbench201.lookup(cell(C3, C3, C3, SKIP, C3, C1))
    second = nasbench201.lookup(cell(C3, C3, C3, SKIP, C1, C3))
    assert second.index == 13714
    assert first.cifar10 == second.cifar10 and first.rank["cifar10"] == second.rank["cifar10"] == 1
    assert first.percentile["cifar10"] == pytest.approx(100 * 15623 / 15625)
    third = nasbench201.lookup(cell(C3, C3, C3, SKIP, C3, C3))
    assert (third.rank["cifar10"], third.rank["cifar100"]) == (3, 1)


def test_rank_counts_the_better_cells_and_percentile_the_worse_ones() -> None:
    # Elsewhere given as 167, 164 and 2834: accuracies of two decimals leave ties, and ties share the best rank.
    found = nasbench201.lookup(everywhere(C3))
    assert found.rank == {"cifar10": 166, "cifar100": 163, "imagenet16_120": 2833}
    assert found.percentile["cifar10"] == pytest.approx(100 * 15451 / 15625)
    worst = nasbench201.lookup(everywhere(NONE))
    assert worst.percentile["cifar10"] == 0 and worst.rank["cifar10"] > 15_000


def test_the_table_has_the_published_distribution() -> None:
    accuracies = nasbench201.accuracies()
    assert accuracies.shape == (15625, 3)
    assert accuracies.max(0) == pytest.approx([94.37, 73.51, 47.31]) and accuracies.argmax(0).tolist() == [
        6111,
        9930,
        857,
    ]
    assert accuracies.min(0) == pytest.approx([10.00, 1.00, 0.83])
    assert accuracies.mean(0) == pytest.approx([87.06, 61.41, 33.59], abs=0.006)
    assert accuracies.std(0) == pytest.approx([12.94, 12.17, 9.51], abs=0.006)
    percentiles = np.percentile(accuracies, [5, 25, 50, 75, 95, 99], axis=0).T
    published = [
        [73.53, 87.62, 90.75, 92.19, 93.28, 93.77],
        [42.53, 59.24, 65.29, 67.88, 70.11, 71.13],
        [15.15, 29.48, 36.39, 40.18, 44.07, 45.39],
    ]
    np.testing.assert_allclose(percentiles, published, atol=0.0101)


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        ("", "empty"),
        ("resnet", "no genotype in this text"),
        ("|nor_conv_3x3~0|", "1 node after its input"),
        (everywhere("skip_connect").replace("~2", "~3"), "the sources 0, 1, 3, and .* 0, 1, 2"),
        (everywhere("skip_connect").replace("skip_connect~2", "sep_conv_3x3~2"), "operation sep_conv_3x3"),
        ("Genotype(normal=[])", "no reduce cell"),
        (None, "a genotype is a text"),
        (12, "a genotype is a text"),
    ],
)
def test_a_cell_outside_the_space_is_refused_in_one_line(text: object, difference: str) -> None:
    with pytest.raises(BadInput, match=difference) as caught:
        nasbench201.lookup(text)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_darts_genotype_is_not_in_the_table() -> None:
    pairs = [("skip_connect", 0), ("skip_connect", 1)] * 4
    genotype = Genotype({"normal": pairs, "reduce": pairs})
    for value in (genotype, str(genotype)):
        with pytest.raises(BadInput, match="a DARTS genotype is not in the NAS-Bench-201 table"):
            nasbench201.lookup(value)


# Isomorphic cells


def test_there_are_6466_different_cells() -> None:
    classes = nasbench201.isomorphism_classes()
    assert len(classes) == 6466
    assert sorted(index for members in classes.values() for index in members) == list(range(15625))


def test_isomorphic_cells_are_mutual_and_leave_the_cell_itself_out() -> None:
    # With a skip into node 1, reading the input directly or through node 1 is the same.
    architecture = cell(SKIP, C3, NONE, C1, NONE, POOL)
    found = nasbench201.lookup(architecture)
    twin = cell(SKIP, NONE, C3, C1, NONE, POOL)
    assert twin in found.isomorphic and architecture not in found.isomorphic
    for other in found.isomorphic:
        assert architecture in nasbench201.lookup(other).isomorphic
    assert nasbench201.lookup(everywhere(C3)).isomorphic == ()


# What a selection can still become


def test_an_open_selection_reaches_the_whole_space() -> None:
    found = nasbench201.reachable(undecided())
    assert (found.count, found.best, found.median, found.worst) == (15625, 94.37, 90.75, 10.0)
    assert sum(found.counts) == 15625 and len(found.bin_edges) == len(found.counts) + 1 == 101
    assert nasbench201.reachable(undecided(), dataset="imagenet16_120").best == 47.31


def test_every_decision_leaves_a_fifth_and_the_operations_share_the_rest() -> None:
    selection = undecided()
    for edge in range(6):
        before = nasbench201.reachable(selection)
        branches = [
            nasbench201.reachable(selection.discretize("cell", edge, name)) for name in NAS_BENCH_201_OPERATIONS
        ]
        assert {branch.count for branch in branches} == {before.count // 5}
        assert tuple(map(sum, zip(*(branch.counts for branch in branches), strict=True))) == before.counts
        assert max(branch.best for branch in branches) == before.best
        assert {branch.bin_edges for branch in branches} == {before.bin_edges}
        selection = selection.discretize("cell", edge, "skip_connect")
    end = nasbench201.reachable(selection)
    assert (end.count, end.best, end.median, end.worst) == (1, 54.30, 54.30, 54.30)
    assert end.counts[54] == 1


def test_the_histogram_counts_what_lies_in_its_bins() -> None:
    selection = undecided().discretize("cell", 3, "none").discretize("cell", 1, "nor_conv_1x1")
    found = nasbench201.reachable(selection, dataset="cifar100")
    exact = []
    for index, row in enumerate(nasbench201.accuracies()):
        operations = [name for name, _ in nasbench201.genotype_of(index).pairs("cell")]
        if operations[3] == "none" and operations[1] == "nor_conv_1x1":
            exact.append(row[1])
    assert found.count == len(exact) == 625
    assert (found.best, found.median, found.worst) == pytest.approx((max(exact), np.median(exact), min(exact)))
    expected, _ = np.histogram(np.round(exact, 2), bins=found.bin_edges)
    assert list(found.counts) == expected.tolist()


@pytest.mark.parametrize("question", [nasbench201.reachable, nasbench201.worth])
def test_other_spaces_and_unknown_data_sets_are_refused(question: Callable[..., object]) -> None:
    space = search_space("s2")
    assert nasbench201.covers(SPACE) and not nasbench201.covers(space)
    with pytest.raises(BadInput, match="for space nas-bench-201 only, not for s2"):
        question(Selection(space, {name: np.zeros((14, 2)) for name in space.cells}))
    with pytest.raises(BadInput, match="unknown data set 'svhn'; use one of: cifar10, cifar100, imagenet16_120"):
        question(undecided(), dataset="svhn")


# What an operation is truly worth

AVERAGE = (
    (81.99, 87.24, 89.84, 90.95, 85.28),
    (84.21, 86.93, 88.87, 89.66, 85.65),
    (86.62, 86.46, 87.82, 88.27, 86.15),
    (79.24, 88.38, 90.58, 91.78, 85.33),
    (84.35, 86.89, 88.68, 89.39, 86.00),
    (81.99, 87.21, 89.66, 90.54, 85.91),
)
BEST = (
    (93.95, 94.01, 94.30, 94.37, 93.81),
    (94.18, 94.02, 94.34, 94.37, 93.87),
    (94.24, 94.18, 94.29, 94.37, 94.25),
    (94.02, 94.37, 93.98, 93.94, 93.79),
    (94.09, 94.02, 94.37, 94.37, 94.02),
    (93.88, 94.02, 94.37, 94.37, 93.92),
)


def means(selection: Selection, edge: int) -> tuple[float, ...]:
    found = next(worth for worth in nasbench201.worth(selection) if worth.edge == edge)
    return tuple(round(operation.mean, 2) for operation in found.operations)


def bests(selection: Selection, edge: int) -> tuple[float, ...]:
    found = next(worth for worth in nasbench201.worth(selection) if worth.edge == edge)
    return tuple(operation.best for operation in found.operations)


def test_operations_of_the_undecided_cell_are_worth_what_was_published() -> None:
    found = nasbench201.worth(undecided())
    assert [edge.edge for edge in found] == list(range(6))
    for edge, average, best in zip(found, AVERAGE, BEST, strict=True):
        assert tuple(operation.name for operation in edge.operations) == NAS_BENCH_201_OPERATIONS
        assert tuple(round(operation.mean, 2) for operation in edge.operations) == average
        assert tuple(operation.best for operation in edge.operations) == best
        assert {operation.count for operation in edge.operations} == {3125}
        assert edge.winners == (C3,)


@pytest.mark.parametrize(("dataset", "highest"), [("cifar100", 73.51), ("imagenet16_120", 47.31)])
def test_conv_3x3_is_the_best_on_average_on_every_data_set(dataset: str, highest: float) -> None:
    found = nasbench201.worth(undecided(), dataset)
    assert {edge.winners for edge in found} == {(C3,)}
    assert max(operation.best for edge in found for operation in edge.operations) == highest


def test_the_worth_of_an_operation_depends_on_what_is_decided() -> None:
    skip = undecided().discretize("cell", 3, SKIP)
    assert [edge.edge for edge in nasbench201.worth(skip)] == [0, 1, 2, 4, 5]
    assert means(skip, 0) == (87.82, 86.34, 90.84, 91.99, 84.90)
    both = skip.discretize("cell", 0, C3)
    assert means(both, 4) == (90.32, 91.97, 92.92, 93.20, 91.55)
    assert means(both, 5) == (91.30, 91.32, 93.06, 93.38, 90.90)
    conv = undecided().discretize("cell", 3, C3)
    for edge, column in ((1, 1), (4, 0), (5, 1)):
        assert max(bests(conv, edge)) == bests(conv, edge)[column] == 93.94
    skips = skip.discretize("cell", 0, SKIP)
    assert max(bests(skips, 2)) == bests(skips, 2)[0] == 94.01
    last = skip
    for edge in (0, 1, 2, 4):
        last = last.discretize("cell", edge, C3)
    assert means(last, 5) == bests(last, 5) == (93.68, 93.69, 94.37, 94.36, 93.77)
    assert nasbench201.worth(last.discretize("cell", 5, NONE)) == ()


def test_worth_is_what_reachable_says_of_every_choice() -> None:
    selection = undecided().discretize("cell", 1, POOL).discretize("cell", 4, C1)
    for edge in nasbench201.worth(selection, "cifar100"):
        for operation in edge.operations:
            cells = nasbench201.reachable(selection.discretize("cell", edge.edge, operation.name), "cifar100")
            assert (operation.count, operation.best) == (cells.count, cells.best) and cells.count == 125


def test_ties_of_the_truth_are_all_winners() -> None:
    selection = undecided()
    for edge, name in enumerate((C3, C3, C3, SKIP)):
        selection = selection.discretize("cell", edge, name)
    # Of the cells left, two share the best accuracy; on average only one operation wins.
    assert bests(selection, 4)[2:4] == bests(selection, 5)[2:4] == (94.37, 94.37)
    row = EdgeWorth(0, tuple(OperationWorth(name, 90.0, 91.0, 5) for name in (SKIP, C3)))
    assert row.winners == (SKIP, C3) and row.operation(C3).best == 91.0


def test_greedy_choices_by_the_best_reachable_accuracy_end_at_the_best_cell() -> None:
    for order in ((0, 1, 2, 3, 4, 5), (5, 3, 1, 0, 2, 4), (2, 4, 0, 5, 3, 1)):
        selection = undecided()
        for edge in order:
            row = bests(selection, edge)
            selection = selection.discretize("cell", edge, NAS_BENCH_201_OPERATIONS[row.index(max(row))])
        assert nasbench201.reachable(selection).best == 94.37


# The bundled file


def test_the_bundled_table_is_small() -> None:
    assert nasbench201.TABLE.stat().st_size < 500_000


def test_the_table_is_built_from_a_csv_and_nothing_else(tmp_path: Path) -> None:
    source, target = tmp_path / "cells.csv", tmp_path / "table.npz"
    with source.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", *(f"{name}_test" for name in nasbench201.DATASETS)])
        for index, row in enumerate(nasbench201.accuracies()):
            writer.writerow([nasbench201.genotype_of(index), *(f"{value:.2f}" for value in row)])
    build(source, target)
    with np.load(target) as built, np.load(nasbench201.TABLE) as bundled:
        assert set(built) == set(bundled)
        for name in bundled:
            np.testing.assert_array_equal(built[name], bundled[name])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.csv", "table.npz"]


def test_a_csv_that_lacks_cells_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "cells.csv"
    source.write_text(
        f"architecture,cifar10_test,cifar100_test,imagenet16_120_test\n{everywhere(SKIP)},54.30,15.61,16.32\n"
    )
    with pytest.raises(SystemExit, match="expected every one of the 15625 cells once"):
        build(source, tmp_path / "table.npz")
    assert not (tmp_path / "table.npz").exists()

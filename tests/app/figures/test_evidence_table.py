"""Rows of evidence: the choice of a step, and the tape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.decision_grid import GridRow, inputs_grid, operations_grid
from app.figures.evidence_table import Scale, Table
from app.figures.tape_rows import Taken, tape_rows
from engine import nasbench201
from engine.selection.selection import Selection

ROWS = (
    GridRow("skip_connect", "skip", "skip_connect", 0.4, 1.3, (-1.0, 3.6), "", 0, True),
    GridRow("nor_conv_3x3", "conv 3×3", "nor_conv_3x3", 0.2, 3.7, (1.0, 6.4), "measured", 60_480, False),
    GridRow("none", "none", "none", 0.1, -0.2, None, "", 940, False),
)
UNDECIDED = Selection(nasbench201.SPACE, {"cell": [[0.0] * 5] * 6})


def cells(table: Table, kind: str) -> list[dict]:
    return [cell for row in table["rows"] for cell in row["cells"] if cell["kind"] == kind]


def words(table: Table) -> list[list[str]]:
    return [[cell["text"] for cell in row["cells"] if cell["kind"] == "text"] for row in table["rows"]]


def check(table: Table) -> Table:
    """Every row has a cell for every column, every share lies on its cell, and all of it is JSON."""
    assert all(len(row["cells"]) == len(table["columns"]) for row in table["rows"])
    for cell in cells(table, "drop"):
        assert 0 <= cell["from"] <= cell["to"] <= 1 and all(0 <= end <= 1 for end in cell["whisker"])
    for cell in cells(table, "ticks"):
        assert all(0 <= place <= 1 and 0 < strength <= 1 for place, strength in cell["places"])
        assert 0 <= cell["middle"] <= 1
    assert len({row["id"] for row in table["rows"]}) == len(table["rows"])
    return json.loads(json.dumps(table))


class TestOperations:
    def test_rows_share_one_scale_and_start_at_zero(self):
        table = check(operations_grid(ROWS, name="a step", chosen="none"))
        skip, conv, none = cells(table, "drop")
        assert skip["zero"] == conv["zero"] == none["zero"] == skip["from"] == conv["from"] == none["to"]
        assert conv["to"] - conv["from"] == pytest.approx(3.7 / 1.3 * (skip["to"] - skip["from"]), rel=0.01)
        assert skip["whisker"][0] < skip["zero"] < conv["whisker"][0] and none["whisker"] == []
        assert [row["chosen"] for row in table["rows"]] == [False, False, True]
        assert table["role"] == "radio" and table["keys"] == {"1": "skip_connect", "2": "nor_conv_3x3", "3": "none"}

    def test_where_alpha_is_unknown_there_is_no_column_of_weights(self):
        table = check(operations_grid([row._replace(weight=None, by_alpha=False) for row in ROWS], name="a", chosen=""))
        assert [each["head"] for each in table["columns"] if each["head"]] == ["drop, points", "weights"]
        assert not cells(table, "bar") and not any("α" in row["label"] for row in table["rows"])

    def test_weights_are_written_short(self):
        texts = words(operations_grid(ROWS, name="a step", chosen=None))
        assert [row[-1] for row in texts] == ["0", "60 k", "940"]
        big = [
            row._replace(id=str(size), parameters=size) for row, size in zip(ROWS, (6_720, 999, 1_234_567), strict=True)
        ]
        assert [row[-1] for row in words(operations_grid(big, name="a", chosen=None))] == ["6.7 k", "999", "1.2 M"]

    def test_what_is_reachable_has_ticks_best_and_median(self):
        last = UNDECIDED
        for edge, name in ((0, "nor_conv_3x3"), (1, "nor_conv_3x3"), (2, "nor_conv_3x3"), (3, "skip_connect")):
            last = last.discretize("cell", edge, name)
        last = last.discretize("cell", 4, "nor_conv_3x3")
        reach = {row.id: nasbench201.reachable(last.discretize("cell", 5, row.id)) for row in ROWS}
        table = check(operations_grid(ROWS, name="a step", chosen=None, reach=reach))
        assert [row[-2:] for row in words(table)] == [["93.7", "93.7"], ["94.4", "94.4"], ["93.7", "93.7"]]
        assert all(len(cell["places"]) == 1 for cell in cells(table, "ticks"))
        assert "best reachable 94.4 %, median 94.4 % of 1 cells" in table["rows"][1]["label"]

    def test_cells_below_eighty_percent_do_not_squeeze_the_others(self):
        reach = {row.id: nasbench201.reachable(UNDECIDED.discretize("cell", 3, row.id)) for row in ROWS}
        ticks = cells(check(operations_grid(ROWS, name="a", chosen=None, reach=reach)), "ticks")
        assert ticks[2]["places"][0][0] == 0 and max(place for place, _ in ticks[1]["places"]) > 0.9

    def test_unmeasured_rows_are_hatched_and_preliminary_ones_are_grey_without_a_mark(self):
        open_rows = [row._replace(drop=None, ci=None, mark="") for row in ROWS]
        table = check(operations_grid(open_rows, name="a step", chosen=None))
        assert len(cells(table, "hatch")) == 3 and all("not measured" in row["label"] for row in table["rows"])
        table = check(operations_grid(ROWS, name="a step", chosen=None, preliminary=True))
        assert all(cell["preliminary"] and cell["mark"] == "" for cell in cells(table, "drop"))
        assert "preliminary" in table["rows"][1]["label"] and "measured best" not in table["rows"][1]["label"]

    def test_a_leader_that_is_not_told_apart_is_said_to_lead(self):
        rows = [row._replace(mark="leads" if row.mark else "") for row in ROWS]
        label = operations_grid(rows, name="a step", chosen=None)["rows"][1]["label"]
        assert "leads, not told apart" in label and "measured best" not in label

    @given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 60)), min_size=1, max_size=8))
    def test_every_drop_lies_on_its_cell(self, values):
        rows = [
            ROWS[0]._replace(id=str(number), drop=drop, ci=(drop - reach, drop + reach))
            for number, (drop, reach) in enumerate(values)
        ]
        check(operations_grid(rows, name="a step", chosen="0"))


class TestInputs:
    def test_boxes_are_ticked_and_named_by_their_node(self):
        rows = [
            GridRow("5", "c_{k-2}", "skip_connect", None, 2.0, (1.0, 3.0), "measured", 0, False),
            GridRow("6", "c_{k-1}", None, None, 0.5, None, "", 0, False),
        ]
        table = check(inputs_grid(rows, name="keep 1 of 2", chosen={"5"}))
        assert table["role"] == "checkbox" and [row["chosen"] for row in table["rows"]] == [True, False]
        assert table["rows"][0]["label"] == "cₖ₋₂; drop 2.0 [1.0, 3.0] pts; measured best"
        assert [cell["words"] for cell in cells(table, "chip")] == ["c_{k-2}", "c_{k-1}"]


class TestTape:
    TAKEN = (
        Taken("input → node 1", "nor_conv_3x3", "", "measured", 62.1, 25.9, 52.2, 91.5),
        Taken("input → output", "skip_connect", "", "both", 52.2, 23.0, 35.5, 90.1),
        Taken("input → node 2", "nor_conv_1x1", "", "you", 35.5, None, None, 91.3),
    )

    def test_the_newest_decision_is_on_top_and_the_start_below(self):
        table = check(tape_rows(self.TAKEN, start=(62.1, 90.8), shown=3, reachable=True))
        assert [row["id"] for row in table["rows"]] == ["3", "2", "1", "0"]
        assert [row["chosen"] for row in table["rows"]] == [True, False, False, False]
        assert table["rows"][2]["label"] == (
            "1. input → node 1: conv 3×3; as measured; supernet 25.9 → 52.2 %; reachable median 91.5 %, +0.7"
        )
        assert "accuracy not measured" in table["rows"][0]["label"] and "by you" in table["rows"][0]["label"]

    def test_only_a_loss_of_the_reachable_median_is_pointed_out(self):
        table = tape_rows(self.TAKEN, start=(62.1, 90.8), shown=3, reachable=True)
        tones = [[cell["tone"] for cell in row["cells"] if cell["kind"] == "text"][-2:] for row in table["rows"]]
        assert tones == [["", "muted"], ["loss", "loss"], ["", "muted"], ["", ""]]
        assert words(table)[1][-2:] == ["90.1", "−1.4"]

    def test_who_decided_is_a_sign(self):
        signs = [cell["marks"] for cell in cells(tape_rows(self.TAKEN, start=(None, None), shown=3), "marks")]
        assert signs == [["you"], ["alpha", "measured"], ["measured"], []]

    def test_what_came_after_the_moment_looked_at_steps_back(self):
        table = tape_rows(self.TAKEN, start=(62.1, None), shown=1)
        assert [row["quiet"] for row in table["rows"]] == [True, True, False, False]
        assert [row["id"] for row in table["rows"] if row["chosen"]] == ["1"]

    def test_where_no_table_knows_there_is_no_reachable_column(self):
        inputs = Taken("reduce, inputs of node 1", None, "c_{k-2} + c_{k-1}", "link", None, None, None, None)
        table = check(tape_rows([inputs], start=(None, None), shown=1))
        assert not any(column["head"] == "reachable" for column in table["columns"])
        assert table["rows"][0]["label"] == (
            "1. reduce, inputs of node 1: cₖ₋₂ + cₖ₋₁; from a link; accuracy not measured"
        )


def test_a_scale_keeps_its_ends_inside_and_is_never_empty():
    scale = Scale.over([3.0, 3.0])
    assert 0 < scale.share(3.0) < scale.share(4.0) < 1 and scale.share(-99) == 0 and scale.share(99) == 1
    assert Scale.over([]).share(0.0) > 0

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.butterfly import ButterflyInfo, ButterflyRow, butterfly_info, plot_butterfly
from app.figures.edge_alphas import EdgeAlphas, edge_alphas
from app.figures.evidence import clearest, images_said, quarters
from app.figures.matrix import plot_matrix
from app.figures.matrix_info import MatrixCell, MatrixInfo, MatrixRow, matrix_info
from app.figures.outcomes import OutcomesInfo, outcomes_info, plot_outcomes
from app.figures.scoreboard import draw_scoreboard, scoreboard_info
from app.figures.slope import SlopeInfo, SlopeRow, plot_slope, slope_info
from app.figures.truth_column import plot_truth
from engine import nasbench201
from engine.drawing.palette import THEMES, colour, roles
from engine.errors import BadInput
from engine.results import (
    Agreement,
    Baseline,
    EdgeEstimate,
    EdgeScores,
    EdgeWorth,
    OperationEstimate,
    OperationScore,
    OperationWorth,
    Preview,
    Reachable,
)
from engine.selection.alphas import Alphas
from engine.selection.selection import Selection
from engine.spaces import SPACES, SearchSpace, search_space

NB201 = search_space("nas-bench-201")
UNDECIDED = Selection(NB201, {"cell": [[0.0] * 5] * 6})
CONVOLUTIONS = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), "
    "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))"
)


def scores(space: SearchSpace, edge: int, drops, alphas, cell: str | None = None, ci: float | None = 1.0) -> EdgeScores:
    """Scores as the engine returns them, with these drops and alphas in column order."""
    cell = cell or space.cells[0]
    names = space.operations(cell, edge)
    total = sum(alphas)
    rows = tuple(
        OperationScore(
            name, alpha, alpha / total, 54.3 - drop, 1.5, drop, None if ci is None else (drop - ci, drop + ci), 0.1
        )
        for name, drop, alpha in zip(names, drops, alphas, strict=True)
    )
    by_alpha, by_drop = (names[values.index(max(values))] for values in (list(alphas), list(drops)))
    place = space.edge(cell, edge)
    return EdgeScores(
        cell=cell,
        edge=edge,
        source=place.source,
        target=place.target,
        baseline=Baseline(54.3, 1.4, (51.2, 57.4)),
        operations=rows,
        images=1024,
        batch_size=64,
        bn="batch",
        criterion="accuracy",
        device="cpu",
        seconds=0.8,
        best_by_alpha=by_alpha,
        best_by_drop=by_drop,
        best=by_drop,
        difference=3.3,
        difference_ci=(1.2, 5.4),
        lead_ci=(0.3, 6.3),
        separated=None,
        final=True,
    )


def spread(space: SearchSpace, edge: int, cell: str) -> EdgeScores:
    count = len(space.operations(cell, edge))
    return scores(space, edge, [1.7 * k - 2 for k in range(count)], [1 + k % 3 for k in range(count)], cell)


def some_alphas(space: SearchSpace) -> Alphas:
    tables = {
        cell: [[0.1 * (k % 3) for k in range(space.shape(cell)[1])]] * space.shape(cell)[0] for cell in space.cells
    }
    return Alphas.read(space, tables)


def trace(figure, **wanted):
    """The traces with these values."""
    return [trace for trace in figure["data"] if all(trace.get(key) == value for key, value in wanted.items())]


def points(figure: dict) -> int:
    """How many points all traces draw; plotly itself refuses a figure without any trace."""
    assert figure["data"]
    return sum(len(trace["x"]) for trace in figure["data"])


def texts(figure) -> list[str]:
    return [annotation["text"] for annotation in figure["layout"].get("annotations", [])]


def check(plot, info, theme) -> dict:
    """A plain figure that plotly accepts, the same every time, with explicit colours and no NaN."""
    figure = plot(info, theme)
    text = json.dumps(figure, allow_nan=False)
    assert text == json.dumps(plot(info, theme))
    go.Figure(figure)
    layout = figure["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == roles(theme).background
    assert layout["font"]["color"] == roles(theme).text
    assert set(layout["margin"]) == {"l", "r", "t", "b", "pad"}
    sizes = [annotation["font"]["size"] for annotation in layout.get("annotations", [])]
    assert min(sizes, default=12) >= 12
    return figure


DROPS, ALPHAS = (0.0, -0.6, 2.7, 1.9, -0.6), (0.21, 0.22, 0.2, 0.2, 0.17)


@pytest.fixture
def one() -> EdgeScores:
    return scores(NB201, 2, DROPS, ALPHAS)


@pytest.fixture
def skipping() -> Selection:
    return Selection(NB201, {"cell": [[0.0, 1.0, 0.0, 0.0, 0.0]] * 6})


class TestEdgeAlphas:
    def test_weights_are_the_softmax_in_column_order(self):
        alphas = Alphas.read(NB201, {"cell": [[0.0, 1.0, 0.0, 0.0, 0.0]] * 6})
        found = edge_alphas(alphas, "cell", 4)
        assert found[:4] == ("cell", 4, NB201.operations("cell", 4), (0.0, 1.0, 0.0, 0.0, 0.0))
        assert found.weights == pytest.approx((0.148848, 0.404609, 0.148848, 0.148848, 0.148848), abs=1e-6)
        assert found.best_by_alpha == "skip_connect"

    def test_betas_scale_the_weights(self):
        space = search_space("s2")
        tables = {cell: [[0.0, 0.0]] * 14 for cell in space.cells}
        alphas = Alphas.read(space, tables, {cell: [0.0] * 14 for cell in space.cells})
        assert edge_alphas(alphas, "normal", 2).weights == pytest.approx((1 / 6, 1 / 6))

    def test_an_unknown_edge_is_bad_input(self):
        with pytest.raises(BadInput, match="no edge 6"):
            edge_alphas(some_alphas(NB201), "cell", 6)


class TestButterfly:
    def test_rows_go_by_falling_alpha_and_ties_by_column(self, one):
        assert butterfly_info(one, decided="none") == ButterflyInfo(
            2,
            (
                ButterflyRow("skip_connect", pytest.approx(0.22), -0.6, (-1.6, 0.4)),
                ButterflyRow("none", pytest.approx(0.21), 0.0, (-1.0, 1.0)),
                ButterflyRow("nor_conv_1x1", pytest.approx(0.2), 2.7, (pytest.approx(1.7), pytest.approx(3.7))),
                ButterflyRow("nor_conv_3x3", pytest.approx(0.2), 1.9, (pytest.approx(0.9), pytest.approx(2.9))),
                ButterflyRow("avg_pool_3x3", pytest.approx(0.17), -0.6, (-1.6, 0.4)),
            ),
            "skip_connect",
            "nor_conv_1x1",
            "none",
            stands_out=True,
        )

    def test_alphas_alone_leave_the_measurement_open(self):
        info = butterfly_info(EdgeAlphas("cell", 0, ("none", "skip_connect"), (0.0, 1.0), (0.27, 0.73), "skip_connect"))
        assert info.rows == (ButterflyRow("skip_connect", 0.73, None, None), ButterflyRow("none", 0.27, None, None))
        assert not info.measured
        assert "not measured yet" in texts(plot_butterfly(info, "light"))

    @pytest.mark.parametrize("theme", THEMES)
    def test_bars_carry_drop_colour_and_whisker(self, one, theme):
        figure = check(plot_butterfly, butterfly_info(one), theme)
        bars = trace(figure, type="bar", xaxis="x2")
        assert [bar["x"] for bar in bars] == [[-0.6], [0.0], [2.7], [1.9], [-0.6]]
        assert [bar["customdata"] for bar in bars][2] == [[2, "nor_conv_1x1"]]
        assert bars[0]["marker"]["color"] == colour("skip_connect", theme)
        assert bars[3]["marker"]["pattern"]["shape"] == "/"
        assert bars[2]["error_x"]["array"] == bars[2]["error_x"]["arrayminus"] == [1.0]
        (values,) = trace(figure, mode="text")
        assert [text.strip() for text in values["text"]] == ["−0.6", "+0.0", "<b>+2.7</b>", "+1.9", "−0.6"]

    def test_ring_and_dot_mark_the_two_choices(self, one):
        ring, dot = trace(plot_butterfly(butterfly_info(one), "light"), mode="markers")
        assert (ring["marker"]["symbol"], ring["y"]) == ("circle-open", [0])
        assert (dot["marker"]["symbol"], dot["y"]) == ("circle", [2])

    def test_every_bar_whisker_and_value_lies_inside_the_axis(self, one):
        figure = plot_butterfly(butterfly_info(one), "light")
        low, high = figure["layout"]["xaxis2"]["range"]
        assert low < -1.6 and high > 3.7

    def test_missing_intervals_are_said_and_not_drawn(self):
        figure = plot_butterfly(butterfly_info(scores(NB201, 2, DROPS, ALPHAS, ci=None)), "light")
        assert "intervals need more images" in texts(figure)
        assert not any("error_x" in bar for bar in figure["data"])

    def test_the_decided_operation_is_set_off(self, one):
        figure = plot_butterfly(butterfly_info(one, decided="none"), "dark")
        assert "<b>none</b>" in texts(figure)
        assert [shape["y0"] for shape in figure["layout"]["shapes"] if shape["type"] == "rect"] == [0.52]

    @pytest.mark.parametrize("theme", THEMES)
    def test_the_truth_is_a_third_column_with_a_ring_around_the_best_mean(self, one, theme):
        truth = nasbench201.worth(UNDECIDED)[2]
        figure = check(plot_butterfly, butterfly_info(one, truth=truth), theme)
        dots, rings = trace(figure, type="scatter", mode="markers", xaxis="x3")
        assert dots["x"] == pytest.approx([86.461, 86.617, 87.821, 88.274, 86.147], abs=0.01)  # skip is the first row
        assert (rings["y"], rings["x"]) == ([3], [dots["x"][3]])
        assert {"<b>88.27</b>", "86.46", "94.37", "94.18", "truth: mean", "best"} <= set(texts(figure))
        low, high = figure["layout"]["xaxis3"]["range"]
        assert all(low < x < high for x in dots["x"])
        domains = [figure["layout"][name]["domain"] for name in ("xaxis", "xaxis2", "xaxis3")]
        assert all(left[1] < right[0] for left, right in itertools.pairwise(domains))

    @pytest.mark.parametrize("theme", THEMES)
    def test_where_there_is_no_room_the_truth_stands_alone_in_the_same_order(self, one, theme):
        truth = nasbench201.worth(UNDECIDED)[2]
        info = butterfly_info(one, truth=truth)
        order = [row.operation for row in info.rows]
        below, beside = plot_truth(truth, order, theme), plot_butterfly(info, theme)
        assert [text for text in texts(below) if text in ("skip", "conv 3×3")] == ["skip", "conv 3×3"]
        assert {"<b>88.27</b>", "86.46", "94.37", "truth: mean", "best"} <= set(texts(below)) & set(texts(beside))
        assert trace(below, mode="markers")[0]["x"] == trace(beside, mode="markers", xaxis="x3")[0]["x"]
        assert "xaxis3" not in plot_butterfly(info.without_truth, theme)["layout"]

    def test_without_the_truth_there_are_two_columns(self, one):
        figure = plot_butterfly(butterfly_info(one), "light")
        assert "xaxis3" not in figure["layout"] and not any("truth" in text for text in texts(figure))

    def test_operations_that_are_truly_the_same_all_have_the_ring(self, one):
        rows = tuple(OperationWorth(row.name, 90.0, 91.0, 5) for row in one.operations)
        figure = plot_butterfly(butterfly_info(one, truth=EdgeWorth(2, rows)), "light")
        assert trace(figure, type="scatter", mode="markers", xaxis="x3")[1]["y"] == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize("name", SPACES)
    @pytest.mark.parametrize("theme", THEMES)
    def test_draws_every_edge_of_every_space(self, name, theme):
        space = search_space(name)
        for cell in space.cells:
            for edge in space.edges(cell):
                check(plot_butterfly, butterfly_info(spread(space, edge.index, cell)), theme)
                check(plot_butterfly, butterfly_info(edge_alphas(some_alphas(space), cell, edge)), theme)

    @given(st.lists(st.floats(-100, 100), min_size=5, max_size=5), st.floats(0, 60))
    def test_no_drop_is_drawn_outside_the_axis(self, drops, ci):
        figure = check(plot_butterfly, butterfly_info(scores(NB201, 0, drops, ALPHAS, ci=ci)), "light")
        low, high = figure["layout"]["xaxis2"]["range"]
        assert all(low <= drop - ci + 1e-3 and drop + ci - 1e-3 <= high for drop in drops)


def unclear(one: EdgeScores) -> EdgeScores:
    """The same edge with a lead that the images do not tell apart."""
    return replace(one, lead_ci=(-0.4, 6.9))


def unknown(one: EdgeScores) -> EdgeScores:
    """The same edge of a supernet without alphas."""
    rows = tuple(replace(row, alpha=None, weight=0.2) for row in one.operations)
    return replace(one, operations=rows, best_by_alpha=None, difference=None, difference_ci=None)


def dots(figure: dict) -> list:
    found = (each["marker"] for each in trace(figure, mode="markers") if each["marker"]["symbol"] == "circle")
    return [color for marker in found for color in np.atleast_1d(marker["color"]).tolist()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_only_a_lead_that_is_told_apart_has_a_dot_at_full_strength(one, theme):
    full, pale = roles(theme).text, roles(theme).border
    for edge, colour_of_it in ((one, full), (unclear(one), pale)):
        butterfly = check(plot_butterfly, butterfly_info(edge), theme)
        texts = [text for each in butterfly["data"] if each.get("mode") == "text" for text in each["text"]]
        assert any("<b>" in text for text in texts) == (colour_of_it == full)
        assert dots(butterfly) == dots(check(plot_matrix, matrix_info(NB201, [edge]), theme)) == [colour_of_it]


def test_alpha_that_is_unknown_has_no_ring_and_no_verdict(one):
    edge = unknown(one)
    butterfly = check(plot_butterfly, butterfly_info(edge), "light")
    assert "mixing weight" in [note["text"] for note in butterfly["layout"]["annotations"]]
    rings = [each for each in trace(butterfly, mode="markers") if each["marker"]["symbol"] == "circle-open"]
    assert [ring["y"] for ring in rings] == [[None]]
    matrix = check(plot_matrix, matrix_info(NB201, [edge]), "light")
    assert "circle-open" not in [each["marker"]["symbol"] for each in trace(matrix, mode="markers")]
    assert any("α unknown" in note["text"] for note in matrix["layout"]["annotations"])
    assert not any("not measured" in note["text"] for note in matrix["layout"]["annotations"])


class TestMatrix:
    def test_its_words_say_what_it_shows(self, one):
        open_edge = EdgeAlphas("cell", 0, NB201.operations("cell", 0), ALPHAS, ALPHAS, "skip_connect")
        assert matrix_info(NB201, [one, open_edge]).summary == (
            "2 edges, 5 operations; largest drop +2.7 pts, conv 1×1 on node 1 → node 2; "
            "measurement and α favour different operations on 1 of 1 measured edges"
        )
        assert matrix_info(NB201, [open_edge]).summary == "1 edges, 5 operations; not measured"

    def test_rows_carry_names_cells_choices_and_verdict(self, one):
        open_edge = EdgeAlphas("cell", 0, NB201.operations("cell", 0), ALPHAS, ALPHAS, "skip_connect")
        info = matrix_info(NB201, [one, open_edge], selected=2)
        assert isinstance(info, MatrixInfo)
        assert (info.columns, info.selected) == (NB201.operations("cell", 0), 2)
        measured, unmeasured = info.rows
        assert measured[:2] == (2, "node 1 → node 2")
        assert measured.cells[2] == MatrixCell("nor_conv_1x1", pytest.approx(0.2), 2.7, pytest.approx((1.7, 3.7)))
        assert measured[3:] == ("skip_connect", "nor_conv_1x1", "disagree", None, True)
        cells = tuple(MatrixCell(name, a, None, None) for name, a in zip(info.columns, ALPHAS, strict=True))
        assert unmeasured == MatrixRow(0, "input → node 1", cells, "skip_connect", None, None, None)

    def test_a_decided_edge_keeps_one_cell(self, one):
        (row,) = matrix_info(NB201, [one], decided={2: "nor_conv_3x3"}).rows
        assert row.cells == (MatrixCell("nor_conv_3x3", 1.0, None, None),)
        assert (row.decided, row.by_measurement, row.verdict) == ("nor_conv_3x3", None, None)

    def test_s1_columns_are_the_union_of_its_edges_even_when_few_are_shown(self):
        space = search_space("s1")
        info = matrix_info(space, [spread(space, 0, "normal")])
        assert info.columns == ("skip_connect", "dil_conv_3x3", "dil_conv_5x5", "sep_conv_3x3", "max_pool_3x3")
        assert [cell.operation for cell in info.rows[0].cells] == ["skip_connect", "dil_conv_3x3"]

    def test_squares_grow_with_the_drop_and_are_hollow_where_masking_helps(self, one):
        figure = check(plot_matrix, matrix_info(NB201, [one]), "light")
        marker = trace(figure, type="scatter")[0]["marker"]
        assert marker["size"] == [4, 8.4, 24, 18.1, 8.4]
        assert marker["symbol"] == ["square", "square-open", "square", "square", "square-open"]
        assert marker["color"][2] == colour("nor_conv_1x1", "light")

    def test_a_click_on_any_cell_says_edge_and_operation(self, one):
        open_edge = edge_alphas(some_alphas(NB201), "cell", 5)
        figure = plot_matrix(matrix_info(NB201, [one, open_edge]), "light")
        clickable = figure["data"][-1]
        assert clickable["customdata"] == [[edge, name] for edge in (2, 5) for name in NB201.operations("cell", 0)]
        assert clickable["marker"]["size"] >= 24
        assert "node 1 → node 2<br><b>C1</b> conv 1×1" in clickable["hovertext"][2]
        assert "drop 2.7 [1.7, 3.7] pts" in clickable["hovertext"][2]
        assert "not measured" in clickable["hovertext"][5]

    def test_a_click_dims_nothing(self, one):
        figure = plot_matrix(matrix_info(NB201, [one]), "light")
        for drawn in figure["data"]:
            assert drawn["unselected"]["marker"]["opacity"] == drawn["marker"].get("opacity", 1)

    def test_unmeasured_rows_are_hatched_and_say_so(self, one):
        open_edge = edge_alphas(some_alphas(NB201), "cell", 5)
        figure = plot_matrix(matrix_info(NB201, [one, open_edge]), "dark")
        (hatched,) = trace(figure, type="bar")
        assert hatched["y"] == [1] * 5
        assert texts(figure).count("not measured") == 1
        assert "<b>≠ disagree</b>" in texts(figure)

    def test_estimates_are_hatched_in_colour_by_their_size_and_called_estimates(self, one):
        open_edge, waiting = (edge_alphas(some_alphas(NB201), "cell", edge) for edge in (5, 0))
        names = NB201.operations("cell", 5)
        rises = dict(zip(names, (0.0, 0.1, -0.05, 0.02, 0.0), strict=True))
        guesses = tuple(OperationEstimate(name, rise) for name, rise in rises.items())
        preview = Preview((EdgeEstimate("cell", 5, 2, 3, guesses),), 1.0, 256, 64, "batch", "cpu", 1.0)
        info = matrix_info(NB201, [one, open_edge, waiting], preview=preview)
        assert [cell.estimate for cell in info.rows[1].cells] == [*rises.values()]
        # a measured edge keeps its measurement alone, and an estimate is no choice and no verdict
        assert not info.rows[0].is_estimated and info.rows[1][4:] == (None, None, None, False)
        assert "rough first-order estimates of 1 unmeasured edges" in info.summary
        figure = check(plot_matrix, info, "light")
        hatched, estimated = trace(figure, type="bar")
        assert hatched["y"] == [2] * 5 and estimated["y"] == [1] * 5
        assert estimated["width"] == [0.152, 0.76, 0.456, 0.274, 0.152]
        assert estimated["marker"]["pattern"]["shape"] == ["/", "/", "", "/", "/"]
        assert estimated["marker"]["pattern"]["fgcolor"] == [colour(name, "light") for name in names]
        assert texts(figure).count("<i>estimate</i>") == 1 and texts(figure).count("not measured") == 1
        assert "not measured<br>estimate: loss −0.050 without it, first order" in figure["data"][-1]["hovertext"][7]

    def test_the_selected_row_has_a_band(self, one):
        rows = [spread(NB201, 0, "cell"), one]
        bands = [shape for shape in plot_matrix(matrix_info(NB201, rows, selected=2), "light")["layout"]["shapes"]]
        assert [shape["y0"] for shape in bands if shape["type"] == "rect"] == [0.52] * 3

    def test_a_cell_whose_drops_are_all_zero_is_drawn(self):
        check(plot_matrix, matrix_info(NB201, [scores(NB201, 0, [0.0] * 5, ALPHAS)]), "light")

    def test_the_truly_best_operations_of_open_edges_have_a_wide_ring(self, one):
        truth = nasbench201.worth(UNDECIDED)
        rows = [spread(NB201, 0, "cell"), one]
        rings = trace(plot_matrix(matrix_info(NB201, rows, truth=truth), "light"), mode="markers")
        (wide,) = [each for each in rings if each["marker"]["size"] == 27]
        assert list(zip(wide["x"], wide["y"], strict=True)) == [(3.0, 0), (3.0, 1)]
        figure = plot_matrix(matrix_info(NB201, rows, decided={2: "none"}, truth=truth), "light")
        (wide,) = [each for each in trace(figure, mode="markers") if each["marker"]["size"] == 27]
        assert wide["y"] == [0]
        figure = plot_matrix(matrix_info(NB201, rows), "light")
        assert not [each for each in trace(figure, mode="markers") if each["marker"]["size"] == 27]

    @pytest.mark.parametrize("name", SPACES)
    @pytest.mark.parametrize("theme", THEMES)
    def test_draws_every_space_measured_unmeasured_and_decided(self, name, theme):
        space = search_space(name)
        for cell in space.cells:
            rows = [
                spread(space, edge.index, cell) if edge.index % 2 else edge_alphas(some_alphas(space), cell, edge)
                for edge in space.edges(cell)
            ]
            decided = {3: space.operations(cell, 3)[0]}
            figure = check(plot_matrix, matrix_info(space, rows, selected=1, decided=decided), theme)
            assert texts(figure).count("decided") == 1

    def test_no_edges_is_a_labelled_empty_figure(self):
        figure = check(plot_matrix, matrix_info(NB201, []), "light")
        assert points(figure) == 0 and texts(figure) == ["this cell has no edges to show"]


class TestScoreboard:
    AGREEMENTS = (
        Agreement("alpha", (0, 2, 5), (False, False, True), (0.5, -0.5, 0.3)),
        Agreement("drop", (2,), (True,), (-0.4,)),
        Agreement("prior", (0, 2, 5), (True, True, True), (0.9, 0.9, 1.0)),
    )
    EDGES = ((0, "input → node 1"), (2, "node 1 → node 2"), (5, "c_{k-2} → output"))

    def test_rows_count_hits_over_the_edges_they_know(self):
        info = scoreboard_info(self.AGREEMENTS, self.EDGES)
        alpha, drop, prior = info.rows
        assert (alpha.name, alpha.hits, alpha.hit_count) == ("α", (False, False, True), "1 of 3")
        assert (drop.hits, drop.hit_count, drop.share) == ((None, True, None), "1 of 1", 0.0)
        assert (alpha.correlation, prior.correlation) == (pytest.approx(0.1), pytest.approx(2.8 / 3))
        assert [row.is_baseline for row in info.rows] == [False, False, True]

    def test_the_table_says_in_words_what_its_boxes_show(self):
        table = draw_scoreboard(scoreboard_info(self.AGREEMENTS, self.EDGES))
        assert table.count("aria-label='input → node 1: wrong'") == 1
        assert table.count("aria-label='node 1 → node 2: right'") == 2
        assert table.count("aria-label='cₖ₋₂ → output: not scored'") == 1
        assert "−0.40" in table and "<tr class='baseline'><th scope='row'>kind alone</th>" in table


class TestSlope:
    def test_its_words_say_both_rankings(self, one):
        assert slope_info(one).summary == (
            "by α skip, none, conv 1×1, conv 3×3, avg pool 3×3; by drop conv 1×1, conv 3×3, none, skip, avg pool 3×3; "
            "5 of 10 pairs are ordered differently"
        )
        open_edge = EdgeAlphas("cell", 0, NB201.operations("cell", 0), ALPHAS, ALPHAS, "skip_connect")
        assert slope_info(open_edge).summary == "by α skip, none, conv 1×1, conv 3×3, avg pool 3×3"

    def test_ranks_by_alpha_and_by_drop(self, one):
        assert slope_info(one) == SlopeInfo(
            (
                SlopeRow("skip_connect", 1, 4, -0.6),
                SlopeRow("none", 2, 3, 0.0),
                SlopeRow("nor_conv_1x1", 3, 1, 2.7),
                SlopeRow("nor_conv_3x3", 4, 2, 1.9),
                SlopeRow("avg_pool_3x3", 5, 5, -0.6),
            ),
            crossings=5,
        )

    def test_the_same_order_crosses_nowhere(self):
        assert slope_info(scores(NB201, 0, (5, 4, 3, 2, 1), (5, 4, 3, 2, 1))).crossings == 0
        assert slope_info(scores(NB201, 0, (1, 2, 3, 4, 5), (5, 4, 3, 2, 1))).crossings == 10

    @pytest.mark.parametrize("theme", THEMES)
    def test_lines_run_from_rank_to_rank_in_the_operations_look(self, one, theme):
        figure = check(plot_slope, slope_info(one), theme)
        ends = [(line["y"][0], line["y"][-1]) for line in figure["data"]]
        assert ends == [(1, 4), (2, 3), (3, 1), (4, 2), (5, 5)]
        assert figure["data"][1]["line"]["dash"] == "dot"
        assert {"skip", "+2.7 pts", "−0.6 pts", "<b>C1</b>"} <= set(texts(figure))

    def test_alphas_alone_rank_once(self):
        info = slope_info(edge_alphas(some_alphas(NB201), "cell", 0))
        assert [row.rank_by_alpha for row in info.rows] == [1, 2, 3, 4, 5]
        assert {row.rank_by_drop for row in info.rows} == {None}
        figure = check(plot_slope, info, "dark")
        assert points(figure) == 0 and "not measured yet" in texts(figure)

    @pytest.mark.parametrize("name", SPACES)
    def test_draws_every_space(self, name):
        space = search_space(name)
        for cell in space.cells:
            for edge in space.edges(cell):
                check(plot_slope, slope_info(spread(space, edge.index, cell)), "light")


class TestOutcomes:
    def test_clips_to_where_the_cells_lie_and_counts_the_rest(self, skipping):
        reachable = nasbench201.reachable(skipping.discretize("cell", 3, "skip_connect"))
        info = outcomes_info(reachable, alpha=54.30, measured=[93.98, 91.2])
        assert (info.low, info.below, info.cells) == (50, 3, 3125)
        assert sum(cells for _, _, cells in info.bars) == 3122
        assert info.summary == "best 94.37 · median 89.94 · worst 46.25; 3 below 50"

    def test_a_mark_is_never_clipped(self, skipping):
        info = outcomes_info(nasbench201.reachable(skipping, "cifar100"), alpha=15.4)
        assert info.low == 10

    def test_info_is_exact(self):
        reachable = Reachable("cifar10", 4, 93.5, 92.0, 60.5, (1, 0, 3), (60.0, 61.0, 92.0, 94.0))
        expected = OutcomesInfo(((60.0, 61.0, 1), (92.0, 94.0, 3)), 60.0, 94.0, 0, 4, 93.5, 92.0, 60.5, None, (93.0,))
        assert outcomes_info(reachable, measured=[93.0]) == expected
        assert expected.summary == "best 93.50 · median 92.00 · worst 60.50"

    @pytest.mark.parametrize("theme", THEMES)
    def test_marks_alphas_path_and_every_measured_path(self, skipping, theme):
        info = outcomes_info(nasbench201.reachable(skipping), 54.3, [93.98, 91.2, 89.9, 93.98], name="order 4")
        figure = check(plot_outcomes, info, theme)
        lines = [shape for shape in figure["layout"]["shapes"] if shape["x0"] == shape["x1"]]
        assert [(line["x0"], line["line"]["dash"]) for line in lines] == [
            (54.3, "dot"),
            (93.98, "solid"),
            (91.2, "solid"),
            (89.9, "solid"),
            (93.98, "solid"),
        ]
        assert {"<b>○ α's path 54.30</b>", "<b>● measured path 93.98</b> (order 4)"} <= set(texts(figure))
        assert "3 other orders 89.90 to 93.98" in texts(figure)
        assert info.summary in texts(figure)

    @pytest.mark.parametrize("theme", THEMES)
    def test_opened_selections_lie_in_piles_where_no_path_is_marked(self, skipping, theme):
        ends = [("ana", 90.0), ("ben", 90.1), ("cleo", 60.0), ("dan", 90.05)]
        found = nasbench201.reachable(skipping)
        heights = plot_outcomes(outcomes_info(found, opened=ends), theme)["data"][1]["y"]
        assert heights[0] == heights[2] < heights[3] < heights[1]
        many = plot_outcomes(outcomes_info(found, opened=ends * 50), theme)["data"][1]["y"]
        assert len(many) == 200 and max(many) <= 1
        flat = plot_outcomes(outcomes_info(found, 54.3, opened=ends), theme)["data"][1]["y"]
        assert len(set(flat)) == 1

    @pytest.mark.parametrize("theme", THEMES)
    def test_opened_selections_are_ticks_with_their_names(self, skipping, theme):
        info = outcomes_info(nasbench201.reachable(skipping), opened=[("ana <b>", 93.98), ("ben", 31.5)])
        assert info.low <= 31.5, "no tick is cut off"
        figure = check(plot_outcomes, info, theme)
        (ticks,) = [trace for trace in figure["data"] if trace["type"] == "scatter"]
        assert ticks["x"] == [93.98, 31.5]
        assert ticks["hovertext"] == ["ana &lt;b&gt;<br>93.98 %", "ben<br>31.50 %"]

    def test_one_order_needs_no_number(self, skipping):
        figure = plot_outcomes(outcomes_info(nasbench201.reachable(skipping), None, [90.0]), "light")
        assert "<b>● measured path 90.00</b>" in texts(figure)
        assert not any("α" in text for text in texts(figure))

    @pytest.mark.parametrize("dataset", nasbench201.DATASETS)
    def test_draws_from_the_first_step_to_the_last(self, skipping, dataset):
        for selection in (skipping, skipping.alpha_path()):
            reachable = nasbench201.reachable(selection, dataset)
            check(plot_outcomes, outcomes_info(reachable, reachable.worst, [reachable.best]), "light")

    def test_nothing_reachable_is_a_labelled_empty_figure(self):
        figure = check(plot_outcomes, outcomes_info(Reachable("cifar10", 0, 0.0, 0.0, 0.0, (), ())), "light")
        assert texts(figure) == ["no cell is reachable"]


def test_figures_need_neither_streamlit_nor_torch():
    modules = "butterfly, decision_grid, matrix, scoreboard, slope, outcomes, tape_rows, edge_alphas"
    code = f"import sys; from app.figures import {modules}; sys.exit(bool({{'streamlit', 'torch'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_ring_of_evidence_has_a_quarter_for_each_size_and_is_full_with_all_images():
    assert [quarters(images, 15_000) for images in (64, 512, 1024, 4096, 14_999, 15_000)] == [0, 1, 2, 3, 3, 4]
    assert quarters(2_000, 2_000) == 4 and quarters(50_000, None) == 3
    assert images_said([4096, 1024, 1024]) == "1,024 to 4,096" and images_said([512, 512]) == "512"


def test_the_clearest_edge_is_the_largest_disagreement_else_the_largest_lead_else_the_first():
    def with_lead(verdict, difference):
        return SimpleNamespace(verdict=verdict, difference=difference)

    close, against, more = with_lead("too_close", 9.0), with_lead("disagree", 2.0), with_lead("disagree", 3.0)
    assert clearest(range(6), {1: close, 2: against, 4: more}) == 4
    assert clearest((1, 2), {1: close, 2: against, 4: more}) == 2
    assert clearest(range(6), {1: with_lead("too_close", 1.0), 3: close, 5: with_lead("agree", None)}) == 3
    assert clearest(range(6), {}) == 0 and clearest((), {}) is None

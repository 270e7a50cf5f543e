import json

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.comparison import Total, edge_pair, plot_edge_pair, plot_totals
from app.figures.differences import Difference, differences, in_words, plot_differences, tally
from app.figures.edge_alphas import edge_alphas
from app.figures.order_wins import OrderWins, order_wins, plot_order_wins
from engine.drawing.palette import THEMES, colour
from engine.selecting.record import SelectionRecord, Step
from engine.selecting.summary import summarise
from engine.selection.selection import Selection
from engine.spaces import SPACES, SearchSpace, search_space
from tests.app.figures.test_figures import scores

NB201, S2 = search_space("nas-bench-201"), search_space("s2")


def start(space: SearchSpace) -> Selection:
    alphas = {cell: [[0.1 * k for k in range(space.shape(cell)[1])]] * space.shape(cell)[0] for cell in space.cells}
    return Selection(space, alphas)


def texts(figure: dict) -> list[str]:
    return [note["text"] for note in figure["layout"]["annotations"]]


def pills(figure: dict, row: int) -> list[str]:
    return [note["text"] for note in figure["layout"]["annotations"] if note["y"] == row]


# Differences


def test_every_state_of_an_edge_is_told_apart() -> None:
    def row(a: str | None, b: str | None, kept: tuple[bool | None, bool | None] = (True, True)) -> Difference:
        return Difference("normal", 0, "x", a, b, kept)

    assert row("skip_connect", "skip_connect").state == "same"
    assert row("skip_connect", "sep_conv_3x3").state == "operation"
    assert row("skip_connect", None).state == "open"
    assert row("skip_connect", "skip_connect", (True, False)).state == "input"
    assert row("skip_connect", "sep_conv_3x3", (False, False)).state == "same"
    assert row("skip_connect", None, (False, None)).state == "open"
    assert row("skip_connect", "skip_connect", (True, None)).state == "open"
    assert row("skip_connect", "skip_connect", (None, None)).state == "same"
    assert row("skip_connect", "sep_conv_3x3", (True, None)).state == "operation"
    assert [row("none", "none", kept).differs for kept in ((True, True), (False, True))] == [False, True]


def test_differences_cover_all_cell_types_in_edge_order() -> None:
    alpha = start(S2).alpha_path()
    other = start(S2)
    for cell in S2.cells:
        for edge in S2.edges(cell):
            other = other.discretize(cell, edge, "skip_connect")
    rows = differences(alpha, other)
    assert [(row.cell, row.edge) for row in rows] == [(cell, e.index) for cell in S2.cells for e in S2.edges(cell)]
    counts = tally(rows)
    assert counts == {"operation": 28 - 2 * 6, "open": 2 * 6}  # its inputs are not decided yet
    for cell in S2.cells:
        for node in S2.cell(cell).topology_nodes:
            other = other.keep_inputs(cell, node, [edge.index for edge in S2.cell(cell).entering(node)][:2])
    assert "open" not in tally(differences(alpha, other)) and tally(differences(alpha, other))["operation"] > 0
    assert differences(alpha, alpha) and set(tally(differences(alpha, alpha))) == {"same"}


def test_nothing_differs_from_what_is_not_decided() -> None:
    assert tally(differences(start(S2).alpha_path(), start(S2))) == {"open": 28}


def test_a_tally_in_words() -> None:
    assert in_words({"same": 2, "operation": 4}) == "2 identical · 4 operations differ"
    assert in_words({"same": 5, "input": 1}) == "5 identical · 1 kept input differs"
    assert in_words({"open": 1}) == "undecided"


@pytest.mark.parametrize("theme", THEMES)
def test_the_strip_shows_both_sides_of_every_edge(theme) -> None:
    alpha = start(NB201).alpha_path()
    other = start(NB201).discretize("cell", 0, "avg_pool_3x3").discretize("cell", 1, "none")
    rows = differences(alpha, other)
    figure = plot_differences(rows, 1, theme)
    go.Figure(figure)
    assert figure["data"][0]["customdata"] == [[edge] for edge in range(6)]
    assert {"<b>AP</b>", "<b>=</b>"} <= set(pills(figure, 0))
    assert {"<b>AP</b>", "<b>≠</b>", "<b>NO</b>"} <= set(pills(figure, 1))
    assert {"<b>·</b>", "open"} <= set(pills(figure, 2))


@pytest.mark.parametrize("theme", THEMES)
def test_empty_pictures_say_why(theme) -> None:
    assert "different search spaces" in texts(plot_differences([], None, theme))[0]
    assert "nothing to compare" in texts(plot_totals([], theme))[0]
    assert "no order" in texts(plot_order_wins(OrderWins((), 0), theme))[0]


# One edge


def test_both_sides_of_an_edge_share_rows_and_scales() -> None:
    first = scores(NB201, 1, drops=(0.0, 1.0, 2.0, 3.0, 4.0), alphas=(1.0, 5.0, 2.0, 3.0, 4.0))
    second = scores(NB201, 1, drops=(-3.0, 0.0, 9.0, 0.0, 0.0), alphas=(5.0, 1.0, 1.0, 1.0, 1.0))
    info = edge_pair(first, second, ("skip_connect", "none"))
    assert info.operations[0] == "skip_connect" and len(info.values) == 2
    figure = plot_edge_pair(info, "light")
    go.Figure(figure)
    low, high = figure["layout"]["xaxis2"]["range"]
    assert low < -4 and high > 10  # both sides with their intervals
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert len(bars) == 4 and {len(trace["x"]) for trace in bars} == {5}
    assert all(a < b for a, b in zip(bars[0]["y"], bars[2]["y"], strict=True))  # A's bar above B's
    assert {"<b>A</b>", "<b>B</b>"} <= set(texts(figure))


def test_one_measurement_of_both_sides_is_drawn_once() -> None:
    found = scores(NB201, 1, drops=(0.0, 1.0, 2.0, 3.0, 4.0), alphas=(1.0, 5.0, 2.0, 3.0, 4.0))
    info = edge_pair(found, found, ("none", "none"))
    assert len(info.values) == 1
    assert sum(trace["type"] == "bar" for trace in plot_edge_pair(info, "dark")["data"]) == 2


def test_a_side_without_measurement_or_interval_is_drawn_as_far_as_it_goes() -> None:
    alphas = edge_alphas(start(NB201).alphas, "cell", 1)
    figure = plot_edge_pair(edge_pair(alphas, alphas, (None, None)), "light")
    assert "not measured yet" in texts(figure)
    short = scores(NB201, 1, drops=(0.0, 1.0, 2.0, 3.0, 4.0), alphas=(1.0, 5.0, 2.0, 3.0, 4.0), ci=None)
    figure = plot_edge_pair(edge_pair(short, alphas, (None, "none")), "light")
    go.Figure(figure)
    assert "not measured yet" not in texts(figure)
    json.dumps(figure)


@given(st.lists(st.floats(-100, 100), min_size=5, max_size=5), st.lists(st.floats(-100, 100), min_size=5, max_size=5))
def test_the_scale_of_an_edge_holds_everything(first: list[float], second: list[float]) -> None:
    alphas = (1.0, 2.0, 3.0, 4.0, 5.0)
    info = edge_pair(scores(NB201, 0, first, alphas), scores(NB201, 0, second, alphas), (None, None))
    low, high = plot_edge_pair(info, "light")["layout"]["xaxis2"]["range"]
    assert low <= min(0, *first, *second) - 0 and high >= max(0, *first, *second)


# Totals


def test_totals_share_a_scale_and_name_what_is_unknown() -> None:
    rows = [
        Total("true accuracy", (50.0, 100.0), ("50 %", "100 %"), full=100.0),
        Total("supernet accuracy", (None, 60.0), ("not measured", "60 %"), (None, (58.0, 62.0)), 100.0),
        Total("skips", (6, 3), ("6", "3")),
        Total("none", (0, 0), ("0", "0")),
    ]
    figure = plot_totals(rows, "light")
    go.Figure(figure)
    a, b = (trace for trace in figure["data"] if trace["type"] == "bar")
    assert a["x"] == [0.5, 0.0, 1.0, 0.0] and b["x"] == [1.0, 0.6, 0.5, 0.0]
    assert b["error_x"]["array"][1] == pytest.approx(0.02)
    said = [text for trace in figure["data"] if trace["type"] == "scatter" for text in trace["text"]]
    assert any("A" in text and "not measured" in text for text in said)


# Orders


def ending(space: SearchSpace, *columns: int, seed: int = 0) -> SelectionRecord:
    """A finished selection: the columns of the decided operations by edge, the last one for the rest."""
    selection = start(space)
    for cell in space.cells:
        for edge in space.edges(cell):
            column = columns[min(edge.index, len(columns) - 1)]
            selection = selection.discretize(cell, edge, space.operations(cell, edge)[column])
        for node in selection.open_nodes(cell):
            selection = selection.keep_inputs(cell, node, [e.index for e in space.cell(cell).entering(node)][-2:])
    steps = tuple(Step("measured") for _ in selection.decisions)
    return SelectionRecord(selection, steps, settings={"seed": seed})


def test_wins_are_counted_by_edge_the_most_frequent_first() -> None:
    documents = [ending(NB201, column, 0) for column in (1, 3, 3)]
    info = order_wins(NB201, "cell", summarise(documents), start(NB201))
    assert info.rows[0].wins == (("nor_conv_3x3", 2), ("skip_connect", 1))
    assert info.rows[0].alpha == "avg_pool_3x3" and info.rows[0].kept == 3
    assert info.unanimous == 5 and info.orders == 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("space", [search_space(name) for name in SPACES], ids=SPACES)
def test_segments_of_a_row_follow_one_another_up_to_the_number_of_orders(space: SearchSpace, theme) -> None:
    cell = space.cells[-1]
    documents = [ending(space, seed % space.shape(cell)[1], -1, seed=seed) for seed in range(4)]
    info = order_wins(space, cell, summarise(documents), start(space))
    figure = plot_order_wins(info, theme)
    go.Figure(figure)
    json.dumps(figure)
    for place, row in enumerate(info.rows):
        parts = sorted(
            (begun, width)
            for trace in figure["data"]
            for begun, width, at in zip(trace["base"], trace["x"], trace["y"], strict=True)
            if at == place
        )
        assert [begun for begun, _ in parts] == [sum(width for _, width in parts[:n]) for n in range(len(parts))]
        assert sum(width for _, width in parts) == info.orders == sum(count for _, count in row.wins)
    colours = {trace["marker"]["color"] for trace in figure["data"]}
    assert colours == {colour(name, theme) for row in info.rows for name, _ in row.wins}
    if space.genotype_format == "darts":
        assert any("kept 0" in text for text in texts(figure))


def test_a_row_says_how_often_alpha_wins() -> None:
    documents = [ending(NB201, 4), ending(NB201, 0, 4)]
    info = order_wins(NB201, "cell", summarise(documents), start(NB201))
    figure = plot_order_wins(info, "light")
    assert "○ AP 1 of 2" in pills(figure, 0) and "○ AP 2 of 2" in pills(figure, 1)

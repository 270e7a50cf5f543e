"""A cell's graph: where things lie, what every edge says, how thick its strands are, the static picture."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.cell_graph import BAND, Graph, cell_graph_info
from app.figures.cell_layout import PILL, WIDTHS, Shape, cell_layout, drawing_widths
from app.figures.edge_names import edge_id, parse_edge_id, prefix
from engine.drawing import palette
from engine.drawing.geometry import parallels, point
from engine.errors import BadInput
from engine.results import EdgeScores
from engine.selection.selection import Selection
from engine.spaces import SPACES, search_space
from tests.app.cell_graph_samples import sample_scores, sample_weights

CELLS = [(name, cell) for name in SPACES for cell in search_space(name).cells]
SHAPES = {name: Shape.of(search_space(name), search_space(name).cells[0]) for name in ("darts", "nas-bench-201")}
SIX_NODES = tuple((source, target) for target in range(2, 8) for source in range(target))
SHAPES |= {
    "two nodes": Shape(("input", "output"), 1, ((0, 1),), ()),
    "six inner nodes": Shape(
        ("c_{k-2}", "c_{k-1}", *(f"node {node}" for node in range(6))), 2, SIX_NODES, tuple(range(2, 8))
    ),
    "some edges": Shape(("a", "b", "c", "d", "e", "f"), 3, ((0, 3), (2, 3), (1, 4), (3, 5), (0, 5)), ()),
}
LAYOUTS = [(name, width) for name, shape in SHAPES.items() for width in drawing_widths(shape)]


def graph_of(name: str = "darts", cell: str | None = None, measured: int = 99, **options: object) -> Graph:
    space = search_space(name)
    cell = cell or space.cells[0]
    weights = sample_weights(space, cell)
    scores = {edge: one for edge, one in sample_scores(space, cell, weights).items() if edge < measured}
    return cell_graph_info(space, cell, **{"alphas": weights, "scores": scores, **options})  # type: ignore[arg-type]


def blank_selection(name: str = "darts") -> Selection:
    space = search_space(name)
    return Selection(space, {cell: np.zeros(space.shape(cell)) for cell in space.cells})


# Names of edges


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_every_edge_has_its_own_id_that_reads_back(name: str, cell: str) -> None:
    space = search_space(name)
    ids = [edge_id(cell, edge) for edge in space.edges(cell)]
    assert len(set(ids)) == len(ids)
    assert [parse_edge_id(space, text) for text in ids] == [(cell, edge.index) for edge in space.edges(cell)]


def test_edge_ids_follow_the_grammar_of_urls() -> None:
    assert edge_id("normal", search_space("darts").edges("normal")[0]) == "n0-2"
    assert edge_id("reduce", search_space("darts").edges("reduce")[13]) == "r4-5"
    assert edge_id("cell", search_space("nas-bench-201").edges("cell")[5]) == "c2-3"


def test_cell_types_of_any_name_have_a_prefix_of_their_own() -> None:
    names = ["normal", "reduce", "cell", "n", "r", "c", "encoder", "encoder1"]
    assert len({prefix(name) for name in names}) == len(names)
    assert edge_id("encoder1", search_space("darts").edges("normal")[0]) == "encoder1~0-2"


@pytest.mark.parametrize("text", ["", "n", "n2-0", "n0-1", "n0-9", "x0-2", "n0-2 ", "n٠-2", "c0-1", "n00-2"])
def test_other_texts_are_no_edges(text: str) -> None:
    with pytest.raises(BadInput, match="n0-2"):
        parse_edge_id(search_space("darts"), text)


@given(st.text(max_size=6))
def test_any_text_is_an_edge_or_bad_input(text: str) -> None:
    space = search_space("nas-bench-201")
    try:
        cell, edge = parse_edge_id(space, text)
    except BadInput:
        return
    assert edge_id(cell, space.edge(cell, edge)) == text


# Places


@pytest.mark.parametrize(("name", "width"), LAYOUTS)
def test_pills_overlap_neither_each_other_nor_a_node_nor_the_border(name: str, width: float) -> None:
    layout = cell_layout(SHAPES[name], width)
    pills = np.array([(pill.x, pill.y) for pill in layout.labels])
    for first, second in itertools.combinations(pills, 2):
        assert (np.abs(first - second) >= PILL).any()
    for box in layout.nodes:
        apart = np.abs(pills - (box.x, box.y)) - np.add(PILL, (box.width, box.height)) / 2
        assert (apart >= 0).any(1).all()
    assert (pills >= np.array(PILL) / 2).all()
    assert (pills <= np.array([layout.width, layout.height]) - np.array(PILL) / 2).all()


@pytest.mark.parametrize(("name", "width"), LAYOUTS)
def test_every_pill_lies_on_its_own_line(name: str, width: float) -> None:
    layout = cell_layout(SHAPES[name], width)
    for line, pill in zip(layout.lines, layout.labels, strict=False):
        distances = np.linalg.norm(point(line, np.linspace(0, 1, 2000)) - (pill.x, pill.y), axis=1)
        assert distances.min() < 0.5


@pytest.mark.parametrize(("name", "width"), LAYOUTS)
def test_no_edge_runs_through_a_node_that_it_does_not_join(name: str, width: float) -> None:
    layout = cell_layout(SHAPES[name], width)
    for edge, line in zip(SHAPES[name].edges, layout.lines, strict=False):
        places = point(line, np.linspace(0, 1, 400))
        for node, box in enumerate(layout.nodes):
            assert node in edge or not box.holds(places).any(), f"{edge} runs through node {node}"


@pytest.mark.parametrize(("name", "width"), LAYOUTS)
def test_every_edge_ends_at_ports_of_its_own(name: str, width: float) -> None:
    layout = cell_layout(SHAPES[name], width)
    ports = []
    for edge, line in zip(SHAPES[name].edges, layout.lines, strict=False):
        source, target = (layout.nodes[node] for node in edge)
        start, end = line[0, 0], line[-1, -1]
        assert (start[0], end[0]) == pytest.approx((source.right, target.left))
        assert source.top < start[1] < source.bottom and target.top < end[1] < target.bottom
        ports += [tuple(start.round(3)), tuple(end.round(3))]
    assert len(set(ports)) == len(ports)
    for first, second in itertools.combinations(np.array(ports), 2):
        assert np.linalg.norm(first - second) > 8


def test_ports_are_ordered_by_where_the_other_end_lies() -> None:
    layout = cell_layout(SHAPES["nas-bench-201"], 560)
    at_input = sorted((0, 1, 3), key=lambda edge: layout.lines[edge][0, 0, 1])  # to node 1, node 2, output
    assert at_input == [0, 3, 1]  # node 1 lies above, node 2 below


def test_nothing_moves_when_edges_are_measured_decided_or_chosen() -> None:
    decided = blank_selection().discretize("normal", 0, "skip_connect")
    before = graph_of(measured=0)
    after = graph_of(selection=decided, focus=3, measure="both", isolate="skip_connect")
    assert before["layouts"] == after["layouts"]
    assert [one["width"] for one in before["layouts"]] == list(WIDTHS)


@given(st.integers(0, 13), st.sampled_from(WIDTHS), st.floats(-11, 11).filter(lambda offset: abs(offset) > 0.1))
def test_a_strand_keeps_its_distance_from_the_line(edge: int, width: int, offset: float) -> None:
    line = cell_layout(SHAPES["darts"], width).lines[edge]
    text = parallels(line).path(offset)
    numbers = np.array(text.replace("M", " ").replace("C", " ").split(), float).reshape(-1, 2)
    ends = numbers[[0, -1]]
    np.testing.assert_allclose(ends, line[0, [0, 3]] - (0, offset), atol=0.06)  # lines leave nodes level: above is -y
    middle = numbers[6]
    np.testing.assert_allclose(np.linalg.norm(middle - point(line, 0.5)), abs(offset), atol=0.1)


# What an edge says


def test_an_unmeasured_edge_shows_alpha_only() -> None:
    mark = graph_of("nas-bench-201", measured=0)["edges"][0]
    assert (mark["state"], mark["measured"], mark["glyph"]) == ("unmeasured", None, "")
    assert mark["label"].endswith("not measured yet")


def test_a_measured_edge_says_both_choices_with_the_interval() -> None:
    space = search_space("darts")
    weights = [[0.1] * 7 for _ in range(14)]
    weights[0][2] = 0.31
    scores = sample_scores(space, "normal", weights)[0]
    row = replace(scores.operation("sep_conv_3x3"), drop=4.1, ci=(3.2, 5.0))
    rows = tuple(row if one.name == row.name else one for one in scores.operations)
    scores = replace(scores, operations=rows, best=row.name, best_by_drop=row.name, lead_ci=(0.4, 4.0))
    scores = replace(scores, best_by_alpha="skip_connect")
    mark = cell_graph_info(space, "normal", alphas=weights, scores={0: scores})["edges"][0]
    assert mark["label"] == (
        "cₖ₋₂ → node 0 · α favours skip (0.31) · measured: sep 3×3 (drop 4.1 [3.2, 5.0] pts) · disagree, "
        "on 1,024 images"
    )
    assert (mark["alpha"], mark["measured"], mark["glyph"]) == ("skip_connect", "sep_conv_3x3", "≠")
    by_loss = replace(scores, criterion="loss", operations=tuple(replace(one, rise=0.0426) for one in rows))
    mark = cell_graph_info(space, "normal", alphas=weights, scores={0: by_loss})["edges"][0]
    assert "measured: sep 3×3 (loss +0.043)" in mark["label"]


def judged(scores: EdgeScores, verdict: str) -> EdgeScores:
    """The same scores with numbers that mean this verdict."""
    first, second = (score.name for score in scores.operations[1:3])
    low = {"too_close": -1.0, "indistinct": -1.0}.get(verdict, 1.0)
    rows = tuple(replace(score, ci=(low, 3.0)) if verdict == "indistinct" else score for score in scores.operations)
    rows = (replace(rows[0], ci=(low if verdict == "indistinct" else 1.0, 3.0)), *rows[1:])
    by_alpha = {"agree": first, "measured": None}.get(verdict, second)
    return replace(scores, operations=rows, best=first, best_by_drop=first, best_by_alpha=by_alpha, lead_ci=(low, 3.0))


VERDICTS = [("agree", ""), ("disagree", "≠"), ("too_close", "≈"), ("indistinct", "–"), ("measured", "")]


@pytest.mark.parametrize(("verdict", "glyph"), VERDICTS)
def test_a_verdict_is_a_state_and_a_glyph(verdict: str, glyph: str) -> None:
    space = search_space("darts")
    weights = sample_weights(space, "normal")
    scores = judged(sample_scores(space, "normal", weights)[5], verdict)
    mark = cell_graph_info(space, "normal", alphas=weights, scores={5: scores})["edges"][5]
    assert (mark["state"], mark["glyph"]) == (verdict, glyph)


def test_decided_and_discarded_edges_show_what_was_decided() -> None:
    selection = blank_selection()
    for edge in (2, 3, 4):
        selection = selection.discretize("normal", edge, "sep_conv_3x3")
    selection = selection.keep_inputs("normal", 3, (2, 4))
    edges = graph_of(selection=selection, focus=2)["edges"]
    assert [edges[number]["state"] for number in (2, 3, 4)] == ["decided", "discarded", "decided"]
    assert edges[2]["label"] == "cₖ₋₂ → node 1 · decided: sep 3×3"
    assert edges[3]["label"] == "cₖ₋₁ → node 1 · decided: sep 3×3, input not kept"
    assert edges[2]["operation"] == "sep_conv_3x3"
    assert not edges[2]["open"] and not edges[2]["strands"]
    assert edges[0]["operation"] is None


def test_alpha_chooses_none_only_where_none_is_a_real_choice() -> None:
    for name, expected in (("darts-none", "max_pool_3x3"), ("nas-bench-201", "none")):
        space = search_space(name)
        edges, operations = space.shape(space.cells[0])
        weights = [[0.5] + [0.5 / (operations - 1)] * (operations - 1)] * edges
        assert cell_graph_info(space, space.cells[0], alphas=weights, scores={})["edges"][0]["alpha"] == expected


def test_isolating_an_operation_fades_edges_where_no_side_picks_it() -> None:
    edges = graph_of(isolate="skip_connect")["edges"]
    assert {mark["dimmed"] for mark in edges} == {True, False}
    for mark in edges:
        assert mark["dimmed"] == ("skip_connect" not in (mark["alpha"], mark["measured"]))
        assert {strand["operation"] for strand in mark["strands"] if not strand["dimmed"]} <= {"skip_connect"}


def test_only_the_chosen_edge_and_node_stand_out() -> None:
    graph = graph_of(focus=4, node=3)
    assert [mark["focused"] for mark in graph["edges"]].index(True) == 4
    assert [node["name"] for node in graph["nodes"] if node["focused"]] == ["node 1"]
    with pytest.raises(BadInput):
        graph_of(focus=14)


# Strands


def test_strands_are_open_on_the_chosen_edge_and_everywhere_in_small_cells() -> None:
    assert [mark["id"] for mark in graph_of(focus=4)["edges"] if mark["open"]] == ["n2-3"]
    assert all(mark["open"] for mark in graph_of("nas-bench-201")["edges"])


def test_alpha_strands_share_the_full_band_side_by_side() -> None:
    for mark in graph_of(measure="alpha")["edges"]:
        strands = mark["strands"]
        assert sum(strand["width"] for strand in strands) == pytest.approx(BAND, abs=1)  # hairlines are a little wider
        for first, second in itertools.pairwise(strands):
            gap = first["offset"] - second["offset"] - (first["width"] + second["width"]) / 2
            assert gap == pytest.approx(0, abs=0.02)
        assert strands[0]["offset"] + strands[0]["width"] / 2 == pytest.approx(BAND / 2, abs=0.5)


def test_drop_strands_grow_with_the_drop_and_never_vanish() -> None:
    space = search_space("darts")
    weights = sample_weights(space, "normal")
    scores = sample_scores(space, "normal", weights)
    edges = cell_graph_info(space, "normal", alphas=weights, scores=scores, measure="drop")["edges"]
    widest = max(sum(max(row.drop, 0) for row in one.operations) for one in scores.values())
    for mark, one in zip(edges, scores.values(), strict=True):
        for strand, row in zip(mark["strands"], one.operations, strict=True):
            assert strand["width"] == pytest.approx(max(row.drop / widest * BAND, 1.0), abs=0.01)


def test_an_unmeasured_edge_has_no_drop_strands() -> None:
    assert not graph_of(measured=0, measure="drop")["edges"][0]["strands"]
    assert len(graph_of(measured=0, measure="both")["edges"][0]["strands"]) == 7


def test_both_shows_alpha_above_the_line_and_drops_below() -> None:
    for mark in graph_of(measure="both")["edges"]:
        above, below = mark["strands"][:7], mark["strands"][7:]
        assert [one["operation"] for one in above] == [one["operation"] for one in below]
        assert min(one["offset"] - one["width"] / 2 for one in above) > 0
        assert max(one["offset"] + one["width"] / 2 for one in below) < 0


# As data and as a picture


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_a_graph_is_plain_data_and_the_same_every_time(name: str, cell: str) -> None:
    first, second = (graph_of(name, cell, focus=1, measure="both") for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    assert json.loads(json.dumps(first)) == first


def test_the_components_style_sheet_uses_the_colours_of_the_style_table(root: Path) -> None:
    sheet = (root / "app/parts/component.css").read_text(encoding="utf-8")
    light, dark = palette.roles("light"), palette.roles("dark")
    for name, role in (("signal", "disagree"), ("quiet", "alpha"), ("muted", "muted")):
        pair = f"--{name}: light-dark({getattr(light, role)}, {getattr(dark, role)});"
        assert pair.lower() in sheet.lower()

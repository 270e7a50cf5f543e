"""The list views: every edge of a cell as its graph shows it, and the edges of two selections."""

import json

from app.figures.cell_graph import cell_graph_info
from app.figures.differences import differences
from app.figures.edge_list import difference_list, edge_list
from app.figures.evidence_table import Row, Table
from engine.drawing.palette import operation
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.app.cell_graph_samples import sample_scores, sample_weights

SPACE = search_space("nas-bench-201")
DARTS = search_space("darts")
WEIGHTS = sample_weights(SPACE, "cell")
SCORES = sample_scores(SPACE, "cell", WEIGHTS)
UNDECIDED = Selection(SPACE, {"cell": WEIGHTS})


def listed(**view) -> Table:
    """The list of a cell; view: as of `cell_graph_info`."""
    view = {"alphas": WEIGHTS, "scores": SCORES, "selection": UNDECIDED, **view}
    table = edge_list(cell_graph_info(SPACE, "cell", **view), view["scores"])
    assert all(len(row["cells"]) == len(table["columns"]) for row in table["rows"])
    return json.loads(json.dumps(table))


def words(row: Row) -> list[str]:
    return [cell.get("words") or cell.get("code") or cell.get("text", "") for cell in row["cells"]]


def test_a_row_holds_what_is_known_of_its_edge():
    row = listed()["rows"][0]
    found = SCORES[0]
    edge, alpha, measured, lead, verdict, images = words(row)
    assert row["id"] == "c0-1" and edge == "input → node 1" and images == f"{found.images:,}"
    assert (alpha, measured) == tuple(operation(name).label for name in (found.best_by_alpha, found.best))
    assert lead.startswith(f"{found.lead:.1f}".replace("-", "−")) and verdict[0] in "=≠≈–"
    assert "leads" in row["label"] and "input → node 1" in row["label"]


def test_the_selected_edge_is_marked_and_what_is_not_highlighted_steps_back():
    rows = listed(focus=2, isolate="none")["rows"]
    assert [row["chosen"] for row in rows] == [False, False, True, False, False, False]
    graph = cell_graph_info(SPACE, "cell", alphas=WEIGHTS, scores=SCORES, isolate="none")
    assert [row["quiet"] for row in rows] == [mark["dimmed"] for mark in graph["edges"]]


def test_what_is_not_measured_or_decided_says_so():
    decided = UNDECIDED.discretize("cell", 1, "skip_connect")
    first, second, *_ = listed(scores={}, selection=decided)["rows"]
    assert words(first)[2:] == ["–", "–", "not measured", ""]
    assert words(second)[4] == "decided" and "decided: skip" in second["label"]


def test_names_have_subscripts_where_letters_can_and_characters_where_not():
    weights = sample_weights(DARTS, "normal")
    graph = cell_graph_info(DARTS, "normal", alphas=weights, scores={})
    row = edge_list(graph, {})["rows"][0]
    assert words(row)[0] == "c_{k-2} → node 0" and row["label"].startswith("cₖ₋₂ → node 0")


def test_two_selections_edge_by_edge():
    first = UNDECIDED.discretize("cell", 0, "skip_connect").discretize("cell", 1, "none")
    rows = differences(first, UNDECIDED.discretize("cell", 0, "nor_conv_3x3").discretize("cell", 1, "none"))
    table = difference_list(rows, 1)
    assert [words(row) for row in table["rows"]][:3] == [
        ["input → node 1", "SK", "C3", "≠ operation"],
        ["input → node 2", "NO", "NO", "= identical"],
        ["node 1 → node 2", "open", "open", "· undecided"],
    ]
    assert table["rows"][0]["label"] == "input → node 1 · A keeps skip · B keeps conv 3×3 · operation differs"
    assert [row["chosen"] for row in table["rows"]][:3] == [False, True, False]

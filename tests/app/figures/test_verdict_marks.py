"""The marks of a tile: one for every edge, and all of it in a line."""

import re
from types import SimpleNamespace

from app.figures.verdict_marks import draw_line, draw_marks, marks_info
from engine.spaces import search_space

NB201, S2 = search_space("nas-bench-201"), search_space("s2")


def found(cell, *verdicts):
    return [SimpleNamespace(cell=cell, edge=edge, verdict=verdict) for edge, verdict in enumerate(verdicts)]


def test_every_edge_has_a_mark_that_names_it_and_its_verdict():
    html = draw_marks(marks_info(NB201, found("cell", "agree", "disagree", "too_close", "indistinct")))
    assert re.findall(r'<i class="(\w+)" title="(.*?)">(.)</i>', html) == [
        ("agree", "input → node 1: agree", "="),
        ("disagree", "input → node 2: disagree", "≠"),
        ("too_close", "node 1 → node 2: too close to call", "≈"),
        ("indistinct", "input → output: nothing to tell apart", "–"),
        ("unmeasured", "node 1 → output: not measured", "·"),
        ("unmeasured", "node 2 → output: not measured", "·"),
    ]
    said = "Measurement disagrees with α on 1 of 6 edges and agrees on 1"
    rest = "1 is too close to call, 1 has nothing to tell apart, 2 are not measured"
    assert f'role="img" aria-label="{said}; {rest}"' in html


def test_cells_have_a_row_each_normal_above_reduction():
    info = marks_info(S2, found("reduce", *["agree"] * 14))
    assert [row.cell for row in info.rows] == ["normal", "reduce"] and [len(row.marks) for row in info.rows] == [14, 14]
    html = draw_marks(info)
    assert html.index("<em>normal</em>") < html.index("<em>reduction</em>") and "cₖ₋₂ → node 0" in html


def test_without_measurement_or_alpha_nothing_is_claimed():
    assert marks_info(NB201, []).summary == "None of its 6 edges is measured"
    grown = marks_info(NB201, found("cell", "agree"), decided=[("cell", 4), ("cell", 5)])
    assert grown.summary.endswith("3 are not measured, 2 were decided in its training")
    assert draw_marks(grown).count("decided in its training") == 3, "two marks, and the line in words"
    taken = marks_info(NB201, [], decided=[("cell", 4)]).summary
    assert taken == "None of its 6 edges is measured; 1 was decided in its training"
    assert "α is unknown" in marks_info(NB201, found("cell", *[None] * 6)).summary
    assert marks_info(NB201, found("cell", *["agree"] * 6)).summary == (
        "Measurement disagrees with α on 0 of 6 edges and agrees on 6"
    )


def test_what_is_covered_is_as_long_and_says_nothing():
    scores = found("cell", "agree", "disagree", "too_close")
    open_, covered = marks_info(NB201, scores), marks_info(NB201, scores, covered=True)
    assert draw_line(open_) == f'<p class="tile-line">{open_.summary}.</p>'
    html = draw_line(covered)
    (hidden,) = re.findall(r'<span aria-hidden="true">(.*?)</span>', html)
    assert len(hidden) == len(f"{open_.summary}.") and not re.search("[1-9]", hidden)
    assert f'aria-label="{covered.summary}"' in html and "of its 6 edges stays covered" in covered.summary
    assert set(re.findall(r'<i class="(\w+)"', draw_marks(covered))) == {"covered"}
    assert marks_info(NB201, [], covered=True).is_covered is False, "there is nothing to be covered"

"""Lines of decisions as a tree: who leaves whom, where, by whose decision."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.figures.branch_tree import Knot, Line, Stem, branch_tree, stems
from app.figures.evidence_table import Row

STEPS = 6
OPERATIONS = ("none", "skip_connect", "nor_conv_3x3")


def line(name: str, kept: str, end: float | None = None, supernet: tuple[float, int] | None = None) -> Line:
    """kept: a digit for every decision, the operation's place in OPERATIONS."""
    knots = [Knot(f"edge {number}", OPERATIONS[int(each)], "", "you") for number, each in enumerate(kept)]
    return Line(name, tuple(knots), end, supernet)


def rows(*lines: Line, current: str = "A") -> list[Row]:
    table = json.loads(json.dumps(branch_tree(lines, current, STEPS)))
    assert all(len(row["cells"]) == len(table["columns"]) for row in table["rows"])
    return table["rows"]


def test_a_line_leaves_the_one_with_which_it_has_most_in_common():
    found = stems([line("A", "000000"), line("B", "0011"), line("C", "00112"), line("D", "12")])
    assert found == {"A": Stem(None, 0), "B": Stem("A", 2), "C": Stem("B", 4), "D": Stem("A", 0)}


def test_each_line_stands_under_the_one_it_leaves_and_the_current_one_is_marked():
    drawn = rows(line("A", "000000"), line("B", "12"), line("C", "0000"), line("D", "121"), current="C")
    assert [row["id"] for row in drawn] == ["A", "B", "D", "C"]
    assert [row["chosen"] for row in drawn] == [False, False, False, True]
    twigs = [cell for row in drawn for cell in row["cells"] if cell["kind"] == "twig"]
    assert [twig["up"] for twig in twigs] == [0, 1, 1, 3]
    assert [(twig["from"], twig["to"]) for twig in twigs] == [(0, 1), (0, 0.3333), (0.3333, 0.5), (0.6667, 0.6667)]


def test_a_row_says_where_it_leaves_who_decided_there_and_its_end():
    first = line("A", "000000", end=91.17)
    other = line("B", "0012", supernet=(52.2, 1024))
    other = other._replace(knots=(*other.knots[:2], other.knots[2]._replace(by="measured"), other.knots[3]))
    top, below = rows(first, other)
    assert top["label"] == "Branch A; 6 of 6 decided; true accuracy 91.17 %"
    assert below["label"] == (
        "Branch B; leaves A after 2 decisions; there skip on edge 2, as measured; 4 of 6 decided; "
        "supernet 52.2 % on 1,024 images"
    )
    assert [cell["marks"] for cell in below["cells"] if cell["kind"] == "marks"] == [["measured"]]
    assert below["cells"][-1]["text"] == "supernet 52.2 %" and top["cells"][-1]["text"] == "true 91.17 %"


def test_who_decided_does_not_make_two_lines_different():
    by_alpha = line("B", "00")._replace(knots=tuple(knot._replace(by="α") for knot in line("B", "00").knots))
    assert stems([line("A", "000"), by_alpha])["B"] == Stem("A", 2)
    assert rows(line("A", "000"), by_alpha)[1]["label"] == "Branch B; leaves A after 2 decisions; 2 of 6 decided"


@given(st.lists(st.text("012", max_size=STEPS), min_size=1, max_size=26))
def test_every_line_has_a_row_on_the_picture(kept: list[str]):
    lines = [line(chr(65 + number), each) for number, each in enumerate(kept)]
    drawn = rows(*lines)
    assert sorted(row["id"] for row in drawn) == [each.name for each in lines]
    for number, row in enumerate(drawn):
        (twig,) = (cell for cell in row["cells"] if cell["kind"] == "twig")
        assert 0 <= twig["from"] <= twig["to"] <= 1 and 0 <= twig["up"] <= number

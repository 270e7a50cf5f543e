"""Finished cells as pictures: what is drawn, that nothing overlaps, and how it looks in either theme."""

import base64
import itertools
import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from engine.drawing import finished_svg as drawing
from engine.drawing.dot import dot
from engine.drawing.finished_cell import FinishedCell, FinishedEdge, finished_cell
from engine.drawing.finished_svg import figure, image, svg
from engine.drawing.geometry import point
from engine.drawing.layout import Layout
from engine.drawing.palette import THEMES, Theme, colour, operation, roles
from engine.errors import BadInput
from engine.selection.genotype import Genotype
from engine.selection.genotype_text import parse_genotype
from tests.engine.published_networks import DARTS_PT, genotype

BENCH = parse_genotype("|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|")
PUBLISHED = {name: genotype(normal, reduce) for name, normal, reduce, _, _ in DARTS_PT}
S5 = PUBLISHED["darts_pt_s5_0"]
CELLS = [finished_cell(one, cell) for one in (*PUBLISHED.values(), BENCH) for cell, _ in one.cells]
SVG = "{http://www.w3.org/2000/svg}"


def made_up(nodes: int, inputs: int, joins: bool, seed: int = 0) -> FinishedCell:
    """A cell of any size, with one or two inputs for every node; some nodes may lead nowhere."""
    draw = random.Random(seed)
    names = [name for name in ("skip_connect", "sep_conv_3x3", "dil_conv_5x5", "max_pool_3x3")]
    edges = [
        FinishedEdge(draw.choice(names), source, node)
        for node in range(inputs, nodes)
        for source in draw.sample(range(node), min(node, draw.choice((1, 2))))
    ]
    words = [f"input {node}" if node < inputs else f"node {node}" for node in range(nodes)]
    joined = tuple(range(inputs, nodes)) if joins else ()
    return FinishedCell("attention", (*words, "output") if joins else tuple(words), tuple(edges), joined)


MADE_UP = [
    made_up(*sizes, seed) for sizes in ((2, 1, False), (5, 1, False), (8, 2, True), (9, 3, True)) for seed in (0, 1)
]


def texts(picture: str) -> list[str]:
    tree = ElementTree.fromstring(picture)
    return ["".join(element.itertext()) for element in tree.iter() if element.tag in ("text", f"{SVG}text")]


def drawn(picture: str) -> str:
    """What an HTML image shows."""
    return base64.b64decode(picture.partition("base64,")[2].partition('"')[0]).decode()


# What is drawn


def test_operations_that_the_other_cell_lacks_differ() -> None:
    other = parse_genotype(str(BENCH).replace("avg_pool_3x3~2", "nor_conv_1x1~2"))
    found = finished_cell(BENCH, "cell", other)
    assert found.nodes == ("input", "node 1", "node 2", "output") and found.joined == ()
    assert [edge for edge in found.edges if edge.differs] == [FinishedEdge("avg_pool_3x3", 2, 3, True)]
    assert len(found.edges) == 6


def test_the_order_of_a_nodes_pairs_is_no_difference() -> None:
    pairs = list(S5.normal)
    pairs[0], pairs[1] = pairs[1], pairs[0]
    swapped = Genotype({"normal": pairs, "reduce": S5.reduce})
    assert not any(edge.differs for edge in finished_cell(S5, "normal", swapped).edges)


def test_a_darts_cell_joins_its_inner_nodes() -> None:
    found = finished_cell(S5, "normal")
    assert found.joined == (2, 3, 4, 5) and found.nodes[-1] == "c_{k}" and len(found.nodes) == 7


def test_a_cell_type_that_one_of_them_lacks_is_bad_input() -> None:
    for one, cell, other in ((S5, "normal", BENCH), (S5, "cell", None)):
        with pytest.raises(BadInput, match="cell"):
            finished_cell(one, cell, other)


# Where it lies


def layouts(cell: FinishedCell) -> list[Layout]:
    """With names, and of some cells also without."""
    both = cell in (*CELLS[:4], CELLS[-1], *MADE_UP)
    return [drawing._layout(cell, names) for names in ((True, False) if both else (True,))]


@pytest.mark.parametrize("cell", [*CELLS, *MADE_UP])
def test_a_drawing_overlaps_nothing(cell: FinishedCell) -> None:
    for layout in layouts(cell):
        assert len(layout.nodes) == len(cell.nodes) and len(layout.labels) == len(cell.edges)
        for one, other in itertools.combinations((*layout.nodes, *layout.labels), 2):
            apart_x = abs(one.x - other.x) >= (one.width + other.width) / 2
            assert apart_x or abs(one.y - other.y) >= (one.height + other.height) / 2
        for box in (*layout.nodes, *layout.labels):
            assert box.left >= 0 and box.right <= layout.width and box.top >= 0 and box.bottom <= layout.height
        for edge, label in zip(cell.edges, layout.labels, strict=True):
            assert layout.nodes[edge.source].x < label.x < layout.nodes[edge.target].x


@pytest.mark.parametrize("cell", [*CELLS[:4], CELLS[-1], *MADE_UP])
def test_a_line_passes_its_own_label_and_no_other_box(cell: FinishedCell) -> None:
    for layout in layouts(cell):
        ends = [(edge.source, edge.target) for edge in cell.edges]
        ends += [(node, len(cell.nodes) - 1) for node in cell.joined]
        for number, (line, (source, target)) in enumerate(zip(layout.lines, ends, strict=True)):
            places = point(line, np.linspace(0, 1, 300))
            for node, box in enumerate(layout.nodes):
                assert node in (source, target) or not box.holds(places).any()
            for other, box in enumerate(layout.labels):
                assert box.holds(places).any() == (other == number)
            assert places[0] == pytest.approx((layout.nodes[source].right, places[0, 1]))
            assert places[-1] == pytest.approx((layout.nodes[target].left, places[-1, 1]))


def test_the_first_input_stands_above_the_second() -> None:
    for cell in CELLS[:-1]:
        for layout in layouts(cell):
            assert layout.nodes[0].y < layout.nodes[1].y


# How it looks


def test_a_file_says_every_operation_in_words_and_colour() -> None:
    text = svg(S5)
    for cell in ("normal", "reduce"):
        assert cell in texts(text)
        for name, _ in S5.pairs(cell):
            assert operation(name).code in texts(text) and operation(name).label in texts(text)
            assert operation(name).light in text
    one = svg(S5, "reduce")
    assert ElementTree.fromstring(one) is not None and len(one) < len(text)


def test_a_file_says_where_it_comes_from_and_escapes_it() -> None:
    tree = ElementTree.fromstring(svg(S5, about=("</desc><script>", "&")))
    assert tree.findtext(f"{SVG}desc") == "</desc><script>; &"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("names", [True, False])
def test_an_image_has_its_themes_colours_and_outlines_differences(theme: Theme, names: bool) -> None:
    other = Genotype({"normal": [("avg_pool_3x3", 0), *S5.normal[1:]], "reduce": S5.reduce})
    cell = finished_cell(S5, "normal", other)
    picture = drawn(image(cell, theme, names=names))
    assert picture == drawn(image(cell, theme, names=names))
    assert texts(picture).count("≠") == picture.count(f'stroke="{roles(theme).disagree}"') == 1
    assert roles(theme).text in picture and colour(S5.normal[1][0], theme) in picture
    assert (operation(S5.normal[1][0]).label in texts(picture)) == names
    assert "class=" not in picture and "url(" not in picture and "id=" not in picture
    assert "only here" in picture


def test_a_picture_says_what_it_shows() -> None:
    cell = finished_cell(BENCH, "cell")
    assert ElementTree.fromstring(figure(cell)).get("aria-label") == cell.text
    assert "conv 1×1 from node 1 to output" in cell.text
    assert image(cell, "dark").startswith(f'<img alt="{cell.text}" ')
    assert image(cell, "dark", alt='A: <"&').startswith("<img alt='A: &lt;\"&amp;' ")


def test_a_made_up_cell_has_a_file_of_every_kind() -> None:
    for cell in MADE_UP:
        shown = texts(drawn(image(cell, "dark")))
        assert set(cell.nodes) <= set(shown) and len(shown) == len(cell.nodes) + 2 * len(cell.edges)


# DOT


def test_dot_text_has_every_edge_and_joins_the_output() -> None:
    text = dot(S5, "normal", ("made by a test",))
    assert text.startswith("// made by a test\ndigraph cell {") and "subgraph" not in text
    for name, source, target in S5.edges("normal"):
        label = f"{operation(name).code} {operation(name).label}"
        assert f'normal_{source} -> normal_{target} [label="{label}"' in text
    assert all(f"normal_{node} -> normal_6" in text for node in (2, 3, 4, 5))
    assert "cₖ₋₂" in text and text == dot(S5, "normal", ("made by a test",))


def test_dot_text_without_the_library_names_the_fix() -> None:
    code = (
        "import sys; sys.modules['graphviz'] = None\n"
        "from engine.export import export, read\n"
        f"subject = read({str(BENCH)!r})\n"
        "assert export(subject, 'svg')\n"
        "export(subject, 'dot')\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "BadInput: DOT text needs the graphviz library: pip install graphviz" in answer.stderr

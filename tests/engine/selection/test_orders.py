import numpy as np
import pytest

from engine.errors import BadInput
from engine.selection.orders import Order, distinct, edge_order, index_order
from engine.selection.selection import Selection
from engine.spaces import SPACES, search_space

# Orders of DARTS-PT's official code by seed: normal edges, normal nodes, reduce edges, reduce nodes, and the edges of
# NAS-Bench-201. Nodes are counted as the code does: 0, 1, 2 for the nodes 3, 4, 5.
PUBLISHED = {
    0: ("12 0 13 8 4 3 11 1 9 5 6 7 2 10", "0 2 1", "5 3 4 12 8 7 11 0 6 1 9 10 13 2", "0 2 1", "4 0 5 2 3 1"),
    1: ("5 13 10 6 0 11 2 8 12 9 1 3 4 7", "0 2 1", "11 8 13 0 2 9 4 12 5 7 6 3 1 10", "1 2 0", "5 3 0 1 4 2"),
    2: ("8 9 13 10 2 6 5 11 7 4 12 3 0 1", "1 0 2", "13 6 2 9 1 7 8 5 4 11 10 3 0 12", "0 1 2", "0 1 4 5 3 2"),
    3: ("10 9 8 0 4 7 12 6 13 3 5 11 2 1", "1 2 0", "8 3 10 6 13 11 0 7 1 4 9 12 2 5", "2 0 1", "2 0 3 1 4 5"),
}


def numbers(text: str, offset: int = 0) -> list[int]:
    return [int(word) + offset for word in text.split()]


def of_cell(pairs: tuple[tuple[str, int], ...], cell: str) -> list[int]:
    return [index for owner, index in pairs if owner == cell]


@pytest.mark.parametrize("seed", PUBLISHED)
def test_seeded_order_is_that_of_the_published_code(seed: int) -> None:
    normal, normal_nodes, reduce, reduce_nodes, nas_bench = PUBLISHED[seed]
    order = edge_order(search_space("darts"), seed)
    assert of_cell(order.edges, "normal") == numbers(normal)
    assert of_cell(order.edges, "reduce") == numbers(reduce)
    assert of_cell(order.nodes, "normal") == numbers(normal_nodes, offset=3)
    assert of_cell(order.nodes, "reduce") == numbers(reduce_nodes, offset=3)
    assert edge_order(search_space("nas-bench-201"), seed) == Order(
        tuple(("cell", edge) for edge in numbers(nas_bench)), ()
    )


def test_cell_types_alternate_in_every_order() -> None:
    space = search_space("s3")
    for order in (index_order(space), edge_order(space, 7)):
        assert [cell for cell, _ in order.edges] == ["normal", "reduce"] * 14
        assert [cell for cell, _ in order.nodes] == ["normal", "reduce"] * 3


@pytest.mark.parametrize("name", SPACES)
def test_every_order_visits_everything_once(name: str) -> None:
    space = search_space(name)
    steps = {(cell, edge.index) for cell in space.cells for edge in space.edges(cell)}
    nodes = {(cell, node) for cell in space.cells for node in space.cell(cell).topology_nodes}
    for order in (index_order(space), edge_order(space, 2**32 - 1)):
        assert len(order.edges) == len(steps) and set(order.edges) == steps
        assert len(order.nodes) == len(nodes) and set(order.nodes) == nodes


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", True, None])
def test_a_seed_that_cannot_be_used_is_refused(seed: object) -> None:
    with pytest.raises(BadInput, match="seed must be a whole number"):
        edge_order(search_space("darts"), seed)  # type: ignore[arg-type]


def test_orders_that_visit_what_is_left_in_the_same_way_count_as_one() -> None:
    space = search_space("nas-bench-201")
    selection = Selection(space, {"cell": np.zeros(space.shape("cell"))})
    assert distinct(selection, 8) == tuple(range(8))
    for edge in (0, 1, 4, 5):
        selection = selection.discretize("cell", edge, "skip_connect")
    first = [next(edge for _, edge in edge_order(space, seed).edges if edge in (2, 3)) for seed in range(8)]
    assert distinct(selection, 8) == (0, first.index(5 - first[0]))
    assert distinct(selection.discretize("cell", 2, "none"), 8) == (0,)
    assert distinct(Selection(search_space("s2"), {c: np.zeros((14, 2)) for c in ("normal", "reduce")}), 3) == (0, 1, 2)

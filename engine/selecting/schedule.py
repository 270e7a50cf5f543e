"""When the published procedure decides and when it tunes (Wang et al. 2021, algorithm 1, as its code runs it).

Round      decisions taken together, one per cell type, and the tuning epochs or batches that follow them
rounds     the decisions that are left, in an order, as rounds
schedule   the rounds with their tuning
"""

from itertools import zip_longest
from typing import NamedTuple

from engine.selecting.settings import Tuning
from engine.selection.orders import NextStep, Order
from engine.selection.selection import Selection


class Round(NamedTuple):
    """The normal edge and then the reduce edge (or nodes), and how many epochs or batches are trained after them."""

    steps: tuple[NextStep, ...]
    tune: int


def rounds(selection: Selection, order: Order, together: bool = True) -> list[tuple[NextStep, ...]]:
    """What is left to decide: edges first, then nodes; cell types side by side (or one after the other), each in its
    own order."""
    cells = selection.space.cells
    edges = {cell: [NextStep("edge", *place) for place in order.edges if place[0] == cell] for cell in cells}
    nodes = {cell: [NextStep("node", *place) for place in order.nodes if place[0] == cell] for cell in cells}
    open_edges = [[step for step in edges[cell] if not selection.is_decided(cell, step.index)] for cell in cells]
    open_nodes = [[step for step in nodes[cell] if selection.kept(cell, step.index) is None] for cell in cells]
    if not together:
        return [(step,) for columns in (open_edges, open_nodes) for column in columns for step in column]
    return [
        tuple(step for step in row if step is not None)
        for columns in (open_edges, open_nodes)
        for row in zip_longest(*columns)
    ]


def schedule(selection: Selection, order: Order, tuning: Tuning, together: bool = True) -> list[Round]:
    """Rounds with the tuning after each.

    In epochs, K of them come between two rounds. The DARTS family ends with one more epoch: 16K + 1 in all.
    NAS-Bench-201 decides its last edge at the start of the final epoch: 5K in all, the last gap one epoch shorter. No
    epoch after the last decision can change the outcome, but the recorded path ends as the published one does.
    Batches come between rounds only.
    """
    taken = rounds(selection, order, together)
    amounts = [tuning.amount] * len(taken)
    if amounts:
        amounts[-1] = 1 if tuning.unit == "epochs" and tuning.amount else 0
    if not selection.space.has_topology and tuning.unit == "epochs" and tuning.amount and len(amounts) > 1:
        amounts[-2] -= 1
    return [Round(steps, amount) for steps, amount in zip(taken, amounts, strict=True)]

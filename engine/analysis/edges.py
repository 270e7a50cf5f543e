"""Edges to measure, from what a person writes. Free of torch.

SPEC     what can be written
chosen   the edges that it means
"""

import numpy as np

from engine.errors import BadInput
from engine.selection.selection import Selection

SPEC = "Edges: a number of random ones, all, or by cell type and number: normal:3, reduce:0 (commas between)."


def chosen(selection: Selection, text: str, seed: int) -> list[tuple[str, int]]:
    """Cell types and edges, in the space's order where they are drawn or all.

    Raises BadInput for what cannot be read, and for edges that are not there or decided.
    """
    undecided = [(cell, edge) for cell in selection.space.cells for edge in selection.undecided_edges(cell)]
    word = text.strip().lower()
    if not undecided:
        raise BadInput("every edge is decided; give a selection with undecided edges")
    if word == "all":
        return undecided
    if word.isascii() and word.isdigit():
        if not 1 <= int(word) <= len(undecided):
            raise BadInput(f"edges must be 1 to {len(undecided)} here, or all; not {word}")
        drawn = np.random.RandomState(seed).permutation(len(undecided))[: int(word)]
        return [undecided[place] for place in sorted(drawn)]
    return list(dict.fromkeys(_one(selection, part.strip()) for part in text.split(",") if part.strip()))


def _one(selection: Selection, text: str) -> tuple[str, int]:
    space = selection.space
    cell, _, number = text.rpartition(":")
    cell = cell or space.cells[0]
    known = f"{space.cells[0]}:0 to {space.cells[-1]}:{len(space.edges(space.cells[-1])) - 1}"
    if cell not in space.cells or not (number.isascii() and number.isdigit()) or int(number) >= len(space.edges(cell)):
        raise BadInput(f"there is no edge {text!r}; write a number of random ones, all, or {known}")
    if selection.is_decided(cell, int(number)):
        raise BadInput(f"edge {text} is decided; give undecided ones")
    return cell, int(number)

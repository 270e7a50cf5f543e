"""Which alphas count: those of the files beside the supernet's, else its own, else none.

chosen_alphas   the alphas that a supernet starts with, and their history
after_sigmoid   whether given numbers can only be mixing weights of FairDARTS
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.checkpoint.importers.alphas import GivenAlphas, read_alphas
from engine.checkpoint.importers.formats import Found, turned
from engine.checkpoint.importers.reading import Foreign
from engine.errors import BadInput
from engine.selection.alphas import Alphas
from engine.selection.mixing import Mixing
from engine.spaces import SearchSpace

if TYPE_CHECKING:
    from torch import Tensor


def chosen_alphas(
    file: str, space: SearchSpace, found: Found, given: Sequence[Foreign], mixing: Mixing, notes: list[str]
) -> "tuple[Alphas, dict[str, Tensor] | None]":
    """Final alphas as float32, and cell type -> [T, E, K] of the epochs that a log printed, or None.

    file: the supernet's. mixing: how the search mixed, which says what numbers between 0 and 1 were. notes: what was
    assumed is added. A log prints few digits, so where the supernet's file has alphas of its own these are the last.
    Raises BadInput, naming the file, for alphas that do not fit the space.
    """
    import torch

    own = None if found.alphas is None else _read(file, space, turned(found.alphas) if found.turned else found.alphas)
    if found.turned and (given or own):
        notes.append("the column of none, which pt.darts has last, is the first here")
    if not given:
        if own is None:
            notes.append(
                "no alphas were found in the file: all operations are mixed equally; give alphas as a second file"
            )
            own = _read(file, space, {cell: np.zeros(space.shape(cell)) for cell in space.cells})
        return own, None
    name = " and ".join(each.name for each in given)
    more = read_alphas(given).under(mixing)
    more = (_turned(more) if found.turned else more).mapped(lambda rows: rows.astype(np.float32).astype(np.float64))
    _read(name, space, more.final)
    if own is not None and more.rounded:
        more = more.ending_with({cell: np.asarray(rows, np.float64) for cell, rows in own.items()}, file)
    notes += more.notes
    final = _read(name, space, more.final)
    if more.history is None:
        return final, None
    for epoch in range(len(next(iter(more.history.values())))):
        _read(f"{name}, epoch {epoch + 1}", space, {cell: rows[epoch] for cell, rows in more.history.items()})
    return final, {cell: torch.tensor(rows, dtype=torch.float32) for cell, rows in more.history.items()}


def after_sigmoid(given: Sequence[Foreign]) -> str:
    """A sentence where numbers are printed, or stored as weights, that only a sigmoid gives; "" for all others.

    FairDARTS prints the sigmoids of its alphas, and stores them in files called weight.
    """
    if read_alphas(given).shares != "unit":
        return ""
    names = [each.name for each in given if each.kind == "text" or "weight" in each.name.lower()]
    if len(names) < len(given):
        return ""
    return (
        f"mixed by the sigmoid of every alpha, as FairDARTS does: all numbers in {' and '.join(names)} lie between 0 "
        "and 1, and rows do not add up to 1 (--mixing softmax if they are alphas)"
    )


def _turned(given: GivenAlphas) -> GivenAlphas:
    return given.mapped(lambda rows: np.asarray(turned({"": rows})[""]))


def _read(name: str, space: SearchSpace, alphas: Any) -> Alphas:
    try:
        return Alphas.read(space, alphas, dtype="float32")
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None

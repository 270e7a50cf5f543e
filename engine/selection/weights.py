"""What a selection means for its supernet: the mixing weights of every edge.

weights_of   of one cell type, [E, K]: E edges, K candidate operations of an edge
"""

from typing import TYPE_CHECKING

import torch

from engine.selection.mixing import mixing_weights

if TYPE_CHECKING:
    from engine.selection.selection import Selection


def weights_of(selection: "Selection", cell: str) -> torch.Tensor:
    """[E, K] in the precision of the alphas.

    An undecided row is the softmax of its alphas (or what else the search mixed by), a decided one is one-hot, a
    discarded one is zero. Betas scale the rows into a node until everything about the node is decided: only then do
    its edges add up plainly, as they do in the discrete network.
    """
    alphas = selection.alphas
    weights = mixing_weights(torch.tensor(alphas[cell], dtype=getattr(torch, alphas.dtype)), alphas.mixing)
    strengths = alphas.strengths(cell)
    for edge in selection.space.edges(cell):
        if (operation := selection.operation(cell, edge)) is not None:
            weights[edge.index] = 0
            weights[edge.index, selection.space.operation_index(cell, edge, operation)] = 1
        if selection.is_discarded(cell, edge):
            weights[edge.index] = 0
        elif not selection.is_settled(cell, edge.target):
            weights[edge.index] *= float(strengths[edge.index])
    return weights

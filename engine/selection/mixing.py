"""How alphas and edge strengths become mixing weights: the one place where the softmax stands.

mixing_weights   of alphas: their softmax over the operations of every edge
edge_strengths   of betas: their softmax over the edges into the same node (PC-DARTS)

Both take numpy arrays or tensors; gradients flow through tensors. Letters in shapes: E edges of a cell type, K
candidate operations of an edge.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


@overload
def mixing_weights(alphas: NDArray[np.float64]) -> NDArray[np.float64]: ...
@overload
def mixing_weights(alphas: "Tensor") -> "Tensor": ...
def mixing_weights(alphas: "NDArray[np.float64] | Tensor") -> "NDArray[np.float64] | Tensor":
    """[E, K] from alphas [E, K]: every row sums to 1."""
    if not isinstance(alphas, np.ndarray):
        return alphas.softmax(-1)
    with np.errstate(over="ignore"):  # two finite alphas may lie further apart than a float reaches: weight 0
        exponentials = np.exp(alphas - alphas.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


@overload
def edge_strengths(betas: NDArray[np.float64], targets: Sequence[int]) -> NDArray[np.float64]: ...
@overload
def edge_strengths(betas: "Tensor", targets: Sequence[int]) -> "Tensor": ...
def edge_strengths(betas: Any, targets: Sequence[int]) -> Any:
    """[E] from betas [E]; targets: the node that each edge enters. Those into one node sum to 1."""
    strengths = betas * 0
    for node in set(targets):
        entering = [edge for edge, target in enumerate(targets) if target == node]
        strengths[entering] = mixing_weights(betas[entering])
    return strengths

"""How alphas and edge strengths become mixing weights: the one place where the softmax stands.

mixing_weights   of alphas: as a rule their softmax over the operations of every edge
edge_strengths   of betas: their softmax over the edges into the same node (PC-DARTS)
Mixing, MIXINGS  the ways in which searches mix; MIXED: in words

Both take numpy arrays or tensors; gradients flow through tensors. Letters in shapes: E edges of a cell type, K
candidate operations of an edge.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Mixing = Literal["softmax", "dirichlet", "sigmoid", "sampled"]
"""softmax: every row sums to 1 (Liu et al. 2019). dirichlet: the mean of the distribution that the search drew its
weights from, with concentrations elu(alpha) + 1 (DrNAS, Chen et al. 2021, section 3). sigmoid: every operation for
itself, rows sum to anything (FairDARTS, Chu et al. 2020, section 4.1). sampled: the search saw one operation of an
edge at a time, as likely as its softmax (GDAS, Dong and Yang 2019); the softmax mixes what was never mixed there."""
MIXED: dict[Mixing, str] = {
    "softmax": "softmax of alpha",
    "dirichlet": "mean of the Dirichlet distribution of alpha (DrNAS)",
    "sigmoid": "sigmoid of every alpha (FairDARTS)",
    "sampled": "softmax of alpha; the search sampled one operation of an edge at a time",
}
"""In words for people."""
MIXINGS: tuple[Mixing, ...] = get_args(Mixing)
LEAST = 1e-30
"""Least concentration: where all alphas of an edge are far below 0, its row still sums to 1."""


@overload
def mixing_weights(alphas: NDArray[np.float64], mixing: Mixing = "softmax") -> NDArray[np.float64]: ...
@overload
def mixing_weights(alphas: "Tensor", mixing: Mixing = "softmax") -> "Tensor": ...
def mixing_weights(
    alphas: "NDArray[np.float64] | Tensor", mixing: Mixing = "softmax"
) -> "NDArray[np.float64] | Tensor":
    """[E, K] from alphas [E, K]: every row sums to 1, but under "sigmoid"."""
    if mixing in ("dirichlet", "sigmoid"):
        return _other_weights(alphas, mixing)
    if not isinstance(alphas, np.ndarray):
        return alphas.softmax(-1)
    with np.errstate(over="ignore"):  # two finite alphas may lie further apart than a float reaches: weight 0
        exponentials = np.exp(alphas - alphas.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def _other_weights(alphas: Any, mixing: Mixing) -> Any:
    if not isinstance(alphas, np.ndarray):
        if mixing == "sigmoid":
            return alphas.sigmoid()
        concentrations = alphas.exp().where(alphas < 0, alphas + 1).clamp_min(LEAST)
    elif mixing == "sigmoid":
        return np.exp(-np.logaddexp(0, -alphas))
    else:
        concentrations = np.maximum(np.where(alphas < 0, np.exp(np.minimum(alphas, 0)), alphas + 1), LEAST)
    return concentrations / concentrations.sum(-1, keepdims=True)


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

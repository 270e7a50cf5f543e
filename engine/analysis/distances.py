"""How far an edge's input and its convolution's output are from the feature map of their cell.

Distances   variances and covariance of an edge, by cell
standard    zero mean and unit variance per channel
"""

from collections.abc import Mapping

from torch import Tensor

from engine.analysis import opened


class Distances:
    """An edit of an opened cell that changes nothing: it looks at every edge and, once it has seen all of a cell, at
    how far an edge's input and its convolution are from the cell's map.

    convolutions: column of the convolution, by edge. edges: how many the cell has.
    """

    def __init__(self, convolutions: Mapping[int, int], edges: int) -> None:
        self._convolutions, self._edges = convolutions, edges
        self._seen: list[Tensor] = []
        self._maps: dict[int, tuple[Tensor, Tensor]] = {}
        self.moments: dict[int, list[tuple[float, float, float]]] = {edge: [] for edge in convolutions}
        """(a, b, c) by edge, of every cell."""
        self._count = 0

    def __call__(self, edge: int, source: Tensor, outputs: opened.Outputs, weights: Tensor) -> Tensor | None:
        added = opened.summed(outputs, weights)
        if added is not None:
            self._seen.append(added)
        if edge in self._convolutions and self._convolutions[edge] in outputs:
            self._maps[edge] = standard(source), standard(outputs[self._convolutions[edge]])
        self._count += 1
        if self._count == self._edges:
            self._finish()
        return added

    def _finish(self) -> None:
        optimum = standard(sum(self._seen[1:], self._seen[0]) / len(self._seen))
        for edge, (x, o) in self._maps.items():
            of_conv, of_skip = o - optimum, x - optimum
            a, b = float(of_conv.var()), float(of_skip.var())
            c = float(((of_conv - of_conv.mean()) * (of_skip - of_skip.mean())).mean())
            self.moments[edge].append((a, b, c))
        self._seen, self._maps, self._count = [], {}, 0


def standard(x: Tensor) -> Tensor:
    """Zero mean and unit variance per channel; a channel that is the same everywhere is 0."""
    x = x.double()
    places = (0, 2, 3)
    spread = x.std(places, keepdim=True, correction=0)
    return (x - x.mean(places, keepdim=True)) / spread.clamp_min(1e-12)

"""SGAS, sequential greedy search (Li et al. 2020, section 3).

Every few epochs one edge of each cell type is decided for its best operation and stays so: the edge on which alpha is
the least for none and the surest. What is trained grows towards the discrete network step by step, so less is lost
when the last edge is decided.

edge = argmax N(1 − θ_none) · N(1 − H(p) / ln K), p = θ without none; criterion 2 also · N(overlap of p with the past)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import torch
from torch import Tensor

from engine.errors import BadInput
from engine.fields import setting
from engine.scoring.scores import score_edge
from engine.selection.decisions import Decision
from engine.selection.mixing import mixing_weights
from engine.selection.selection import Selection
from engine.spaces import SPACES, SearchSpace, search_space
from engine.supernet.supernet import Supernet
from engine.training.feeds import Batch
from engine.training.method import Method as Base
from engine.training.settings import MethodSettings

PAST = 4
"""Epochs that stability looks back at."""


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As published, for 50 epochs in a DARTS space with none."""

    criterion: int = setting(1, "1: importance and certainty; 2: stability too (SGAS).", least=1, most=2)
    first_decision: int = setting(9, "Epochs before the one that ends with the first decision.", unit="epochs", least=0)
    decide_every: int = setting(5, "From one decision of a cell type to the next (SGAS).", unit="epochs", least=1)
    growth: int = setting(8, "Images by which a batch grows with every decision (SGAS).", unit="images", least=0)
    by_drop: int = setting(
        0, "Batches on which masked drops choose the operation of a decided edge; 0: alpha does (SGAS+PT).", least=0
    )

    @classmethod
    def for_space(cls, space: SearchSpace) -> Self:
        """Raises BadInput for a space where not every edge offers none and another operation."""
        if not _applies(space):
            fitting = ", ".join(name for name in SPACES if _applies(search_space(name)))
            raise BadInput(f"sgas weighs edges by their share of none, which {space.name} lacks; use one of: {fitting}")
        return cls()


class Method(Base):
    """Steps as in first-order DARTS; decisions after epochs, with those on which inputs a node keeps. A decided edge's
    alphas stay as they were."""

    settings: Settings

    def __init__(
        self, recipe: Any, supernet: Supernet, parameters: dict[str, Tensor], decisions: Sequence[Decision] = ()
    ) -> None:
        self.rounds = 0
        self.past = {cell: torch.zeros(0, *supernet.space.shape(cell)) for cell in supernet.space.cells}
        super().__init__(recipe, supernet, parameters, decisions)

    @property
    def batch_size(self) -> int:
        return self.settings.batch_size + self.settings.growth * self.rounds

    def alpha_step(self, train: Batch, search: Batch) -> None:
        before = {cell: alpha.detach().clone() for cell, alpha in self.of("alpha").items()}
        super().alpha_step(train, search)
        with torch.no_grad():  # Adam's momentum and weight decay would move rows without a gradient
            for cell, alpha in self.of("alpha").items():
                alpha.copy_(torch.where(self.held.decided[cell], before[cell], alpha))

    def decide(self, epoch: int, search: Iterator[Batch]) -> tuple[Decision, ...]:
        due = epoch - self.settings.first_decision
        selection = self.selection
        decides = due >= 0 and due % self.settings.decide_every == 0 and not self._all_decided(selection)
        for cell in self.space.cells:
            alpha, silent = self.parameters[f"alpha.{cell}"].detach().cpu(), silences(self.space, cell)
            past = self.past[cell]
            if decides and (open_edges := selection.undecided_edges(cell)):
                scores = edge_scores(alpha, silent, past if self.settings.criterion == 2 else None)
                edge = max(open_edges, key=lambda index: float(scores[index]))
                shares = preferences(alpha, silent)[1]
                worth = self._drops(selection, cell, edge, silent, search) if self.settings.by_drop else shares[edge]
                selection = self._decided(selection, cell, edge, int(worth.argmax()), shares)
            self.past[cell] = torch.cat([past, preferences(alpha, silent)[1].float()[None]])[-PAST:]
        self.rounds += decides
        return selection.decisions[len(self.decisions) :]

    def _all_decided(self, selection: Selection) -> bool:
        return not any(selection.undecided_edges(cell) for cell in self.space.cells)

    def _drops(self, selection: Selection, cell: str, edge: int, silent: Tensor, search: Iterator[Batch]) -> Tensor:
        """[K]: how much accuracy the supernet loses without each operation of an edge, -inf for none (Wang et al. 2021,
        section 4.1; weights are not rescaled)."""
        batches = list(islice(search, self.settings.by_drop))
        scores = score_edge(self.supernet, selection, cell=cell, edge=edge, batches=batches)
        return torch.tensor([each.drop for each in scores.operations]).masked_fill(silent[edge], -torch.inf)

    def _decided(self, selection: Selection, cell: str, edge: int, column: int, shares: Tensor) -> Selection:
        """With an edge decided, and with it the inputs of its node once as many edges are decided as the node keeps.
        The node's other edges are discarded, so that they end with what alpha prefers plays no part."""
        names = self.space.cell(cell).operations
        selection = selection.discretize(cell, edge, names[edge][column])
        node, spec = self.space.edges(cell)[edge].target, self.space.cell(cell)
        kept = [each.index for each in spec.entering(node) if selection.is_decided(cell, each)]
        if node not in spec.topology_nodes or len(kept) < spec.kept(node):
            return selection
        for each in (each.index for each in spec.entering(node) if each.index not in kept):
            selection = selection.discretize(cell, each, names[each][int(shares[each].argmax())])
        return selection.keep_inputs(cell, node, kept)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "rounds": self.rounds, **{f"past/{cell}": rows for cell, rows in self.past.items()}}

    def load(self, state: Mapping[str, Any]) -> None:
        super().load(state)
        self.rounds = int(state.get("rounds", 0))
        self.past = {cell: state.get(f"past/{cell}", rows) for cell, rows in self.past.items()}


def silences(space: SearchSpace, cell: str) -> Tensor:
    """[E, K]: which operations add nothing."""
    rows = [[space.operation(name).silent for name in row] for row in space.cell(cell).operations]
    return torch.tensor(rows)


def preferences(alpha: Tensor, silent: Tensor) -> tuple[Tensor, Tensor]:
    """Importance [E]: what an edge's operations other than none have of its mixing weight; and their shares of that
    [E, K], 0 for none."""
    weights = torch.where(silent, 0.0, mixing_weights(alpha.double()))
    importance = weights.sum(-1)
    return importance, weights / importance[:, None]


def edge_scores(alpha: Tensor, silent: Tensor, past: Tensor | None = None) -> Tensor:
    """[E] by criterion 1, or by criterion 2 where the shares [epochs, E, K] of the epochs before are given."""
    importance, shares = preferences(alpha, silent)
    entropy = -torch.special.xlogy(shares, shares).sum(-1)
    certainty = 1 - entropy / (~silent).sum(-1).clamp_min(2).log()
    found = _spread(importance) * _spread(certainty)
    if past is None:
        return found
    overlap = torch.minimum(past.double(), shares).sum(-1).mean(0) if len(past) else torch.zeros_like(importance)
    return found * _spread(overlap)


def _spread(values: Tensor) -> Tensor:
    """Values [E] from 0 to 1, decided edges among them; all 0 where they are all the same but for rounding."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high - low > 1e-12 else torch.zeros_like(values)


def _applies(space: SearchSpace) -> bool:
    """Whether every edge offers none, and something else."""
    rows = [silences(space, cell) for cell in space.cells]
    return all(bool(silent.any(-1).all()) and bool((~silent).any(-1).all()) for silent in rows)

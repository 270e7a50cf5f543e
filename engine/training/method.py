"""What a training method is: everything that may change from one published method to the next, and nothing else.

Method     the contract, with first-order DARTS as what a method does unless it says otherwise
Mixed      mixing weights and which of them are not 0
Held       what decisions leave of the mixing weights
Step       what a step on the weights found
Purpose    what mixing weights are for

Letters in shapes: E edges of a cell type, K operations, B images.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.selection.decisions import Decision
from engine.selection.mixing import Mixing, edge_strengths, mixing_weights
from engine.selection.selection import Selection
from engine.spaces import SearchSpace
from engine.spaces.image_sizes import stem_for
from engine.supernet.draws import seeded
from engine.supernet.layers import Mode
from engine.supernet.supernet import Pass, Supernet
from engine.training.feeds import Batch
from engine.training.optimizers import load_moments, moments, require_grad
from engine.training.settings import MethodSettings

if TYPE_CHECKING:
    from engine.training.recipe import Recipe

Purpose = Literal["train", "search", "measure"]
"""A step on the weights, a step on the architecture parameters, or an accuracy."""
Live = Mapping[str, list[list[bool]]]
"""Per cell type, [E][K] on the host: operations whose weight is not 0. Asking the device would cost a sync."""


class Step(NamedTuple):
    """Mean loss of the training batch and how many of its images were right: scalars on the device."""

    loss: Tensor
    right: Tensor


@dataclass(frozen=True)
class Mixed:
    """weights: per cell type [E, K]. live: operations that are computed; the others must have weight 0. absent: these
    zeros are added to the features, so that a straight-through gradient reaches them (`Pass`)."""

    weights: Mapping[str, Tensor]
    live: Live
    absent: bool = False


@dataclass(frozen=True)
class Held:
    """What decisions leave of the mixing weights; made by `Held.of`.

    rows: [E, K] one-hot, or zero where discarded, and decided: [E, 1] where these stand in for learned rows. open:
    [E, 1] edges into nodes that something is left to decide about, whose strengths count. No gradient reaches the
    alphas of a decided edge.
    """

    rows: Mapping[str, Tensor]
    decided: Mapping[str, Tensor]
    open: Mapping[str, Tensor]
    live: Live
    targets: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, space: SearchSpace, decisions: Sequence[Decision], device: torch.device) -> "Held":
        zeros = {cell: np.zeros(space.shape(cell), np.float32) for cell in space.cells}  # alphas play no part in it
        selection = Selection(space, zeros).replay(decisions)
        weights = selection.weights()
        edges = {cell: space.edges(cell) for cell in space.cells}
        decided = {cell: [[selection.is_decided(cell, edge)] for edge in edges[cell]] for cell in edges}
        unsettled = {cell: [[not selection.is_settled(cell, edge.target)] for edge in edges[cell]] for cell in edges}
        return cls(
            {cell: rows.to(device) for cell, rows in weights.items()},
            {cell: torch.tensor(rows, device=device) for cell, rows in decided.items()},
            {cell: torch.tensor(rows, device=device) for cell, rows in unsettled.items()},
            {cell: (rows != 0).tolist() for cell, rows in weights.items()},
            {cell: [edge.target for edge in edges[cell]] for cell in edges},
        )

    def __call__(self, weights: Mapping[str, Tensor], betas: Mapping[str, Tensor] | None = None) -> Mixed:
        """Learned weights [E, K] with decided rows in their place and, with betas [E], edges as strong as these say."""
        held = {cell: torch.where(self.decided[cell], self.rows[cell], rows) for cell, rows in weights.items()}
        for cell, values in (betas or {}).items():
            strengths = edge_strengths(values, self.targets[cell])[:, None]
            held[cell] = held[cell] * torch.where(self.open[cell], strengths, 1.0)
        return Mixed(held, self.live)


class Method:
    """A method on one supernet: its architecture parameters, both optimisers, and what a step does.

    parameters: what is learned beside the weights, by name: "alpha.CELL" [E, K], "beta.CELL" [E] where edges have
    strengths, and any others. decisions: taken so far. In a step, `number` counts steps over the whole run and `path`
    says from which draws random numbers come; both are the same in a resumed run. drop_path: the probability that an
    image loses the output of an edge in a step. mixing: another
    one in the tuning of a supernet from elsewhere. remarks: numbers for the epoch's log line besides.

    A method's file overrides what differs. The order of calls: `begin(epoch)`; for every batch `step`, which calls
    `alpha_step` and `weight_step`, which call `mix`; after the epoch `decide` and `stop`; then all of `state` is saved.
    """

    learns_alpha = True
    drop_path = 0.0
    mixing: Mixing = "softmax"
    settings: MethodSettings

    def __init__(
        self, recipe: "Recipe", supernet: Supernet, parameters: dict[str, Tensor], decisions: Sequence[Decision] = ()
    ) -> None:
        self.recipe, self.settings = recipe, recipe.settings
        self.supernet, self.space, self.parameters = supernet, supernet.space, parameters
        self.weights = list(supernet.parameters())
        self.number = 0
        self.waits = False
        self.remarks: dict[str, float] = {}
        self.path: tuple[int, ...] = ()
        settings = self.settings
        self.optimizer = torch.optim.SGD(
            self.weights,
            lr=settings.lr,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            nesterov=settings.nesterov,
        )
        self.alpha_optimizer = torch.optim.Adam(
            list(parameters.values()),
            lr=settings.alpha_lr,
            betas=settings.alpha_betas,
            weight_decay=settings.alpha_weight_decay,
        )
        self.hold(decisions)

    # How a run begins

    @classmethod
    def build(cls, recipe: "Recipe", space: SearchSpace, classes: int) -> Supernet:
        """The supernet to train; its weights are drawn from torch's global generator."""
        stem = stem_for(recipe.image_size, space.skeleton.stem)
        return Supernet(space, recipe.channels, recipe.cells, classes, stem)

    @classmethod
    def initial(cls, space: SearchSpace, draw: torch.Generator) -> dict[str, Tensor]:
        """Architecture parameters at the start: alphas of 1e-3 * N(0, 1)."""
        return {f"alpha.{cell}": 1e-3 * torch.randn(space.shape(cell), generator=draw) for cell in space.cells}

    # What the loop and tuning ask

    @property
    def batch_size(self) -> int:
        """Images in a batch of this epoch."""
        return self.settings.batch_size

    @property
    def lr(self) -> float:
        """The learning rate of the weights; tuning sets it."""
        return self.optimizer.param_groups[0]["lr"]

    @lr.setter
    def lr(self, value: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = value

    @property
    def searches(self) -> bool:
        """Whether steps need the search half: something of the architecture is still to be learned."""
        undecided = any(not bool(rows.all()) for rows in self.held.decided.values())
        strong = bool(self.of("beta")) and any(bool(rows.any()) for rows in self.held.open.values())
        return self.learns_alpha and not self.waits and (undecided or strong)

    @property
    def selection(self) -> Selection:
        """Alphas, edge strengths and decisions as they are now."""
        return Selection(self.space, self.of("alpha"), self.of("beta") or None, self.mixing).replay(self.decisions)

    def of(self, kind: str) -> dict[str, Tensor]:
        """The parameters of a kind by cell type: `of("alpha")`."""
        head = f"{kind}."
        return {name.removeprefix(head): value for name, value in self.parameters.items() if name.startswith(head)}

    def hold(self, decisions: Sequence[Decision]) -> None:
        """Make these the decisions taken: their rows are constant from here on."""
        self.decisions = tuple(decisions)
        self.held = Held.of(self.space, self.decisions, self.weights[0].device)

    # What methods differ in

    def begin(self, epoch: int | None) -> None:
        """Set schedules for an epoch (from 0). None: tuning after training, where everything is constant."""
        self.waits = epoch is not None and epoch < self.settings.alpha_from
        if epoch is not None:
            self.lr = learning_rate(self.settings, epoch, self.recipe.epochs)

    def mix(self, purpose: Purpose, draw: torch.Generator) -> Mixed:
        """Mixing weights from the parameters, for a forward pass. draw: for random ones. Gradients flow where the
        caller lets them. Decided rows stay as they are if the learned ones go through `held`."""
        mixed = {cell: mixing_weights(alpha, self.mixing) for cell, alpha in self.of("alpha").items()}
        return self.held(mixed, self.of("beta"))

    def alpha_step(self, train: Batch, search: Batch) -> None:
        """d L_search / d alpha with the weights held fixed; no weight gradient is computed."""
        require_grad(self.weights, False)
        self.alpha_optimizer.zero_grad()
        require_grad(self.parameters.values(), True)
        loss, _ = self.loss(search, self.mix("search", self.draw("search")), "search")
        extra = self.extra_loss()
        loss = loss if extra is None else loss + extra
        if loss.requires_grad:  # else no undecided edge has a way to the output any more
            loss.backward()
            self.alpha_optimizer.step()
        require_grad(self.weights, True)

    def weight_step(self, train: Batch) -> Step:
        """SGD on the weights under the current mixing weights, gradient norm clipped over all weights."""
        self.optimizer.zero_grad()
        loss, logits = self.loss(train, self.weight_mix(train), "train")
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, self.settings.clip)
        self.optimizer.step()
        return Step(loss.detach(), (logits.detach().argmax(1) == train[1]).sum())

    def weight_mix(self, train: Batch) -> Mixed:
        """Mixing weights, without gradients, of the step on the weights with this batch."""
        with torch.no_grad():
            return self.mix("train", self.draw("train"))

    def extra_loss(self) -> Tensor | None:
        """What is added to the loss of the search half: a penalty on the architecture parameters."""
        return None

    def decide(self, epoch: int, search: Iterator[Batch]) -> tuple[Decision, ...]:
        """Decisions to take after an epoch, in order, on top of those taken. search: augmented batches of that half."""
        return ()

    def stop(self, epoch: int, search: Iterator[Batch]) -> bool:
        """Whether training ends after this epoch. search: augmented batches of the search half."""
        return False

    def state(self) -> dict[str, Tensor]:
        """What a resumed run needs beside the weights, alphas, betas and decisions, which the checkpoint holds."""
        names = [name for name, _ in self.supernet.named_parameters()]
        # On the disk "alpha.normal" is "alphas/normal".
        architecture = [name.replace(".", "s/", 1) for name in self.parameters]
        others = {f"parameters/{name}": value for name, value in self.parameters.items() if not _kept_apart(name)}
        return {
            **{name: value.detach().cpu() for name, value in others.items()},
            **moments(self.optimizer, [f"weights/{name}" for name in names]),
            **moments(self.alpha_optimizer, architecture),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; parts that are absent begin anew. Further entries are another's."""
        names = [name for name, _ in self.supernet.named_parameters()]
        with torch.no_grad():
            for name, value in self.parameters.items():
                if (saved := state.get(f"parameters/{name}")) is not None:
                    value.copy_(saved)
        load_moments(self.optimizer, [f"weights/{name}" for name in names], state)
        load_moments(self.alpha_optimizer, [name.replace(".", "s/", 1) for name in self.parameters], state)

    # What every method uses

    def step(self, train: Batch, search: Batch | None) -> Step:
        """One bilevel step. search None: nothing of the architecture is learned."""
        if search is not None:
            self.alpha_step(train, search)
        return self.weight_step(train)

    def draw(self, purpose: Purpose) -> torch.Generator:
        """Random numbers of this step for one purpose, the same in a resumed run."""
        return seeded(self.recipe.seed, 4, *self.path, ("search", "train", "measure").index(purpose))

    def loss(self, batch: Batch, mixed: Mixed, purpose: Purpose, mode: Mode = "train") -> tuple[Tensor, Tensor]:
        """Cross entropy and logits [B, classes] of a batch; bf16 convolutions on CUDA. mode: of batch normalisation,
        "train" moves its running statistics and "batch" or "running" do not."""
        images, labels = batch
        noise = 2 * self.number + (purpose == "train")
        drop = 0.0 if purpose == "measure" else self.drop_path
        run = Pass(mixed.weights, mixed.live, mode, noise, mixed.absent, drop=drop)
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=images.is_cuda):
            logits = self.supernet.run(images, run)
        return F.cross_entropy(logits.float(), labels), logits


def learning_rate(settings: MethodSettings, epoch: int, epochs: int) -> float:
    """Cosine from lr to min_lr, constant within an epoch."""
    return settings.min_lr + (settings.lr - settings.min_lr) * (1 + math.cos(math.pi * epoch / epochs)) / 2


def _kept_apart(name: str) -> bool:
    """Whether a parameter is part of a checkpoint's own files."""
    return name.startswith(("alpha.", "beta."))

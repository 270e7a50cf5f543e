"""Second-order DARTS, unrolled (Liu, Simonyan and Yang 2019, equations 6 to 8).

The step on the alphas looks one step of the weights ahead: it follows the gradient of the loss that the search half
would have after that step, the effect of the alphas on the step included. That is closer to the bilevel problem than
first order, and costs almost three times as much.

w' = w − ξ(μv + ∇w L_train + λw); α ← α − (∇α L_search(w', α) − ξ ∇²αw L_train(w, α) ∇w' L_search(w', α))
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.fields import setting
from engine.training.feeds import Batch
from engine.training.robust import Robust, RobustSettings


@dataclass(frozen=True, kw_only=True)
class Settings(RobustSettings):
    """As first-order DARTS, in every space; RobustDARTS searches with it."""

    radius: float = setting(0.01, "How far the weights move for the finite difference (equation 8).", above=0)


class Method(Robust):
    """The step on the alphas is unrolled; the one on the weights is as in first order."""

    settings: Settings

    def alpha_step(self, train: Batch, search: Batch) -> None:
        """Four passes over a batch with gradients; the weights are back where they were afterwards."""
        self.alpha_optimizer.zero_grad()
        alphas = [alpha.requires_grad_(True) for alpha in self.parameters.values()]
        with self.at(self._ahead(train)):
            mixed = self.mix("search", self.draw("search"))
            # The published code looks ahead on a copy, whose running statistics are thrown away.
            loss, _ = self.loss(search, mixed, "search", "batch")
            extra = self.extra_loss()
            loss = loss if extra is None else loss + extra
            found = torch.autograd.grad(loss, [*alphas, *self.weights], allow_unused=True)
        direct, toward = found[: len(alphas)], found[len(alphas) :]
        if all(gradient is None for gradient in direct):
            return  # no undecided edge has a way to the output any more
        length = torch.stack([gradient.norm() for gradient in toward if gradient is not None]).norm()
        radius = self.settings.radius / length.clamp_min(1e-12)
        up, down = self._alpha_gradients(train, toward, radius), self._alpha_gradients(train, toward, -radius)
        for alpha, first, plus, minus in zip(alphas, direct, up, down, strict=True):
            if first is not None:
                second = 0.0 if plus is None or minus is None else (plus - minus) / (2 * radius)
                alpha.grad = first - self.lr * second
        self.alpha_optimizer.step()

    def _ahead(self, train: Batch) -> list[Tensor]:
        """The weights after a step of SGD with its momentum, without taking it."""
        loss, _ = self.loss(train, self.weight_mix(train), "train")
        gradients = torch.autograd.grad(loss, self.weights, allow_unused=True)
        settings, found = self.settings, []
        with torch.no_grad():
            for weight, gradient in zip(self.weights, gradients, strict=True):
                buffer = self.optimizer.state[weight].get("momentum_buffer") if weight in self.optimizer.state else None
                step = settings.weight_decay * weight + (0 if gradient is None else gradient)
                moving = step if buffer is None else settings.momentum * buffer + step
                found.append(weight - self.lr * (step + settings.momentum * moving if settings.nesterov else moving))
        return found

    def _alpha_gradients(self, train: Batch, toward: Sequence[Tensor | None], far: Tensor) -> tuple[Tensor | None, ...]:
        """d L_train / d alpha with the weights moved so far along a direction."""
        with torch.no_grad():
            moved = [
                weight if step is None else weight + far * step
                for weight, step in zip(self.weights, toward, strict=True)
            ]
        with self.at(moved):
            loss, _ = self.loss(train, self.mix("train", self.draw("train")), "train")
            return torch.autograd.grad(loss, list(self.parameters.values()), allow_unused=True)

    @contextmanager
    def at(self, values: Sequence[Tensor]) -> Iterator[None]:
        """The supernet with other weights for a while; nothing is copied, so they come back to the last bit."""
        here = [weight.data for weight in self.weights]
        for weight, value in zip(self.weights, values, strict=True):
            weight.data = value.detach()
        try:
            yield
        finally:
            for weight, value in zip(self.weights, here, strict=True):
                weight.data = value

"""What a training run is made of: every setting that changes its result, with the published values as defaults.

Recipe    frozen settings of one run
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import BadInput, one_of
from engine.runs.plan import difference
from engine.spaces import search_space

METHODS = ("darts", "fixed-alpha")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a supernet training run (reference implementation's values; lr per epoch follows a cosine)."""

    space: str
    method: str
    epochs: int
    data: str = "bundled"
    channels: int = 16
    cells: int | None = None
    image_size: int = 32
    seed: int = 0
    batch_size: int = 64
    lr: float = 0.025
    min_lr: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 3e-4
    clip: float = 5.0
    alpha_lr: float = 3e-4
    alpha_betas: tuple[float, float] = (0.5, 0.999)
    alpha_weight_decay: float = 1e-3
    fresh_batches: bool = False

    def __post_init__(self) -> None:
        space = search_space(self.space)
        object.__setattr__(self, "space", space.name)
        if self.cells is None:
            object.__setattr__(self, "cells", 8 if space.family == "darts" else 5)
        if self.method not in METHODS:
            raise one_of("method", self.method, METHODS)
        if self.image_size not in (16, 32):
            raise BadInput(f"image size must be 32 or 16, not {self.image_size}")
        for name in ("epochs", "batch_size", "lr", "alpha_lr"):
            if not 0 < getattr(self, name) < float("inf"):
                raise BadInput(f"{name.replace('_', ' ')} must be a number greater than 0, not {getattr(self, name)}")

    def hyperparameters(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def plan(self) -> dict[str, Any]:
        """What a run's folder says it is."""
        return {"command": "train", **self.hyperparameters()}

    def defaults(self) -> dict[str, Any]:
        """What a plan says where nothing but the space, the method and the epochs is asked."""
        return Recipe(space=self.space, method=self.method, epochs=self.epochs).plan()

    def difference(self, recorded: Mapping[str, Any]) -> str | None:
        """Which settings differ from a recorded run's, in one phrase; None when they agree."""
        return difference(recorded, self.hyperparameters(), self.defaults())

"""What a training run is made of: every setting that changes its result.

Recipe    frozen settings of one run
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import BadInput
from engine.runs.plan import difference
from engine.spaces import search_space, space_text
from engine.spaces.image_sizes import check_image_size
from engine.training import methods
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a supernet training run. Raises BadInput for unknown names and values that cannot be trained with.

    cells None: as published for the space. settings None: the method's published ones in this space; others come from
    `methods.settings_for`.
    """

    space: str
    method: str
    epochs: int
    data: str = "bundled"
    channels: int = 16
    cells: int | None = None
    image_size: int = 32
    seed: int = 0
    settings: MethodSettings = None  # type: ignore[assignment]  # never None once made

    def __post_init__(self) -> None:
        space = search_space(self.space)
        object.__setattr__(self, "space", space_text(space))
        if self.cells is None:
            object.__setattr__(self, "cells", space.skeleton.cells)
        kind = methods.settings_type(self.method)
        if self.settings is None:
            object.__setattr__(self, "settings", kind.for_space(space))
        if not isinstance(self.settings, kind):
            raise BadInput(f"{type(self.settings).__module__} holds the settings of another method than {self.method}")
        check_image_size(self.image_size)
        if self.epochs < 1:
            raise BadInput(f"epochs must be a number greater than 0, not {self.epochs}")

    def hyperparameters(self) -> dict[str, Any]:
        """Everything as plain JSON values, the method's settings among them."""
        own = asdict(self)
        settings = own.pop("settings")
        return {name: list(value) if isinstance(value, tuple) else value for name, value in {**own, **settings}.items()}

    def plan(self) -> dict[str, Any]:
        """What a run's folder says it is."""
        return {"command": "train", **self.hyperparameters()}

    def defaults(self) -> dict[str, Any]:
        """What a plan says where nothing but the space, the method and the epochs is asked."""
        return Recipe(space=self.space, method=self.method, epochs=self.epochs).plan()

    def difference(self, recorded: Mapping[str, Any]) -> str | None:
        """Which settings differ from a recorded run's, in one phrase; None when they agree."""
        return difference(recorded, self.hyperparameters(), self.defaults())

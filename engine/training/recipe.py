"""What a training run is made of: every setting that changes its result.

Recipe    frozen settings of one run
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.data.identity import SPEC
from engine.errors import BadInput
from engine.fields import check, seed_setting, setting
from engine.runs.plan import difference
from engine.spaces import SPACES, search_space, space_text
from engine.spaces.image_sizes import SIZES, check_image_size
from engine.training import methods
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a supernet training run. Raises BadInput for unknown names and values that cannot be trained with.

    cells None: as published for the space. settings None: the method's published ones in this space; others come from
    `methods.settings_for`.
    """

    space: str = setting(help=f"Search space: {', '.join(SPACES)}, or a .toml file.", metavar="S")
    method: str = setting("darts", f"One of {', '.join(methods.names())}.", metavar="M")
    epochs: int = setting(help="Passes over the training half.", least=1, most=10_000)
    data: str = setting("bundled", SPEC, metavar="SPEC")
    channels: int = setting(16, "Channels of the first stage.", least=2, most=4096)
    cells: int | None = setting(None, "Cells in all; per stage in NAS-Bench-201.", least=1, most=200)
    image_size: int = setting(32, SIZES, unit="pixels")
    seed: int = seed_setting()
    settings: MethodSettings = None  # type: ignore[assignment]  # never None once made

    def __post_init__(self) -> None:
        space = search_space(self.space)
        object.__setattr__(self, "space", space_text(space))
        if self.cells is None:
            object.__setattr__(self, "cells", space.skeleton.cells)
        kind = methods.settings_type(self.method)
        published = kind.for_space(space)  # raises for a space that the method does not apply to
        if self.settings is None:
            object.__setattr__(self, "settings", published)
        if not isinstance(self.settings, kind):
            raise BadInput(f"{type(self.settings).__module__} holds the settings of another method than {self.method}")
        check_image_size(self.image_size)
        check(self)

    def check_trains_alphas(self) -> None:
        """Raises BadInput where the training would end before the first step on the alphas."""
        waits = self.settings.alpha_from
        if waits >= self.epochs:
            raise BadInput(
                f"{self.method} trains the alphas after {waits} epochs, and there are {self.epochs}; "
                f"set alpha_from lower (--set alpha_from={self.epochs // 2}) or train for more epochs"
            )

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

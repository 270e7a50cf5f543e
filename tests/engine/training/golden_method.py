"""Methods on the supernets, images and alphas that the published golden values were computed with (float64).

golden_method   a method in its first epoch
TRAIN, SEARCH   a batch of either half
"""

from typing import Any

import torch

from engine.spaces import search_space
from engine.training import methods
from engine.training.method import Method
from engine.training.recipe import Recipe
from tests.engine.golden import golden_alphas, golden_images, golden_supernet

TRAIN = golden_images(), torch.arange(4)
SEARCH = (
    torch.cos(0.013 * torch.arange(4 * 3 * 16 * 16, dtype=torch.float64)).view(4, 3, 16, 16),
    torch.tensor([3, 1, 4, 1]),
)


def golden_method(name: str, space: str = "s2", epochs: int = 50, **changes: Any) -> Method:
    """The method `name` with published settings but for `changes`."""
    recipe = Recipe(space=space, method=name, epochs=epochs, settings=methods.settings_for(name, space, changes))
    alphas = {f"alpha.{cell}": alpha for cell, alpha in golden_alphas(search_space(space)).items()}
    method = methods.method_type(name)(recipe, golden_supernet(space).train(), alphas)
    method.begin(0)
    return method

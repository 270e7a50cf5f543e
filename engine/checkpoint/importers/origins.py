"""Data sets that a supernet from elsewhere can be said to come from.

CLASSES         their names, and how many classes they have
IMAGE_SIZES     the size of their images, in pixels
normalisation   of one of them
"""

from engine.data.augment import Normalisation
from engine.data.sources import NORMALISATION

CLASSES = {"cifar10": 10, "cifar100": 100, "svhn": 10, "imagenet16-120": 120}
IMAGE_SIZES = {"cifar10": 32, "cifar100": 32, "svhn": 32, "imagenet16-120": 16}
IMAGENET16 = Normalisation(
    (122.68 / 255, 116.66 / 255, 104.01 / 255),
    (63.22 / 255, 61.26 / 255, 65.09 / 255),
)
"""As AutoDL-Projects has it."""


def normalisation(dataset: str) -> Normalisation:
    """What the published programs subtract and divide by."""
    return NORMALISATION.get(dataset) or IMAGENET16

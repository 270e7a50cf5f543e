"""Images: where they come from, how they are decoded, split, augmented and drawn for scoring."""

from engine.data.load import (
    Data,
    Images,
    Normalisation,
    augment,
    crop_padding,
    load_data,
    normalise,
    resize,
    scoring_batches,
    scoring_order,
    split_warning,
)

__all__ = [
    "Data",
    "Images",
    "Normalisation",
    "augment",
    "crop_padding",
    "load_data",
    "normalise",
    "resize",
    "scoring_batches",
    "scoring_order",
    "split_warning",
]

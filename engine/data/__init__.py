"""Images: where they come from, how they are decoded or streamed, split, augmented and drawn for scoring."""

from engine.data.load import (
    Data,
    Images,
    Normalisation,
    StreamedData,
    augment,
    crop_padding,
    load_data,
    normalise,
    open_data,
    open_feed,
    resize,
    scoring_batches,
    scoring_order,
    split_warning,
)

__all__ = [
    "Data",
    "Images",
    "Normalisation",
    "StreamedData",
    "augment",
    "crop_padding",
    "load_data",
    "normalise",
    "open_data",
    "open_feed",
    "resize",
    "scoring_batches",
    "scoring_order",
    "split_warning",
]

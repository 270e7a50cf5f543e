"""Images: where they come from, how they are decoded or streamed, split, augmented and drawn for scoring.

Names are loaded when first used: `engine.data.identity` is free of torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.data.load import (
        Data,
        Images,
        Normalisation,
        StreamedData,
        augment,
        crop_padding,
        data_warning,
        load_data,
        normalise,
        open_data,
        open_feed,
        resize,
        scoring_batches,
        scoring_order,
    )

__all__ = [
    "Data",
    "Images",
    "Normalisation",
    "StreamedData",
    "augment",
    "crop_padding",
    "data_warning",
    "load_data",
    "normalise",
    "open_data",
    "open_feed",
    "resize",
    "scoring_batches",
    "scoring_order",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'engine.data' has no attribute {name!r}")
    from engine.data import load

    return getattr(load, name)

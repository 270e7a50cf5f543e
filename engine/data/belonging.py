"""Whether images are of the data set that a supernet was trained on: every door between the two asks here. No torch.

differs        one sentence that names both data sets, where they are not known to be the same
spec_for       the images to use where none were asked for, or a refusal
data_warning   what has to be said about images that were asked for
reader         the fields of a checkpoint, of its meta, or of anything with such attributes
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.data.identity import PUBLISHED
from engine.errors import BadInput

USUAL, OF = "bundled", "cifar10"
"""The images that are used where none are asked for, and the data set that they are of."""


class Named(Protocol):
    """What is known of images: the name of their data set, its split, and what they were asked for as."""

    @property
    def name(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def spec(self) -> str: ...


def differs(trained_on: str | None, name: str) -> str | None:
    """A sentence where images of the data set `name` are not known to be those that a supernet was trained on."""
    if trained_on is None or trained_on == name:
        return None
    if trained_on in PUBLISHED and name in PUBLISHED:
        return f"the supernet was trained on {trained_on}, and these images are of {name}, another data set"
    return f"the supernet was trained on {trained_on}, and {name} is not known to be that data set"


def spec_for(checkpoint: object | None, spec: str | None, what: str = "the supernet") -> str:
    """`spec`, or where it is None the bundled images, which are of CIFAR-10.

    checkpoint: as for `reader`. Raises BadInput where nothing was asked for and the supernet was trained on another
    published data set; of one's own images nobody knows what they are, and `data_warning` says so. what: whose data set
    it is, in that sentence.
    """
    if spec is not None:
        return spec
    trained_on = reader(checkpoint)("dataset")
    said = differs(trained_on, OF)
    if said is None or trained_on not in PUBLISHED:
        return USUAL
    said = said.replace("the supernet", what, 1).replace("these images", "the bundled images")
    raise BadInput(f"{said}; say --data {trained_on}, or --data {USUAL} to use them all the same")


def data_warning(data: Named, checkpoint: object | None) -> str | None:
    """A sentence where what is measured on `data` is not what `checkpoint` was trained for, or may be too good: another
    data set, or another split of the same. None where the split is the same, and where nothing is known."""
    meta = reader(checkpoint)
    split = meta("split")
    if split is not None and split == data.split:
        return None
    said = differs(meta("dataset"), data.name)
    if said is not None and data.name in PUBLISHED and meta("dataset") in PUBLISHED:
        return f"{said}: accuracies and drops are those on pictures that it never learned"
    if said is not None:
        return f"{said}: its pictures may be others, and if it is, training images may be included in the scores"
    if split is None:
        return None
    return (
        f"the checkpoint was trained on split {split} and {data.spec} is split {data.split}: "
        "training images may be included in the scores"
    )


def reader(checkpoint: object | None) -> Callable[[str], Any]:
    """Gives a field of a checkpoint's meta by name, None for one that is not there."""
    meta = getattr(checkpoint, "meta", checkpoint)
    if isinstance(meta, Mapping):
        return meta.get
    return lambda key: getattr(meta, key, None)

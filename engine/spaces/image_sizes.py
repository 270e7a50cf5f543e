"""Which image sizes there are, and what a size means for the network and for its data. Needs no torch.

SIZES              the sizes there are, in words
is_image_size      whether there are supernets and networks for images of a size
check_image_size   refuses one that there are none for
is_streamed        whether images of a size are read from their files while training, not kept in memory
stem_for           the first convolutions of a network for images of a size
"""

from engine.errors import BadInput
from engine.spaces.skeletons import Stem

SIZES = "32; 16: images averaged 2 x 2; 64, 96, ..., 224, ...: read from a folder train/CLASS/*."
IN_MEMORY = (32, 16)
"""Sizes at which a whole data set is decoded once: 60,000 images of 32 pixels are 184 MB."""
STEP = 32
"""Larger images are halved five times, by the stem and by the reductions."""
LARGEST = 1024


def is_image_size(pixels: int) -> bool:
    """Whether it is 16, 32, or a multiple of 32 from 64 to 1024."""
    return pixels in IN_MEMORY or (pixels % STEP == 0 and STEP < pixels <= LARGEST)


def check_image_size(pixels: int) -> int:
    """The size itself. Raises BadInput for one that `is_image_size` denies."""
    if is_image_size(pixels):
        return pixels
    raise BadInput(f"image size must be 16, 32, or a multiple of 32 from 64 on such as 224, not {pixels}")


def is_streamed(pixels: int) -> bool:
    """Whether images of this size are read from a folder train/<class>/* batch by batch."""
    return check_image_size(pixels) not in IN_MEMORY


def stem_for(pixels: int, declared: Stem = "cifar") -> Stem:
    """The stem for images of this size: the space's own, or for large ones the one that cells see S/8 pixels behind."""
    return "imagenet" if is_streamed(pixels) else declared

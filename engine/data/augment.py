"""From stored pixels to what a supernet takes: resize, augment, normalise, all batched and on the pixels' device.

Normalisation     per-channel mean and standard deviation of pixels in 0..1
resize            32 x 32 pixels unchanged, or averaged 2 x 2 to 16 x 16
crop_padding      the zero padding of the random crop for an image size
augment           random crop and horizontal flip of a batch, in pixel space
cutout            a square of every image erased
normalise         pixels 0..255 to normalised float32, channels_last
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import BadInput, one_of
from engine.spaces.image_sizes import IN_MEMORY


@dataclass(frozen=True)
class Normalisation:
    """Per-channel mean and standard deviation of pixels scaled to 0..1 (reference section 4.1 for the named sets)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, pixels: Tensor) -> Normalisation:
        """Measured over `pixels` uint8 [N,3,H,W]. A channel that is the same everywhere gets std 1."""
        # Exact integer histograms: float sums over 77 million pixels would depend on their order.
        counts = torch.stack([torch.bincount(pixels[:, c].reshape(-1), minlength=256) for c in range(pixels.shape[1])])
        levels = torch.arange(256, dtype=torch.float64) / 255
        shares = counts.double() / counts.sum(1, keepdim=True)
        mean = shares @ levels
        variance = (shares * (levels - mean[:, None]) ** 2).sum(1)
        std = torch.where(variance > 1e-12, variance.sqrt(), 1.0)
        return cls(tuple(mean.tolist()), tuple(std.tolist()))

    @classmethod
    def from_json(cls, fields: Mapping[str, object]) -> Normalisation:
        """From `{"mean": [...], "std": [...]}`. Raises BadInput when these are not three numbers each, std above 0."""
        try:
            mean, std = (tuple(float(value) for value in fields[key]) for key in ("mean", "std"))  # type: ignore[attr-defined]
        except (KeyError, TypeError, ValueError):
            raise BadInput("normalisation must be {mean: [3 numbers], std: [3 numbers]}") from None
        if len(mean) != 3 or len(std) != 3 or not min(std) > 0:
            raise BadInput("normalisation must have 3 means and 3 standard deviations above 0")
        return cls(mean, std)

    def to_json(self) -> dict[str, list[float]]:
        return {"mean": list(self.mean), "std": list(self.std)}


def crop_padding(image_size: int) -> int:
    """Zero pixels added on every side before the random crop: 4 at 32 (reference section 4.1), 2 at 16."""
    _check_size(image_size)
    return image_size // 8


def resize(pixels: Tensor, image_size: int) -> Tensor:
    """`pixels` [N,3,32,32] at `image_size`: 32 returns them unchanged, 16 the mean of each 2 x 2 block.

    The means are float32 and not rounded. Raises BadInput for another size.
    """
    _check_size(image_size)
    if image_size == pixels.shape[-1]:
        return pixels
    if pixels.shape[-1] != 32:
        raise BadInput(f"the images are {pixels.shape[-1]} pixels wide and are not made larger; use that image size")
    return functional.avg_pool2d(pixels.float(), 2)


def augment(pixels: Tensor, padding: int, generator: torch.Generator) -> Tensor:
    """Each image of `pixels` [B,3,S,S] cropped at random after zero padding, and flipped left-right half of the time.

    Works on unnormalised pixels of any dtype: the padding is black, as in the published transform (reference section
    4.1). The random numbers come from `generator`; the result [B,3,S,S] keeps dtype and device, in channels_last.
    """
    count, _, height, width = pixels.shape
    draw = generator.device
    top = torch.randint(2 * padding + 1, (count, 1), generator=generator, device=draw)
    left = torch.randint(2 * padding + 1, (count, 1), generator=generator, device=draw)
    flip = torch.rand((count, 1), generator=generator, device=draw) < 0.5
    columns = torch.arange(width, device=draw).expand(count, -1)
    columns = torch.where(flip, width - 1 - columns, columns) + left
    rows = torch.arange(height, device=draw) + top
    rows, columns = rows.to(pixels.device), columns.to(pixels.device)
    padded = functional.pad(pixels, (padding,) * 4)
    image = torch.arange(count, device=pixels.device)[:, None, None]
    return padded[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def normalise(pixels: Tensor, normalisation: Normalisation) -> Tensor:
    """`pixels` [B,3,S,S] in 0..255 (uint8 or float) as normalised float32 [B,3,S,S] in channels_last."""
    mean = torch.tensor(normalisation.mean, device=pixels.device).view(1, -1, 1, 1)
    std = torch.tensor(normalisation.std, device=pixels.device).view(1, -1, 1, 1)
    return pixels.float().div(255).sub(mean).div(std).contiguous(memory_format=torch.channels_last)


def cutout(images: Tensor, side: int, draw: torch.Generator) -> Tensor:
    """Images [B, 3, S, S] with a square of 0 around a random pixel, cut off at the border (DeVries and Taylor 2017)."""
    if not side:
        return images
    size = images.shape[-1]
    centres = torch.randint(size, (2, len(images), 1), generator=draw)
    pixels = torch.arange(size)
    inside = (pixels >= centres - side // 2) & (pixels < centres - side // 2 + side)
    erased = (inside[0][:, :, None] & inside[1][:, None, :]).to(images.device)
    return images.masked_fill(erased[:, None], 0)


def _check_size(image_size: int) -> None:
    if image_size not in IN_MEMORY:
        raise one_of("image size in memory", image_size, IN_MEMORY)

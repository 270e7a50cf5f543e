"""From an image as it is stored to square RGB pixels of one size, and what is lost on the way.

Raw        an image opened: its RGB pixels, or numbers whose range only the whole data set tells
open_raw   reads one; `open_alone`: one that is not part of a decoded data set
Steps      how often each lossy step was taken; its sentences
Range      the values that become 0 to 255, for images of 16 bits or floats
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from engine.errors import BadInput

SIDE = 32  # pixels; every decoded image is stored at this width and height
Depth = Literal["16-bit", "float"]
TOPS: dict[Depth, tuple[float, ...]] = {
    # Cameras and microscopes store 10, 12 or 14 bits in 16.
    "16-bit": (255, 1023, 4095, 16383, 65535),
    "float": (1, 255),
}
MANY_FRAMES = ("GIF", "TIFF", "WEBP", "PNG")
"""Formats with several pictures in a file; the second one of a telephone's JPEG is a preview."""
TIFF = (b"II*\0", b"MM\0*")
UPPER = 16
"""Upper bytes below this mean that only 12 of 16 bits are used, and they are nearly black."""


class Raw(NamedTuple):
    """rgb: an image in mode RGB; else numbers: float32 [H,W], of `depth`. upper: of RGB with 16 bits a channel, which
    is read by its upper 8. loses: lossy steps that reading it took."""

    size: tuple[int, int]  # width, height
    rgb: Image.Image | None
    numbers: np.ndarray | None
    depth: Depth | None
    upper: bool
    loses: tuple[str, ...]


def open_raw(source: bytes | Path, where: str) -> Raw:
    """Read one encoded image. Raises BadInput, naming it, for one that cannot be read or that has no known white."""
    try:
        with Image.open(source if isinstance(source, Path) else io.BytesIO(source)) as file:
            several = file.format in MANY_FRAMES and getattr(file, "n_frames", 1) > 1
            tiles = file.tile if file.format in ("PNG", "TIFF") else ()  # known until the file is read
            upper = any(";16" in str(tile[3]) for tile in tiles)
            file.load()
            loses: tuple[str, ...] = ("frames",) if several else ()
            if file.mode == "F" or file.mode.startswith("I"):
                return _numbers(file, where, loses)
            if _is_transparent(file):
                loses += ("transparency",)
            if file.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
                loses += (file.mode,)
            image = file if file.mode == "RGB" else file.convert("RGB")
            return Raw(file.size, image.copy() if image is file else image, None, None, upper, loses)
    except BadInput:
        raise
    except Exception as error:  # Pillow's readers raise many kinds on damaged files
        if _begins_as_tiff(source):
            raise BadInput(
                f"{where} is damaged, or a TIFF of a kind that is not read, such as floats in three channels; "
                "save it as PNG of 8 or 16 bits"
            ) from error
        raise BadInput(f"{where} is not a readable image; remove or replace it") from error


def open_alone(source: bytes | Path, where: str) -> Image.Image:
    """An image in mode RGB, read without regard to others: 16 bits are taken as used in full.

    Raises BadInput as `open_raw`, and for floats, whose white only the whole data set could tell.
    """
    raw = open_raw(source, where)
    if raw.depth == "float":
        raise BadInput(f"{where} is a float image, which is not read at this size; save it as PNG of 8 or 16 bits")
    image = raw.rgb
    if image is None:
        assert raw.numbers is not None
        image = Image.fromarray(np.round(raw.numbers / 257).astype(np.uint8)).convert("RGB")
    pixels = np.asarray(image)
    if (pixels == pixels[:1, :1]).all():
        raise BadInput(f"{where} is of one colour throughout; remove or replace it")
    return image


def _numbers(file: Image.Image, where: str, loses: tuple[str, ...]) -> Raw:
    numbers = np.asarray(file).astype(np.float32)
    depth: Depth = "float" if file.mode == "F" else "16-bit"
    if not np.isfinite(numbers).all():
        raise BadInput(f"{where} holds values that are no numbers or infinite; replace them")
    low, high = float(numbers.min()), float(numbers.max())
    if low < 0 or high > TOPS[depth][-1]:
        known = "0 to 1 or 0 to 255" if depth == "float" else "0 to 65535"
        raise BadInput(f"{where} holds values from {low:g} to {high:g}, and only {known} have a known white; scale it")
    if low == high:
        raise BadInput(f"{where} is of one colour throughout; remove or replace it")
    return Raw(file.size, None, numbers, depth, False, loses)


def _is_transparent(file: Image.Image) -> bool:
    if file.mode == "RGB" or not (file.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in file.info):
        return False
    low, _ = file.convert("RGBA").getchannel("A").getextrema()
    return isinstance(low, int) and low < 255


def _begins_as_tiff(source: bytes | Path) -> bool:
    try:
        if isinstance(source, bytes):
            return source.startswith(TIFF)
        with open(source, "rb") as file:
            return file.read(4) in TIFF
    except (OSError, TypeError):
        return False


@dataclass
class Range:
    """The largest value of every depth that was seen, and with it what becomes white. From the training images, so that
    test images are read as they are. A float is 1 at most or 255; 16 bits are used up to the next usual number."""

    largest: dict[Depth, float] = field(default_factory=dict)
    first: dict[Depth, str] = field(default_factory=dict)

    def see(self, depth: Depth, high: float, where: str) -> None:
        """Take an image into account, with its largest value."""
        self.largest[depth] = max(high, self.largest.get(depth, 0.0))
        self.first.setdefault(depth, where)

    def top(self, depth: Depth) -> float:
        """What becomes 255."""
        return next(top for top in TOPS[depth] if self.largest[depth] <= top)

    def scaled(self, numbers: np.ndarray, depth: Depth, where: str) -> np.ndarray:
        """uint8, rounded. Raises BadInput for values above what the training images reach."""
        if depth not in self.largest:
            raise BadInput(f"{where} is a {depth} image, and no training image is; convert it to 8 bits as they are")
        top = self.top(depth)
        if numbers.max() > top:
            raise BadInput(
                f"{where} holds the value {numbers.max():g}, and the training images stop at {top:g}; scale it alike"
            )
        return np.round(numbers * (255 / top)).astype(np.uint8)


def squared(image: Image.Image) -> Image.Image:
    """`image` at SIDE x SIDE: the middle of one that is not square."""
    width, height = image.size
    if width == height == SIDE:
        return image
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box)


@dataclass
class Steps:
    """How many images went through each lossy step. sizes: of the resized ones, by width and height."""

    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    upper: int = 0
    depths: Counter[Depth] = field(default_factory=Counter)
    tops: dict[Depth, float] = field(default_factory=dict)

    def note(self, raw: Raw) -> None:
        """Count one image."""
        if raw.size != (SIDE, SIDE):
            self.sizes[raw.size] += 1
        self.taken.update(raw.loses)
        self.upper += raw.upper
        if raw.depth is not None:
            self.depths[raw.depth] += 1

    @classmethod
    def join(cls, parts: Iterable[Steps]) -> Steps:
        """All of several parts together."""
        whole = cls()
        for part in parts:
            whole.sizes += part.sizes
            whole.taken += part.taken
            whole.upper += part.upper
            whole.depths += part.depths
            whole.tops |= part.tops
        return whole

    def sentences(self) -> tuple[str, ...]:
        """One for every step that was taken."""
        said = []
        if self.sizes:
            said.append(f"resized {_images(self.sizes.total())} {self._sizes()} to {SIDE}×{SIDE}{self._cropped()}")
        for depth, count in self.depths.items():
            said.append(f"scaled {_images(count, depth)}: 0 to {self.tops[depth]:,g} became 0 to 255")
        if self.upper:
            said.append(f"read the upper 8 of 16 bits of {_images(self.upper, 'colour')}")
        if count := self.taken["transparency"]:
            said.append(f"left out the transparency of {_images(count)}")
        if count := self.taken["frames"]:
            said.append(f"took the first picture of {_images(count)} that hold several")
        for mode, count in self.taken.items():
            if mode not in ("transparency", "frames"):
                said.append(f"converted {_images(count)} from {mode} to RGB")
        return tuple(said)

    def _sizes(self) -> str:
        if len(self.sizes) == 1:
            ((width, height),) = self.sizes
            return f"from {width}×{height}"
        least, most = (by(self.sizes, key=lambda size: size[0] * size[1]) for by in (min, max))
        return f"of {len(self.sizes):,} sizes from {least[0]}×{least[1]} to {most[0]}×{most[1]}"

    def _cropped(self) -> str:
        oblong = sum(count for (width, height), count in self.sizes.items() if width != height)
        return f", {oblong:,} not square: centre-cropped" if oblong else ""


def _images(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}{' ' if kind else ''}image{'' if count == 1 else 's'}"


def check_upper(found: Sequence[tuple[int, str]]) -> None:
    """Raises BadInput where images of 16 bits a channel are nearly black, as only their lower bits are used.

    found: the largest upper byte of each such image, and where it is.
    """
    if found and max(high for high, _ in found) < UPPER:
        raise BadInput(
            f"{found[0][1]} has 16 bits a channel and uses the lower 12 at most, as all such images here do: they "
            "would be nearly black; save them with 8 bits"
        )

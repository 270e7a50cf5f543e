"""Images of every depth and shape: scaled, or refused by name; never clipped, and what is lost is counted."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data.load import load_data, open_data, open_feed
from engine.data.pixels import Range, open_alone, open_raw
from engine.errors import BadInput

Make = Callable[[int], Image.Image]


def pixels(seed: int, top: float, kind: type = np.uint16, side: int = 32) -> np.ndarray:
    """Random numbers from 0 to `top`, both of which are there."""
    found = np.random.RandomState(seed).uniform(0, top, (side, side))
    found[0, 0], found[0, 1] = 0, top
    return found.astype(kind)


def write(root: Path, make: Make, ending: str, count: int = 3) -> Path:
    for number, name in enumerate(("cat", "dog")):
        folder = root / "train" / name
        folder.mkdir(parents=True)
        for index in range(count):
            make(10 * number + index).save(folder / f"{index}.{ending}")
    return root


def everything(root: Path) -> torch.Tensor:
    data = load_data(str(root))
    return torch.cat([data.train.pixels, data.search.pixels])


def refused(root: Path, *says: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_data(str(root))
    assert all(part in str(caught.value) for part in says), caught.value
    assert "\n" not in str(caught.value)


# Depth


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize(("top", "white"), [(65535, 65535), (4000, 4095), (1023, 1023), (200, 255)])
def test_images_of_16_bits_are_scaled_by_the_bits_that_they_use(
    tmp_path: Path, ending: str, top: int, white: int
) -> None:
    root = write(tmp_path, lambda seed: Image.fromarray(pixels(seed, top)), ending)
    found = everything(root)
    expected = np.round(pixels(0, top).astype(np.float32) * (255 / white)).astype(np.uint8)
    assert (found[:, 0].numpy() == expected).all((1, 2)).sum() == 1
    assert torch.equal(found[:, 0], found[:, 1]) and found.max() == round(top * 255 / white) and found.min() == 0
    assert load_data(str(root)).notes == (f"scaled 6 16-bit images: 0 to {white:,} became 0 to 255",)


@pytest.mark.parametrize("top", [1.0, 255.0])
def test_float_images_are_scaled_from_1_or_255(tmp_path: Path, top: float) -> None:
    root = write(tmp_path, lambda seed: Image.fromarray(pixels(seed, top, np.float32)), "tif")
    found = everything(root)
    assert (found.max(), found.min()) == (255, 0) and 100 < found.float().mean() < 155
    assert load_data(str(root)).notes == (f"scaled 6 float images: 0 to {top:g} became 0 to 255",)


def test_a_dark_image_among_bright_ones_stays_dark(tmp_path: Path) -> None:
    root = write(tmp_path, lambda seed: Image.fromarray(pixels(seed, 1 if seed == 0 else 255, np.float32)), "tif")
    found = everything(root).flatten(1).amax(1)
    assert sorted(found.tolist()) == [1, 255, 255, 255, 255, 255]


def test_test_images_are_read_as_the_training_images_are(tmp_path: Path) -> None:
    root = write(tmp_path, lambda seed: Image.fromarray(pixels(seed, 4000)), "png")
    place = root / "test" / "cat"
    place.mkdir(parents=True)
    Image.fromarray(pixels(3, 900)).save(place / "0.png")
    data = load_data(str(root), test=True)
    assert data.test is not None and data.test.pixels.max() == round(900 * 255 / 4095)
    Image.fromarray(pixels(3, 5000)).save(place / "1.png")
    with pytest.raises(BadInput, match=r"1\.png holds the value 5000, and the training images stop at 4095"):
        load_data(str(root), test=True)


def test_numbers_without_a_known_white_are_refused_by_name(tmp_path: Path) -> None:
    def bad(change: Callable[[np.ndarray], np.ndarray]) -> Make:
        def make(seed: int) -> Image.Image:
            found = pixels(seed, 1, np.float32)
            return Image.fromarray(change(found) if seed == 11 else found)

        return make

    refused(write(tmp_path / "below", bad(lambda found: found - 0.5), "tif"), "dog/1.tif", "-0.5 to 0.5")
    refused(write(tmp_path / "above", bad(lambda found: found * 1000), "tif"), "dog/1.tif", "0 to 1000")
    refused(
        write(tmp_path / "nan", bad(lambda found: np.where(found > 0.9, np.float32(np.nan), found)), "tif"),
        "dog/1.tif",
        "no numbers",
    )
    large = write(tmp_path / "int", lambda seed: Image.fromarray(pixels(seed, 2**30, np.int32)), "tif")
    refused(large, ".tif holds", "65535")


def test_colour_images_of_16_bits_are_read_by_their_upper_bytes_unless_these_are_empty(tmp_path: Path) -> None:
    rows = {name: pixels(0, top) for name, top in (("full", 65535), ("twelve", 4095))}
    for name, grey in rows.items():
        for number in range(4):
            folder = tmp_path / name / "train" / ("cat", "dog")[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.png").write_bytes(colour_png(np.stack([np.roll(grey, number)] * 3, -1)))
    found = load_data(str(tmp_path / "full"))
    assert found.train.pixels.max() == 255 and found.notes == ("read the upper 8 of 16 bits of 4 colour images",)
    refused(tmp_path / "twelve", ".png has 16 bits", "lower 12")


def colour_png(rgb: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write. rgb: uint16 [H,W,3]."""
    height, width, _ = rgb.shape

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rgb)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


# One colour


def test_images_of_one_colour_are_refused_with_their_number(tmp_path: Path) -> None:
    def make(seed: int) -> Image.Image:
        if seed in (1, 10):
            return Image.new("RGB", (40, 40), (200, 10, 10))
        return Image.fromarray(np.random.RandomState(seed).randint(0, 256, (32, 32, 3), np.uint8))

    refused(write(tmp_path, make, "png"), "of one colour throughout, as are 1 others", ".png")


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_deep_images_of_one_value_are_refused(tmp_path: Path, kind: type) -> None:
    refused(write(tmp_path, lambda seed: Image.fromarray(np.full((32, 32), 1, kind)), "tif"), "one colour")


# Shape and colour


def test_an_image_that_is_not_square_is_its_middle(tmp_path: Path) -> None:
    def make(seed: int) -> Image.Image:
        image = Image.new("RGB", (96, 32), (255, 0, 0))
        image.paste((0, 255, seed), (32, 0, 64, 32))
        image.paste((0, 250, seed), (32, 0, 64, 1))
        return image

    root = write(tmp_path, make, "png")
    found = everything(root)
    assert (found[:, 0] == 0).all() and (found[:, 1] >= 250).all()
    assert load_data(str(root)).notes == ("resized 6 images from 96×32 to 32×32, 6 not square: centre-cropped",)


def test_transparency_further_frames_and_printing_colours_are_counted(tmp_path: Path) -> None:
    random = np.random.RandomState(0)

    def noise(channels: int) -> np.ndarray:
        return random.randint(0, 256, (32, 32, channels), np.uint8)

    folder = tmp_path / "train"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        Image.fromarray(noise(4), "RGBA").save(folder / name / "clear.png")
        Image.fromarray(np.dstack([noise(3), np.full((32, 32), 255, np.uint8)]), "RGBA").save(
            folder / name / "full.png"
        )
        frames = [Image.fromarray(noise(3)) for _ in range(3)]
        frames[0].save(folder / name / "film.tif", save_all=True, append_images=frames[1:])
        Image.fromarray(noise(4), "CMYK").save(folder / name / "print.tif")
    assert set(load_data(str(tmp_path)).notes) == {
        "left out the transparency of 2 images",
        "took the first picture of 2 images that hold several",
        "converted 2 images from CMYK to RGB",
    }


def test_images_that_fit_are_read_as_they_are_and_nothing_is_said() -> None:
    assert load_data("bundled", test=True).notes == ()


# Larger images, one by one


def test_streamed_images_of_16_bits_are_taken_as_used_in_full_and_floats_are_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "deep", lambda seed: Image.fromarray(pixels(seed, 65535, side=80)), "png")
    data = open_data(str(root), 64)
    images, _ = next(open_feed([data.train], data.normalisation, 64).plain([torch.tensor([0])]))
    assert images.max() > 2 and images.min() < -1.5
    buffer = io.BytesIO()
    Image.fromarray(pixels(0, 1, np.float32)).save(buffer, "TIFF")
    with pytest.raises(BadInput, match=r"x\.tif is a float image"):
        open_alone(buffer.getvalue(), "x.tif")
    buffer = io.BytesIO()
    Image.new("RGB", (80, 80), (1, 2, 3)).save(buffer, "PNG")
    with pytest.raises(BadInput, match=r"x\.png is of one colour"):
        open_alone(buffer.getvalue(), "x.png")


def test_what_cannot_be_read_is_named_and_a_tiff_is_told_why() -> None:
    floats = io.BytesIO()
    Image.fromarray(pixels(0, 1, np.float32)).save(floats, "TIFF")
    odd = floats.getvalue().replace(struct.pack("<HHII", 258, 3, 1, 32), struct.pack("<HHII", 258, 3, 1, 24))
    for content, says in ((b"nonsense", "here is not a readable image"), (odd, "here is damaged, or a TIFF of a kind")):
        with pytest.raises(BadInput, match=re.escape(says)):
            open_raw(content, "here")


def test_a_depth_that_no_training_image_has_is_refused() -> None:
    with pytest.raises(BadInput, match="no training image is"):
        Range().scaled(np.ones((32, 32), np.float32), "float", "x.tif")

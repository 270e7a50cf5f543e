"""A small real data set and a small trained run, for tests that need a checkpoint.

write_photos   a folder train/<class>/*.png with images of the bundled CIFAR-10 sample
write_jpegs    a folder PART/<class>/*.jpg with images larger than 32 pixels
SMALL          options of `train` for a run of seconds
"""

from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.load import load_data

SMALL = ("--channels", "4", "--cells", "1", "--image-size", "16", "--batch-size", "40", "--device", "cpu")


def write_photos(folder: Path, per_class: int = 16, classes: int = 10) -> Path:
    data = load_data("bundled")
    for label in range(classes):
        place = folder / "train" / data.classes[label]
        place.mkdir(parents=True)
        rows = (data.search.labels == label).nonzero().flatten()[:per_class]
        for number, row in enumerate(rows.tolist()):
            pixels = data.search.pixels[row].permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(place / f"{number:03d}.png")
    return folder


def write_jpegs(root: Path, counts: dict[str, int], part: str = "train", side: int = 90) -> Path:
    """`root`/part/<class>/*.jpg: smooth random images, a little wider than high."""
    random = np.random.RandomState(len(part))
    for name, count in counts.items():
        (root / part / name).mkdir(parents=True)
        for i in range(count):
            small = Image.fromarray(random.randint(0, 256, (4, 4, 3), np.uint8))
            small.resize((side + 10, side)).save(root / part / name / f"{i:03}.jpg")
    return root

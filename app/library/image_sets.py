"""Which images there are to measure and to tune on: the bundled sample and what lies on this machine. Needs no torch.

ImageSet     where one lies, and what is known of it without reading it
image_sets   all of them by name; the name stands in a link
missing      what is wrong with the folders that were named
fitting      those that a supernet can be measured on, its own first
unasked      why a supernet is not measured on images as a matter of course
needs_asking whether it is only measured on them when somebody says so
chosen       the one that a name stands for, as far as it fits
name_of      the name under which a page speaks of images

A link names images and never says where they lie: only whoever starts the app does.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from app.library import catalog
from engine.checkpoint.format import Summary
from engine.data import layout
from engine.data.belonging import differs
from engine.data.identity import FRESH
from engine.errors import BadInput

BUNDLED = "bundled"
FOLDER = catalog.ROOT / "data"
"""Where the published sets lie, as for the command line."""
OWN = "SUPERNET_DATA"


class ImageSet(NamedTuple):
    """spec: as `engine.data.load.load_data` takes it. dataset, classes, images: None where they are not known. problem:
    why a folder that was named cannot be used.

    images: in the half that trains a supernet's weights, and in both halves, on which networks are trained.
    """

    spec: str
    dataset: str | None = None
    classes: int | None = None
    images: tuple[int, int] | None = None
    problem: str | None = None

    @property
    def available(self) -> int | None:
        """Images in the other half, on which is measured."""
        return None if self.images is None else self.images[1] - self.images[0]


SAMPLE = ImageSet(BUNDLED, "cifar10", 10, (5_000, 20_000))
PUBLISHED = {
    "cifar-10-batches-py": ImageSet("cifar10", "cifar10", 10, (25_000, 50_000)),
    "cifar-100-python": ImageSet("cifar100", "cifar100", 100, (25_000, 50_000)),
    "train_32x32.mat": ImageSet("svhn", "svhn", 10, (36_628, 73_257)),
    "ImageNet16/train_data_batch_1": ImageSet("imagenet16-120", "imagenet16-120", 120, (75_850, 151_700)),
}
"""By the file or folder in data/ that tells that a set is there."""


def image_sets() -> dict[str, ImageSet]:
    """The bundled sample, the published sets in data/, and the folders that SUPERNET_DATA names (several with ":")."""
    found = {BUNDLED: SAMPLE}
    found |= {each.spec: each for file, each in PUBLISHED.items() if (FOLDER / file).exists()}
    for named in filter(None, os.environ.get(OWN, "").split(os.pathsep)):
        folder = Path(named).expanduser().absolute()
        name = folder.name
        while name in found:
            name = f"my-{name}"
        found[name] = _own(folder)
    return found


_known: dict[Path, tuple[float, ImageSet]] = {}


def _own(folder: Path) -> ImageSet:
    """A folder that was named, and what its names alone tell; looked at again after a moment."""
    now = time.monotonic()
    if folder not in _known or now - _known[folder][0] >= FRESH:
        _known[folder] = now, _looked_at(folder)
    return _known[folder][1]


def _looked_at(folder: Path) -> ImageSet:
    if not folder.is_dir():
        return ImageSet(str(folder), problem=f"{OWN} names {folder}, which is no folder; correct it")
    try:
        found = layout.find(folder)
    except BadInput as error:
        return ImageSet(str(folder), problem=f"{OWN} names a folder that cannot be used: {error}")
    classes = len(layout.class_folders(found.train[0])) if found.kind == "classes" else None
    return ImageSet(str(folder), found.name, classes)


def missing() -> list[str]:
    """One sentence for every folder that SUPERNET_DATA names and that cannot be used."""
    return [each.problem for each in image_sets().values() if each.problem is not None]


def fitting(summary: Summary) -> dict[str, ImageSet]:
    """Those with as many classes as the supernet, or with nobody knows how many; of its own data set first."""
    classes, dataset = summary.meta["classes"], summary.meta.get("dataset")
    usable = [(name, each) for name, each in image_sets().items() if each.problem is None]
    found = [(name, each) for name, each in usable if each.classes in (None, classes)]
    return dict(sorted(found, key=lambda item: item[1].dataset != dataset))


def chosen(summary: Summary, name: object) -> ImageSet:
    """The images that a name stands for where they fit the supernet, else the first that do, else the bundled ones."""
    found = fitting(summary)
    return found.get(str(name)) or next(iter(found.values()), SAMPLE)


def unasked(summary: Summary, images: ImageSet) -> str | None:
    """A sentence where images are not known to be of the data set that a supernet was trained on; None where they are,
    or where nobody knows what it was trained on. `needs_asking` says whether it is measured on them all the same."""
    said = None if images.dataset is None else differs(summary.meta.get("dataset"), images.dataset)
    return None if said is None else f"{said[0].upper()}{said[1:]}."


def needs_asking(images: ImageSet) -> bool:
    """Whether a visitor has to say that such images are meant. Own folders were named for the purpose."""
    return images.spec == BUNDLED or images in PUBLISHED.values()


def name_of(specs: Iterable[str]) -> str:
    """What measured images are images of, " of cifar100"; nothing for the bundled ones, which go without saying."""
    names = dict.fromkeys(Path(spec).name for spec in specs if spec != BUNDLED)
    return f" of {' and '.join(names)}" if names else ""

"""How images lie in a folder, told from names alone. Free of torch.

Layout         what a folder holds: parquet files, class folders, or the batches of a published archive
find           the layout of a folder; `pair`: of parquet files that are named one by one
class_folders  the folders of classes in a part
files          all files of a layout
"""

import re
from pathlib import Path
from typing import Literal, NamedTuple

from engine.data.scan import below, entries, folders, has_images, in_words, listed
from engine.errors import BadInput

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")
"""Names of parts, in any case; of several test parts the first that has labels is taken. ImageNet's is called val."""
MOST_PARTS = 30
WANTED = (
    "put the images in train/<class>/ or <class>/ folders, give a folder with *train*.parquet, "
    "or one of the archives cifar-10-batches-py, cifar-100-python, ImageNet16"
)

Kind = Literal["parquet", "classes", "cifar10", "cifar100", "imagenet16", "svhn"]


class Layout(NamedTuple):
    """kind: parquet files, class folders, or a published archive. root: the folder that holds it.

    train: the parquet files, or the folder of the class folders. tests: the same for every part that could be the test
    part, the likeliest first. name: what to call the data set. notes: what the names say that has to be told.
    """

    kind: Kind
    root: Path
    name: str
    train: tuple[Path, ...] = ()
    tests: tuple[tuple[Path, ...], ...] = ()
    notes: tuple[str, ...] = ()


def pair(train: Path, *tests: Path) -> Layout:
    """Two parquet files, or one."""
    return Layout("parquet", train.parent, train.stem, (train,), tuple((each,) for each in tests))


def find(folder: Path) -> Layout:
    """How the images in `folder` lie. Raises BadInput for a folder without any, saying what was seen in it."""
    try:
        found = _find(folder)
        if found is None:
            inside = folders(folder)
            # An archive that was unpacked into a folder of its own.
            alone = len(inside) == 1 and inside[0].name.lower() not in TEST
            found = _find(inside[0]) if alone else None
    except OSError as error:
        raise BadInput(f"{folder} cannot be read ({error.strerror}); check its permissions") from None
    if found is None:
        raise BadInput(f"{folder} holds no images that are laid out as data: seen {in_words(folder)}; {WANTED}")
    return found


def _find(folder: Path) -> Layout | None:
    return _archive(folder) or _parquet(folder) or _classes(folder)


# Published archives

ARCHIVES: dict[str, tuple[Kind, re.Pattern[str]]] = {
    "cifar-10-batches-py": ("cifar10", re.compile(r"data_batch_\d+|test_batch")),
    "cifar-100-python": ("cifar100", re.compile(r"train|test")),
    "ImageNet16": ("imagenet16", re.compile(r"train_data_batch_\d+|val_data")),
    "SVHN": ("svhn", re.compile(r"(train|test)_32x32\.mat")),
}
"""The folder that an archive unpacks to, and the names of the files in it."""


def _archive(folder: Path) -> Layout | None:
    found = [_as_archive(folder), *(_as_archive(folder / name) for name in ARCHIVES if (folder / name).is_dir())]
    known = [each for each in found if each is not None]
    if len(known) > 1:
        names = " and ".join(each.root.name for each in known)
        raise BadInput(f"{folder} holds several data sets, {names}; give the folder of one")
    return known[0] if known else None


def _as_archive(folder: Path) -> Layout | None:
    """A folder as one of the archives: one of that name stays it when files are missing."""
    inside = entries(folder)
    names = [each.name for each in inside if each.is_file()]
    for name, (kind, pattern) in ARCHIVES.items():
        files = [each for each in names if pattern.fullmatch(each)]
        # Two files without an ending could be anything; CIFAR-100 has a third one.
        if kind == "cifar100" and "meta" not in names:
            files = []
        if files or (folder.name == name and len(names) == len(inside)):
            return Layout(kind, folder, _name(folder))
    return None


# Parquet files


def _parquet(folder: Path) -> Layout | None:
    parts: dict[Path, dict[str, list[Path]]] = {}  # by the folder of the data set, by part
    inside = folders(folder)
    # Parts and configurations are few; hundreds of folders are classes, in which there is much to look through.
    inside = inside if len(inside) <= MOST_PARTS else []
    places = [folder, *inside]
    places += [each for place in inside for each in folders(place) if each.name.lower() in (*TRAIN, *TEST)]
    tables = [
        place / each.name
        for place in places
        for each in entries(place)
        if each.name.lower().endswith(".parquet") and each.is_file()
    ]
    for file in tables:
        part, place = _part(file, folder)
        parts.setdefault(place, {}).setdefault(part, []).append(file)
    trained = {place: found for place, found in parts.items() if "train" in found}
    if not trained and len(parts) == 1:
        ((place, found),) = parts.items()
        if set(found) == {""} and not any(has_images(each) for each in folders(folder)):
            trained = {place: {"train": found[""]}}
    if not trained:
        return None
    chosen = next((each for each in (folder, folder / "data") if each in trained), None)
    if chosen is None and len(trained) > 1:
        names = ", ".join(each.relative_to(folder).as_posix() for each in trained)
        raise BadInput(f"{folder} holds several data sets, {names}; give the folder of one")
    place = chosen or next(iter(trained))
    found = trained[place]
    tests = tuple(tuple(found[part]) for part in ("test", "val") if part in found)
    return Layout("parquet", place, _name(folder), tuple(found["train"]), tests, _missing_shards(found["train"]))


def _part(file: Path, folder: Path) -> tuple[str, Path]:
    """Which part a parquet file belongs to, and the folder of its data set; "" where its name does not say."""
    names = [file.stem] if file.parent == folder or not file.stem.isdigit() else [file.stem, file.parent.name]
    for number, name in enumerate(names):
        place = file.parent if number == 0 else file.parent.parent
        lower = name.lower()
        if "train" in lower:
            return "train", place
        if "test" in lower:
            return "test", place
        if "valid" in lower or re.search(r"(^|[^a-z])(val|dev)([^a-z]|$)", lower):
            return "val", place
    return "", file.parent


def _missing_shards(train: list[Path]) -> tuple[str, ...]:
    """A sentence where the names count more files than there are: some were not copied."""
    numbers = [re.search(r"-(\d+)-of-(\d+)", file.stem) for file in train]
    told = [(int(each[1]), int(each[2])) for each in numbers if each is not None]
    if len(told) != len(train) or not told or len(told) >= told[0][1]:
        return ()
    return (
        f"{len(told)} of {told[0][1]} training files are in {train[0].parent}: the images of the others are left out",
    )


# Class folders


def _classes(folder: Path) -> Layout | None:
    inside = folders(folder)
    train = _named(inside, TRAIN)
    tests = tuple((each,) for name in TEST if (each := _named(inside, (name,))) is not None)
    classes = [each for each in inside if each.name.lower() not in (*TRAIN, *TEST)]
    # A class can be called train, too: then it holds images, and no folders, and lies beside other classes.
    if train is not None and (folders(train) or not has_images(train) or len(_with_images(classes)) < 2):
        return Layout("classes", folder, _name(folder), (train,), tests)
    if len(_with_images(classes)) < 2:
        return None
    empty = [each.name for each in classes if not has_images(each)]
    notes = (f"left out {listed(empty)} in {folder}: no images are in there",) if empty else ()
    return Layout("classes", folder, _name(folder), (folder,), tests, notes)


def _named(folders: list[Path], names: tuple[str, ...]) -> Path | None:
    """The folder of one of these names: spelt exactly so, else in any case."""
    for name in names:
        fitting = [each for each in folders if each.name.lower() == name]
        if fitting:
            return min(fitting, key=lambda each: each.name != name)
    return None


def _with_images(folders: list[Path]) -> list[Path]:
    return [each for each in folders if has_images(each)]


def class_folders(folder: Path) -> list[Path]:
    """The folders of classes: of a part all of them; where classes lie without train/, those that hold images."""
    inside = folders(folder)
    if folder.name.lower() in (*TRAIN, *TEST):
        return inside
    filled = _with_images([each for each in inside if each.name.lower() not in TEST])
    return filled if len(filled) > 1 else inside


def _name(folder: Path) -> str:
    """What to call a data set: its folder, or where that is named after a part, the one above it."""
    whole = folder.resolve()
    return whole.parent.name if whole.name.lower() in (*TRAIN, "data") and whole.parent.name else whole.name


def files(layout: Layout) -> list[Path]:
    """All files of a layout, sorted, hidden ones left out."""
    if layout.kind == "parquet":
        return [*layout.train, *(file for part in layout.tests for file in part)]
    if layout.kind == "classes":
        parts = [*layout.train, *(place for part in layout.tests for place in part)]
        return sorted({file for part in parts for file in below(part)})  # classes without train/ hold the test part too
    return sorted(below(layout.root))

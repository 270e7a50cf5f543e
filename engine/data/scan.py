"""What lies in a folder: images, other files, folders. Hidden entries never count. Free of torch.

entries, folders   of a folder, sorted
below              the files below it
image_files        the images below it, and what else lies there
beside             what lies beside class folders
has_images         whether there is one
is_image           whether a file's name, or where that says nothing its first bytes, are those of an image
in_words, listed, strays_in_words   for messages
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

IGNORED = ("__MACOSX", "__pycache__")
IMAGES = frozenset(
    {".bmp", ".dib", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm"}
    | {".tga", ".tif", ".tiff", ".webp", ".avif"}
)
NO_IMAGES = frozenset(
    {".csv", ".db", ".gz", ".html", ".ini", ".json", ".log", ".md", ".pdf", ".py", ".toml", ".tsv", ".txt", ".xml"}
    | {".yaml", ".yml", ".zip"}
)
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
DEEPEST = 4
"""Folders below a class; Tiny ImageNet has CLASS/images/*."""
MOST_NAMED = 6


def image_files(folder: Path) -> tuple[list[Path], Counter[str]]:
    """The images below a class folder, sorted, and what else lies there by name or ending."""
    images, others = list[Path](), Counter[str]()
    for file in below(folder):
        if is_image(file):
            images.append(file)
        else:
            others[_kind_of(file)] += 1
    return sorted(images), others


def beside(folder: Path) -> Counter[str]:
    """The files that lie beside class folders, by name or ending."""
    files = [folder / each.name for each in entries(folder) if each.is_file()]
    return Counter("images outside of class folders" if is_image(file) else _kind_of(file) for file in files)


def strays_in_words(strays: Counter[str]) -> str:
    """What was skipped, as one sentence; "" for nothing."""
    if not strays:
        return ""
    kinds = listed([f"{name} ({count:,})" for name, count in strays.most_common()])
    count = strays.total()
    return f"skipped {count:,} file{'' if count == 1 else 's'} beside the images: {kinds}"


def _kind_of(file: Path) -> str:
    return file.name if file.name in ("Thumbs.db", "desktop.ini") or not file.suffix else file.suffix


def is_image(file: Path) -> bool:
    """By its name; where that ends in something unknown, by its first bytes."""
    ending = file.suffix.lower()
    if ending in IMAGES or ending in NO_IMAGES:
        return ending in IMAGES
    try:
        with open(file, "rb") as opened:
            return opened.read(12).startswith(BEGINNINGS)
    except OSError:
        return False


def has_images(folder: Path, depth: int = DEEPEST) -> bool:
    """Looks no further than to the first one: a class can have many."""
    inside = []
    with os.scandir(folder) as found:
        for each in found:
            if each.name.startswith("."):
                continue
            if each.is_dir():
                inside.append(folder / each.name)
            elif is_image(folder / each.name):
                return True
    return depth > 0 and any(has_images(each, depth - 1) for each in inside if each.name not in IGNORED)


def in_words(folder: Path) -> str:
    """What lies in a folder: its folders, and its files by ending."""
    names = [each.name for each in entries(folder) if each.is_file()]
    by_ending: dict[str, list[str]] = {}
    for name in names:
        by_ending.setdefault(Path(name).suffix or name, []).append(name)
    counted = [
        found[0] if len(found) == 1 else f"{len(found):,} {ending} files"
        for ending, found in sorted(by_ending.items(), key=lambda item: -len(item[1]))
    ]
    return listed([*(f"{each.name}/" for each in folders(folder)), *counted]) or "nothing"


def listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted((each for each in found if not each.name.startswith(".")), key=lambda each: each.name)


def folders(folder: Path) -> list[Path]:
    return [folder / each.name for each in entries(folder) if each.is_dir() and each.name not in IGNORED]


def below(folder: Path, depth: int = DEEPEST) -> Iterator[Path]:
    """Files below a folder; files before the folders beside them."""
    inside = entries(folder)
    yield from (folder / each.name for each in inside if each.is_file())
    if depth:
        for each in inside:
            if each.is_dir() and each.name not in IGNORED:
                yield from below(folder / each.name, depth - 1)

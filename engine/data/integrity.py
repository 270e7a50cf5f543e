"""What is wrong with the files of a published data set, by the checksums that torchvision knows.

damage   a sentence for files that are there and not the published ones; None for a set that is absent or whole
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path


def damage(name: str, root: Path) -> str | None:
    """What is wrong with cifar10, cifar100 or svhn in `root`, and what to do; None if they are not there, or whole."""
    folder, published = _published(name, root)
    there = [file for file, _ in published if (folder / file).is_file()]
    if not there:
        return None
    missing = [file for file, _ in published if file not in there]
    changed = [file for file, md5 in published if file in there and _md5(folder / file) != md5]
    if not missing and not changed:
        return None
    said = [f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"] if missing else []
    if changed:
        said.append(f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} not as published")
    place = folder if folder != root else root / published[0][0]
    own = "" if name == "svhn" else f"; or, if they are images of your own, give --data {folder}"
    return f"{name} in {folder} is damaged: {'; '.join(said)}; delete {place} and add --download{own}"


def _published(name: str, root: Path) -> tuple[Path, Sequence[tuple[str, str]]]:
    """The folder, and the files with their MD5."""
    import torchvision.datasets

    if name == "svhn":
        parts = torchvision.datasets.SVHN.split_list
        return root, [(str(parts[part][1]), str(parts[part][2])) for part in ("train", "test")]
    kind = torchvision.datasets.CIFAR10 if name == "cifar10" else torchvision.datasets.CIFAR100
    files = [(str(file), str(md5)) for file, md5 in (*kind.train_list, *kind.test_list)]
    return root / kind.base_folder, [*files, (str(kind.meta["filename"]), str(kind.meta["md5"]))]


def _md5(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

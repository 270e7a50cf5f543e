"""Images exchanged under one name are other images, and are told so without being read."""

import os
from pathlib import Path

import pytest

from engine.data import identity
from engine.data.identity import content_id
from engine.data.load import load_data
from tests.engine.small_runs import write_photos


@pytest.mark.parametrize("spec", ["bundled", "cifar10", "svhn"])
def test_sets_that_never_change_go_by_their_name(spec: str) -> None:
    assert content_id(spec) == spec


def test_a_folder_has_another_id_once_an_image_is_exchanged_and_the_old_one_when_it_is_back(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos")
    first = content_id(str(folder), fresh=True)
    assert first == content_id(str(folder), fresh=True)
    image = next(folder.glob("train/*/*"))
    content, about = image.read_bytes(), image.stat()
    other = next(file for file in folder.glob("train/*/*") if file.read_bytes() != content)
    image.write_bytes(other.read_bytes())
    assert content_id(str(folder), fresh=True) != first
    image.write_bytes(content)
    os.utime(image, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert content_id(str(folder), fresh=True) == first
    image.unlink()
    assert content_id(str(folder), fresh=True) != first


def test_an_id_is_looked_up_once_in_a_while_unless_it_must_be_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_photos(tmp_path / "photos")
    first = content_id(str(folder))
    next(folder.glob("train/*/*")).unlink()
    assert content_id(str(folder)) == first != content_id(str(folder), fresh=True)
    monkeypatch.setattr(identity, "FRESH", 0)
    assert content_id(str(folder)) != first


def test_a_file_that_is_not_there_has_an_id_too(tmp_path: Path) -> None:
    assert content_id(str(tmp_path / "a.parquet")) != content_id(str(tmp_path / "b.parquet"))


def test_exchanged_images_are_read_again(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos")
    before = load_data(str(folder))
    assert load_data(str(folder)) is before
    next(folder.glob("train/*/*")).unlink()
    assert len(load_data(str(folder)).train) + len(load_data(str(folder)).search) == (
        len(before.train) + len(before.search) - 1
    )

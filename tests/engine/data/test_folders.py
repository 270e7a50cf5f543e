"""Image folders as people have them: every usual layout opens, and of any other it is said what was seen."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from engine.data import identity, layout
from engine.data.load import load_data, open_data
from engine.errors import BadInput
from tests.engine.data.test_load import random_pngs, write_folder, write_parquet


def fill(folder: Path, count: int = 3, seed: int = 0) -> Path:
    """A folder with so many images."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, png in enumerate(random_pngs(count, seed=seed)):
        (folder / f"{number:03}.png").write_bytes(png)
    return folder


def refused(folder: Path, *says: str, **how: bool) -> None:
    with pytest.raises(BadInput) as caught:
        load_data(str(folder), **how)
    assert all(part in str(caught.value) for part in says), caught.value
    assert "\n" not in str(caught.value)


def counts(folder: Path) -> tuple[int, int, int | None]:
    data = load_data(str(folder), test=True)
    return len(data.train), len(data.search), None if data.test is None else len(data.test)


# Class folders


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "val"), ("Train", "Test"), ("TRAIN", "Val"), ("training", "testing"), ("train", "validation")],
)
def test_parts_are_found_whatever_they_are_called_and_the_images_have_the_same_split(
    tmp_path: Path, train: str, test: str
) -> None:
    usual = write_folder(tmp_path / "usual", {"cat": 4, "dog": 6})
    named = write_folder(tmp_path / "named", {"cat": 4, "dog": 6}, part=train)
    write_folder(named, {"cat": 2, "dog": 1}, part=test)
    assert counts(named) == (5, 5, 3)
    assert load_data(str(named)).split == load_data(str(usual)).split


def test_classes_without_a_training_folder_are_training_images(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        fill(tmp_path / "pets" / name, 4)
    (tmp_path / "pets" / "notes").mkdir()
    (tmp_path / "pets" / "README.md").touch()
    data = load_data(str(tmp_path / "pets"), test=True)
    assert data.classes == ("cat", "dog") and data.test is None and data.name == "pets"
    assert any("left out notes" in note for note in data.notes)
    assert any("README.md" in note or ".md" in note for note in data.notes)


def test_a_training_folder_alone_is_named_after_the_folder_above_it(tmp_path: Path) -> None:
    write_folder(tmp_path / "pets", {"cat": 4, "dog": 4})
    data = load_data(str(tmp_path / "pets" / "train"))
    assert data.name == "pets" and data.split == load_data(str(tmp_path / "pets")).split


def test_a_class_can_be_called_train(tmp_path: Path) -> None:
    for name in ("car", "plane", "train"):
        fill(tmp_path / name, 2)
    assert load_data(str(tmp_path)).classes == ("car", "plane", "train")


def test_a_test_part_beside_classes_is_no_class(tmp_path: Path) -> None:
    for name in ("cat", "dog", "test/cat", "test/dog"):
        fill(tmp_path / name, 2)
    data = load_data(str(tmp_path), test=True)
    assert data.classes == ("cat", "dog") and data.test is not None and len(data.test) == 4


def test_a_folder_in_a_folder_of_the_same_name_is_opened(tmp_path: Path) -> None:
    write_folder(tmp_path / "pets" / "pets", {"cat": 2, "dog": 2})
    assert counts(tmp_path / "pets") == (2, 2, None)


def test_images_may_lie_deeper_within_their_class(tmp_path: Path) -> None:
    for name in ("n01", "n02"):
        fill(tmp_path / "train" / name / "images", 4)
        (tmp_path / "train" / name / f"{name}_boxes.txt").write_text("0 0 1 1")
    fill(tmp_path / "val" / "images", 5)
    (tmp_path / "val" / "val_annotations.txt").write_text("0.png n01")
    data = load_data(str(tmp_path), test=True)
    assert (len(data.train), len(data.search), data.test) == (4, 4, None)
    assert any("skipped 2 files" in note and ".txt (2)" in note for note in data.notes)
    assert any("val has no class folders" in note and "images/" in note for note in data.notes)


def test_of_two_test_parts_the_one_with_classes_is_taken(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 2, "dog": 2})
    fill(tmp_path / "test", 7)  # as ImageNet has it
    write_folder(tmp_path, {"cat": 1, "dog": 2}, part="val")
    data = load_data(str(tmp_path), test=True)
    assert data.test is not None and len(data.test) == 3
    assert any("test has no class folders (seen 7 .png files)" in note for note in data.notes)


def test_stray_files_are_skipped_and_counted_and_hidden_ones_are_not_mentioned(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 3, "dog": 3})
    for name in ("Thumbs.db", ".DS_Store", "._000.png", "labels.csv", "README"):
        (tmp_path / "train" / "cat" / name).write_bytes(b"\0\1\2\3")
    (tmp_path / "train" / "dog" / "Thumbs.db").write_bytes(b"\0")
    (tmp_path / "train" / "labels.csv").write_text("a,b")
    (tmp_path / "train" / "__MACOSX").mkdir()
    (note,) = load_data(str(tmp_path)).notes
    assert note.startswith("skipped 5 files beside the images: ")
    assert "Thumbs.db (2)" in note and ".csv (2)" in note and "README (1)" in note and "DS_Store" not in note


def test_streamed_folders_skip_the_same_files_and_have_the_same_layouts(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        fill(tmp_path / name, 4)
        (tmp_path / name / "Thumbs.db").write_bytes(b"\0")
    data, decoded = open_data(str(tmp_path), 64), load_data(str(tmp_path))
    assert data.split == decoded.split and data.notes == decoded.notes != ()
    parquet = tmp_path / "parquet"
    parquet.mkdir()
    write_parquet(parquet / "train.parquet", random_pngs(4), [0, 1, 0, 1])
    with pytest.raises(BadInput, match="holds parquet"):
        open_data(str(parquet), 64)


def test_an_image_without_an_ending_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / "train" / name).mkdir(parents=True)
        for index, png in enumerate(random_pngs(2, seed=number)):
            (tmp_path / "train" / name / f"{index}").write_bytes(png)
    assert counts(tmp_path) == (2, 2, None)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (("a.jpg", "b.jpg", "labels.csv"), ("2 .jpg files", "labels.csv")),
        (("train/a.jpg", "test/b.jpg"), ("has no class folders", "a.jpg", "train/<class>/")),
        (("test/cat/a.jpg", "test/dog/b.jpg"), ("seen test/", "train/<class>/")),
        (("only/a.jpg",), ("seen only/",)),
        (("data-00000-of-00001.arrow", "state.json"), ("data-00000-of-00001.arrow", "*train*.parquet")),
        ((), ("seen nothing",)),
    ],
)
def test_a_folder_that_is_no_data_set_is_told_what_was_seen(
    tmp_path: Path, made: Sequence[str], says: Sequence[str]
) -> None:
    for name in made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    refused(tmp_path, *says)


def test_packed_and_other_files_are_told_to_be_unpacked(tmp_path: Path) -> None:
    for name, says in (("cifar-10-python.tar.gz", "unpack it"), ("images.npy", "no data that is read here")):
        (tmp_path / name).write_bytes(b"\0")
        refused(tmp_path / name, says)


# Parquet as on Hugging Face


def write_hugging_face(file: Path, labels: Sequence[int], seed: int = 0) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    images = [{"bytes": png, "path": f"{i}.png"} for i, png in enumerate(random_pngs(len(labels), seed=seed))]
    pyarrow.parquet.write_table(pyarrow.table({"image": images, "label": list(labels)}), file)


@pytest.mark.parametrize("place", ["data", "plain_text", "."])
def test_parquet_lies_where_hugging_face_has_it(tmp_path: Path, place: str) -> None:
    write_hugging_face(tmp_path / "pets" / place / "train-00000-of-00001.parquet", [0, 1, 0, 1, 1])
    write_hugging_face(tmp_path / "pets" / place / "test-00000-of-00001.parquet", [1, 0, 1])
    (tmp_path / "pets" / "README.md").write_text("---\n")
    assert counts(tmp_path / "pets") == (2, 3, 3)
    assert load_data(str(tmp_path / "pets")).name == "pets"


def test_parquet_parts_may_be_folders(tmp_path: Path) -> None:
    write_hugging_face(tmp_path / "default" / "train" / "0000.parquet", [0, 1, 0, 1])
    write_hugging_face(tmp_path / "default" / "validation" / "0000.parquet", [1, 0])
    assert counts(tmp_path) == (2, 2, 2)


def test_one_parquet_file_of_any_name_is_training_images(tmp_path: Path) -> None:
    write_hugging_face(tmp_path / "0000.parquet", [0, 1, 0, 1])
    assert counts(tmp_path) == (2, 2, None)


def test_a_test_part_without_labels_gives_way_to_the_validation_part(tmp_path: Path) -> None:
    write_hugging_face(tmp_path / "data" / "train-00000-of-00001.parquet", [0, 1, 0, 1])
    write_hugging_face(tmp_path / "data" / "test-00000-of-00001.parquet", [-1, -1, -1])
    write_hugging_face(tmp_path / "data" / "validation-00000-of-00001.parquet", [1, 0])
    assert counts(tmp_path) == (2, 2, 2)


def test_missing_shards_are_counted(tmp_path: Path) -> None:
    for number in (0, 2):
        write_hugging_face(tmp_path / "data" / f"train-0000{number}-of-00005.parquet", [0, 1, 0, 1], seed=number)
    data = load_data(str(tmp_path))
    assert len(data.train) + len(data.search) == 8
    assert any("2 of 5 training files" in note for note in data.notes)


def test_several_data_sets_in_a_folder_are_named(tmp_path: Path) -> None:
    for name in ("digits", "letters"):
        write_hugging_face(tmp_path / name / "train-00000-of-00001.parquet", [0, 1])
    refused(tmp_path, "digits, letters", "give the folder of one")


def test_parquet_with_paths_instead_of_images_is_refused(tmp_path: Path) -> None:
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    images = pyarrow.array([{"bytes": None, "path": f"{i}.png"} for i in range(4)], kind)
    pyarrow.parquet.write_table(pyarrow.table({"image": images, "label": [0, 1, 0, 1]}), tmp_path / "train.parquet")
    refused(tmp_path, "paths alone")


# What a page asks


def test_the_id_of_images_follows_every_layout(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        fill(tmp_path / name, 2)
    before = identity.content_id(str(tmp_path), fresh=True)
    (tmp_path / "cat" / "000.png").unlink()
    assert identity.content_id(str(tmp_path), fresh=True) != before


def test_whether_a_class_holds_images_is_known_from_its_first_one(tmp_path: Path, monkeypatch) -> None:
    for name in ("cat", "dog"):
        fill(tmp_path / name, 20)
    looked: list[Path] = []
    real = layout.has_images.__globals__["is_image"]
    monkeypatch.setitem(layout.has_images.__globals__, "is_image", lambda file: looked.append(file) or real(file))
    layout.find(tmp_path)
    assert len(looked) < 10


def test_names_of_layouts_say_nothing_of_this_machine(tmp_path: Path) -> None:
    assert not re.search(r"[\\/]", layout.find(write_folder(tmp_path / "x", {"a": 2, "b": 2})).name)


def test_pictures_of_224_pixels_are_cropped_and_counted(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(5):
            height = 200 if name == "cat" and number < 3 else 224
            pixels = random.randint(0, 256, (height, 224, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.jpg", quality=90)
    (note,) = load_data(str(tmp_path)).notes
    assert note == "resized 10 images of 2 sizes from 224×200 to 224×224 to 32×32, 3 not square: centre-cropped"

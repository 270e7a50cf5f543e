"""Feeds: the same batches from memory as ever, and from files whoever reads them; what bad files are told."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data.augment import augment, normalise, resize
from engine.data.decode import Images
from engine.data.feed import Batches, MemoryFeed, sizes
from engine.data.load import load_data, open_data, open_feed, scoring_batches
from engine.data.sources import IMAGENET, StreamedData
from engine.data.stream import StreamedFeed
from engine.errors import BadInput
from tests.engine.small_runs import write_jpegs

ORDER = list(torch.tensor([3, 0, 5, 1, 4, 2, 3]).split(3))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    write_jpegs(tmp_path / "photos", {"cat": 6, "dog": 6})
    return write_jpegs(tmp_path / "photos", {"dog": 3}, part="val")


def streamed(folder: Path, workers: int | None = None, device: str = "cpu") -> StreamedFeed:
    data = open_data(str(folder), 64)
    assert isinstance(data, StreamedData)
    return StreamedFeed(data.train, data.normalisation, 64, device, workers)


def test_batches_from_memory_are_the_augmented_and_the_plain_images():
    data = load_data("bundled")
    images, normalisation = data.search.take(np.arange(6)), data.normalisation
    feed = MemoryFeed(images, normalisation, 32, "cpu")
    draw = torch.Generator().manual_seed(7)
    expected = [
        (normalise(augment(images.pixels[rows], 4, draw), normalisation), images.labels[rows]) for rows in ORDER
    ]
    found = list(feed.augmented(ORDER, torch.Generator().manual_seed(7)))
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
    plain = torch.cat([images for images, _ in MemoryFeed(images, normalisation, 16, "cpu").plain(ORDER)])
    assert torch.equal(plain, normalise(resize(images.pixels, 16), normalisation)[torch.cat(ORDER)])


def test_streamed_batches_do_not_depend_on_who_reads_them(photos):
    rounds = []
    for workers in (0, 2):
        layers = torch.random.get_rng_state()
        feed = streamed(photos, workers)
        rounds.append(list(feed.augmented(ORDER, torch.Generator().manual_seed(7))) + list(feed.plain(ORDER)))
        assert torch.equal(torch.random.get_rng_state(), layers), "the layers' generator has moved"
    assert [len(labels) for _, labels in rounds[0]] == [3, 3, 1] * 2
    for one, other in zip(*rounds, strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
        assert one[0].dtype == torch.float32 and one[0].shape[1:] == (3, 64, 64)
        assert one[0].is_contiguous(memory_format=torch.channels_last)


def test_a_streamed_image_changes_with_the_draw_and_with_its_place_in_the_pass(photos):
    feed = streamed(photos)
    first, again = (torch.cat([x for x, _ in feed.augmented(ORDER, torch.Generator().manual_seed(7))]) for _ in "12")
    other = torch.cat([x for x, _ in feed.augmented(ORDER, torch.Generator().manual_seed(8))])
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[-1])  # image 3 twice
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


def test_an_order_without_end_is_read_as_far_as_it_is_taken(photos):
    def endless():
        while True:
            yield torch.tensor([0, 1])

    batches = streamed(photos, workers=2).augmented(endless(), torch.Generator())
    labels = [next(batches)[1].tolist() for _ in range(4)]
    batches.close()
    assert labels == [[0, 0]] * 4


def test_a_test_image_is_its_middle_with_imagenets_normalisation(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "train" / name).mkdir(parents=True)
        for number in range(2):
            image = Image.new("RGB", (219, 73), (255, 0, 0))
            image.paste((0, 255, 0), (73, 0, 146, 73))
            image.save(tmp_path / "train" / name / f"{number}.png")
    data = open_data(str(tmp_path), 64)
    assert data.normalisation == IMAGENET
    images, _ = next(open_feed([data.train], data.normalisation, 64).plain([torch.tensor([0])]))
    green = [(0 - 0.485) / 0.229, (1 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    assert torch.allclose(images[0].mean((1, 2)), torch.tensor(green), atol=1e-5) and images[0].std((1, 2)).max() < 1e-5


def test_streamed_data_have_the_halves_and_the_split_of_decoded_ones(photos):
    decoded, files = load_data(str(photos), test=True), open_data(str(photos), 224, test=True)
    assert (files.name, files.classes, files.split) == (decoded.name, decoded.classes, decoded.split)
    for part in ("train", "search", "test"):
        assert getattr(files, part).labels.tolist() == getattr(decoded, part).labels.tolist()
    assert open_data(str(photos), 224).test is None
    assert isinstance(open_data("bundled", 16).train, Images)


def test_a_class_without_test_images_does_not_shift_the_numbers_of_the_others(photos):
    data = open_data(str(photos), 64, test=True)
    assert data.classes == ("cat", "dog") and data.test is not None
    assert data.test.labels.tolist() == [1, 1, 1]


def test_a_folder_without_a_test_part_has_none(tmp_path):
    write_jpegs(tmp_path, {"cat": 2, "dog": 2})
    assert open_data(str(tmp_path), 64, test=True).test is None


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_file_is_named_in_one_line(photos, workers):
    broken = photos / "train" / "cat" / "002.jpg"
    broken.write_bytes(broken.read_bytes()[:200])
    data = open_data(str(photos), 64)
    feed = StreamedFeed(data.train if broken in data.train.sources else data.search, IMAGENET, 64, "cpu", workers)
    with pytest.raises(BadInput, match=re.escape(f"{broken} is not a readable image")) as refusal:
        list(feed.plain([torch.arange(len(feed))]))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("spec", "size", "says"),
    [("bundled", 224, "a folder train/<class>"), ("bundled", 48, "image size"), ("bundled", 0, "image size")],
)
def test_sizes_and_sources_that_cannot_be_streamed_are_refused(spec, size, says):
    with pytest.raises(BadInput, match=says):
        open_data(spec, size)


def test_scoring_batches_of_large_images_are_read_when_they_are_taken(photos):
    checkpoint = {"image_size": 64, "classes": 2, "normalisation": IMAGENET.to_json()}
    batches = scoring_batches(str(photos), images=5, batch_size=2, checkpoint=checkpoint)
    assert isinstance(batches, Batches) and sizes(batches) == [2, 2, 1] and len(batches) == 3
    taken = list(batches)
    for index in range(3):
        assert torch.equal(batches[index][0], taken[index][0]) and torch.equal(batches[index][1], taken[index][1])
    assert sizes(batches[1:]) == [2, 1] and torch.equal(batches[1:][0][0], taken[1][0])
    again = scoring_batches(str(photos), images=5, batch_size=5, checkpoint=checkpoint)
    assert torch.equal(torch.cat([images for images, _ in taken]), again[0][0])

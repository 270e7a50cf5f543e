"""Data: splits, the bundled sample, scoring batches, augmentation, and what bad input is told."""

import io
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.data import load, sources
from engine.data.load import (
    DECODED,
    Normalisation,
    augment,
    crop_padding,
    data_warning,
    load_data,
    normalise,
    resize,
    scoring_batches,
    scoring_order,
)
from engine.errors import BadInput
from engine.memory import Kept

BUNDLED = sources.BUNDLED


def bundled_table(part: str) -> pyarrow.Table:
    return pyarrow.parquet.read_table(BUNDLED / f"cifar10-{part}.parquet")


def encoded_png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def random_pngs(count: int, side: int = 32, seed: int = 0) -> list[bytes]:
    random = np.random.RandomState(seed)
    return [encoded_png(random.randint(0, 256, (side, side, 3), np.uint8)) for _ in range(count)]


def write_parquet(file: Path, images: list[bytes], labels: list[int], **columns: str) -> Path:
    names = {"image": "image", "label": "label"} | columns
    pyarrow.parquet.write_table(pyarrow.table({names["image"]: images, names["label"]: labels}), file)
    return file


def write_folder(root: Path, counts: dict[str, int], part: str = "train", side: int = 32) -> Path:
    for number, (name, count) in enumerate(counts.items()):
        (root / part / name).mkdir(parents=True)
        for i, png in enumerate(random_pngs(count, side, seed=number)):
            (root / part / name / f"{i:03}.png").write_bytes(png)
    return root


def refused(spec: object, says: str, **arguments: object) -> None:
    with pytest.raises(BadInput, match=re.escape(says)) as caught:
        load_data(str(spec), **arguments)
    assert "\n" not in str(caught.value)


# The bundled sample


@pytest.mark.parametrize(
    ("part", "images", "rows"),
    [("train", 4_000, range(25_000)), ("search", 10_000, range(25_000, 50_000)), ("test", 1_000, range(10_000))],
)
def test_each_bundled_part_is_balanced_and_from_its_own_part_of_the_reference_split(part, images, rows):
    table = bundled_table(part)
    index, labels = table["index"].to_numpy(), table["label"].to_numpy()
    assert len(index) >= images
    assert (np.diff(index) > 0).all()
    assert index[0] in rows and index[-1] in rows
    assert (np.bincount(labels) == len(labels) // 10).all() and len(np.unique(labels)) == 10


@pytest.mark.parametrize(
    ("part", "first", "published"),
    [
        ("train", 0, [6, 9, 9, 4, 1, 1, 2, 7, 8, 3, 4, 7, 7, 2, 9, 9]),
        ("search", 30_000, [0, 6, 0, 2, 7, 2, 1, 2, 4, 1]),
        ("test", 0, [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]),
    ],
)
def test_bundled_rows_carry_the_published_labels_of_their_index(part, first, published):
    table = bundled_table(part)
    label_of = dict(zip(table["index"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert [label_of[first + i] for i in range(len(published))] == published


def test_no_bundled_image_is_in_two_parts():
    images = [set(bundled_table(part)["image"].to_pylist()) for part in ("train", "search", "test")]
    assert not images[0] & images[1] and not images[0] & images[2] and not images[1] & images[2]


def test_the_bundled_sample_stays_below_eight_megabytes():
    assert sum(file.stat().st_size for file in BUNDLED.glob("cifar10-*.parquet")) < 8_000_000


def test_bundled_pixels_are_the_decoded_images_in_row_order():
    data = load_data(test=True)
    for part, images in (("train", data.train), ("search", data.search), ("test", data.test)):
        table = bundled_table(part)
        assert images.labels.tolist() == table["label"].to_pylist()
        for row in (0, 500, len(images) - 1):
            expected = np.asarray(Image.open(io.BytesIO(table["image"][row].as_py())))
            assert np.array_equal(images.pixels[row].permute(1, 2, 0).numpy(), expected)


def test_bundled_is_cifar10_with_the_published_normalisation():
    data = load_data("bundled")
    assert (data.name, data.spec, data.split, data.test) == ("cifar10", "bundled", "cifar10-halves", None)
    assert data.classes[3] == "cat" and len(data.classes) == 10
    measured = Normalisation.of(data.train.pixels)
    # The published constants are those of the full set; 5,000 recompressed images come close.
    assert np.allclose(measured.mean, data.normalisation.mean, atol=0.01)
    assert np.allclose(measured.std, data.normalisation.std, atol=0.01)


def test_a_published_set_is_known_by_its_classes_its_image_size_and_its_normalisation():
    known = sources.KNOWN["imagenet16-120"]
    assert (known.classes, known.image_size) == (120, 16)
    assert [round(255 * value, 2) for value in (*known.normalisation.mean, *known.normalisation.std)] == [
        122.68, 116.66, 104.01, 63.22, 61.26, 65.09,
    ]  # fmt: skip
    assert {name: each.classes for name, each in sources.KNOWN.items()} == {
        "cifar10": 10, "cifar100": 100, "svhn": 10, "imagenet16-120": 120,
    }  # fmt: skip
    assert sources.NORMALISATION["imagenet16-120"] == known.normalisation


# Parquet


@pytest.mark.parametrize("columns", [{}, {"image": "img"}, {"label": "fine_label"}])
def test_a_parquet_folder_is_halved_in_its_own_order(tmp_path, columns):
    labels = [0, 1, 2, 0, 1, 2, 2]
    images = random_pngs(7)
    write_parquet(tmp_path / "my-train-0.parquet", images[:4], labels[:4], **columns)
    write_parquet(tmp_path / "my-train-1.parquet", images[4:], labels[4:], **columns)
    write_parquet(tmp_path / "my-test.parquet", random_pngs(2, seed=1), [2, 1], **columns)
    data = load_data(str(tmp_path), test=True)
    assert data.train.labels.tolist() == labels[:3] and data.search.labels.tolist() == labels[3:]
    assert data.test is not None and data.test.labels.tolist() == [2, 1]
    assert data.name == tmp_path.name and data.classes == ("0", "1", "2")
    assert data.normalisation == Normalisation.of(data.train.pixels)
    assert data.search.pixels[0].permute(1, 2, 0).numpy().tobytes() == Image.open(io.BytesIO(images[3])).tobytes()


def test_two_parquet_files_are_joined_by_a_comma(tmp_path):
    train = write_parquet(tmp_path / "a.parquet", random_pngs(4), [0, 1, 0, 1])
    test = write_parquet(tmp_path / "b.parquet", random_pngs(2), [1, 0])
    data = load_data(f"{train},{test}", test=True)
    assert data.name == "a" and data.test is not None and data.test.labels.tolist() == [1, 0]
    assert load_data(f"{train},{test}").test is None


def test_hugging_face_parquet_gives_its_class_names(tmp_path):
    table = pyarrow.table(
        {"img": [{"bytes": png, "path": "x.png"} for png in random_pngs(4)], "label": [0, 1, 0, 1]},
    ).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": {"label": {"names": ["ant", "bee"]}}}})},
    )
    pyarrow.parquet.write_table(table, tmp_path / "train.parquet")
    assert load_data(str(tmp_path)).classes == ("ant", "bee")


def test_parquet_splits_have_the_same_id_only_for_the_same_labels(tmp_path):
    ids = []
    for name, labels in (("a", [0, 1, 0, 1]), ("b", [0, 1, 0, 1]), ("c", [0, 1, 1, 0])):
        ids.append(load_data(str(write_parquet(tmp_path / f"{name}.parquet", random_pngs(4), labels))).split)
    assert ids[0] == ids[1] != ids[2]


def test_cifar10_is_recognised_and_put_back_in_its_original_order(monkeypatch):
    runs = [np.random.RandomState(seed).randint(0, 10, 10_000) for seed in range(5)]
    digests = [sources.hashlib.sha256(run.astype(np.uint8).tobytes()).hexdigest() for run in runs]
    monkeypatch.setattr(sources, "CIFAR10_BATCHES", tuple(digests))
    original = np.concatenate(runs)
    archive_order = np.concatenate([runs[i] for i in (3, 2, 1, 4, 0)])
    for labels in (original, archive_order):
        order = sources.cifar10_order(labels)
        assert order is not None and np.array_equal(labels[order], original)
    changed = original.copy()
    changed[[49_998, 49_999]] = (original[49_998] + 1) % 10, (original[49_999] + 1) % 10
    assert sources.cifar10_order(changed) is None
    assert sources.cifar10_order(original[:-1]) is None
    assert sources.cifar10_order(np.concatenate([runs[0]] * 5)) is None


# Image folders


def test_a_folder_is_split_within_each_class_by_its_paths_alone(tmp_path):
    write_folder(tmp_path / "a", {"cat": 5, "dog": 8})
    write_folder(tmp_path / "a", {"dog": 2}, part="test")
    data = load_data(str(tmp_path / "a"), test=True)
    assert data.classes == ("cat", "dog") and data.name == "a"
    assert torch.bincount(data.train.labels).tolist() == [2, 4]
    assert torch.bincount(data.search.labels).tolist() == [3, 4]
    assert data.test is not None and data.test.labels.tolist() == [1, 1]
    everything = torch.cat([data.train.pixels, data.search.pixels])
    assert len(everything.flatten(1).unique(dim=0)) == 13
    write_folder(tmp_path / "b", {"cat": 5, "dog": 8})
    again = load_data(str(tmp_path / "b"))
    assert again.split == data.split and torch.equal(again.train.pixels, data.train.pixels)
    write_folder(tmp_path / "c", {"cat": 6, "dog": 8})
    assert load_data(str(tmp_path / "c")).split != data.split


def test_folder_images_of_another_size_or_mode_become_32_pixels_rgb(tmp_path):
    write_folder(tmp_path, {"cat": 2, "dog": 2}, side=50)
    grey = Image.new("L", (7, 90), 200)
    grey.paste(100, (0, 45, 7, 90))
    grey.save(tmp_path / "train" / "dog" / "000.png")
    data = load_data(str(tmp_path))
    everything = torch.cat([data.train.pixels, data.search.pixels])
    assert everything.shape == (4, 3, 32, 32)
    assert (everything == everything[:, :1]).flatten(1).all(1).sum() == 1


def test_a_channel_that_is_the_same_everywhere_has_a_usable_normalisation(tmp_path):
    write_folder(tmp_path, {"cat": 2, "dog": 2})
    for file in (tmp_path / "train").rglob("*.png"):
        image = Image.new("RGB", (32, 32), (255, 0, 0))
        image.paste((255, 9, 0), (0, 0, 16, 32))
        image.save(file)
    images = torch.cat([images for images, _ in scoring_batches(str(tmp_path))])
    assert (images[:, [0, 2]] == 0).all() and images.isfinite().all()


# torchvision


def test_absent_torchvision_data_say_how_to_get_them(tmp_path):
    for name in ("cifar10", "cifar100", "svhn"):
        refused(name, "--download", data_dir=tmp_path)
        refused(name, "--data-dir", data_dir=tmp_path)


def test_svhn_uses_its_train_split_in_floored_halves(tmp_path, monkeypatch):
    asked = []

    def svhn(root, split, download):
        asked.append(split)
        return SimpleNamespace(data=np.zeros((7, 3, 32, 32), np.uint8), labels=np.arange(7))

    monkeypatch.setattr("torchvision.datasets.SVHN", svhn)
    DECODED.clear()
    data = load_data("svhn", data_dir=tmp_path)
    DECODED.clear()
    assert asked == ["train"]
    assert data.train.labels.tolist() == [0, 1, 2] and data.search.labels.tolist() == [3, 4, 5, 6]
    assert data.split == "svhn-halves" and len(data.classes) == 10
    assert data.normalisation.mean == (0.4377, 0.4438, 0.4728)


def test_cifar_pixels_become_channels_first(tmp_path, monkeypatch):
    pixels = np.random.RandomState(0).randint(0, 256, (4, 32, 32, 3), np.uint8)

    def cifar100(root, train, download):
        return SimpleNamespace(data=pixels, targets=[5, 6, 7, 8], classes=[f"c{i}" for i in range(100)])

    monkeypatch.setattr("torchvision.datasets.CIFAR100", cifar100)
    DECODED.clear()
    data = load_data("cifar100", data_dir=tmp_path)
    DECODED.clear()
    assert np.array_equal(data.search.pixels[0].permute(1, 2, 0).numpy(), pixels[2])
    assert data.split == "cifar100-halves" and len(data.classes) == 100


# Bad input


def test_unusable_paths_are_refused(tmp_path):
    refused("cifar11", "use bundled, cifar10, cifar100, svhn")
    refused(tmp_path / "absent", "no data")
    refused(tmp_path, "train/<class>/")
    refused(f"{tmp_path}/a.parquet,{tmp_path}/b.parquet", "a.parquet does not exist")
    write_folder(tmp_path, {"cat": 2, "dog": 2}, part="test")
    refused(tmp_path, "train/<class>/")
    (tmp_path / "train").mkdir()
    refused(tmp_path, "has no class folders")


def test_unusable_folders_are_refused(tmp_path):
    refused(write_folder(tmp_path / "one", {"cat": 4}), "one class")
    refused(write_folder(tmp_path / "single", {"cat": 4, "dog": 1}), "class dog")
    (write_folder(tmp_path / "hole", {"cat": 4}) / "train" / "dog").mkdir()
    refused(tmp_path / "hole", "holds no images")
    broken = write_folder(tmp_path / "broken", {"cat": 4, "dog": 4}) / "train" / "dog" / "002.png"
    broken.write_bytes(broken.read_bytes()[:300])
    refused(tmp_path / "broken", f"{broken} is not a readable image")
    write_folder(tmp_path / "strange", {"cat": 2, "dog": 2})
    write_folder(tmp_path / "strange", {"fox": 2}, part="test")
    load_data(str(tmp_path / "strange"))
    refused(tmp_path / "strange", "fox", test=True)


def test_unusable_parquet_files_are_refused(tmp_path):
    images, labels = random_pngs(4), [0, 1, 0, 1]
    file = tmp_path / "x.parquet"
    refused(write_parquet(file, images, labels, image="picture"), "columns image and label; it has picture, label")
    refused(write_parquet(file, images, [0, 1, -1, 1]), "row 2 has label -1")
    refused(write_parquet(file, images, [0, 1, 0, 10**12]), "row 3 has label 1000000000000")
    refused(write_parquet(file, images, [1, 2, 1, 2]), "labels must be 0 to 1")
    refused(write_parquet(file, images, [0, 0, 0, 0]), "one class")
    refused(write_parquet(file, images, [0, 1, None, 1]), "whole number")
    refused(write_parquet(file, images, [0.0, 1.0, 0.0, 1.0]), "whole number")
    refused(write_parquet(file, ["a", "b", "c", "d"], labels), "encoded image bytes")
    refused(write_parquet(file, [*images[:3], b"nonsense"], labels), "row 3 is not a readable image")
    refused(write_parquet(file, [*images[:3], None], labels), "row 3 is not a readable image")
    refused(write_parquet(file, images[:0], labels[:0]), "x.parquet")
    file.write_bytes(b"PAR1 nonsense")
    refused(file, "not a readable parquet file")
    train = write_parquet(tmp_path / "train.parquet", images, labels)
    test = write_parquet(tmp_path / "test.parquet", images, [0, 1, 2, 1])
    refused(f"{train},{test}", "row 2 has label 2", test=True)


# Memory


def test_decoded_data_are_kept_until_a_file_changes(tmp_path):
    file = write_parquet(tmp_path / "x.parquet", random_pngs(4), [0, 1, 0, 1])
    first = load_data(str(file))
    assert load_data(str(file)) is first
    write_parquet(file, random_pngs(4, seed=5), [0, 1, 0, 1])
    os.utime(file, ns=(1, 1))
    assert not torch.equal(load_data(str(file)).train.pixels, first.train.pixels)


def test_decoded_data_sets_are_kept_as_far_as_they_fit(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.data.load.DECODED", Kept(2 * 4 * (3 * 32 * 32 + 8), load._bytes))
    files = [write_parquet(tmp_path / f"{i}.parquet", random_pngs(4), [0, 1, 0, 1]) for i in range(3)]
    first, *_ = [load_data(str(file)) for file in files]
    assert load_data(str(files[0])) is not first


# Scoring batches


@given(available=st.integers(1, 3000), fewer=st.integers(1, 3000), more=st.integers(1, 3000))
def test_scoring_images_are_a_prefix_of_one_permutation(available, fewer, more):
    everything = np.random.RandomState(0).permutation(available)
    assert np.array_equal(scoring_order(available, None), everything)
    for images in (fewer, more):
        assert np.array_equal(scoring_order(available, images), everything[:images])


def test_scoring_batches_are_the_search_images_unaugmented_in_fixed_batches():
    data = load_data("bundled")
    order = torch.from_numpy(np.random.RandomState(0).permutation(len(data.search)))
    batches = scoring_batches("bundled", images=150, batch_size=64)
    assert [len(labels) for _, labels in batches] == [64, 64, 22]
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert torch.equal(labels, data.search.labels[order[:150]]) and labels.dtype == torch.int64
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (data.normalisation.mean, data.normalisation.std))
    assert torch.allclose(images, (data.search.pixels[order[:150]] / 255 - mean) / std, atol=1e-6)
    assert all(images.is_contiguous(memory_format=torch.channels_last) for images, _ in batches)
    assert images.dtype == torch.float32


def test_scoring_defaults_to_1024_images_and_stops_at_all_of_them():
    assert sum(len(labels) for _, labels in scoring_batches()) == 1024
    available = len(load_data().search)
    for images in (None, available + 1):
        assert sum(len(labels) for _, labels in scoring_batches(images=images, batch_size=5000)) == available


@pytest.mark.parametrize(
    "wrap", [lambda meta: meta, lambda meta: SimpleNamespace(meta=meta), lambda m: SimpleNamespace(**m)]
)
def test_the_checkpoint_gives_image_size_and_normalisation(wrap):
    meta = {"image_size": 16, "normalisation": {"mean": [0, 0, 0], "std": [1, 1, 0.5]}, "classes": 10}
    (images, _), *_ = scoring_batches(images=64, checkpoint=wrap(meta))
    plain, _ = scoring_batches(images=64, checkpoint={"normalisation": {"mean": [0, 0, 0], "std": [1, 1, 1]}})[0]
    assert images.shape == (64, 3, 16, 16)
    blocks = plain.reshape(64, 3, 16, 2, 16, 2).mean((3, 5))
    assert torch.allclose(images, blocks * torch.tensor([1, 1, 2]).view(3, 1, 1), atol=1e-6)


def test_a_checkpoint_of_other_classes_is_refused_with_both_counts():
    for classes in (100, [str(i) for i in range(100)]):
        with pytest.raises(BadInput, match=r"100 classes.* 10"):
            scoring_batches(checkpoint={"classes": classes, "data": "cifar100"})
    scoring_batches(images=1, checkpoint={"classes": load_data().classes})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"images": 0}, "ask for at least 1 image"),
        ({"images": -5}, "ask for at least 1 image"),
        ({"batch_size": 0}, "use at least 1"),
        ({"checkpoint": {"image_size": 24}}, "24"),
        ({"checkpoint": {"normalisation": {"mean": [0, 0, 0], "std": [1, 0, 1]}}}, "above 0"),
        ({"checkpoint": {"normalisation": {"mean": "x"}}}, "normalisation must be"),
    ],
)
def test_impossible_scoring_requests_are_refused(arguments, says):
    with pytest.raises(BadInput, match=says):
        scoring_batches(**arguments)


def test_the_seed_moves_augmentation_and_order_but_never_which_images():
    plain = scoring_batches(images=128)
    same, again, other = (scoring_batches(images=128, augment=True, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(same[0][0], again[0][0]) and not torch.equal(same[0][0], other[0][0])
    assert not torch.equal(same[0][0], plain[0][0]) and torch.equal(same[0][1], plain[0][1])
    assert torch.equal(scoring_batches(images=128, seed=7)[1][0], plain[1][0])
    shuffled = scoring_batches(images=128, shuffle=True, seed=3)
    sums = [torch.cat([x for x, _ in batches]).double().sum((1, 2, 3)) for batches in (plain, shuffled)]
    assert not torch.allclose(sums[0], sums[1]) and torch.allclose(sums[0].sort()[0], sums[1].sort()[0])


def test_another_split_is_warned_about():
    data = load_data()
    assert data_warning(data, {"split": "cifar10-halves"}) is None
    assert data_warning(data, None) is None
    warning = data_warning(data, SimpleNamespace(meta={"split": "stratified-abc"}))
    assert warning is not None and "training images may be included" in warning and "stratified-abc" in warning


# Resizing and augmentation


def test_resizing_averages_two_by_two_without_rounding():
    pixels = load_data().train.pixels[:20]
    assert resize(pixels, 32) is pixels
    small = resize(pixels, 16)
    assert small.dtype == torch.float32
    assert torch.equal(small[7, 1, 3, 15], pixels[7, 1, 6:8, 30:32].float().mean())
    assert (small * 4 == (small * 4).round()).all() and (small != small.round()).any()
    with pytest.raises(BadInput, match="32, 16"):
        resize(pixels, 8)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32), size=st.sampled_from([32, 16]))
def test_augmented_images_are_crops_of_the_zero_padded_image_possibly_flipped(seed, size):
    pixels = resize(load_data().train.pixels[:6], size)
    padding = crop_padding(size)
    result = augment(pixels, padding, torch.Generator().manual_seed(seed))
    assert result.shape == pixels.shape and result.dtype == pixels.dtype
    padded = torch.nn.functional.pad(pixels, (padding,) * 4)
    shifts = range(2 * padding + 1)
    crops = torch.stack([padded[:, :, y : y + size, x : x + size] for y in shifts for x in shifts])
    crops = torch.cat([crops, crops.flip(-1)])
    assert (crops == result).flatten(2).all(2).any(0).all()


def test_crop_padding_follows_the_size():
    assert crop_padding(32) == 4 and crop_padding(16) == 2


def test_every_shift_and_flip_is_equally_likely():
    count = 16_200
    # Pixel (4, 4) of a crop tells its shift, the next one to the right whether it is flipped.
    position = torch.arange(32 * 32).reshape(1, 1, 32, 32).expand(count, 3, 32, 32)
    seen = augment(position, 4, torch.Generator().manual_seed(0))[:, 0, 4, 4:6]
    cases = torch.unique(seen, dim=0, return_counts=True)[1]
    assert len(cases) == 162
    chi_squared = ((cases - 100) ** 2 / 100).sum()
    assert 110 < chi_squared < 220  # 161 degrees of freedom, p within 0.001 .. 0.999


def test_augmentation_differs_between_images_and_is_channels_last():
    pixels = load_data().train.pixels[:1].expand(64, 3, 32, 32)
    result = augment(pixels, 4, torch.Generator().manual_seed(0))
    assert len(result.flatten(1).unique(dim=0)) > 40
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_normalised_training_half_has_zero_mean_and_unit_deviation():
    data = load_data()
    own = Normalisation.of(data.train.pixels)
    prepared = normalise(data.train.pixels, own).double()
    assert torch.allclose(prepared.mean((0, 2, 3)), torch.zeros(3).double(), atol=1e-4)
    assert torch.allclose(prepared.std((0, 2, 3)), torch.ones(3).double(), atol=1e-4)
    assert Normalisation.from_json(json.loads(json.dumps(own.to_json()))) == own

"""Which images are on offer, and measuring on others than the bundled ones."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.library import catalog, image_sets
from app.library.image_sets import SAMPLE, chosen, fitting, name_of
from app.work import tuned
from app.work.workshop import Workshop, replaced
from engine.checkpoint.format import Summary, read_summary
from engine.data.sources import BUNDLED
from tests.app.conftest import finish, text
from tests.app.small_runs import OF_201, OF_S2
from tests.engine.small_runs import write_photos

Visit = Callable[..., AppTest]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`data` as torchvision leaves it, as far as its names go."""
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-100-python").mkdir()
    (tmp_path / "train_32x32.mat").touch()
    (tmp_path / "ImageNet16").mkdir()
    (tmp_path / "ImageNet16" / "train_data_batch_1").touch()
    return tmp_path


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Other images than the sample's search half, in a folder that SUPERNET_DATA names."""
    photos = tmp_path / "photos"
    photos.mkdir()
    os.link(BUNDLED / "cifar10-test.parquet", photos / "train.parquet")
    monkeypatch.setenv(image_sets.OWN, str(photos))
    return photos


def of_classes(summary: Summary, classes: int, dataset: str | None) -> Summary:
    return dataclasses.replace(summary, meta={**summary.meta, "classes": classes, "dataset": dataset})


@pytest.fixture
def summary(small_runs: Path) -> Summary:
    return read_summary(small_runs / OF_201)


# What there is


def test_a_fresh_machine_has_the_bundled_images_only() -> None:
    assert image_sets.image_sets() == {"bundled": SAMPLE}


def test_published_sets_and_named_folders_are_on_offer(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_sets, "FOLDER", folder)
    mine = [tmp_path / "a" / "photos", tmp_path / "b" / "photos"]
    monkeypatch.setenv(image_sets.OWN, os.pathsep.join(map(str, mine)))
    found = image_sets.image_sets()
    assert list(found) == ["bundled", "cifar10", "cifar100", "svhn", "imagenet16-120", "photos", "my-photos"]
    assert [found[name].spec for name in ("photos", "my-photos")] == list(map(str, mine))
    assert len(image_sets.missing()) == 2 and str(mine[0]) in image_sets.missing()[0]
    write_photos(mine[0])
    monkeypatch.setattr(image_sets, "FRESH", 0)
    assert len(image_sets.missing()) == 1
    assert found["photos"].problem is not None and image_sets.image_sets()["photos"].problem is None


@pytest.mark.parametrize(
    ("classes", "made", "says"),
    [
        (2, ("train/cat/0.png", "train/dog/0.png"), None),
        (3, ("cat/0.png", "dog/0.png", "fox/0.png"), None),
        (None, ("data/train-00000-of-00001.parquet",), None),
        (None, ("cifar-10-batches-py/data_batch_1",), None),
        (None, ("0.png", "1.png", "labels.csv"), "seen 2 .png files, labels.csv"),
    ],
)
def test_a_named_folder_is_offered_as_it_is_laid_out_or_said_why_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    summary: Summary,
    classes: int | None,
    made: tuple[str, ...],
    says: str | None,
) -> None:
    for name in made:
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).touch()
    monkeypatch.setenv(image_sets.OWN, str(tmp_path / "mine"))
    found = image_sets.image_sets()["mine"]
    assert found.classes == classes and (says is None) == (found.problem is None)
    assert (says is None) or (says in image_sets.missing()[0] and says in str(found.problem))
    assert ("mine" in fitting(of_classes(summary, classes or 10, None))) == (says is None)


@pytest.mark.parametrize(
    ("classes", "dataset", "names"),
    [
        (10, "cifar10", ["bundled", "cifar10", "svhn"]),
        (10, "svhn", ["svhn", "bundled", "cifar10"]),
        (10, None, ["bundled", "cifar10", "svhn"]),
        (100, "cifar100", ["cifar100"]),
        (120, "imagenet16-120", ["imagenet16-120"]),
        (7, None, []),
    ],
)
def test_a_supernet_is_offered_images_with_its_classes_and_its_own_first(
    summary: Summary, folder: Path, monkeypatch: pytest.MonkeyPatch, classes: int, dataset: str | None, names: list[str]
) -> None:
    monkeypatch.setattr(image_sets, "FOLDER", folder)
    supernet = of_classes(summary, classes, dataset)
    assert list(fitting(supernet)) == names
    assert chosen(supernet, None).spec == (names[0] if names else "bundled")
    assert chosen(supernet, "cifar10").spec == ("cifar10" if "cifar10" in names else chosen(supernet, None).spec)


def test_images_are_named_where_they_are_not_the_bundled_ones() -> None:
    assert (name_of(["bundled"]), name_of(["cifar100"] * 2)) == ("", " of cifar100")
    assert name_of(["bundled", "/somewhere/photos"]) == " of photos"


# On the pages


def test_without_other_images_there_is_no_choice_and_a_link_to_some_is_explained(visit: Visit) -> None:
    app = visit("explore", run=OF_201, data="cifar100")
    assert "data" not in {box.key for box in app.selectbox}
    assert any("'cifar100'" in toast.value for toast in app.toast)


def test_edges_are_measured_on_the_chosen_images_and_say_so(visit: Visit, photos: Path) -> None:
    app = visit("explore", run=OF_201, edge="c0-1", budget="512")
    assert app.selectbox(key="data").options == ["bundled", "photos"]
    app.button(key="measure-edge").click().run()
    assert "512 images · batch statistics · live" in text(finish(app))
    app.selectbox(key="data").select("photos").run()
    assert "512 images · batch" not in text(app)
    app.button(key="measure-edge").click().run()
    # The test part has 1,000 images, of which one half is the search half.
    assert "500 images of photos · batch statistics · live" in text(finish(app))
    app.selectbox(key="data").select("bundled").run()
    assert "512 images · batch statistics · live" in text(app)


def test_images_stay_chosen_on_the_next_page(visit: Visit, photos: Path) -> None:
    app = visit("explore", run=OF_201, data="photos")
    app.selectbox(key="run").select(OF_S2).run()
    assert app.selectbox(key="data").value == "photos"


def test_a_supernet_whose_images_are_not_here_says_what_to_do(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    real = catalog.read_summary
    monkeypatch.setattr(catalog, "read_summary", lambda path: of_classes(real(path), 100, "cifar100"))
    with replaced(Workshop()):
        app = visit("explore", run=OF_201)
    (said,) = (warning.value for warning in app.warning if "Nothing can be measured" in warning.value)
    assert "cifar100" in said and image_sets.OWN in said


def test_what_was_lost_when_images_were_read_is_said_once_they_were(visit: Visit, photos: Path) -> None:
    (photos / "train.parquet").unlink()
    random = np.random.RandomState(0)
    for name in "abcdefghij":
        (photos / name).mkdir()
        for number in range(4):
            Image.fromarray(random.randint(0, 256, (50, 60, 3), np.uint8)).save(photos / name / f"{number}.png")
    app = visit("explore", run=OF_201, edge="c0-1", data="photos")
    assert not any("resized" in caption.value for caption in app.caption)
    app.button(key="measure-edge").click().run()
    app = finish(app)
    (said,) = (caption.value for caption in app.caption if "resized" in caption.value)
    assert said.replace("\\", "") == "Images: resized 40 images from 60×50 to 32×32, 40 not square: centre-cropped"


def test_a_supernet_of_another_data_set_is_measured_only_when_that_is_said(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = catalog.read_summary
    monkeypatch.setattr(catalog, "read_summary", lambda path: of_classes(real(path), 10, "svhn"))
    with replaced(Workshop()):
        app = visit("explore", run=OF_201, edge="c0-1", budget="512")
        (said,) = (warning.value for warning in app.warning if "svhn" in warning.value)
        assert "cifar10, another data set" in said and image_sets.OWN in said
        app.button(key="measure-edge").click().run()
        assert any("svhn" in toast.value and "cifar10" in toast.value for toast in app.toast)
        assert "512 images" not in text(finish(app))
        app.toggle(key=f"other-data-of-{OF_201}").set_value(True).run()
        assert any("svhn" in warning.value for warning in app.warning)
        app.button(key="measure-edge").click().run()
        assert "512 images · batch statistics · live" in text(finish(app))


def test_own_images_are_measured_on_at_once_and_both_data_sets_are_named(visit: Visit, photos: Path) -> None:
    app = visit("explore", run=OF_201, data="photos")
    (said,) = (warning.value for warning in app.warning if "photos" in warning.value)
    assert "cifar10" in said and "not known to be" in said
    assert not any(toggle.key.startswith("other-data") for toggle in app.toggle)


def test_a_folder_that_is_not_there_is_named(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(image_sets.OWN, str(tmp_path / "nowhere"))
    app = visit("explore", run=OF_201)
    assert any("nowhere" in warning.value for warning in app.warning)


# Tuning


def test_tuning_on_other_images_is_another_tuning(
    summary: Summary, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.selection.selection import Selection

    monkeypatch.setenv(catalog.RUNS, str(tmp_path / "runs"))
    monkeypatch.setattr(tuned, "PRESETS", tuned.PRESETS | {"q": tuned.PRESETS["q"]._replace(amount=2)})
    decisions = Selection(summary.space, summary.alphas).discretize("cell", 0, "nor_conv_3x3").decisions
    tuned.tune(summary, decisions, "q", lambda done, total: None, str(photos))
    assert tuned.stage(summary, decisions, "q").missing
    assert not tuned.stage(summary, decisions, "q", str(photos)).missing


def test_a_published_tuning_takes_as_long_as_the_images_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = read_summary(catalog.BUNDLED / catalog.FIRST)
    monkeypatch.setattr(tuned, "_rates", {bundled.digest: 0.1})
    full = image_sets.PUBLISHED["cifar-10-batches-py"]
    assert tuned.seconds(bundled, "q", full) == pytest.approx(tuned.seconds(bundled, "q", SAMPLE))
    assert tuned.seconds(bundled, "p", full) == pytest.approx(0.1 * 5 * 391)
    assert tuned.seconds(bundled, "p", image_sets.ImageSet("photos")) is None

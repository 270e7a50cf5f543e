"""The store of measurements: what it answers, and what damage, full disks and other servers do to it."""

import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.work.questions import Accuracy, MeasuredPath, Measurement, Request
from app.work.store import Begun, Store
from engine.results import Baseline
from engine.scoring.settings import Settings
from engine.selection.decisions import InputsDecision, OperationDecision

DECISIONS = (OperationDecision("normal", 1, "skip_connect"), InputsDecision("normal", 3, (2, 4)))
ASKED = Request("somewhere", "digest", DECISIONS, "accuracy", "", 0, Settings(), "bundled")


def found(images: int = 1024, accuracy: float = 60.0, partial: bool = False) -> Measurement:
    result = Accuracy(Baseline(accuracy, 1.5, (accuracy - 1, accuracy + 1)), images, "batch", "cpu", 0.5)
    return Measurement(result, "live", "2026-11-27", partial, None, "bundled", 15_000)


def begun(images: int) -> Begun:
    return Begun(images, 1.5, {"right": [1, 2]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(lambda: folder)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.json"))


def test_what_is_kept_is_found_by_every_server_on_the_folder(store: Store, folder: Path) -> None:
    other = Store(lambda: folder)
    assert other.best(ASKED) is None and other.begun(ASKED) is None and other.paths(ASKED) == ()
    store.keep(ASKED, found(), begun(1024))
    assert store.best(ASKED) == other.best(ASKED) == found()
    assert other.begun(ASKED) == begun(1024)
    other.keep(ASKED, found(4096))
    assert store.best(ASKED).images == 4096


def test_the_most_images_stay_and_partial_results_are_no_answers(store: Store) -> None:
    for images in (1024, 4096, 512):
        store.keep(ASKED, found(images), begun(images))
    store.keep(ASKED, found(8000, partial=True), begun(8000))
    assert store.best(ASKED).images == 4096
    assert store.begun(ASKED).images == 8000


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, digest="another"),
        replace(ASKED, content="others"),
        replace(ASKED, decisions=DECISIONS[:1]),
        ASKED.under(bn="running"),
        ASKED.under(batch_size=32),
        ASKED.under(augment=True),
        replace(ASKED, kind="node", cell="normal", index=3),
    ],
)
def test_whatever_changes_an_answer_asks_for_another(store: Store, other: Request) -> None:
    store.keep(ASKED, found())
    assert store.best(other) is None


@pytest.mark.parametrize(
    "same", [ASKED.under(images=None), ASKED.under(until_sure=0.9), ASKED.under(rescale=True), ASKED.under(seed=4)]
)
def test_whatever_does_not_finds_the_same(store: Store, same: Request) -> None:
    store.keep(ASKED, found())
    assert store.best(replace(same, path="elsewhere")) == found()


def test_paths_are_kept_one_for_each_order(store: Store, folder: Path) -> None:
    first = MeasuredPath(3, "|none~0|", (60.0, 40.0), "live", 1024, DECISIONS)
    better = first._replace(images=4096, genotype="|skip_connect~0|")
    by_index = first._replace(seed=None)
    for path in (first, by_index, better, first):
        store.keep_path(ASKED, path)
    assert set(Store(lambda: folder).paths(ASKED.under(images=512))) == {by_index, better}
    assert store.best(ASKED) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"asked": {}}', b"\xff", b'{"asked": {}, "best": 3}'])
def test_a_damaged_file_is_left_out_with_one_line_and_replaced(
    store: Store, folder: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.keep(ASKED, found())
    (file,) = files(folder)
    file.write_bytes(damage)
    other = Store(lambda: folder)
    with caplog.at_level(logging.WARNING):
        assert [other.best(ASKED) for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1 and str(file) in caplog.text
    other.keep(ASKED, found(512))
    assert Store(lambda: folder).best(ASKED) == found(512)


def test_a_file_under_another_ones_name_answers_nothing(store: Store, folder: Path) -> None:
    store.keep(ASKED, found())
    (file,) = files(folder)
    document = json.loads(file.read_text())
    document["asked"]["digest"] = "another"
    file.write_text(json.dumps(document))
    assert Store(lambda: folder).best(ASKED) is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = Store(lambda: tmp_path / "file")
    assert store.problem is None
    store.keep(ASKED, found(), begun(1024))
    assert store.best(ASKED) == found() and store.begun(ASKED) == begun(1024)
    assert "only until the app ends" in store.problem
    assert Store(lambda: tmp_path / "file").best(ASKED) is None


def test_only_so_many_files_are_kept_the_newest(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.work.store.MOST_FILES", 3)
    monkeypatch.setattr("app.work.store.LOOK_AFTER", 2)
    for number in range(7):
        store.keep(replace(ASKED, digest=str(number)), found())
        time.sleep(0.01)
    assert len(files(folder)) == 3
    assert [Store(lambda: folder).best(replace(ASKED, digest=str(number))) is not None for number in (0, 6)] == [
        False,
        True,
    ]


def test_ten_thousand_others_slow_no_answer(store: Store, folder: Path) -> None:
    store.keep(ASKED, found())
    (file,) = files(folder)
    for number in range(10_000):
        shelf = folder / f"{number % 256:02x}"
        shelf.mkdir(exist_ok=True)
        (shelf / f"{number}.json").hardlink_to(file)

    def seconds() -> float:
        began = time.perf_counter()
        for index in range(64):  # what a page of 28 edges asks
            Store(lambda: folder).best(ASKED if index % 2 else replace(ASKED, index=index, kind="edge"))
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < 0.3

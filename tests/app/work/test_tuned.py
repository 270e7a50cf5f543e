"""Fine-tuning between steps: on the disk by content, in the link, taken back by undo; branches and looking back."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import engine
from app.library import catalog
from app.library.image_sets import SAMPLE
from app.work import processes, tuned
from app.work.job import Job
from app.work.jobs import JobManager
from app.work.tuned import PRESETS, stage, tune
from app.work.workshop import workshop
from engine.checkpoint.format import Summary, read_summary
from engine.errors import BadInput
from engine.runs.folder import read_events
from engine.selection.selection import Selection
from tests.app.conftest import SECONDS, finish, heading, keys, text
from tests.app.screens.test_decide import press, selection, table, tape
from tests.app.small_runs import OF_201, OF_S2
from tests.engine.small_runs import write_photos

Visit = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs of one's own, and presets of a second."""
    monkeypatch.setenv(catalog.RUNS, str(tmp_path))
    short = {"q": PRESETS["q"]._replace(amount=2)}
    short["p"] = PRESETS["p"]._replace(unit="batches", amount=3)
    monkeypatch.setattr(tuned, "PRESETS", PRESETS | short)
    return tmp_path


@pytest.fixture
def summary(small_runs: Path) -> Summary:
    return read_summary(small_runs / OF_201)


def taken(summary: Summary, count: int) -> Selection:
    chosen = Selection(summary.space, summary.alphas)
    for edge in range(count):
        chosen = chosen.discretize("cell", edge, "nor_conv_3x3")
    return chosen


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return value


def nobody(done: int, total: int) -> None:
    pass


# Stages


def test_without_tuning_everything_is_measured_on_the_supernet_itself(summary: Summary) -> None:
    decisions = taken(summary, 2).decisions
    assert stage(summary, decisions, "") == stage(summary, decisions, "nn") == (summary, False)


def test_a_stage_is_made_once_and_found_by_whoever_decides_the_same(summary: Summary, runs: Path) -> None:
    decisions = taken(summary, 2).decisions
    assert stage(summary, decisions, "nq") == (summary, True)
    told: list[tuple[int, int]] = []
    tune(summary, decisions, "nq", lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    found = stage(summary, decisions, "nq")
    assert not found.missing and found.summary.digest != summary.digest
    assert found.summary.meta["tuned"] == {"from": summary.digest, "passes": 1}
    assert stage(summary, decisions[:1], "nq") == (summary, False)
    assert stage(summary, decisions, "qn").missing and stage(summary, decisions, "np").missing
    told.clear()
    tune(summary, decisions, "nq", lambda done, total: told.append((done, total)))
    assert not told and len(list((runs / "tuned").iterdir())) == 1


def test_a_later_stage_goes_on_from_the_earlier_one_and_makes_it_if_need_be(summary: Summary, runs: Path) -> None:
    decisions = taken(summary, 3).decisions
    tune(summary, decisions, "qnp", nobody)
    late, early = stage(summary, decisions, "qnp").summary, stage(summary, decisions[:1], "qnp").summary
    assert len(list((runs / "tuned").iterdir())) == 2
    assert (early.meta["tuned"]["passes"], late.meta["tuned"]["passes"]) == (1, 2)
    assert stage(summary, decisions[:2], "qnp").summary == early
    weights = {path: engine.load(path).supernet.classifier.weight for path in (summary.path, early.path, late.path)}
    assert len({float(weight.sum()) for weight in weights.values()}) == 3
    (late.path / "meta.json").unlink()
    assert stage(summary, decisions, "qnp") == (early, True)


def test_old_stages_make_room(summary: Summary, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "KEPT", 2)
    for edge in range(4):
        chosen = Selection(summary.space, summary.alphas).discretize("cell", edge, "none")
        tune(summary, chosen.decisions, "q", nobody)
    assert len(list((runs / "tuned").iterdir())) == 2
    assert not stage(summary, chosen.decisions, "q").missing


def test_a_stage_that_is_looked_at_again_and_again_outlives_newer_ones(
    summary: Summary, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuned, "KEPT", 2)
    first, second, third = (
        Selection(summary.space, summary.alphas).discretize("cell", edge, "none").decisions for edge in range(3)
    )
    for number, decisions in enumerate((first, second)):
        tune(summary, decisions, "q", nobody)
        stage(summary, decisions, "q")
        os.utime(stage(summary, decisions, "q").summary.path, (number, number))
    stage(summary, first, "q")  # not the first look at it, which a cache would answer
    tune(summary, third, "q", nobody)
    assert [stage(summary, decisions, "q").missing for decisions in (first, second, third)] == [False, True, False]


def test_the_stages_on_the_way_are_never_pruned(summary: Summary, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned, "KEPT", 1)
    decisions = taken(summary, 3).decisions
    tune(summary, decisions, "qqq", nobody)
    assert not any(stage(summary, decisions[:number], "qqq").missing for number in (1, 2, 3))


def test_a_stage_is_read_from_a_disk_that_cannot_be_written(
    summary: Summary, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions = taken(summary, 1).decisions
    tune(summary, decisions, "q", nobody)

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    assert not stage(summary, decisions, "q").missing


def test_a_cancelled_tuning_leaves_nothing_behind(summary: Summary, runs: Path) -> None:
    def refuse(done: int, total: int) -> None:
        raise BadInput("enough")

    decisions = taken(summary, 1).decisions
    with pytest.raises(BadInput, match="enough"):
        tune(summary, decisions, "q", refuse)
    assert stage(summary, decisions, "q").missing and not (runs / "tuned").exists()


def test_a_preset_takes_as_long_as_its_batches(small_runs: Path) -> None:
    bundled = read_summary(Path(__file__).parents[3] / "checkpoints" / "nas-bench-201")
    quick, published = tuned.seconds(bundled, "q", SAMPLE), tuned.seconds(bundled, "p", SAMPLE)
    assert quick and published and published / quick == pytest.approx(1.5)
    assert tuned.seconds(read_summary(small_runs / OF_S2), "n", SAMPLE) in (None, 0)


# In a process


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything takes long."""
    monkeypatch.setattr(tuned, "LONG", 0.0)
    monkeypatch.setattr(tuned, "MOST_QUICK", 0)
    yield
    for process in processes._started.values():
        process.kill()
        process.wait()
    processes._started.clear()


@pytest.mark.slow
def test_a_process_makes_the_same_stages_as_the_worker(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: None
) -> None:
    decisions = taken(summary, 2).decisions
    assert tuned.takes_long(summary, decisions, "qp", SAMPLE)
    job = Job("key", "Tuning", lambda job: None, "me")
    tuned.tune_outside(summary, decisions, "qp", job)
    found = stage(summary, decisions, "qp")
    assert not found.missing and (job.total, job.unit) == (200, "%")
    assert not (found.summary.path / "state").exists() and not processes.running(found.summary.path)
    assert not tuned.takes_long(summary, decisions, "qp", SAMPLE)
    monkeypatch.setenv(catalog.RUNS, str(tmp_path / "elsewhere"))
    tune(summary, decisions, "qp", nobody)
    assert stage(summary, decisions, "qp").summary.digest == found.summary.digest


@pytest.mark.slow
def test_a_process_that_is_left_stops_and_goes_on_when_it_is_asked_for_again(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: None
) -> None:
    monkeypatch.setitem(tuned.PRESETS, "p", PRESETS["p"]._replace(unit="epochs", amount=10_000))
    decisions = taken(summary, 1).decisions
    photos = str(write_photos(tmp_path / "photos", per_class=4))  # an epoch is a batch
    manager = JobManager()

    def follow(job: Job) -> None:
        tuned.tune_outside(summary, decisions, "p", job, photos)

    job = manager.submit("key", "Tuning", lambda job: None, "me", follow)
    (folder,) = until(lambda: [each for each in tuned.root().glob("*/") if read_events(each)])
    manager.cancel(job, "me")
    assert job.wait(SECONDS) and job.status == "cancelled"
    until(lambda: not processes.running(folder))
    kept = len(read_events(folder))
    again = manager.submit("key", "Tuning", lambda job: None, "me", follow)
    until(lambda: len(read_events(folder)) > kept)
    manager.shutdown()
    assert again.status == "cancelled" and processes.running(folder)  # the app has stopped, and the process has not


@pytest.mark.slow
def test_a_page_shows_what_a_process_tuned(visit: Visit, outside: None) -> None:
    app = finish(press(tuning(visit), "use-alpha"))
    assert not app.exception and not app.warning
    assert "→" in tape(app)[0].split("node 1")[1]


# On the page


def tuning(visit: Visit, run: str = OF_201, letter: str = "q", **params: str) -> AppTest:
    app = visit("decide", run=run, budget="512", **params)
    app.radio(key="tune-choice").set_value(letter).run()
    assert not app.exception
    return app


def test_a_decision_is_followed_by_tuning_and_shows_accuracy_before_and_after(visit: Visit) -> None:
    app = finish(press(tuning(visit), "use-alpha"))
    assert not app.exception and not app.warning
    assert app.query_params["tune"] == ["q"] or app.query_params["tune"] == "q"
    (line,) = tape(app)
    assert "→" in line.split("node 1")[1]
    assert "fine-tuning after each decision: 2 mini-batches at lr 0.01" in text(app)


def test_undo_brings_the_earlier_weights_back_and_redo_the_later_ones_without_work(visit: Visit) -> None:
    app = finish(press(tuning(visit), "use-alpha"))
    captions = text(app)
    press(app, "undo")
    assert not app.warning and selection(app).decisions == ()
    press(app, "redo")
    assert not app.warning and not measure_running(app)
    assert tape(app)[0] in captions or "→" in tape(app)[0]


def measure_running(app: AppTest) -> bool:
    return bool(workshop().jobs.active())


def test_a_link_whose_weights_are_not_here_says_so_and_can_make_them(visit: Visit) -> None:
    app = visit("decide", run=OF_201, budget="512", d="c0-1.C3,c0-2.SK", tune="q")
    assert "not on this machine" in text(app)
    app = finish(press(app, "tune-again"))
    assert "not on this machine" not in text(app)
    other = visit("explore", run=OF_201, budget="512", d="c0-1.C3,c0-2.SK", tune="q")
    assert "not on this machine" not in text(other)


def test_an_absurd_tuning_in_a_link_is_dropped_with_a_message(visit: Visit) -> None:
    app = visit("decide", run=OF_201, d="c0-1.C3", tune="quick")
    assert any("tune" in toast.value for toast in app.toast) and not app.warning


def test_the_last_decision_is_not_tuned_after(visit: Visit) -> None:
    app = tuning(visit, letter="n", d="c0-1.C3,c0-2.SK,c1-2.SK,c0-3.SK,c1-3.SK")
    app.radio(key="tune-choice").set_value("q").run()
    app = finish(press(app, "use-alpha"))
    assert heading(app) == "Every edge is decided" and not app.query_params.get("tune")


def test_auto_play_tunes_too(visit: Visit) -> None:
    app = tuning(visit)
    app.slider(key="play-speed").set_value(0.5).run()
    press(app, "play-alpha")
    for _ in range(200):
        app = finish(app)
        if heading(app) == "Every edge is decided":
            break
    assert heading(app) == "Every edge is decided" and not app.warning


def test_tuning_works_in_the_darts_family(visit: Visit) -> None:
    app = finish(press(tuning(visit, run=OF_S2), "use-alpha"))
    assert not app.exception and not app.warning and "→" in tape(app)[0].split("node 0")[1]


# Looking back, and branches


def look_back(app: AppTest, number: int) -> None:
    """Choose a row of the tape; its component cannot be clicked without a browser."""
    app.session_state["states"][app.session_state["run"]].look(number)
    assert not app.run().exception
    chosen = [row["id"] for row in table(app, "tape")["rows"] if row["chosen"]]
    assert chosen == [str(number)]


def test_looking_back_is_read_only_and_leads_back(visit: Visit) -> None:
    app = press(press(visit("decide", run=OF_201), "use-alpha"), "use-alpha")
    both = selection(app)
    look_back(app, 1)
    assert "You look at the supernet after 1 decision of 2" in text(app)
    assert not {"decide", "use-alpha", "skip"} & keys(app) and app.button(key="undo").disabled
    assert selection(app) == both
    press(app, "return")
    assert heading(app).startswith("Step 3 of 6") and selection(app) == both


def test_continuing_from_the_past_makes_a_branch_and_keeps_the_other(visit: Visit) -> None:
    app = press(press(visit("decide", run=OF_201), "use-alpha"), "use-alpha")
    both = selection(app)
    look_back(app, 1)
    press(app, "branch-off")
    assert heading(app).startswith("Step 2 of 6") and selection(app) == both.undo()
    press(app, "decide")
    app.session_state["states"][OF_201].switch("A")
    assert not app.run().exception and selection(app) == both
    labels = [row["label"] for row in table(app, "branches")["rows"]]
    assert labels[0].startswith("Branch A; 2 of 6 decided") and labels[1].startswith("Branch B; leaves A after 2 decis")

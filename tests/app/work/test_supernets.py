"""Supernets trained by processes of their own, and the page that shows them."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library import catalog
from app.library.catalog import Catalog
from app.screens.train import _pairs
from app.work import estimates, processes, supernets
from app.work.supernets import Training, arguments, discard, history, launch, trainings
from app.work.threads import threads_of_runs
from engine.errors import BadInput
from engine.training.methods import settings_for
from engine.training.recipe import Recipe
from tests.app.conftest import SECONDS, text
from tests.app.conftest import keys as buttons
from tests.engine.small_runs import write_photos

Visit = Callable[..., AppTest]


@pytest.fixture
def photos(tmp_path: Path) -> str:
    return str(write_photos(tmp_path / "photos", per_class=4))


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(catalog.RUNS, str(tmp_path / "runs"))
    yield tmp_path / "runs"
    estimates.forget()
    for process in processes._started.values():
        process.kill()
        process.wait()
    processes._started.clear()


def recipe(photos: str, epochs: int, **more: object) -> Recipe:
    size = {"channels": 2, "cells": 1, "image_size": 16}
    return Recipe(**{"space": "nas-bench-201", "epochs": epochs, "data": photos, **size, **more})  # type: ignore[arg-type]


def wait(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, list(trainings())
        time.sleep(0.1)


def until(holds: Callable[[Training], object]) -> Training:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        run = next(trainings(), None)
        if run is not None and holds(run):
            return run
        time.sleep(0.1)
    raise AssertionError(f"still {next(trainings(), None)}")


@pytest.mark.slow
def test_a_training_is_followed_stopped_killed_gone_on_with_and_discarded(photos: str, runs: Path) -> None:
    asked = recipe(photos, 10_000)
    launch("mine", asked)
    assert until(lambda run: len(history(run)) >= 1).running
    with pytest.raises(BadInput, match="is being trained already"):
        launch("mine", asked)
    next(trainings()).stop()
    stopped = until(lambda run: not run.running)
    assert stopped.status.state == "interrupted" and stopped.problem is None and len(history(stopped)) >= 1
    with pytest.raises(BadInput, match="with other settings is there already"):
        launch("mine", recipe(photos, 5))
    assert "mine" in Catalog(runs / "none").entries(), "its last finished epoch can be opened"
    launch("mine", stopped.recipe)
    os.kill(until(lambda run: run.epoch > stopped.epoch).status.pid, signal.SIGKILL)
    killed = until(lambda run: not run.running)
    with pytest.raises(BadInput, match="is being trained; stop it first"):
        discard(Training(killed.path, killed.recipe, killed.status, running=True))
    discard(killed)
    assert list(trainings()) == [] and Catalog(runs / "none").entries() == {}


@pytest.mark.slow
def test_trainings_take_turns_and_end_after_the_epoch_in_which_they_are_paused(
    photos: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supernets, "MOST_WAITING", 2)
    first = launch("first", recipe(photos, 10_000))
    second, third = (launch(name, recipe(photos, 2, seed=seed)) for seed, name in enumerate(("second", "third")))
    with pytest.raises(BadInput, match="2 runs wait for their turn already"):
        launch("fourth", recipe(photos, 2))

    def now(run: Training) -> Training:
        return next(each for each in trainings() if each.name == run.name)

    wait(lambda: len(history(now(first))) >= 1 and now(second).waits and now(third).status.label == "2 before it")
    now(third).stop()
    wait(lambda: not now(third).running)
    assert now(second).waits and now(first).running and threads_of_runs() == 1, "who waits needs no thread"
    now(first).pause()
    wait(lambda: now(second).done)
    assert now(first).status.state == "interrupted" and now(first).problem is None and now(third).epoch == 0
    assert len(history(now(first))) == now(first).epoch, "no epoch was given up"
    assert not list((catalog.trained() / ".turns").rglob("0*")), "no turn is left"


def test_what_a_training_takes_is_found_by_a_few_steps_and_by_earlier_runs(photos: str, runs: Path) -> None:
    asked = recipe(photos, 20)
    assert estimates.expected(asked) is None
    estimates.measure(asked)
    wait(lambda: estimates.expected(asked))
    found = estimates.expected(recipe(photos, 40, seed=3))
    assert found is not None and found.source == "steps" and found.problem is None
    assert found.seconds == pytest.approx(40 * found.per_epoch) and (found.memory or 0) > 1e8
    run = launch("mine", recipe(photos, 2))
    wait(lambda: next(trainings()).done)
    took = [line["seconds"] for line in history(run)]
    again = estimates.expected(asked)
    assert again is not None and again.source == "run" and min(took) <= again.per_epoch <= max(took)
    assert estimates.expected(recipe(photos, 20, channels=4)) is None


def test_what_cannot_be_found_out_is_said(tmp_path: Path) -> None:
    asked = recipe(str(tmp_path / "none"), 2)
    estimates.measure(asked)
    wait(lambda: estimates.expected(asked))
    found = estimates.expected(asked)
    assert found is not None and found.problem is not None and "none" in found.problem


def test_the_command_line_gives_the_same_recipe(photos: str) -> None:
    from engine.cli.train import read_recipe

    changed = settings_for("darts", "s2", {"alpha_lr": "0.001", "alpha_betas": "0.5,0.9"})
    for asked in (recipe(photos, 3), recipe(photos, 2, space="s2", cells=3, seed=4, settings=changed)):
        words = arguments(asked)
        pairs = list(zip(words[::2], words[1::2], strict=True))
        changes = [word for name, word in pairs if name == "--set"]
        given = {name[2:].replace("-", "_"): word for name, word in pairs if name != "--set"}
        numbers = {name: int(given.pop(name)) for name in ("epochs", "channels", "cells", "image_size", "seed")}
        assert read_recipe(changes=changes, **given, **numbers).plan() == asked.plan()


def test_a_plan_is_read_back_as_its_recipe(photos: str) -> None:
    changed = settings_for("darts", "s2", {"alpha_lr": "0.001"})
    asked = recipe(photos, 2, space="s2", cells=3, settings=changed)
    plan = {name: value for name, value in asked.plan().items() if name != "command"}
    assert supernets._read(plan) == asked


def test_settings_are_typed_as_pairs() -> None:
    assert _pairs("alpha_lr=0.001, alpha_betas=0.5 0.9") == {"alpha_lr": "0.001", "alpha_betas": "0.5,0.9"}
    assert _pairs("") == {}
    with pytest.raises(BadInput, match="nonsense is no setting; write key=value"):
        _pairs("nonsense")


def test_the_form_says_what_is_wrong_in_a_line_and_starts_nothing(visit: Visit) -> None:
    app = visit("train", run="nas-bench-201")
    assert not app.exception and "No training yet" in text(app)
    app.text_input(key="train-set").set_value("alpha_rl=1").run()
    assert "alpha_lr" in app.error[0].value and not app.exception and app.button(key="train-start").disabled
    app.text_input(key="train-set").set_value("").run()
    app.text_input(key="train-name").set_value("///").run()
    app.button(key="train-start").click().run()
    assert "needs a name" in app.error[0].value and list(trainings()) == []


def test_presets_bring_their_numbers(visit: Visit) -> None:
    app = visit("train", run="nas-bench-201")
    app.button_group(key="train-preset").set_value("Paper").run()
    app.selectbox(key="train-space").set_value("s2").run()
    assert app.number_input(key="train-channels-Paper-s2").value == 16
    assert app.number_input(key="train-cells-Paper-s2").value == 8
    assert app.selectbox(key="train-pixels-Paper-s2").value == 32
    assert not app.exception


@pytest.mark.slow
def test_a_finished_run_is_shown_with_curves_weights_and_the_truth_of_its_cell(
    visit: Visit, photos: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("train", run="nas-bench-201")  # sets a folder of runs of its own
    launch("mine", recipe(photos, 2))
    run = until(lambda run: not run.running)
    assert run.done, run
    app = visit_again(app)
    said = text(app)
    assert "Finished: 2 of 2 epochs" in said and "true accuracy" in said and "α's cell at epoch 2" in said
    assert {"training-open", "training-discard"} <= buttons(app) and "training-stop" not in buttons(app)
    app.button(key="training-discard").click().run()
    app.button(key="training-discard-now").click().run()
    assert list(trainings()) == [] and "No training yet" in text(app) and not app.exception


def visit_again(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


@pytest.mark.slow
def test_every_page_says_that_a_supernet_is_trained_and_leads_to_it(visit: Visit, photos: str) -> None:
    visit("explore", run="nas-bench-201")  # sets a folder of runs of its own
    launch("mine", recipe(photos, 10_000))
    until(lambda run: len(history(run)) >= 1)
    app = visit_again(visit_here())
    assert "show-supernet" in buttons(app)
    app.button(key="show-supernet").click().run()
    next(trainings()).stop()
    until(lambda run: not run.running)
    app = visit_again(visit_here())
    assert "show-supernet" not in buttons(app)


def visit_here() -> AppTest:
    root = Path(__file__).parents[3]
    return AppTest.from_file(root / "app" / "main.py", default_timeout=SECONDS).run()

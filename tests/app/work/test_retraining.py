"""Train from scratch: a process of its own, one at a time, that can be followed, stopped and gone on with."""

import dataclasses
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library import image_sets
from app.work import command_runs, processes, retraining, threads
from app.work.retraining import Run, estimate, find, launch, small
from engine.errors import BadInput
from engine.network.retrain.recipe import Recipe
from engine.runs.status import Status, now
from engine.selection.genotype_text import parse_genotype
from tests.engine.small_runs import write_photos

CELL = parse_genotype("|none~0|+|skip_connect~0|none~1|+|none~0|none~1|skip_connect~2|")
OTHER = parse_genotype("|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|")
SECONDS = 120
SHORT = Recipe(genotype=str(CELL), epochs=1, channels=2, layers=1, image_size=16)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path))
    yield tmp_path / "retrain"
    for process in processes._started.values():
        process.kill()
        process.wait()
    processes._started.clear()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Forty images to train on and the same to test on."""
    folder = write_photos(tmp_path_factory.mktemp("photos"), per_class=4)
    shutil.copytree(folder / "train", folder / "test")
    return str(folder)


def recipe(photos: str, epochs: int) -> Recipe:
    return dataclasses.replace(SHORT, data=photos, epochs=epochs)


def until(holds: Callable[[Run], object], genotype=CELL) -> Run:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        run = find(genotype)
        if run is not None and holds(run):
            return run
        time.sleep(0.1)
    raise AssertionError(f"still {find(genotype)}")


@pytest.fixture
def page() -> AppTest:
    def script() -> None:
        from app.parts import train_panel
        from engine.selection.genotype_text import parse_genotype

        train_panel.panel(parse_genotype("|none~0|+|skip_connect~0|none~1|+|none~0|none~1|skip_connect~2|"))

    return AppTest.from_function(script, default_timeout=60)


def said(app: AppTest) -> str:
    return " ".join(str(part.value) for part in (*app.markdown, *app.caption, *app.error, *app.toast))


@pytest.mark.slow
def test_a_run_is_followed_stopped_killed_and_gone_on_with(page, photos):
    launch(recipe(photos, 10_000))
    running = until(lambda run: run.epoch >= 1 and run.status.remaining)
    assert running.running
    with pytest.raises(BadInput, match="another network"):
        launch(Recipe(genotype=str(OTHER), epochs=1, channels=2, layers=1, image_size=16))
    app = page.run()
    assert "on 40 test images" in said(app) and not app.exception
    app.button("retrain-stop").click().run()
    stopped = until(lambda run: not run.running)
    assert stopped.status.state == "interrupted" and stopped.problem is None
    app.run()
    assert f"stopped after epoch {stopped.epoch} of 10000" in said(app)
    app.button("retrain-resume").click().run()
    os.kill(until(lambda run: run.epoch > stopped.epoch).status.pid, signal.SIGKILL)
    killed = until(lambda run: not run.running)
    app.run()
    assert f"stopped after epoch {killed.epoch} of 10000" in said(app)
    app.button("retrain-resume").click().run()
    until(lambda run: run.epoch > killed.epoch)


@pytest.mark.slow
def test_a_finished_run_shows_its_test_accuracy_with_interval_and_images(page, photos):
    assert "Published protocol: 16 channels" in said(page.run())
    launch(recipe(photos, 1))
    run = until(lambda run: not run.running)
    assert run.done, run
    text = said(page.run())
    last = run.status.details["result"]["last"]
    assert f"**{last['accuracy']:.1f} % [{last['ci'][0]:.1f}, {last['ci'][1]:.1f}] on 40 test images" in text
    assert "running statistics" in text and "chosen on the test images" in text and "trained on 40 images" in text


def test_the_process_has_a_session_of_its_own_and_no_more_threads_than_the_budget(monkeypatch):
    asked: dict = {}

    class Process:
        pid = 2**22 + 1

        def __init__(self, words, **options):
            asked.update(options, words=words)

        def poll(self):
            return 0

        def kill(self):
            pass

        wait = kill

    monkeypatch.setattr(processes.subprocess, "Popen", Process)
    monkeypatch.setattr(command_runs, "process_threads", lambda beside=None: 3)
    assert not launch(SHORT).running
    assert asked["start_new_session"] and asked["env"]["OMP_NUM_THREADS"] == "3"
    assert asked["words"][-2:] == ["--threads", "3"] and "--resume" in asked["words"]


def test_the_command_line_gives_the_same_recipe():
    from typer.testing import CliRunner

    from engine.cli import app

    for recipe in (SHORT, Recipe(genotype=str(CELL), seed=3)):
        options = retraining.arguments(recipe)
        read = dict(zip(options[1:-1:2], options[2:-1:2], strict=True))
        assert options[0] == recipe.genotype and options[-1] == "--no-auxiliary"
        values = {name.removeprefix("--").replace("-", "_"): value for name, value in read.items()}
        assert all(str(getattr(recipe, name)) == value for name, value in values.items())
        listed = CliRunner().invoke(app, ["retrain", "--help"]).output
        assert all(name in listed for name in read)


def left(runs: Path, pid: int, heard: str, recipe: Recipe = SHORT) -> Path:
    """The folder of a run that was last heard of then."""
    path = runs / retraining._name(recipe)
    path.mkdir(parents=True)
    (path / "plan.json").write_text(json.dumps(recipe.plan()))
    (path / "status.json").write_text(Status("running", socket.gethostname(), pid, heard).to_json())
    return path


def test_a_process_number_given_out_again_is_not_taken_for_the_run(runs):
    left(runs, os.getpid(), "2026-01-01T00:00:00+00:00")
    run = find(CELL)
    assert run is not None and not run.running
    run.stop()  # nobody is sent a signal


def test_a_run_that_another_process_started_is_seen_by_its_heartbeat_and_counts_its_threads(runs, monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 8)
    assert (threads.threads(), threads.process_threads()) == (7, 6)
    path = left(runs, 2**22 + 1, now())
    run = find(CELL)
    assert run is not None and run.running
    with pytest.raises(BadInput, match="another network"):
        launch(Recipe(genotype=str(OTHER), epochs=1, channels=2, layers=1, image_size=16))
    assert threads.threads() == 6
    (path / "status.json").write_text(dataclasses.replace(run.status, threads=7).to_json())
    assert (threads.threads(), threads.process_threads()) == (1, 1)


@pytest.mark.parametrize("plan", ["", "{", "[]", '{"pid": 1}', '{"genotype": "x"}'])
def test_a_damaged_plan_is_no_run(runs, page, plan):
    (left(runs, 1, now()) / "plan.json").write_text(plan)
    assert find(CELL) is None
    assert not page.run().exception


def test_what_the_command_refused_is_said(runs, page):
    path = left(runs, 2**22 + 1, "2026-01-01T00:00:00+00:00")
    (path / "output.log").write_text("some progress\nerror: no test part here; add one\n")
    app = page.run()
    assert "no test part here; add one" in said(app) and not app.exception


@pytest.mark.slow
def test_a_command_that_refuses_is_seen_at_once(photos):
    launch(dataclasses.replace(SHORT, data=f"{photos}/train"))
    assert "add one of them" in (until(lambda run: not run.running).problem or "")


def test_runs_do_not_fill_the_disk(runs, page, monkeypatch):
    monkeypatch.setattr(retraining, "MOST_KEPT", 1)
    (runs / "kept").mkdir(parents=True)
    app = page.run()
    app.button("retrain-start").click().run()
    assert "kept already" in said(app) and not app.exception


@pytest.mark.parametrize("genotype", [CELL, OTHER])
def test_the_small_settings_take_minutes_and_the_published_ones_days(genotype):
    assert estimate(small(genotype), 1) < 600
    assert estimate(Recipe(genotype=str(genotype), data="cifar10"), 1) > 86_400


def test_an_estimate_rests_on_the_images_there_are():
    from pyarrow import parquet

    from engine.data.sources import BUNDLED

    rows = [parquet.read_metadata(BUNDLED / f"cifar10-{part}.parquet").num_rows for part in ("train", "search")]
    assert (rows[0], sum(rows)) == image_sets.SAMPLE.images


def test_the_page_needs_no_torch(root):
    import subprocess
    import sys

    code = "import sys; import app.work.retraining; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0

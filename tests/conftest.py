"""What every test shares, and how several workers share the tests.

root         the repository's folder
small_runs   a folder with two small trained supernets (tests/app/small_runs.py)
LONGEST      what takes longest, so that workers begin with it and end together
"""

import os
import sys
from pathlib import Path
from typing import Any

# Several workers that compute on all cores hold each other up: five times as long on two cores. Before torch is there.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

LONGEST = (
    "tests/browser/",
    "tests/app/work/",
    "tests/engine/cli/",
    "tests/engine/selecting/",
    "tests/app/screens/",
    "tests/engine/network/",
    "tests/engine/training/",
    "tests/engine/checkpoint/",
    "tests/engine/scoring/",
    "tests/engine/export/",
)

# The first call into torch alone takes longer than Hypothesis' usual deadline; in CI the same examples run every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker takes a file at a time, and one worker all that drives the browser: with one server, one browser."""
    from xdist.scheduler import LoadFileScheduling

    class OneBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return LONGEST[0] if nodeid.startswith(LONGEST[0]) else super()._split_scope(nodeid)

    return OneBrowser(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first. Tests that draw pages are marked `page`: `make quick` leaves them out."""
    items.sort(key=lambda item: next((i for i, room in enumerate(LONGEST) if item.nodeid.startswith(room)), 99))
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "visit" in fixtures or "AppTest" in vars(getattr(item, "module", item)):
            item.add_marker("page")


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def small_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained once for all workers, which only read them."""
    from engine.runs.files import locked
    from tests.app.small_runs import train_small_runs

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "small-runs"
    with locked(shared):
        if not folder.exists():
            train_small_runs(shared / "small-runs-new").rename(folder)
    return folder


@pytest.fixture(autouse=True)
def nothing_of_the_developers_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in ("SUPERNET_CHECKPOINTS", "SUPERNET_DATA"):
        monkeypatch.delenv(name, raising=False)
    # A page under test takes the place of `__main__`, which processes started later would run again: put it back.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path_factory.getbasetemp() / "own"))

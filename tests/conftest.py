"""What every test shares.

root         the repository's folder
small_runs   a folder with two small trained supernets (tests/app/small_runs.py)
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The first call into torch alone takes longer than Hypothesis' usual deadline; in CI the same examples run every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that draw pages are marked `page`, so that `make quick` can leave them out."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "visit" in fixtures or "AppTest" in vars(getattr(item, "module", item)):
            item.add_marker("page")


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def small_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.app.small_runs import train_small_runs

    return train_small_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(autouse=True)
def nothing_of_the_developers_own(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in ("SUPERNET_CHECKPOINTS", "SUPERNET_DATA"):
        monkeypatch.delenv(name, raising=False)
    # A page under test takes the place of `__main__`, which processes started later would run again: put it back.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path_factory.getbasetemp() / "own"))

"""The line about the supernet in training speaks of the one that works, and of an end only where there is one."""

from types import SimpleNamespace

import pytest

from app.parts import supernet_line


def run(name: str, running: bool = True, waits: bool = False) -> SimpleNamespace:
    return SimpleNamespace(name=name, running=running, waits=waits)


def test_it_speaks_of_the_run_that_works_before_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run("old", running=False), run("second", waits=True), run("first")]
    monkeypatch.setattr(supernet_line, "trainings", lambda: runs)
    working = supernet_line._running()
    assert working is not None and working.name == "first"
    monkeypatch.setattr(supernet_line, "trainings", lambda: runs[:2])
    waiting = supernet_line._running()
    assert waiting is not None and waiting.name == "second"
    monkeypatch.setattr(supernet_line, "trainings", lambda: runs[:1])
    assert supernet_line._running() is None


def test_a_run_that_waits_behind_another_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run("old", running=False), run("second", waits=True), run("first")]
    monkeypatch.setattr(supernet_line, "trainings", lambda: runs)
    assert not supernet_line._has_ended("second") and not supernet_line._has_ended("first")
    assert supernet_line._has_ended("old") and supernet_line._has_ended("discarded")

"""`bench` on the command line."""

import json
import re

import pytest

from engine.bench import work
from engine.bench.timing import Timings
from engine.bench.work import Case
from engine.cli import main


@pytest.fixture
def small(monkeypatch):
    cases = tuple(Case(kind, "nas-bench-201", 4, 1, 8, ("cell", 1)) for kind in ("edge", "sweep"))
    monkeypatch.setattr(work, "CASES", cases)


def test_it_prints_ratios_and_keeps_what_the_reference_says(small, root, tmp_path, capsys):
    kept = tmp_path / "bench.json"
    assert main(["bench", "--rounds", "1", "--threads", "1", "--out", str(kept), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(kept.read_text())
    assert [each["kind"] for each in printed["timings"]] == ["edge", "sweep"]
    assert printed["peak"]["bytes"] > 50e6
    sweep = printed["timings"][1]
    assert "30 pairs" in sweep["title"]
    assert sweep["passes"] == pytest.approx(sweep["engine"] / sweep["as_written"])
    assert sweep["against_written"] == pytest.approx(30 / sweep["passes"])
    text = (root / "engine" / "cli" / "README.md").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("| `timings[]` |"))
    assert printed["timings"][0].keys() <= set(re.findall(r"`(\w+)`", line))


def test_only_the_work_of_a_kind_is_timed_and_its_ratios_are_a_table(small, monkeypatch, capsys):
    asked = []

    def compare(case, *how):
        asked.append(case.kind)
        return Timings(case.title, case.kind, 0.5, 1.5, 0.75, 3.0, 1.5, 1, passes=10.0)

    monkeypatch.setattr("engine.bench.timing.compare", compare)
    assert main(["bench", "--rounds", "1", "--only", "sweep", "--threads", "1"]) == 0
    out = capsys.readouterr().out
    assert asked == ["sweep"] and "sweep of 30 pairs" in out and "3.00x" in out and "10.0 passes" in out


@pytest.mark.parametrize(
    ("options", "said"), [(["--rounds", "0"], "at least 1"), (["--only", "all"], "forward, edge, sweep")]
)
def test_what_it_cannot_do_is_said_in_one_line(options, said, capsys):
    assert main(["bench", *options]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1

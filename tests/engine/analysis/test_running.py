"""Labs as runs: on the command line, in a folder that a killed one goes on from, and stored with a checkpoint."""

import csv
import json
import shutil
from pathlib import Path

import pytest

import engine
from engine.analysis import registry, running, stored
from engine.analysis.document import Document
from engine.analysis.settings import as_words, read_settings
from engine.checkpoint.folder import read_summary
from engine.errors import BadInput

FEW = ("--set", "images=40", "--set", "batch_size=8", "--device", "cpu")
OWN = """
import numpy as np
from engine.analysis.signals.kinds import Own


def widths(asked):
    return {edge: [float(len(name)) for name in asked.names(edge)] for edge in asked.edges}


def broken(asked):
    raise ZeroDivisionError("no such thing")


def nothing(asked):
    return {edge: [float("nan")] * 5 for edge in asked.edges}


def short(asked):
    return {0: [1.0, 2.0]}


SIGNALS = [Own("widths", widths), Own("broken", broken), Own("nothing", nothing), Own("short", short)]
"""


@pytest.fixture
def small(small_runs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_runs / "small-201", tmp_path / "small-201"))


def test_a_whole_run_says_what_it_finds(cli, small: Path, tmp_path: Path) -> None:
    code, printed, said = cli("analyse", "signals", small, *FEW, "--json", "--out", tmp_path / "run", "--store")
    assert code == 0, said
    found = json.loads(printed)
    assert set(found["signals"]) == {
        "alpha",
        "drop",
        "rise",
        "drop_rescaled",
        "rise_rescaled",
        "drop_restored",
        "rise_restored",
        "keep_only",
        "keep_at_mix",
        "edge_shapley",
        "taylor",
        "fisher",
        "iim",
        "synflow",
        "grad_norm",
        "nwot",
        "random",
        "prior",
    }
    assert (found["truth"], found["images"], found["bn"], found["experiment"]) == ("avg_acc", 80, "batch", "signals")
    assert found["signals"]["prior"]["true"] == 93.76 and len(found["signals"]["drop"]["spearman"]) == 6
    assert found["agrees"] in (True, False, None) and found["verdict"] and found["paper"]
    assert found["problems"] == {}
    document = Document.from_json((tmp_path / "run" / running.RESULT).read_text())
    assert document.numbers.final and document.seconds > 0
    rows = list(csv.DictReader((tmp_path / "run" / running.TABLE).open()))
    assert {row["signal"] for row in rows} == set(found["signals"])
    assert stored.read(read_summary(small), "signals") == document
    again = cli("analyse", "signals", small, *FEW, "--json", "--out", tmp_path / "run", "--resume")
    assert json.loads(again[1]) == found
    code, printed, _ = cli("analyse", "signals", small, *FEW, "--set", "signals=alpha,prior")
    assert code == 0 and "α says little" in printed and "54.30 %" in printed and "prior" in printed


def test_a_killed_run_goes_on_to_the_same_numbers(small: Path, tmp_path: Path, monkeypatch) -> None:
    lab, checkpoint = registry.find("signals"), engine.load(small)
    settings = read_settings(
        lab.settings, "signals", {"images": "80", "batch_size": "16", "signals": "drop,taylor,iim"}
    )
    whole = running.analyse(checkpoint, lab, settings)
    monkeypatch.setattr(running, "KEEP", 0.0)

    class Stop(BaseException):
        pass

    def die(share: float, label: str) -> None:
        if share > 0.7:
            raise Stop

    with pytest.raises(Stop):
        running.analyse(checkpoint, lab, settings, tmp_path / "run", report=die)
    shares: list[float] = []
    found = running.analyse(
        checkpoint, lab, settings, tmp_path / "run", resume=True, report=lambda share, label: shares.append(share)
    )
    assert found.result == whole.result
    assert 0 < len(shares) < 60, "what was measured before the end is not measured again"
    with pytest.raises(BadInput, match="already holds a run"):
        running.analyse(checkpoint, lab, settings, tmp_path / "run")


def test_own_signals_that_fail_are_named_and_the_rest_goes_on(cli, small: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "my_own_signals.py"
    plugin.write_text(OWN)
    names = "signals=alpha,fisher,widths,broken,nothing,short"
    words = ("analyse", "signals", small, *FEW, "--set", f"plugin={plugin}", "--set", names, "--json")
    code, printed, said = cli(*words)
    assert code == 0, said
    found = json.loads(printed)
    assert set(found["signals"]) == {"alpha", "fisher", "widths"}
    problems = found["problems"]
    assert "broken failed: ZeroDivisionError: no such thing" in problems["broken"]
    assert "nothing gave no finite number for none on edge 0" in problems["nothing"]
    assert "2 values on edge 0, which has 5 operations" in problems["short"]
    assert all(problem in found["verdict"] for problem in problems.values())


def test_a_partial_selection_is_asked_about_its_undecided_edges(cli, small: Path, tmp_path: Path) -> None:
    start = engine.load(small).start
    part = start.discretize("cell", 3, "skip_connect").discretize("cell", 0, "nor_conv_3x3")
    (tmp_path / "part.json").write_text(part.to_json())
    words = ("analyse", "signals", small, *FEW, "--set", "signals=alpha,drop,taylor,drop_restored", "--json")
    code, printed, said = cli(*words, "--selection", tmp_path / "part.json")
    assert code == 0, said
    found = json.loads(printed)
    assert all(len(row["spearman"]) == 4 for row in found["signals"].values()) and len(found["decisions"]) == 2
    for edge in (1, 2, 4, 5):
        part = part.discretize("cell", edge, "none")
    (tmp_path / "whole.json").write_text(part.to_json())
    code, _, said = cli(*words, "--selection", tmp_path / "whole.json")
    assert code == 2 and "every edge is decided" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["signal", "nas-bench-201"], "there is no lab 'signal'; did you mean signals"),
        (["signals", "s2"], "lab signals does not apply to s2: true accuracies exist for space nas-bench-201 only"),
        (["signals", "nas-bench-201", "--set", "images=128"], "too few for an interval; give at least 320"),
        (["signals", "nas-bench-201", "--set", "image=512"], "no setting 'image'; did you mean images"),
        (["signals", "nas-bench-201", "--set", "images=many"], "images must be a whole number, not 'many'"),
        (["signals", "nas-bench-201", "--set", "truth=worst"], "unknown truth 'worst'; use one of: mean, best"),
        (["signals", "nas-bench-201", "--set", "signals=alhpa"], "no signal 'alhpa'; did you mean alpha"),
        (["signals", "nas-bench-201", "--set", "images=500"], "a multiple of the batch size 64"),
        (["signals", "nas-bench-201", "--set", "images=19200"], "has 15000 to score on; give fewer images or sets"),
        (["signals", "nas-bench-201", "--set", "images"], "--set takes KEY=VALUE"),
        (["signals", "nas-bench-201", "--resume"], "give it with --out"),
        (["signals", "nowhere"], "there is no checkpoint nowhere"),
    ],
)
def test_bad_input_takes_one_line(cli, words, message) -> None:
    code, printed, said = cli("analyse", *words)
    assert (code, printed) == (2, "") and message in said and len(said.splitlines()) == 1


def test_a_stored_result_of_another_supernet_is_refused(small: Path, cli, tmp_path: Path) -> None:
    summary = read_summary(small)
    assert stored.read(summary, "signals") is None
    assert cli("analyse", "signals", small, *FEW, "--set", "signals=alpha,prior", "--store")[0] == 0
    path = stored.place(small, "signals")
    whole = json.loads(path.read_text())
    for damage, message in (
        ({"checkpoint": {"digest": "other"}}, "is of another supernet"),
        ({"format_version": 99}, "format 99"),
        ({"result": {}}, "is no result of a lab"),
    ):
        path.write_text(json.dumps(whole | damage))
        with pytest.raises(BadInput, match=message):
            stored.read(summary, "signals")
    path.write_text("{")
    with pytest.raises(BadInput, match="no JSON"):
        stored.read(summary, "signals")


def test_settings_are_said_as_they_are_read() -> None:
    lab = registry.find("signals")
    settings = read_settings(lab.settings, "signals", {"images": "640", "truth": "best", "plugin": "none"})
    assert as_words(settings) == ("images=640", "truth=best")
    assert read_settings(lab.settings, "signals", dict(word.split("=") for word in as_words(settings))) == settings

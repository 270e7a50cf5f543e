"""Labs: what the page shows of a result, wherever it comes from; settings, links and a run with its end."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.work import lab_runs, processes
from engine.analysis import registry, stored
from engine.checkpoint.format import read_summary
from engine.runs.status import read_status
from tests.app.conftest import SECONDS, heading, keys, text
from tests.app.small_runs import OF_201, OF_S2

Visit = Callable[..., AppTest]
BUNDLED = "nas-bench-201"


def warnings(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.warning, *app.toast))


@pytest.fixture
def unstored(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no result came with a checkpoint."""
    monkeypatch.setattr(stored, "read", lambda summary, lab: None)


@pytest.mark.parametrize("lab", registry.names())
def test_every_lab_shows_a_result_of_a_bundled_supernet_at_once(visit: Visit, lab: str) -> None:
    for run in (BUNDLED, "s2"):
        app = visit("labs", run=run, lab=lab)
        assert not app.exception and not app.error
        found = registry.find(lab)
        assert heading(app) == found.title
        if found.refuses(read_summary(Path("checkpoints") / run)) is None:
            assert "What this supernet says" in text(app)
            break
    else:
        pytest.fail("it applies to none of them")


def test_before_the_first_run_the_sweep_says_what_it_can(visit: Visit, unstored: None) -> None:
    app = visit("labs", run=BUNDLED)
    said = text(app)
    assert not app.exception and "from the checkpoint's files" in said and "Measured on 1,024 images" in said
    assert "0.65 against 0.37" in said.replace("\\", "") and "93.31" in said and "88.11" in said
    assert app.button(key="lab-run-button").label.startswith("Run (about ")


def test_where_nothing_is_known_nothing_is_shown_as_known(visit: Visit) -> None:
    app = visit("labs", run=OF_201)
    assert not app.exception and "Nothing measured yet" in text(app)
    assert app.button(key="lab-run-button").label == "Run"


def test_a_lab_that_does_not_apply_says_so(visit: Visit) -> None:
    app = visit("labs", run=OF_S2, lab="signals")
    assert not app.exception and "Not for this supernet" in text(app) and "lab-run-button" not in keys(app)


def test_a_link_with_an_unknown_lab_is_told_once(visit: Visit) -> None:
    app = visit("labs", run=BUNDLED, lab="signal")
    assert not app.exception and "there is no lab signal here" in warnings(app).replace("\\", "")
    assert "mean nothing here" not in warnings(app)
    assert heading(app) == registry.find(registry.names()[0]).title


def test_the_lab_stands_in_the_address(visit: Visit) -> None:
    app = visit("labs", run=BUNDLED, lab="ablations")
    assert app.button_group(key="lab-choice").value == "ablations"
    assert heading(app) == registry.find("ablations").title
    app.button_group(key="lab-choice").set_value("snapshots").run()
    assert not app.exception and heading(app) == registry.find("snapshots").title
    assert app.query_params["lab"] in ("snapshots", ["snapshots"]) and app.query_params["run"] in (BUNDLED, [BUNDLED])


def test_settings_that_cannot_be_used_are_a_message(visit: Visit) -> None:
    app = visit("labs", run=BUNDLED, lab="signals")
    app.number_input(key="lab-signals-images").set_value(128).run()
    assert not app.exception and "too few for an interval" in app.error[0].value.replace("\\", "")
    assert app.button(key="lab-run-button").disabled
    assert "lab-signals-plugin" not in {each.key for each in app.text_input}, "a page imports no code"


def test_the_truth_and_the_signals_are_chosen(visit: Visit, unstored: None) -> None:
    app = visit("labs", run=BUNDLED, lab="signals")
    app.button_group(key="lab-truth").set_value("best").run()
    app.button_group(key="lab-signals").set_value(["drop"]).run()
    assert not app.exception
    (cells,) = app.dataframe
    assert list(cells.value["true %"]) == [93.31]


def test_a_run_goes_on_without_the_page_and_its_result_stays(visit: Visit) -> None:
    app = visit("labs", run=OF_201, lab="signals")
    app.number_input(key="lab-signals-images").set_value(80)
    app.number_input(key="lab-signals-batch_size").set_value(16)
    app.text_input(key="lab-signals-signals").set_value("alpha, fisher, prior").run()
    app.button(key="lab-run-button").click().run()
    assert not app.exception
    (run,) = lab_runs.root().glob("*/run")
    for _ in range(SECONDS):
        if not processes.running(run):
            break
        time.sleep(1)
    status = read_status(run)
    assert status is not None and status.state == "done", processes.problem(run)
    later = visit("labs", run=OF_201, lab="signals")
    said = text(later)
    assert "run here" in said and "160 images" in said and "Fisher" in said
    assert later.button(key="lab-run-button").label == "Run again"
    assert "python -m engine analyse signals small-201" in said


def test_a_damaged_stored_result_is_told_and_the_page_goes_on(
    visit: Visit, small_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    shutil.copytree(small_runs / OF_201, tmp_path / "mine")
    stored.place(tmp_path / "mine", "signals").parent.mkdir()
    stored.place(tmp_path / "mine", "signals").write_text(json.dumps({"experiment": "signals"}))
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(tmp_path / "mine"))
    app = visit("labs", run="mine", lab="signals")
    assert not app.exception and "is no result of a lab" in warnings(app).replace("\\", "")
    assert "Nothing measured yet" in text(app)


def test_the_mix_of_two_operations_is_turned_by_hand(visit: Visit) -> None:
    app = visit("labs", run=BUNDLED, lab="optimal-alpha")
    for name, value in (("conv", 0.6), ("skip", 0.2), ("alike", 0.0)):
        app.slider(key=f"lab-toy-{name}").set_value(value)
    app.run()
    assert not app.exception and "Best: skip **0.75**, convolution **0.25**; that is α of skip 1.10 above" in text(app)
    app.slider(key="lab-toy-alike").set_value(0.95).run()
    assert "skip alone is better than any mix" in text(app)

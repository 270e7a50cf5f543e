"""Start and Explore without a browser, and what every page does with bad links and bad checkpoints."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from app.library import catalog
from app.work.jobs import Job
from app.work.questions import Request
from app.work.workshop import Workshop, replaced, workshop
from engine.drawing import wording
from engine.results import EdgeScores
from tests.app.conftest import finish, heading, keys, text
from tests.app.screens.test_decide import table
from tests.app.small_runs import OF_201, OF_S2

Visit = Callable[..., AppTest]
BUNDLED = "nas-bench-201"
FIRST = 0.5501
"""Seconds that nothing else waits."""


@pytest.mark.parametrize("run", [BUNDLED, OF_201, OF_S2])
@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_every_page_draws_every_run(visit: Visit, page: str, run: str) -> None:
    app = visit(page, run=run)
    assert not app.exception and not app.error
    assert app.session_state["run"] == run
    assert heading(app)
    components = [part.proto.id for part in app.get("bidi_component")]
    assert any(name.endswith("-graph") for name in components), "the cell graph is missing"
    assert sum(name.endswith("-spoken") for name in components) == 1, "one live region"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_every_page_draws_in_both_themes(visit: Visit, page: str, theme: str) -> None:
    app = visit(page)
    app.context = {"theme": theme}
    assert not app.run().exception


def test_the_landing_page_needs_no_torch(root: Path, small_runs: Path) -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=100).run()
assert not app.exception and app.button, "the page was not drawn"
sys.exit("torch was imported" if "torch" in sys.modules else 0)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code, str(root / "app" / "main.py")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "SUPERNET_CHECKPOINTS": str(small_runs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]


def test_start_offers_every_run_and_opens_the_chosen_one(visit: Visit) -> None:
    app = visit()
    words = text(app)
    assert all(name in words for name in (BUNDLED, OF_201, OF_S2))
    assert "needs measuring" in words
    assert ("measured on" in words) == any(entry.summary.scores for entry in usable())
    app.button(key=f"open-{OF_S2}").click().run()
    assert not app.exception and app.session_state["run"] == OF_S2
    assert "to-explore" not in keys(app) and "α keeps" in heading(app), "Open leads to Explore"
    assert app.query_params["run"] in (OF_S2, [OF_S2])


def test_the_tile_on_screen_says_so_and_keeps_its_button(visit: Visit) -> None:
    app = visit(run=OF_S2)
    assert f"open-{OF_S2}" in keys(app) and app.button(key=f"open-{OF_S2}").label == f"Open {OF_S2}"
    assert sum("green-badge" in line.value and "open" in line.value for line in app.markdown) == 1


@pytest.mark.parametrize(("button", "line"), [("to-explore", "α keeps"), ("to-decide", "Step 1 of 34")])
def test_start_leads_on_with_the_run_on_screen(visit: Visit, button: str, line: str) -> None:
    app = visit()
    app.selectbox(key="run").set_value(OF_S2).run()
    app.button(key=button).click().run()
    assert not app.exception
    assert heading(app).startswith(line) and app.session_state["run"] == OF_S2


def test_start_shows_an_edge_on_which_measurement_contradicts_alpha(visit: Visit) -> None:
    app = visit()
    assert "No edge selected" not in text(app)
    assert "disagree" in text(app)


@pytest.mark.parametrize("run", [BUNDLED, "s2", "darts", OF_201])
def test_explore_begins_with_the_clearest_disagreement_and_stays_there(visit: Visit, run: str) -> None:
    app = visit("explore", run=run)
    (preselected,) = app.session_state["states"][run].preselected.values()
    summary = workshop().catalog.entries()[run].summary
    assert summary is not None
    cell = summary.space.cells[0]
    rows = [EdgeScores.from_dict(row) for row in (summary.scores or {"edges": []})["edges"] if row["cell"] == cell]
    leads = {row.edge: (row.verdict == "disagree", row.difference or 0.0) for row in rows}
    assert preselected == (max(leads, key=leads.__getitem__) if leads else 0)
    edge = summary.space.edge(cell, preselected)
    assert wording.subscripts(summary.space.cell(cell).edge_name(edge)) in text(app)
    # nobody chose it: it is in no link, no step of the history, and Decide goes by its own order
    assert "edge" not in app.query_params


def test_every_card_has_a_heading(visit: Visit) -> None:
    for page, titles in {
        "start": ["The cell", "Supernets"],
        "explore": ["The cell", "Every edge", "The same edge, ranked twice"],
        "compare": ["A", "B", "Edge by edge", "What they add up to"],
    }.items():
        headings = re.findall(r"<h2.*?>(.*?)</h2>", text(visit(page)))
        assert set(titles) <= set(headings)


def usable() -> list[catalog.Entry]:
    return [entry for entry in workshop().catalog.entries().values() if entry.summary is not None]


def test_an_edge_is_measured_and_then_on_more_images(visit: Visit) -> None:
    app = visit("explore", run=OF_201, edge="c0-2", budget="512")
    assert "Not measured yet" in text(app)
    app.button(key="measure-edge").click().run()
    assert not app.exception
    app = finish(app)
    assert not app.exception
    assert "512 images" in text(app) and "live" in text(app)
    app = finish(app.button(key="more-images").click().run())
    # the size that was chosen for new measurements stays, and hides nothing
    assert app.session_state["budget"] == "512"
    assert "1,024 images" in text(app)
    other = visit("explore", run=OF_201, edge="c0-2", budget="4k")
    assert "1,024 images" in text(other) and "More images: 4,096" in text(other)


def test_all_edges_are_measured_and_nothing_is_left_to_measure(visit: Visit) -> None:
    app = visit("explore", run=OF_201, budget="512")
    app = finish(app.button(key="measure-all").click().run())
    assert not app.exception
    assert "measure-all" not in keys(app)
    assert "nothing is measured" not in heading(app)


def test_unmeasured_edges_are_estimated_in_the_order_to_measure_and_no_verdict_comes_of_it(visit: Visit) -> None:
    app = visit("explore", run=OF_201, edge="c0-2", budget="512")
    said = heading(app)
    app = finish(app.button(key="estimate").click().run())
    assert not app.exception
    assert "estimate" not in keys(app) and "never a verdict" in text(app) and "first order, on 256 images" in text(app)
    assert heading(app) == said and "Not measured yet" in text(app)
    assert "Measure all 6 edges" in text(app)
    matrix = next(chart for chart in app.get("plotly_chart") if "rough first-order estimates of 6" in chart.proto.alt)
    assert len(re.findall("estimate: loss", matrix.proto.spec)) == 30
    # Decide neither suggests nor mentions what was guessed
    assert "estimate" not in text(visit("decide", run=OF_201)).lower()
    # what was measured is shown as measured
    app = finish(app.button(key="measure-edge").click().run())
    assert "512 images" in text(app)


def test_all_edges_are_measured_where_estimates_differ_most_first(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("explore", run=OF_201, budget="512")
    app = finish(app.button(key="estimate").click().run())
    (found,) = workshop().measurements.previews._found.values()
    begun: list[list[int]] = []
    start = workshop().measurements.start

    def noted(requests: Sequence[Request], title: str, visitor: str) -> Job:
        begun.append([request.index for request in requests])
        return start(requests, title, visitor)

    monkeypatch.setattr(workshop().measurements, "start", noted)
    finish(app.button(key="measure-all").click().run())
    assert begun == [[each.edge for each in sorted(found.edges, key=lambda each: -each.spread)]]
    assert begun != [[*range(6)]]


def test_a_job_that_took_long_says_that_it_is_done(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.work.job.LONG", 0.0)
    app = visit("explore", run=OF_201, edge="c0-3", budget="512")
    app = finish(app.button(key="measure-edge").click().run())
    assert [message.value for message in app.toast if "done" in message.value] == ["Measuring input → output: done"]
    assert not app.run().toast


def test_what_one_visitor_measured_is_there_for_the_next(visit: Visit) -> None:
    finish(visit("explore", run=OF_201, edge="c0-1", budget="512").button(key="measure-edge").click().run())
    other = visit("explore", run=OF_201, edge="c0-1", budget="512")
    assert "measure-edge" not in keys(other)
    assert "512 images" in text(other)


def test_a_reduction_cell_can_be_looked_at(visit: Visit) -> None:
    app = visit("explore", run=OF_S2)
    app.session_state["cell"] = "reduce"
    app.run()
    assert not app.exception
    app = visit("explore", run=OF_S2, edge="r1-3")
    assert not app.exception


def test_the_list_view_says_what_the_graph_shows(visit: Visit) -> None:
    app = visit("explore")
    app.toggle(key="list-view").set_value(True).run()
    assert not app.exception
    rows = table(app, "cell-list")["rows"]
    assert len(rows) == 6 and sum(row["chosen"] for row in rows) == 1
    assert "cell_graph" not in " ".join(str(each.proto) for each in app.get("bidi_component"))


ABSURD = {
    "run": ["../../etc/passwd", "x" * 5000, "<script>alert(1)</script>"],
    "cell": ["bogus", "reduce"],
    "budget": ["-1", "1e99", "all the images"],
    "edge": ["c9-9", "n0-2", "😀", "c0-1" * 1000],
    "d": ["c0-1.ZZ", "c0-1.SK,c0-1.SK", "," * 3000, "n3:0+1", "c3:0+1", "%00", "c0-1.SK" * 500],
    "order": ["sideways"],
    "seed": ["-1", "99999999999999999999", "NaN"],
}


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_an_absurd_link_gives_messages_and_a_working_page(visit: Visit, page: str) -> None:
    for number in range(max(map(len, ABSURD.values()))):
        params = {key: values[number % len(values)] for key, values in ABSURD.items()}
        app = visit(page, **params)
        said = [message.value for message in app.toast]
        for key in ("run", "cell", "budget", "edge", "decisions", "order", "seed"):
            assert any(key in sentence for sentence in said), f"nothing is said about {params}"
        assert all(len(sentence) < 400 for sentence in said)
        assert not app.exception and heading(app)


def test_what_a_link_got_wrong_is_said_once(visit: Visit) -> None:
    app = visit("explore", cell="bogus", budget="9", edge="x")
    assert len(app.toast) == 3
    assert not app.run().toast


def test_a_link_restores_run_cell_edge_budget_and_decisions(visit: Visit) -> None:
    link = {"run": OF_S2, "cell": "reduce", "budget": "4k", "edge": "r0-3", "d": "n0-2.S3,r0-2.SK", "seed": "5"}
    app = visit("decide", **link, order="random")
    assert not app.toast, [message.value for message in app.toast]
    assert [app.session_state[key] for key in ("run", "cell", "budget")] == [OF_S2, "reduce", "4k"]
    assert heading(app) == "Step 3 of 34 · reduce cell, ck-2 → node 1"
    assert "random" in text(app) and app.number_input(key="order-seed").value == 5


def broken(small_runs: Path, folder: Path, name: str = "torn") -> Path:
    """A folder with a good run and one whose weights were cut short."""
    shutil.copytree(small_runs / OF_201, folder / "good")
    shutil.copytree(small_runs / OF_201, folder / name)
    weights = folder / name / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    return folder


def test_a_damaged_checkpoint_is_named_and_the_others_work(
    visit: Visit, small_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(broken(small_runs, tmp_path)))
    app = visit("explore")
    assert not app.exception
    assert any("torn" in warning.value and "weights.safetensors" in warning.value for warning in app.warning)
    assert "good" in " ".join(app.selectbox(key="run").options)
    assert "torn" not in " ".join(app.selectbox(key="run").options)


def test_a_sweep_that_is_none_does_not_break_the_pages(
    visit: Visit, small_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_runs / OF_201, tmp_path / "odd")
    (tmp_path / "odd" / "scores.json").write_text(json.dumps({"edges": [{"edge": 99}]}))
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(tmp_path))
    app = visit("explore")
    assert not app.exception
    assert any("scores.json" in warning.value for warning in app.warning)


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_without_any_checkpoint_the_app_says_what_to_do(
    visit: Visit, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUPERNET_CHECKPOINTS")
    with replaced(Workshop(catalog.Catalog(tmp_path / "nowhere"))):
        app = visit()
    assert not app.exception
    assert any("SUPERNET_CHECKPOINTS" in error.value for error in app.error)


def test_a_folder_that_does_not_exist_is_named(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(tmp_path / "missing"))
    app = visit("explore")
    assert not app.exception
    assert any("missing" in warning.value for warning in app.warning)


def test_a_measurement_that_cannot_be_taken_is_told_and_can_be_dismissed(
    visit: Visit, small_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_runs / OF_201, tmp_path / "gone")
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr("app.work.worker._checkpoints", type("Empty", (), {"get": lambda self, key, make: make()})())
    app = visit("explore", run="gone", edge="c0-1", budget="512")
    weights = tmp_path / "gone" / "weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    button = app.button(key="measure-edge")
    app = finish(button.click().run()) if "measure-edge" in keys(app) else app
    assert not app.exception
    assert any("weights.safetensors" in message.value for message in (*app.error, *app.warning))


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_the_address_is_written_once_a_drawing_and_only_when_it_changes(
    visit: Visit, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[dict[str, str]] = []
    update = QueryParamsProxy.update
    monkeypatch.setattr(
        QueryParamsProxy, "update", lambda self, changes: (written.append(dict(changes)), update(self, changes))
    )
    app = visit(page, run=OF_201, edge="c0-1")
    assert written == []
    app.session_state["states"][OF_201].focus("c0-2")
    app.run()
    assert not app.exception and written == [{"run": OF_201, "edge": "c0-2"}] and app.query_params["edge"] == "c0-2"
    assert not app.run().exception and len(written) == 1


def test_the_first_chart_of_a_visit_waits_for_what_stands_before_it_and_no_later_one(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr("time.sleep", lambda seconds: waited.append(seconds) if seconds == FIRST else sleep(seconds))
    monkeypatch.setattr("app.parts.text.FIRST", FIRST)
    app = visit("explore", run=OF_201)
    assert waited == [FIRST] and len(app.get("plotly_chart")) > 1
    app.run()
    assert waited == [FIRST]

"""Selections opened again on Start: many at once, one to go on with, and ticks on Decide."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.export_menu import document_of
from app.state import session
from app.state.page import PageState
from app.state.questions import Questions
from app.state.run import RunState
from app.state.url import Link
from app.work.workshop import workshop
from engine import nasbench201
from tests.app.conftest import heading, keys, text

Visit = Callable[..., AppTest]
RUN = "nas-bench-201"


@pytest.fixture(scope="module")
def exported() -> bytes:
    """What Export writes of a complete selection, two of its decisions taken by hand."""
    entry = workshop().catalog.entries()[RUN]
    taken = entry.summary.start.with_decisions().alpha_path().decisions
    run = RunState(link=Link(decisions=taken, by="ayayaa"))
    return document_of(Questions(PageState(entry, run, cell="cell"), workshop().measurements)).to_json().encode()


def put(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    values = [(name, content, "application/json") for name, content in files]
    app.file_uploader(key="selections").set_value(values).run()
    assert not app.exception
    return app


def test_files_become_ticks_with_names_and_one_is_gone_on_with(visit: Visit, exported: bytes) -> None:
    other = json.loads(exported)
    other["checkpoint"]["digest"] = "0" * 64
    app = put(
        visit(run=RUN, d="c0-1.NO"),
        ("ana.json", exported),
        ("ben*.json", exported),
        ("cleo.json", json.dumps(other).encode()),
        ("dan.json", b"{"),
    )
    assert [each.name for each in app.session_state["opened"]] == ["ana", "ben*"]
    assert [error.value.split(" was")[0] for error in app.error] == ["cleo", "dan"]
    app.text_area(key="selection-links").set_value("?run=nas-bench-201&d=c0-1.SK\n?d=").run()
    assert [each.name for each in app.session_state["opened"]] == ["ana", "ben*", "link 1"]
    assert len(app.error) == 1
    app.button(key="open-selection").click().run()
    assert not app.exception and heading(app) != "" and app.session_state["run"] == RUN
    state = app.session_state["states"][RUN]
    assert state.link.by == "ayayaa" and state.branches["A"].decisions[0].operation == "none"
    for _ in range(6):
        app.button(key="undo").click().run()
        app.query_params.update(app.session_state["address"].step.query)
    app.run()
    end = nasbench201.lookup(str(workshop().catalog.entries()[RUN].summary.start.alpha_path().decoded())).cifar10
    said = text(app) + " ".join(line.value for line in app.text)
    assert f"ana {end:.2f}, ben* {end:.2f}" in said


def test_a_class_lies_as_ticks_on_one_histogram_and_in_a_table(visit: Visit, exported: bytes) -> None:
    document, names = json.loads(exported), [f"student {number}" for number in range(28)]
    files = []
    for number, name in enumerate([*names, "<b>Zoe</b> *x*", "student 0"]):
        answers = [{"step": "masking/sum", "said": "9", "is_right": number % 2 == 0}]
        handed = document | {"hand_in": {"name": name, "given": [0], "answers": answers}}
        handed["steps"] = [*document["steps"][:1], {"by": "measured", "scores": None}, *document["steps"][2:]]
        if number == 29:  # the second student 0 stopped early
            handed |= {key: document[key][:2] for key in ("decisions", "steps")} | {"path": []}
        files.append((f"hand-in-{number:02}.json", json.dumps(handed).encode()))
    other = document | {"checkpoint": document["checkpoint"] | {"digest": "0" * 64, "name": "**gone**"}}
    bad = [("a*.json", json.dumps(other).encode()), ("b.json", b"{"), ("c.json", files[3][1])]
    app = put(visit(run=RUN), *files, *bad)
    assert len(app.session_state["opened"]) == 30
    said = [error.value.replace("\\", "") for error in app.error]
    assert [line.split(" was")[0] for line in said] == ["a*", "b", "c"]
    assert "another supernet, **gone**, which is not here" in said[0] and "student 3 was given twice" in said[2]
    rows = app.dataframe[0].value.set_index("selection")
    assert list(rows.index) == [*names, "<b>Zoe</b> *x*", "student 0 (2)"]
    end = nasbench201.lookup(str(workshop().catalog.entries()[RUN].summary.start.alpha_path().decoded()))
    row = rows.loc["student 4"]
    assert (row["true %"], row["rank"], row["cell"]) == (end.cifar10, end.rank["cifar10"], end.architecture)
    assert tuple(row[["given", "α", "measured", "person"]]) == (1, 3, 1, 1) and row["answers"] == "1 of 1"
    assert rows.loc["student 0 (2)"]["decided"] == "2 of 6" and not rows.loc["student 0 (2)"]["cell"]
    (chart,) = [json.loads(part.proto.spec) for part in app.get("plotly_chart") if "&lt;b&gt;Zoe" in part.proto.spec]
    ticks = next(trace for trace in chart["data"] if trace.get("mode") == "markers")
    assert len(ticks["x"]) == 29, "that of the one who stopped early has no end"
    app = put(app, *files)
    assert len(app.session_state["opened"]) == 30 and not app.error, "the same again are no news"


def test_true_accuracies_of_a_class_are_hidden_where_a_link_says_so(visit: Visit, exported: bytes) -> None:
    app = put(visit(run=RUN, hide="truth"), ("ana.json", exported))
    assert "true %" not in app.dataframe[0].value and "True accuracy" not in text(app)


def test_opened_selections_are_found_after_a_reload_until_they_are_forgotten(
    visit: Visit, exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "browser", lambda cookie: "0" * 64)
    app = put(visit(run=RUN), ("ana.json", exported), ("ben.json", exported))
    again = visit("start")
    assert again.session_state["opened"] == app.session_state["opened"]
    assert ends_of_decide(visit) == ["ana", "ben"]
    again.button(key="forget-selections").click().run()
    assert not again.exception
    last = visit("start")
    assert "opened" not in last.session_state and not [key for key in keys(last) if key == "open-selection"]


def ends_of_decide(visit: Visit) -> list[str]:
    """Names of the ticks on Decide's histogram."""
    app = visit("decide", run=RUN)
    said = text(app) + " ".join(line.value for line in app.text)
    return [name for name in ("ana", "ben") if f"{name} " in said]

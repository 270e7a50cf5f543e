"""Decide without a browser: every way to take a decision, to take it back, and what stands at the end."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from app.figures.evidence_table import Table
from app.library.catalog import Entry
from app.screens.decide import actions, ways
from app.state import url
from app.state.questions import Questions
from app.work.questions import Accuracy, Kind, Measurement, Request
from app.work.workshop import workshop
from engine import nasbench201
from engine.checkpoint.format import Summary
from engine.results import Baseline
from engine.selecting.record import SelectionRecord
from engine.selection.genotype import magnitude_genotype
from engine.selection.orders import edge_order
from engine.selection.selection import Selection
from tests.app.conftest import finish, heading, keys, step, text
from tests.app.small_runs import OF_201, OF_S2

Visit = Callable[..., AppTest]


def summary(run: str) -> Summary:
    found = workshop().catalog.entries()[run].summary
    assert found is not None
    return found


def start(run: str) -> Selection:
    return Selection(summary(run).space, summary(run).alphas)


def selection(app: AppTest) -> Selection:
    """What stands, by the page's own link."""
    run = app.session_state["run"]
    link, dropped = url.read({"d": app.query_params.get("d", "")}, start(run))
    assert not dropped
    return start(run).replay(link.decisions)


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return step(app)


def tape(app: AppTest) -> list[str]:
    """The tape's lines, the first decision first."""
    return [row["label"] for row in table(app, "tape")["rows"] if row["id"] != "0"][::-1]


def table(app: AppTest, key: str) -> Table:
    """What a table of evidence shows."""
    (found,) = (part.proto.json for part in app.get("bidi_component") if part.proto.id.endswith(f"-{key}"))
    return json.loads(found)


def chosen(app: AppTest) -> list[str]:
    """The rows of the grid that are chosen."""
    return [row["id"] for row in table(app, "decision-grid")["rows"] if row["chosen"]]


def link_to(selection: Selection) -> str:
    return url.format_decisions(selection.decisions, selection.space)


def test_alphas_suggestion_is_taken_and_stands_in_tape_and_link(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    assert heading(app) == "Step 1 of 6 · input → node 1"
    press(app, "use-alpha")
    assert heading(app) == "Step 2 of 6 · input → node 2"
    assert selection(app).operation("cell", 0) == start(OF_201).best_by_alpha("cell", 0)
    (line,) = tape(app)
    assert line.startswith("1. input → node 1: ") and "as α suggests" in line


def test_undo_and_redo_walk_through_the_decisions(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    assert app.button(key="undo").disabled and app.button(key="redo").disabled
    press(press(app, "use-alpha"), "use-alpha")
    both = selection(app)
    press(app, "undo")
    assert selection(app) == both.undo() and not app.button(key="redo").disabled
    press(app, "undo")
    assert selection(app).decisions == () and app.button(key="undo").disabled
    press(press(app, "redo"), "redo")
    assert selection(app) == both and app.button(key="redo").disabled


def test_a_decision_after_undo_leaves_nothing_to_redo(visit: Visit) -> None:
    app = press(press(visit("decide", run=OF_201), "use-alpha"), "undo")
    press(app, "use-alpha")
    assert app.button(key="redo").disabled


def test_any_operation_can_be_chosen_and_then_decided(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    names = start(OF_201).space.operations("cell", 0)
    by_weight = sorted(names, key=lambda name: -start(OF_201).alphas["cell"][0][names.index(name)])
    grid = table(app, "decision-grid")
    assert [row["id"] for row in grid["rows"]] == by_weight and chosen(app) == by_weight[:1]
    assert [grid["keys"][str(number)] for number in range(1, 6)] == by_weight
    for name in by_weight:
        choose(app, name)
        press(app, "decide")
        assert selection(app).operation("cell", 0) == name
        press(app, "undo")
    press(app, "redo")
    assert "by you" in tape(app)[0]


def choose(app: AppTest, name: str) -> None:
    """Choose a row of the grid, in its list view."""
    listed = app.toggle(key="list-view").set_value(True).run()
    (choices,) = (radio for radio in listed.radio if str(radio.key).startswith("choices-"))
    choices.set_value(name).run()
    app.toggle(key="list-view").set_value(False).run()
    assert not app.exception and chosen(app) == [name]


def test_the_grid_says_in_words_what_its_rows_show(visit: Visit) -> None:
    app = visit("decide", run="nas-bench-201", edge="c1-2")
    rows = {row["id"]: row["label"] for row in table(app, "decision-grid")["rows"]}
    assert rows["nor_conv_3x3"].startswith("conv 3×3; α weight 0.21; drop 10.4 [7.4, 13.5] pts; measured best; ")
    assert "adds 60,480 weights" in rows["nor_conv_3x3"] and "adds 0 weights" in rows["skip_connect"]
    assert "best reachable 94.4 %" in rows["nor_conv_3x3"] and "of 3,125 cells" in rows["nor_conv_3x3"]
    assert "α keeps it" in rows["skip_connect"]
    assert "weights, in all" not in rows["none"]


def test_a_space_without_a_table_has_no_reachable_column(visit: Visit) -> None:
    grid = table(visit("decide", run=OF_S2), "decision-grid")
    assert [column["head"] for column in grid["columns"]][-1] == "weights"
    assert not any("reachable" in row["label"] for row in grid["rows"])


def test_everything_of_the_card_has_a_place_before_and_after_it_is_measured(visit: Visit) -> None:
    app = visit("decide", run=OF_201, budget="512")
    places = ["decide", "skip", "use-alpha", "use-measured"]
    before = [key for key in (button.key for button in app.button) if key in places]
    assert len(table(app, "decision-grid")["rows"]) == 5
    app = finish(press(app, "measure-step"))
    assert [key for key in (button.key for button in app.button) if key in places] == before == places
    assert all(row["cells"][4]["kind"] == "drop" for row in table(app, "decision-grid")["rows"])


def test_skipped_edges_come_last(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    press(app, "skip")
    assert heading(app) == "Step 1 of 6 · input → node 2"
    for _ in range(5):
        press(app, "use-alpha")
    assert heading(app) == "Step 6 of 6 · input → node 1"
    assert not selection(app).is_decided("cell", 0)


def test_skipping_every_edge_comes_back_to_the_first(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    for _ in range(6):
        press(app, "skip")
    assert heading(app) == "Step 1 of 6 · input → node 1"


@pytest.mark.parametrize("run", [OF_201, OF_S2])
def test_a_random_order_is_the_published_one_of_its_seed(visit: Visit, run: str) -> None:
    app = visit("decide", run=run)
    app.radio(key="order-choice").set_value("random")
    app.number_input(key="order-seed").set_value(3)
    press(app, "use-order")
    assert (app.query_params["order"], app.query_params["seed"]) == ("random", "3")
    wanted = edge_order(summary(run).space, 3).edges[:4]
    for _ in wanted:
        press(app, "use-alpha")
    assert tuple((decision.cell, decision.edge) for decision in selection(app).decisions) == wanted


def test_the_largest_disagreement_comes_first_where_that_is_asked(visit: Visit) -> None:
    app = visit("explore", run=OF_201, budget="512", order="disagreement")
    app = finish(press(app, "measure-all"))
    differences = {
        edge: workshop().measurements.find(request(start(OF_201), "edge", edge), summary(OF_201)).result.difference
        for edge in range(6)
    }
    app = visit("decide", run=OF_201, budget="512", order="disagreement")
    largest = max(differences, key=lambda edge: differences[edge])
    space = summary(OF_201).space
    assert heading(app).endswith(space.cell("cell").edge_name(space.edge("cell", largest)))


def request(selection: Selection, kind: Kind, index: int, cell: str = "cell", images: int = 512) -> Request:
    return Request.of(summary(OF_201), selection, kind, cell, index, images=images)


def test_a_selected_edge_is_decided_next_whatever_the_order_says(visit: Visit) -> None:
    app = visit("decide", run=OF_201, edge="c2-3", order="random", seed="9")
    assert heading(app) == "Step 1 of 6 · node 2 → output"
    press(app, "use-alpha")
    assert selection(app).is_decided("cell", 5)


def test_measurement_suggests_once_it_has_measured_and_its_word_can_be_taken(visit: Visit) -> None:
    app = visit("decide", run=OF_201, budget="512")
    assert app.button(key="use-measured").disabled
    app = finish(press(app, "measure-step"))
    found = workshop().measurements.find(request(start(OF_201), "edge", 0), summary(OF_201))
    assert found is not None and found.source == "live"
    keep(found._replace(result=clear(found.result)))
    app.run()
    press(app, "use-measured")
    assert selection(app).operation("cell", 0) == found.result.best
    expected = "as both suggest" if found.result.best == found.result.best_by_alpha else "as measured"
    assert expected in tape(app)[0]


def clear(scores):
    """The same scores, as if many more images had been taken: no interval holds zero, and the leader stands apart."""
    rows = tuple(replace(row, ci=(row.drop + 1, row.drop + 2)) for row in scores.operations)
    return replace(scores, operations=rows, lead_ci=(0.5, 1.5))


def close(scores):
    """The same scores with another leader than alpha's choice, whose lead the images do not tell apart."""
    other = next(row.name for row in scores.operations if row.name != scores.best_by_alpha)
    return replace(clear(scores), best=other, best_by_drop=other, lead_ci=(-0.9, 2.9))


def unclear(scores):
    """The same scores with nothing to tell apart: every interval holds zero."""
    rows = tuple(replace(row, ci=(-9.0, 9.0)) for row in scores.operations)
    return replace(scores, operations=rows, lead_ci=(-9.0, 9.0))


def keep(found: Measurement) -> None:
    """Let the pages find this measurement of the undecided small run."""
    workshop().measurements.store.keep(request(start(OF_201), "edge", found.result.edge), found)


def test_where_nothing_stands_out_the_card_says_so_and_offers_more_images(visit: Visit) -> None:
    app = finish(press(visit("decide", run=OF_201, budget="512"), "measure-step"))
    found = workshop().measurements.find(request(start(OF_201), "edge", 0), summary(OF_201))
    keep(found._replace(result=unclear(found.result)))
    app.run()
    assert "No operation stands out: every interval holds zero on 512 images." in text(app)
    assert_nothing_is_chosen(app)
    assert app.button(key="use-measured").disabled and not app.button(key="use-alpha").disabled
    assert not any(
        cell.get("mark") == "measured" for row in table(app, "decision-grid")["rows"] for cell in row["cells"]
    )
    app = finish(press(app, "step-more"))
    assert app.session_state["budget"] == "512" and "1,024 images" in text(app)


def assert_nothing_is_chosen(app: AppTest) -> None:
    button = app.button(key="decide")
    assert button.disabled and button.label.startswith("Choose") and not chosen(app)


def test_noise_is_neither_suggested_nor_chosen_beforehand_and_the_line_says_by_how_much(visit: Visit) -> None:
    app = finish(press(visit("decide", run=OF_201, budget="512"), "measure-step"))
    found = workshop().measurements.find(request(start(OF_201), "edge", 0), summary(OF_201))
    keep(found._replace(result=close(found.result)))
    app.run()
    assert re.search(r"“.+” leads “.+” by −?\d+.\d \[−0.9, 2.9\] pts: these images do not separate", text(app))
    assert app.button(key="use-measured").disabled
    assert_nothing_is_chosen(app)


def test_the_legend_counts_only_what_is_told_apart(visit: Visit) -> None:
    app = finish(visit("explore", run=OF_201, budget="512").button(key="measure-all").click().run())
    for edge in range(6):
        found = workshop().measurements.find(request(start(OF_201), "edge", edge), summary(OF_201))
        keep(found._replace(result=(clear if edge < 2 else close)(found.result)))
    app.run()
    counts = [tuple(map(int, row)) for row in re.findall(r"<td>(\d+) \| <b>(\d+)</b> \| <b>(\d+)</b></td>", text(app))]
    assert [sum(column) for column in zip(*counts, strict=True)] == [6, 2, 4]


def test_a_choice_can_be_tried_without_taking_it(visit: Visit) -> None:
    app = finish(press(visit("decide", run=OF_201, budget="512"), "try"))
    assert not app.exception and selection(app).decisions == ()
    assert "512 images" in text(app) and "try" not in keys(app)


def test_the_accuracy_after_every_decision_is_measured_on_request(visit: Visit) -> None:
    app = visit("decide", run=OF_201, budget="512", d="c0-1.SK,c0-2.C3")
    assert all("not measured" in line for line in tape(app))
    app = finish(press(app, "measure-track"))
    assert all(re.search(r"\d %", line) for line in tape(app)) and "measure-track" not in keys(app)


def test_inputs_are_decided_once_all_operations_are(visit: Visit) -> None:
    decided = start(OF_S2)
    for cell in decided.space.cells:
        for edge in decided.undecided_edges(cell):
            decided = decided.discretize(cell, edge, decided.best_by_alpha(cell, edge))
    app = visit("decide", run=OF_S2, budget="512", d=link_to(decided))
    assert heading(app) == "Step 29 of 34 · normal cell, keep 2 of 3 inputs to node 1"
    assert app.button(key="skip").disabled
    app = finish(press(app, "measure-step"))
    assert table(app, "decision-grid")["role"] == "checkbox" and len(chosen(app)) in (0, 2)
    app.toggle(key="list-view").set_value(True).run()
    edges = [edge.index for edge in decided.space.cell("normal").entering(3)]
    for edges_chosen, is_legal in ((edges[:1], False), (edges, False), (edges[1:], True)):
        inputs(app).set_value([str(edge) for edge in edges_chosen]).run()
        assert not app.exception and app.button(key="decide").disabled is not is_legal
    press(app, "decide")
    assert selection(app).kept("normal", 3) == tuple(edges[1:])
    app.toggle(key="list-view").set_value(False).run()
    assert "normal, inputs of node 1: " in tape(app)[-1]
    assert heading(app).startswith("Step 30 of 34 · normal cell, keep 2 of 4 inputs")


def inputs(app: AppTest):
    (pills,) = (group for group in app.button_group if str(group.key).startswith("choices-"))
    return pills


@pytest.mark.parametrize("run", [OF_201, OF_S2])
def test_the_end_shows_the_genotype_beside_alphas(visit: Visit, run: str) -> None:
    complete = start(run).alpha_path()
    app = visit("decide", run=run, budget="512", d=link_to(complete))
    assert not app.exception and heading(app) == "Every edge is decided"
    genotype = complete.genotype()
    assert str(genotype) in [block.value for block in app.code]
    assert genotype == magnitude_genotype(summary(run).space, summary(run).alphas)
    if run == OF_201:
        found = nasbench201.lookup(str(genotype))
        assert text(app).count(f"{found.cifar10:.2f} %") >= 2, "your cell and alpha's are the same one"
    app = finish(press(app, "measure-final"))
    assert "one-shot accuracy" in text(app)
    press(app, "undo")
    assert heading(app).startswith(f"Step {complete.space.steps} of")


def test_the_measured_path_is_followed_to_the_end_and_shown(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "PATH_SEEDS", (0,))
    app = visit("decide", run=OF_201, budget="512", d="c0-1.SK,c0-2.C3,c1-2.C1")
    app = finish(press(app, "measure-paths"))
    assert not app.exception and "measure-paths" not in keys(app)
    (path,) = workshop().measurements.paths(request(selection(app), "accuracy", 0, cell=""), summary(OF_201))
    assert path.genotype.startswith("|skip_connect~0|+|nor_conv_3x3~0|nor_conv_1x1~1|")
    assert "1 edge order, 512 images" in text(app)


def test_following_the_path_is_progress_where_it_was_pressed(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()
    for link, key in ((link_to(start(OF_201).alpha_path()), "final-paths"), ("c0-1.SK", "measure-paths")):
        app = visit("decide", run=OF_201, d=link)
        assert key in keys(app) and f"cancel-{key}" not in keys(app)
        job = workshop().jobs.submit(key, "Following the measured path", lambda job: going_on.wait(60), "another")
        with monkeypatch.context() as patched:
            patched.setattr(Questions, "path_job", lambda ask, selection, job=job: job)
            app.run()
        assert not app.exception and f"cancel-{key}" in keys(app) and key not in keys(app)
    going_on.set()


def test_auto_play_by_alpha_goes_to_the_end_and_can_be_undone(visit: Visit) -> None:
    app = press(visit("decide", run=OF_201, budget="512"), "play-alpha")
    assert "pause" in keys(app)
    for _ in range(8):
        app.session_state["states"][OF_201].played = 0.0  # long ago: the next decision is due
        app.run()
        assert not app.exception
    assert heading(app) == "Every edge is decided" and "pause" not in keys(app)
    assert selection(app).genotype() == start(OF_201).alpha_path().genotype()
    press(app, "undo")
    assert len(selection(app).decisions) == 5


def test_auto_play_by_measurement_waits_for_each_measurement(visit: Visit) -> None:
    app = press(visit("decide", run=OF_201, budget="512", d="c0-1.SK,c0-2.C3,c1-2.C1,c0-3.SK"), "play-measured")
    for _ in range(12):
        app.session_state["states"][OF_201].played = 0.0
        app = finish(app)
        assert not app.exception
    assert heading(app) == "Every edge is decided"
    by = app.session_state["states"][OF_201].by
    assert [by[decision] for decision in selection(app).decisions[4:]] == ["measured", "measured"]


def test_pausing_stops_auto_play(visit: Visit) -> None:
    app = press(press(visit("decide", run=OF_201), "play-alpha"), "pause")
    app.session_state["states"][OF_201].played = 0.0
    app.run()
    assert selection(app).decisions == () and "play-alpha" in keys(app)


def test_start_over_asks_and_keeps_the_line_as_a_branch(visit: Visit) -> None:
    app = press(press(visit("decide", run=OF_201), "use-alpha"), "use-alpha")
    both = selection(app)
    press(app, "start-over")
    assert selection(app) == both and "2 decisions stay as branch A" in text(app)
    press(app, "start-over-now")
    assert selection(app).decisions == ()
    app.session_state["states"][OF_201].switch("A")
    assert not app.run().exception and selection(app) == both


def test_start_over_returns_to_a_prepared_task(visit: Visit) -> None:
    app = visit("decide", run=OF_201, d="c0-1.C3,c0-2.SK", task="c0-1.C3,c0-2.SK", order="random", seed="3")
    task = selection(app)
    assert app.button(key="start-over").disabled
    press(press(app, "use-alpha"), "start-over")
    assert "3 decisions stay as branch A" in text(app) and "with the 2 given by the task" in text(app)
    press(app, "start-over-now")
    assert selection(app) == task and app.query_params["task"] in ("c0-1.C3,c0-2.SK", ["c0-1.C3,c0-2.SK"])
    press(press(press(app, "undo"), "use-alpha"), "start-over")
    press(app, "start-over-now")
    assert selection(app) == task and len(app.session_state["states"][OF_201].branches) == 2


def test_a_link_that_was_handed_in_says_by_whom_until_something_else_is_decided(visit: Visit) -> None:
    app = visit("decide", run=OF_201, d="c0-1.C3", by="y", name="Ana *x*")
    assert r"Handed in by Ana \*x\*" in text(app) and not app.toast
    assert "Handed in" not in text(press(app, "use-alpha"))


def test_each_visitor_decides_alone(visit: Visit) -> None:
    one, other = visit("decide", run=OF_201), visit("decide", run=OF_201)
    press(one, "use-alpha")
    press(other, "skip")
    press(other, "use-alpha")
    one.run()
    assert [decision.edge for decision in selection(one).decisions] == [0]
    assert [decision.edge for decision in selection(other).decisions] == [1]


def test_deciding_starts_no_more_than_one_measurement_at_a_time(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    for _ in range(4):
        press(app, "use-alpha")
    wanted = [job for job in workshop().jobs.active() if not job.stopping]
    assert len(wanted) <= 2, "a newer request takes the place of the one that waits"


def test_each_run_keeps_its_decisions_while_another_is_looked_at(visit: Visit) -> None:
    app = press(visit("decide", run=OF_201), "use-alpha")
    mine = selection(app)
    app.selectbox(key="run").select(OF_S2).run()
    assert not app.exception and heading(app).startswith("Step 1 of 34")
    app.selectbox(key="run").select(OF_201).run()
    assert selection(app) == mine


BUNDLED = "nas-bench-201"


def test_the_histogram_shows_the_stored_paths_nearest_to_order_and_tuning(visit: Visit) -> None:
    app = visit("decide", run=BUNDLED, order="random", seed="3")
    assert "8 edge orders, 1,024 images, batch statistics, no tuning · stored" in text(app)
    app.radio(key="tune-choice").set_value("q").run()
    assert "8 edge orders, 1,024 images of cifar10-jpeg, batch statistics, quick tuning · stored" in text(app)
    assert "measure-paths" not in keys(app)
    app = visit("decide", run=BUNDLED, d="c0-1.NO")
    assert "no tuning · stored, from the start" in text(app)
    assert "measure-paths" in keys(app)


def test_paths_by_another_rule_or_on_other_images_are_not_counted_with_these(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = ways.stored_selections
    changes = {"perturbation-quick-order-6": {"rescale": True}, "perturbation-quick-order-7": {"images": 512}}

    def some_changed(entry: Entry) -> list[tuple[str, SelectionRecord | None, str | None]]:
        return [
            (name, document and replace(document, settings={**document.settings, **changes.get(name, {})}), error)
            for name, document, error in stored(entry)
        ]

    monkeypatch.setattr(ways, "stored_selections", some_changed)
    app = visit("decide", run=BUNDLED, order="random", seed="3")
    app.radio(key="tune-choice").set_value("q").run()
    assert "6 edge orders, 1,024 images of cifar10-jpeg, batch statistics, quick tuning · stored" in text(app)


def test_before_the_first_decision_the_page_asks_for_tuning_once(visit: Visit) -> None:
    app = visit("decide", run=OF_201)
    assert app.segmented_control(key="first-tune-choice").value == "n"
    app.segmented_control(key="first-tune-choice").set_value("q").run()
    assert app.radio(key="tune-choice").value == "q"
    assert "50 mini-batches" in text(app)
    app = visit("decide", run=OF_201, d="c0-1.SK")
    assert not [each for each in app.segmented_control if each.key == "first-tune-choice"]


def test_where_little_of_the_supernet_is_left_the_card_says_so(visit: Visit) -> None:
    app = visit("decide", run=OF_201, d="c0-1.NO")

    def found(selection: Selection, accuracy: float) -> None:
        result = Accuracy(Baseline(accuracy, 1.0, None), 512, "batch", "cpu", 1.0)
        measurement = Measurement(result, "live", "2026-11-27")
        workshop().measurements.store.keep(request(selection, "accuracy", 0, ""), measurement)

    before = start(OF_201)
    found(before, 60.0)
    found(before.discretize("cell", 0, "none"), 31.0)
    assert "means little" not in text(app.run())
    found(before.discretize("cell", 0, "none"), 29.0)
    assert "from 60.0 % to 29.0 %: what is measured on it now means little" in text(app.run())


def test_a_click_that_is_reported_again_right_after_the_drawing_decides_once(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("decide", run=OF_201)
    monkeypatch.setattr("app.state.run.SEEN", 60.0)
    assert len(selection(press(app, "use-alpha")).decisions) == 0, "nobody has seen this page yet"
    monkeypatch.setattr("app.state.run.SEEN", 0.0)
    press(app, "use-alpha")
    monkeypatch.setattr("app.state.run.SEEN", 60.0)
    assert len(selection(press(app, "use-alpha")).decisions) == 1

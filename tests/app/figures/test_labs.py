"""Figures of labs: pure, the same for the same result, and with nothing drawn that is not known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.figures.compared import draw_compared
from app.figures.depths import plot_depths
from app.figures.gap_courses import gap_info, plot_gaps
from app.figures.optimal_epochs import plot_skip, skip_info
from app.figures.optimal_weights import optima_info, plot_optima
from app.figures.path_ends import ends_info, plot_ends
from app.figures.rewired_ends import plot_rewired, rewired_info
from app.figures.signal_ranks import GLYPHS, draw_truth_table, plot_ranks, ranks_info, truth_table
from app.figures.snapshot_ends import plot_snapshots, snapshots_info
from app.figures.strengths import plot_strengths, strength_info
from engine.analysis import registry, stored
from engine.analysis.lab import Compared
from engine.analysis.optimal_alpha import Moment
from engine.analysis.signals.kinds import KINDS
from engine.analysis.signals.results import table
from engine.checkpoint.format import read_summary

DRAW = {
    "signals": lambda result, theme: plot_ranks(ranks_info(table(result), result.names), theme),
    "snapshots": lambda result, theme: plot_snapshots(snapshots_info(result), theme),
    "ablations": lambda result, theme: plot_ends(ends_info(result), theme),
    "optimal-alpha": lambda result, theme: plot_optima(optima_info(result), theme),
    "strength": lambda result, theme: plot_strengths(strength_info(result), theme),
    "unrolled": lambda result, theme: plot_rewired(rewired_info(result), theme),
    "skip-minus-conv": lambda result, theme: plot_gaps(gap_info(result), theme),
    "depth": plot_depths,
}


def result_of(root: Path, lab: str) -> Any:
    summary = read_summary(root / "checkpoints" / "nas-bench-201")
    document = stored.read(summary, lab)
    return registry.find(lab).known(summary) if document is None else document.numbers


@pytest.mark.parametrize("lab", registry.names())
def test_every_labs_figure_is_the_same_each_time_and_says_what_it_shows(root: Path, lab: str) -> None:
    result = result_of(root, lab)
    light, dark = DRAW[lab](result, "light"), DRAW[lab](result, "dark")
    assert light == DRAW[lab](result, "light") and light != dark
    assert light["layout"]["height"] == dark["layout"]["height"] > 150
    assert any(trace.get("x") for trace in light["data"])


def test_a_row_for_every_signal_and_a_circle_for_every_edge(root: Path) -> None:
    result = result_of(root, "signals")
    info = ranks_info(table(result), result.names)
    assert len(info.rows) == len(KINDS) and info.edges == 6
    (circles,) = plot_ranks(info, "light")["data"]
    assert len(circles["x"]) == 6 * len(KINDS)
    places = list(zip(circles["x"], circles["y"], strict=True))
    assert len(set(places)) == len(places), "no circle hides another"
    assert "α: 0.37 [0.0, 0.7], names 0 of 6 truly best" in info.summary
    assert len(set(GLYPHS.values())) == len(KINDS)


def test_the_truth_frames_the_best_and_marks_who_names_it(root: Path) -> None:
    result = result_of(root, "signals")
    shown = [row for row in table(result) if row.name in ("alpha", "prior")]
    info = truth_table(result, shown, "mean")
    assert all(row[3] and sum(row) == 1 for row in info.best), "conv 3×3 on every edge"
    assert all(
        [name for _, name in row[1]] == ["α"] and [name for _, name in row[3]] == ["kind alone"] for row in info.marks
    )
    drawn = draw_truth_table(info)
    assert drawn.count("class='best'") == 6 and "title='α'" in drawn
    assert sum(truth_table(result, shown, "best").best[4]) == 2, "both of two that tie"


def test_nothing_known_is_said_and_not_drawn(root: Path) -> None:
    empty = {
        "signals": replace(result_of(root, "signals"), signals=()),
        "snapshots": replace(result_of(root, "snapshots"), epochs=()),
        "ablations": replace(result_of(root, "ablations"), procedures=()),
        "optimal-alpha": replace(result_of(root, "optimal-alpha"), edges=()),
        "strength": replace(result_of(root, "strength"), edges=()),
        "unrolled": replace(result_of(root, "unrolled"), subjects=()),
        "skip-minus-conv": replace(result_of(root, "skip-minus-conv"), courses=()),
        "depth": replace(result_of(root, "depth"), depths=()),
    }
    for lab, result in empty.items():
        figure = DRAW[lab](result, "light")
        assert not any(trace.get("x") for trace in figure["data"]) and figure["layout"]["annotations"][0]["text"]


def test_a_number_that_is_missing_is_a_dash() -> None:
    drawn = draw_compared(
        [Compared("<what>", None, 54.3, "%", (50.0, 58.0), "a note"), Compared("rho", 0.32, None, "")]
    )
    assert drawn.count("–") == 2 and "54.30 %" in drawn and "[50.00, 58.00]" in drawn and "&lt;what&gt;" in drawn


def test_optimal_weights_over_a_training_are_drawn_where_several_moments_are_known(root: Path) -> None:
    result = replace(result_of(root, "optimal-alpha"), learned=(0.5, 0.6, 0.7), epochs=())
    assert skip_info(result) is None
    info = skip_info(replace(result, epochs=(Moment(1, 0.6, 0.7), Moment(3, 0.8, 0.75))))
    assert info is not None and info.summary == (
        "skip should have 0.60 after epoch 1, 0.80 after epoch 3; it has 0.50, 0.70"
    )
    learned, stated, optimal = plot_skip(info, "light")["data"]
    assert (learned["y"], stated["x"], optimal["y"]) == ([0.5, 0.6, 0.7], [1, 3], [0.6, 0.8])

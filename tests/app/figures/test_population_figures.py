"""Several runs side by side: which operations win, and alpha over training."""

from pathlib import Path

import pytest

from app.figures.over_epochs import Course, plot_over_epochs, summary
from app.figures.wins_map import NONE, plot_wins_map, wins_map
from engine.checkpoint.format import read_summary
from engine.drawing import palette
from engine.drawing.palette import THEMES
from engine.population import Ends, Member, OverEpochs, member, over_epochs

SKIPS = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"
CONVS = SKIPS.replace("skip_connect", "nor_conv_3x3")


def run(name: str, alpha: str | None, *ends: str) -> Member:
    found = (Ends("no tuning", "bundled", 1024, ends, (90.0,) * len(ends)),) if ends else ()
    return Member(name, name, space="nas-bench-201", alpha_end=alpha, ends=found)


def test_a_runs_orders_share_its_vote() -> None:
    info = wins_map([run("one", SKIPS, CONVS), run("two", SKIPS, *[SKIPS] * 3)], "cell")
    assert info is not None and info.runs == (2, 2) and info.cells == 4
    assert info.rows[0].alpha == {"skip_connect": pytest.approx(1.0)}
    assert info.rows[0].measured == {"nor_conv_3x3": pytest.approx(0.5), "skip_connect": pytest.approx(0.5)}
    assert info.operations == ("skip_connect", "nor_conv_3x3")


def test_unknown_alphas_have_no_vote_and_runs_without_an_end_none_either() -> None:
    info = wins_map([run("one", None, CONVS), run("two", SKIPS)], "cell")
    assert info is not None and info.runs == (1, 1)
    assert wins_map([run("one", None)], "cell") is None


def test_runs_of_several_spaces_have_no_edges_in_common() -> None:
    assert wins_map([run("one", SKIPS), Member("two", "two", space="s2")], "cell") is None
    assert wins_map([run("one", SKIPS)], "normal") is None


def test_edges_that_a_finished_cell_leaves_out_are_a_column_of_their_own(root: Path) -> None:
    found = member(read_summary(root / "checkpoints" / "s2"))
    info = wins_map([found, found], "normal")
    assert info is not None and info.operations[-1] == NONE and len(info.rows) == 14
    assert sum(row.alpha.get(NONE, 0) for row in info.rows) == pytest.approx(14 - 8)
    assert all(sum(row.measured.values()) == pytest.approx(1) for row in info.rows)


def test_alpha_over_training_is_that_of_the_log(root: Path) -> None:
    summarised = read_summary(root / "checkpoints" / "nas-bench-201")
    over = over_epochs(summarised)
    assert (
        len(over.skips) == len(over.true) == 30
        and over.skips[-1] == 1.0
        and over.true[-1] == pytest.approx(54.3, abs=0.01)
    )
    assert 80 < over.true[13] < 81, "epoch 14: conv 3x3 on one edge"
    without = over_epochs(read_summary(root / "checkpoints" / "s2"))
    assert len(without.skips) == 20 and without.true == ()


@pytest.mark.parametrize("theme", THEMES)
def test_both_are_drawn_in_both_themes_and_say_what_they_show(theme) -> None:
    courses = [Course("one", OverEpochs((0.5, 1.0), (80.0, 54.3))), Course("two", OverEpochs((0.0,), ()))]
    figure = plot_over_epochs(courses, theme)
    assert len(figure["data"]) == 3 and figure["data"][0]["line"] != figure["data"][2]["line"]
    assert summary(courses).startswith("one: α prefers skip on 100 % of the edges at the end; its cell ends at 54.30 %")
    info = wins_map([run("one", SKIPS, CONVS)], "cell")
    assert info is not None and "skip 100 %" in info.summary and plot_wins_map(info, theme)["layout"]["shapes"]
    for empty in (plot_over_epochs([Course("one", OverEpochs((), ()))], theme), plot_wins_map(None, theme)):
        assert empty["layout"]["annotations"][0]["text"]


@pytest.mark.parametrize("theme", THEMES)
def test_lines_of_eight_runs_differ_and_can_be_seen(theme) -> None:
    lines = [palette.line(place, theme) for place in range(8)]
    assert len({colour for colour, _ in lines}) == len({dash for _, dash in lines}) == 8
    ground = palette.roles(theme).background
    assert all(palette.contrast(colour, ground) >= 4.5 for colour, _ in lines)

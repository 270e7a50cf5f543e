"""Where runs end, side by side."""

from app.figures.strips import plot_strips, strips_info
from engine.population import Ends, Member


def run(name: str, alpha: float | None, *ends: float) -> Member:
    found = (Ends("no tuning", "bundled", 1024, ("cell",) * len(ends), tuple(sorted(ends))),) if ends else ()
    return Member(name, f"runs/{name}", space="nas-bench-201", alpha_true=alpha, ends=found)


def test_every_procedure_is_a_row_with_its_orders_their_median_and_alphas_cell() -> None:
    info = strips_info([run("one", 54.3, 90.0, 93.0, 92.0), run("two", None, 91.5), run("three", 54.3)])
    assert [(row.run, row.procedure, row.median, row.alpha) for row in info.rows] == [
        ("one", "no tuning, 1,024 images of bundled", 92.0, 54.3),
        ("two", "no tuning, 1,024 images of bundled", 91.5, None),
    ]
    assert info.without == ("three",)
    assert info.summary.startswith("one: α 54.30 %, no tuning, 1,024 images of bundled 92.00 % (median of 3 orders)")
    assert "two: α unknown" in info.summary and "median of 1 order)" in info.summary


def test_what_lies_far_below_stands_at_the_left_end_and_the_axis_says_so() -> None:
    figure = plot_strips(strips_info([run("one", 54.3, 90.0, 93.0)]), "light")
    orders, rings = figure["data"]
    assert orders["x"] == [90.0, 93.0] and orders["y"] == [0.2, 0.2] and rings["x"] == [80.0]
    assert "α's cell 54.30 %" in rings["hovertext"][0]
    assert "1 below 80" in figure["layout"]["xaxis"]["title"]["text"]
    assert figure["layout"]["shapes"][0]["x0"] == 91.5
    near = plot_strips(strips_info([run("one", 91.0, 90.0, 93.0)]), "dark")
    assert "below" not in near["layout"]["xaxis"]["title"]["text"]


def test_without_any_true_accuracy_the_figure_says_so() -> None:
    info = strips_info([run("one", None)])
    assert info.rows == () and "no run here" in info.summary
    assert "no run here" in str(plot_strips(info, "light"))

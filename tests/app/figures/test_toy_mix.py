"""The mix that people turn themselves: its best weight is the lowest point of its curve."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.toy_mix import ToyMix, plot_mix

VARIANCES = st.floats(0.05, 2)


@given(VARIANCES, VARIANCES, st.floats(-0.95, 0.95))
def test_no_weight_is_better_than_the_best(a: float, b: float, correlation: float) -> None:
    mix = ToyMix.of(a, b, correlation)
    assert all(mix.at(mix.optimal) <= mix.at(number / 100) + 1e-9 for number in range(101))
    assert 0 <= mix.at(mix.optimal) <= min(a, b) + 1e-9
    if mix.logits is not None:
        skip, conv = map(math.exp, mix.logits)
        assert skip / (skip + conv) == pytest.approx(mix.optimal)
    else:
        assert mix.optimal in (0, 1)


def test_without_correlation_the_best_weight_is_the_stated_one() -> None:
    mix = ToyMix.of(0.6, 0.2, 0)
    assert mix.optimal == pytest.approx(mix.stated) == pytest.approx(0.75)


def test_the_figure_marks_the_lowest_point_of_its_curve() -> None:
    mix = ToyMix.of(0.5, 0.4, 0.5)
    curve, stated, best = plot_mix(mix, "light")["data"]
    assert min(curve["y"]) >= best["y"][0] - 1e-9 and stated["y"][0] >= best["y"][0]
    assert f"{mix.optimal:.2f} for skip" in mix.summary

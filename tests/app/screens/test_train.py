"""Train, before anything was trained here: it tells how the supernet in the sidebar was."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.screens.train import PURPOSE
from app.work.supernets import PRESETS
from tests.app.conftest import text

Visit = Callable[..., AppTest]


def charts(app: AppTest) -> list[str]:
    return [chart.proto.id for chart in app.get("plotly_chart")]


def test_before_the_first_training_that_of_the_supernet_is_shown_from_its_files(visit: Visit) -> None:
    app = visit("train", run="nas-bench-201")
    said = text(app)
    assert not app.exception and "No training yet" in said
    assert "This is how nas\\-bench\\-201 was trained, from its files: darts, seed 0, 30 of 30 epochs" in said
    assert "true accuracy 54.30 %" in said and len(charts(app)) == 2


@pytest.mark.parametrize("size", PRESETS)
def test_every_size_says_what_it_is_for_and_brings_its_numbers(visit: Visit, size: str) -> None:
    app = visit("train", run="nas-bench-201")
    app.button_group(key="train-preset").set_value(size).run()
    assert not app.exception and PURPOSE[size] in [caption.value for caption in app.caption]
    channels = app.number_input(key=f"train-channels-{size}-nas-bench-201")
    assert channels.value == PRESETS[size]["channels"]


def test_an_answer_that_is_hidden_is_not_told_by_a_past_training(visit: Visit) -> None:
    app = visit("train", run="nas-bench-201", hide="truth")
    assert not app.exception and "54.30" not in text(app) and len(charts(app)) == 2


def test_a_supernet_of_two_cell_types_that_stopped_early_says_so(visit: Visit) -> None:
    app = visit("train", run="darts")
    assert not app.exception and "6 of 10 epochs" in text(app) and len(charts(app)) == 3

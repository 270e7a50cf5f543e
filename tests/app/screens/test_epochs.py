"""Explore at earlier epochs of a run's training."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.figures.frame import NOT_KEPT, UNMEASURED
from app.parts import epoch_slider
from app.state import keys
from tests.app.conftest import heading, text
from tests.app.conftest import keys as buttons

Visit = Callable[..., AppTest]
RUN = "nas-bench-201"


def slide(app: AppTest, epoch: int) -> AppTest:
    app.slider(key=keys.EPOCH_SLIDER.of(RUN).name).set_value(epoch).run()
    assert not app.exception
    return app


def test_graph_bars_and_words_follow_the_epoch_and_nothing_is_measured_at_it(visit: Visit) -> None:
    app = slide(visit("explore", run=RUN), 14)
    assert heading(app) == "α keeps “skip” on 5 of 6 edges; nothing is measured"
    assert "Epoch 14 of 30: α's cell has a true accuracy of 80.57 % (CIFAR-10)" in text(app)
    assert "The weights of this epoch were not kept" in text(app) and "epoch 14 · 57.0 % on 2,048 images" in text(app)
    assert not {"measure-edge", "measure-all", "settle", "more-images"} & buttons(app)
    app = slide(app, 30)
    assert "measurement contradicts it on 1" in heading(app) and "settle" in buttons(app)


def test_charts_of_an_epoch_without_weights_do_not_wait_for_a_measurement(visit: Visit) -> None:
    app = slide(visit("explore", run=RUN, edge="c0-1"), 14)
    charts = [json.loads(chart.proto.spec)["layout"]["annotations"] for chart in app.get("plotly_chart")]
    texts = [each["text"] for annotations in charts for each in annotations]
    assert texts.count(NOT_KEPT) == 2 and UNMEASURED not in texts
    graph = " ".join(part.proto.json for part in app.get("bidi_component"))
    assert NOT_KEPT.replace("<br>", " ") in graph and UNMEASURED not in graph


def test_other_pages_speak_of_the_last_epoch(visit: Visit) -> None:
    app = slide(visit("explore", run=RUN), 14)
    app.session_state["on-page"] = "decide"
    other = visit("decide", run=RUN)
    assert "epoch 30" in text(other) and not other.exception


def test_the_epochs_play_from_the_first_to_the_last(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_slider, "SECONDS", 0.0)
    app = visit("explore", run=RUN)
    app.button(key="play-epochs").click().run()
    for _ in range(30):
        app.run()
    assert "play-epochs" in buttons(app) and "settle" in buttons(app)


def test_they_stop_where_they_are_grabbed(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_slider, "SECONDS", 1000.0)
    app = visit("explore", run=RUN)
    app.button(key="play-epochs").click().run()
    assert app.slider(key=keys.EPOCH_SLIDER.of(RUN).name).value == 1 and "pause-epochs" in buttons(app)
    app = slide(app, 20)
    assert app.session_state[keys.EPOCH.of(RUN).name] == 20
    assert "play-epochs" in buttons(app)

"""Clicks on Decide without a page."""

from collections.abc import Callable

import pytest

from app.screens.decide.actions import Deciding
from app.screens.decide.step import at_step
from app.state.actions import Actions
from app.state.page import PageState
from app.state.questions import Questions
from app.state.run import RunState
from app.work.workshop import Workshop, workshop

Draw = Callable[..., Deciding]


@pytest.fixture
def run() -> RunState:
    return RunState()


@pytest.fixture
def draw(run: RunState, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """What Decide offers at each drawing of the bundled NAS-Bench-201 supernet; nothing is measured.

    whole: whether the drawing came to its end.
    """
    monkeypatch.setattr(Deciding, "measure_next", lambda self: None)
    entry = workshop().catalog.entries()["nas-bench-201"]
    measurements = Workshop(workshop().catalog).measurements

    def again(whole: bool = True) -> Deciding:
        ask = Questions(PageState(entry, run, cell="cell"), measurements)
        if whole:
            run.drawn = run.line
        return Deciding(at_step(ask), Actions(ask, measurements))

    return again


def test_a_click_that_is_reported_twice_counts_once(run: RunState, draw: Draw) -> None:
    for edge in range(3):
        drawn = draw()
        for _ in range(2):
            drawn.take_by_hand(drawn.step.suggested["α"])
        assert [decision.edge for decision in run.link.decisions] == list(range(edge + 1))
    drawn = draw()
    drawn.undo()
    drawn.undo()
    assert len(run.link.decisions) == 2 and len(run.undone) == 1
    drawn = draw()
    drawn.redo()
    drawn.redo()
    assert len(run.link.decisions) == 3 and run.undone == []
    drawn = draw()
    drawn.start_over()
    drawn.start_over()
    assert run.link.decisions == () and run.branch == "B" and len(run.branches["A"].decisions) == 3


def test_a_click_that_is_reported_again_while_the_page_is_drawn_counts_once(run: RunState, draw: Draw) -> None:
    drawn = draw()
    drawn.take_by_hand(drawn.step.suggested["α"])
    cut_off = draw(whole=False)
    cut_off.take_by_hand(cut_off.step.suggested["α"])
    assert len(run.link.decisions) == 1
    drawn = draw()
    drawn.choose("none")
    draw(whole=False).choose("skip_connect")
    assert run.picked is not None and run.picked.operation == "none"


def test_a_branch_is_left_once(run: RunState, draw: Draw) -> None:
    for _ in range(2):
        drawn = draw()
        drawn.take_by_hand(drawn.step.suggested["α"])
    draw().look(1)
    drawn = draw()
    drawn.branch_off()
    drawn.branch_off()
    assert run.branch == "B" and list(run.branches) == ["A"] and len(run.link.decisions) == 1

"""Decisions of one run in one session, without a page: taken, taken back, looked back at, in branches."""

from dataclasses import replace

import pytest

from app.state.run import BRANCH_NAMES, SEEN, RunState
from app.state.url import Link, Taken
from engine.selection.decisions import OperationDecision

A, B, C = (OperationDecision("cell", edge, "skip_connect") for edge in range(3))


def decided(*letters: str) -> RunState:
    """A run in which A, B and C were taken, each followed by the tuning of its letter."""
    run = RunState()
    for decision, letter in zip((A, B, C), letters, strict=False):
        run.preset = letter
        run.take(decision, "you", is_last=False)
    return run


def test_a_decision_is_written_into_the_link_with_its_tuning_and_who_took_it() -> None:
    run = decided("n", "q", "n")
    assert run.link == Link(decisions=(A, B, C), tune="nq", by="yyy")
    assert run.changed and run.by == {A: "you", B: "you", C: "you"}
    run.undo()
    run.take(C, "α", is_last=False)
    assert run.link.by == "yya"


def test_nobody_here_took_what_came_with_a_link() -> None:
    run = RunState(link=Link(decisions=(A, B), by="lm"))
    run.take(C, "both", is_last=False)
    assert run.by == {B: "measured", C: "both"} and run.link.by == "lmb"


def test_the_last_decision_is_followed_by_no_tuning() -> None:
    run = decided("q", "q")
    run.take(C, "α", is_last=True)
    assert run.link.tune == "qq"


def test_undo_remembers_tuning_and_author_and_another_decision_forgets_them() -> None:
    run = decided("q", "p")
    run.undo()
    assert run.link == Link(decisions=(A,), tune="q", by="y") and run.undone == [Taken(B, "p", "y")]
    assert run.stepped == -1
    run.redo()
    assert run.link == Link(decisions=(A, B), tune="qp", by="yy") and run.undone == []
    assert run.stepped == 1
    run.undo()
    run.preset = "n"
    run.take(C, "α", is_last=False)
    assert run.link == Link(decisions=(A, C), tune="q", by="ya") and run.undone == [] and run.stepped == 0


def test_nothing_to_undo_or_redo_changes_nothing() -> None:
    run = RunState()
    run.undo()
    run.redo()
    assert run == RunState()


def test_start_over_keeps_the_line_as_a_branch() -> None:
    run = decided("n", "q", "n")
    whole = run.link
    run.start_over()
    assert run.link == Link() and run.branch == "B"
    run.start_over()  # nothing is left to leave
    assert run.branches == {"A": whole}
    run.switch("A")
    assert run.link == whole


def test_start_over_without_a_name_for_a_branch_can_be_redone_to_the_end() -> None:
    run = decided("n", "n", "n")
    run.branches = {name: Link(decisions=(B,)) for name in BRANCH_NAMES[1:]}
    run.start_over()
    assert run.link.decisions == () and run.branch == "A"
    for _ in range(3):
        run.redo()
    assert run.link.decisions == (A, B, C)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_start_over_returns_to_the_decisions_of_the_task(number: int) -> None:
    task = (Taken(A, "q", "l"), Taken(B, "n", "l"))
    run = decided("n", "n", "n")
    run.adopt(replace(Link().having(task), task=task))
    assert run.is_at_start
    for _ in range(2 - number):
        run.undo()
    run.take(C, "you", is_last=False)
    line = run.link
    assert run.start_over()
    assert run.link.taken == run.link.task == task and run.is_at_start
    assert line in run.branches.values()
    before = run.branches.copy()
    run.start_over()
    assert run.branches == before, "there is nothing to leave"
    run.undo()
    run.undo()
    run.start_over()
    assert run.link.taken == task and run.branches == before


def test_a_line_without_a_name_for_its_branch_is_kept_where_the_task_is_another() -> None:
    run = RunState(link=Link(task=(Taken(A, "n", "l"),)))
    run.branches = {name: Link(decisions=(B,)) for name in BRANCH_NAMES[1:]}
    run.take(C, "you", is_last=False)
    line = run.link
    assert not run.start_over() and run.link == line
    run.undo()
    run.take(A, "you", is_last=False)
    run.take(B, "you", is_last=False)
    assert run.start_over() and run.link.decisions == (A,)
    run.redo()
    assert run.link.decisions == (A, B)


def test_another_line_is_begun_beside_the_one_so_far() -> None:
    run = decided("n", "n")
    assert run.begin(Link(decisions=(C,), by="m"))
    assert run.link == Link(decisions=(C,), by="m") and run.branches["A"].decisions == (A, B)
    assert run.begin(Link(decisions=(C, A)))  # what only goes on with it takes its place
    assert run.branch == "B" and run.link.decisions == (C, A)
    run.branches |= {name: Link() for name in BRANCH_NAMES if name != "B"}
    before = run.link
    assert not run.begin(Link(decisions=(A,))) and run.link == before


def test_a_decision_and_another_order_take_the_focus_away() -> None:
    run = RunState(link=Link(edge="c0-1"))
    run.take(A, "you", is_last=False)
    assert run.link.edge is None
    run.focus("c0-2")
    run.set_order("random", 3)
    assert run.link == Link(decisions=(A,), order="random", seed=3, by="y")


def test_a_skipped_edge_comes_last_among_the_skipped() -> None:
    run = RunState()
    for edge in (0, 1, 0):
        run.skip("cell", edge)
    assert run.skipped == [("cell", 1), ("cell", 0)]


def test_looking_back_shows_a_beginning_and_takes_nothing_back() -> None:
    run = decided("n", "n", "n")
    run.look(1)
    assert run.is_past and run.shown == (A,) and run.link.decisions == (A, B, C)
    run.look(None)
    assert not run.is_past and run.shown == (A, B, C)
    run.look(3)
    assert not run.is_past and run.shown == (A, B, C)


def test_branches_keep_what_was_left() -> None:
    run = decided("q", "q", "n")
    run.look(1)
    run.branch_off()
    assert (run.branch, run.link) == ("B", Link(decisions=(A,), tune="q", by="y")) and not run.is_past
    run.take(C, "you", is_last=False)
    run.switch("A")
    assert run.branch == "A" and run.link.decisions == (A, B, C)
    assert run.branches == {"B": Link(decisions=(A, C), tune="q", by="yy")}


@pytest.mark.parametrize("name", BRANCH_NAMES[1:])
def test_every_branch_has_a_name_of_its_own(name: str) -> None:
    run = decided("n")
    while run.branch != name:
        run.look(0)
        run.branch_off()
        run.take(A, "you", is_last=False)
    assert sorted((run.branch, *run.branches)) == sorted(BRANCH_NAMES[: BRANCH_NAMES.index(name) + 1])


def test_what_stands_is_seen_a_moment_after_the_page_has_shown_it() -> None:
    run = RunState()
    assert not run.is_seen(100.0), "nothing has been drawn yet"
    run.draw(100.0)
    assert not run.is_seen(100.0) and run.is_seen(100.0 + SEEN)
    run.draw(100.1)
    assert run.is_seen(100.0 + SEEN), "the same drawn again is no news"
    run.picked = OperationDecision("cell", 0, "none")
    assert not run.is_seen(200.0), "the page does not show it yet"
    run.draw(200.0)
    assert not run.is_seen(200.1) and run.is_seen(200.0 + SEEN)

"""The state follows the address: Back and Forward are undo and redo, whatever else moves the address."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app import url
from app.session import ECHO_SECONDS, Address, State
from app.url import Link
from engine.decisions import Decision
from tests.engine.test_selection import fresh, legal_decisions, selections

START = fresh("nas-bench-201")
RUNS = {"first": START, "second": fresh("nas-bench-201", seed=1)}


def taken(count: int) -> tuple[Decision, ...]:
    selection = START
    for _ in range(count):
        selection = selection.decide(legal_decisions(selection)[0])
    return selection.decisions


@dataclass
class Tab:
    """A browser tab with the app on it: an address with a history, and a session that sees the address in every run.

    As Streamlit has it, a change of page leaves an address without the app's own keys, and a change of run keeps them.
    """

    history: list[tuple[str, str, dict[str, str]]] = field(default_factory=lambda: [("/", "first", {})])
    at: int = 0
    address: Address = field(default_factory=Address)
    states: dict[str, State] = field(default_factory=dict)
    now: float = 0.0
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draw()

    @property
    def state(self) -> State:
        return self.states.setdefault(self.history[self.at][1], State())

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return self.state.link.decisions

    @property
    def shown(self) -> dict[str, str]:
        return self.history[self.at][2]

    def draw(self, shown: dict[str, str] | None = None) -> None:
        """One run of the script, as app.session.sync does it."""
        page, run, current = self.history[self.at]
        shown = current if shown is None else shown
        state = self.state
        news = self.address.news(shown, page, run, self.now)
        if news is not None and not state.changed:
            link, dropped = url.read(news, RUNS[run])
            state.adopt(link)
            self.messages += dropped
        state.changed = False
        changes = self.address.write(shown, url.write(START.space, state.link), self.now)
        if changes and {**shown, **changes} != current:
            self.go(page, run, {**shown, **changes})

    def go(self, page: str, run: str, keys: dict[str, str]) -> None:
        """The address changes; what lay ahead in the history is gone."""
        del self.history[self.at + 1 :]
        self.history.append((page, run, keys))
        self.at += 1

    def wait(self) -> None:
        self.now += 2 * ECHO_SECONDS

    def change(self, **parts: object) -> None:
        """A callback changes the state, then the page is drawn."""
        self.wait()
        self.state.link = replace(self.state.link, **parts)
        self.state.changed = True
        self.draw()

    def decide(self) -> None:
        selection = RUNS[self.history[self.at][1]].replay(self.decisions)
        self.state.redo.clear()
        self.change(decisions=(*self.decisions, legal_decisions(selection)[0]))

    def back(self, steps: int = 1) -> None:
        self.wait()
        self.at = max(0, self.at - steps)
        self.draw()

    def forward(self, steps: int = 1) -> None:
        self.wait()
        self.at = min(len(self.history) - 1, self.at + steps)
        self.draw()

    def open(self, page: str) -> None:
        self.wait()
        self.go(page, self.history[self.at][1], {})
        self.draw()

    def choose(self, run: str) -> None:
        self.wait()
        self.go(self.history[self.at][0], run, self.shown)
        self.draw()


def test_back_undoes_and_forward_redoes_one_decision_at_a_time() -> None:
    tab = Tab()
    for _ in range(3):
        tab.decide()
    three = tab.decisions
    for left in (2, 1, 0):
        tab.back()
        assert tab.decisions == three[:left]
    for left in (1, 2, 3):
        tab.forward()
        assert tab.decisions == three[:left]
    assert not tab.state.redo


def test_what_back_took_away_can_be_redone_in_order() -> None:
    tab = Tab()
    for _ in range(3):
        tab.decide()
    three = tab.decisions
    tab.back(2)
    assert [tab.state.redo.pop(), tab.state.redo.pop()] == list(three[1:])


def test_a_decision_after_back_starts_another_branch() -> None:
    tab = Tab()
    tab.decide()
    tab.back()
    tab.decide()
    assert len(tab.decisions) == 1 and not tab.state.redo
    tab.forward()
    assert len(tab.decisions) == 1, "nothing lies ahead any more"


def test_decisions_survive_a_change_of_page_and_stand_in_its_address() -> None:
    tab = Tab()
    tab.decide()
    tab.decide()
    two = tab.decisions
    tab.open("/explore")
    assert tab.decisions == two and tab.shown["d"]
    tab.open("/decide")
    tab.decide()
    assert tab.decisions[:2] == two
    tab.back()
    assert tab.decisions == two


def test_each_run_keeps_its_own_decisions() -> None:
    tab = Tab()
    tab.decide()
    of_first = tab.decisions
    tab.choose("second")
    assert tab.decisions == ()
    tab.decide()
    tab.decide()
    of_second = tab.decisions
    tab.choose("first")
    assert tab.decisions == of_first
    tab.choose("second")
    assert tab.decisions == of_second


def test_an_address_that_has_not_reached_the_browser_yet_is_no_move_of_the_visitor() -> None:
    tab = Tab()
    tab.decide()
    before = tab.shown
    tab.decide()
    tab.draw(before)  # the browser still reports the address from before
    assert len(tab.decisions) == 2
    tab.wait()
    tab.back()
    assert len(tab.decisions) == 1


def test_a_link_is_adopted_when_the_app_is_opened_and_says_what_it_dropped() -> None:
    tab = Tab(history=[("/decide", "first", {"d": "c0-1.SK,c0-1.SK", "seed": "x"})])
    assert len(tab.decisions) == 1 and len(tab.messages) == 2
    assert tab.shown["d"] == "c0-1.SK" and not tab.shown["seed"]
    tab.draw()
    assert len(tab.messages) == 2, "it is said once"


def test_drawing_again_changes_nothing() -> None:
    tab = Tab()
    tab.decide()
    history, decisions = list(tab.history), tab.decisions
    for _ in range(3):
        tab.draw()
        tab.wait()
    assert (tab.history, tab.decisions) == (history, decisions)


@given(selections(), st.data())
def test_adopting_an_earlier_and_then_the_later_address_leaves_nothing_to_redo(selection, data) -> None:
    decisions = selection.decisions
    left = data.draw(st.integers(0, len(decisions)))
    state = State(link=Link(decisions=decisions))
    state.adopt(Link(decisions=decisions[:left]))
    assert tuple(reversed(state.redo)) == decisions[left:]
    state.adopt(Link(decisions=decisions))
    assert state.redo == [] and state.link.decisions == decisions


@pytest.mark.parametrize("seen", [0, 1, 2])
def test_an_address_with_other_decisions_forgets_what_could_be_redone(seen: int) -> None:
    state = State(link=Link(decisions=taken(2)), redo=list(taken(3)[2:]))
    state.adopt(Link(decisions=(*taken(seen)[:-1], legal_decisions(START)[-1])))
    assert state.redo == []


class Visit(RuleBasedStateMachine):
    """Whatever a visitor does in a tab, the address always says what stands, and decisions are never mixed up."""

    @initialize()
    def arrive(self) -> None:
        self.tab = Tab()

    @precondition(lambda self: len(self.tab.decisions) < START.space.steps)
    @rule()
    def decide(self) -> None:
        before = self.tab.decisions
        self.tab.decide()
        assert self.tab.decisions[:-1] == before

    @precondition(lambda self: self.tab.decisions)
    @rule()
    def undo(self) -> None:
        before = self.tab.decisions
        self.tab.change(decisions=before[:-1])
        assert self.tab.decisions == before[:-1]

    @rule(edge=st.sampled_from([None, "c0-1", "c2-3"]))
    def select(self, edge: str | None) -> None:
        before = self.tab.decisions
        self.tab.change(edge=edge)
        assert self.tab.decisions == before and self.tab.state.link.edge == edge

    @rule(page=st.sampled_from(["/", "/explore", "/decide"]))
    def open(self, page: str) -> None:
        if page != self.tab.history[self.tab.at][0]:
            before = self.tab.state.link
            self.tab.open(page)
            assert self.tab.state.link == before

    @rule(run=st.sampled_from(["first", "second"]))
    def choose(self, run: str) -> None:
        if run != self.tab.history[self.tab.at][1]:
            before = self.tab.states.setdefault(run, State()).link
            self.tab.choose(run)
            assert self.tab.state.link == before

    @rule(steps=st.integers(1, 3))
    def back(self, steps: int) -> None:
        self.tab.back(steps)

    @rule(steps=st.integers(1, 3))
    def forward(self, steps: int) -> None:
        self.tab.forward(steps)

    @rule()
    def redraw(self) -> None:
        before = self.tab.state.link
        self.tab.draw()
        assert self.tab.state.link == before

    @invariant()
    def the_address_says_what_stands(self) -> None:
        said = {key: text for key, text in self.tab.shown.items() if text}
        assert said == url.write(START.space, self.tab.state.link)
        assert not self.tab.messages


TestVisit = Visit.TestCase

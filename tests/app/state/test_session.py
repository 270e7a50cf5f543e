"""The session and the address bar: Back and Forward, changes of page and run, addresses that arrive late."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from streamlit.testing.v1 import AppTest

from app.state import url
from app.state.address import ECHO_SECONDS, STEP_SECONDS, Address, Step
from app.state.run import RunState
from app.state.session import browser
from app.state.url import Link, Taken
from engine.selection.decisions import OperationDecision

A, B, C = (OperationDecision("cell", edge, "skip_connect") for edge in range(3))


Query = dict[str, str]


class Browser:
    """A browser's history, and a session on the other side: what Streamlit does to the address, tried in a real one.

    A run's name is "run" in the address, and of every run there is a state; steps are taken at once, unless `lame`.
    """

    def __init__(self, address: Address | None = None) -> None:
        self.address = address or Address()
        self.now = 100.0
        self.entries: list[tuple[str, Query]] = [("start", {})]
        self.at = 0
        self.run = "one"
        self.states: dict[str, Query] = {}
        self.is_history = False
        self.lame = False
        self.step: Step | None = None
        self.run_script()

    @property
    def state(self) -> Query:
        return self.states.get(self.run, {})

    @property
    def wanted(self) -> Query:
        return {"run": self.run} | self.state

    def run_script(self, change: Query | None = None, *, shown: Query | None = None, direction: int = 0) -> None:
        """A run: perhaps a callback's change, then the session's step, then what it writes reaches the browser.

        shown: what the browser still reports, where that is not its present address.
        """
        page, current = self.entries[self.at]
        reported = current if shown is None else shown
        is_history, self.is_history = self.is_history, False
        if change is not None:
            self.states[self.run] = change
        news = self.address.news(reported, page, self.now)
        if news is not None and change is None:
            self.address.adopt(reported)
            self.run = news.get("run", "one")
            self.states[self.run] = {key: text for key, text in news.items() if key != "run"}
        sent = self.address.write(reported, self.wanted, self.now, direction)
        if sent and (address := reported | sent) != current:
            if is_history:
                self.entries[self.at] = (page, address)
            else:
                self.push(page, address)
        self.now += 10
        if self.address.step != self.step and not self.lame:
            self.step = self.address.step
            self.take(self.step)

    def take(self, step: Step) -> None:
        """As history.js does."""
        page, current = self.entries[self.at]
        wanted, at = current | step.query, self.at + step.direction
        while step.direction and 0 <= at < len(self.entries) and self.entries[at][0] == page:
            if all(self.entries[at][1].get(key, "") == text for key, text in step.query.items()):
                self.at = at
                self.entries[at] = (page, wanted)
                break
            at += step.direction
        else:
            if step.direction < 0:
                self.entries[self.at] = (page, wanted)
            else:
                self.push(page, wanted)
        self.is_history = True
        self.run_script()

    def push(self, page: str, address: Query) -> None:
        self.entries[self.at + 1 :] = [(page, address)]
        self.at += 1

    def go(self, page: str) -> None:
        """A click in the navigation: our keys do not come along."""
        self.push(page, {})
        self.run_script()

    def choose(self, run: str) -> None:
        """Another run in the sidebar."""
        self.run = run
        self.run_script()

    def move(self, step: int) -> None:
        """Back or Forward."""
        self.at = min(max(self.at + step, 0), len(self.entries) - 1)
        self.is_history = True
        self.run_script()

    @property
    def says(self) -> Query:
        return {key: text for key, text in self.entries[self.at][1].items() if text and key != "run"}


@pytest.fixture
def tab() -> Browser:
    return Browser()


def test_back_walks_to_the_start_and_forward_comes_again(tab: Browser) -> None:
    for text in ("1", "2", "3"):
        tab.run_script({"d": text})
    walked = []
    for _ in range(3):
        tab.move(-1)
        walked.append(tab.state)
    assert walked == [{"d": "2"}, {"d": "1"}, {}]
    tab.move(+1)
    assert tab.state == {"d": "1"}
    tab.run_script({"d": "other"})
    tab.move(-1)
    assert tab.state == {"d": "1"}


def test_one_change_of_several_keys_is_one_step_back(tab: Browser) -> None:
    tab.run_script({"d": "1", "edge": "c0-1"})
    entries = len(tab.entries)
    tab.run_script({"d": "2"})  # the edge is no longer in focus
    assert len(tab.entries) == entries + 1
    tab.move(-1)
    assert tab.state == {"d": "1", "edge": "c0-1"}


def test_a_change_of_page_keeps_the_state_and_back_from_there_too(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.go("decide")
    assert tab.state == tab.says == {"d": "1"}
    tab.run_script({"d": "2"})
    tab.go("explore")
    assert tab.state == tab.says == {"d": "2"}
    seen = []
    for _ in range(7):
        tab.move(-1)
        seen.append((tab.entries[tab.at][0], tab.state.get("d")))
    # A page that was entered with something has a bare entry too, which repeats the step beside it.
    assert list(dict.fromkeys(seen)) == [
        ("explore", "2"),
        ("decide", "2"),
        ("decide", "1"),
        ("start", "1"),
        ("start", None),
    ]


def test_a_page_entered_twice_still_undoes_the_first_decision_on_it(tab: Browser) -> None:
    tab.go("decide")
    tab.run_script({"d": "1"})
    tab.run_script({"d": "2"})
    tab.go("explore")
    tab.go("decide")
    states = []
    while tab.at > 1:
        tab.move(-1)
        states.append(tab.state.get("d"))
    assert list(dict.fromkeys(states)) == ["2", "1", None]


def test_everything_undone_is_told_apart_from_an_address_that_says_nothing(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.go("decide")
    tab.run_script({})
    assert tab.entries[tab.at][1] == {"run": "one", "d": ""}
    tab.run_script()
    assert tab.state == {}
    tab.move(-1)
    assert tab.state == {"d": "1"}


def test_an_address_that_arrives_late_takes_nothing_back(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.now -= 10 - ECHO_SECONDS / 2
    tab.run_script(shown={"run": "one"})  # a poll that left the browser before the decision had reached it
    assert tab.state == {"d": "1"}
    tab.run_script()
    assert tab.state == tab.says == {"d": "1"}


def test_a_poll_tells_no_news_however_late_it_comes(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    assert tab.address.news({"run": "one"}, "start", tab.now + 99, part=True) is None
    assert tab.address.news({"run": "one"}, "start", tab.now + 99) == {"run": "one"}


def test_a_change_on_top_of_a_late_address_is_still_written(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    shown = {"run": "one", "d": "1"}
    tab.run_script({}, shown=shown)
    assert tab.says == {}
    tab.run_script({"d": "1"}, shown=shown)  # as if the address said so already
    assert tab.says == {"d": "1"}
    tab.run_script()
    assert tab.state == {"d": "1"}


def test_going_back_at_once_counts_when_the_browser_has_shown_the_new_address(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.run_script()
    tab.address.sent_at = tab.now  # however recent
    tab.move(-1)
    assert tab.state == {}


def test_another_run_is_one_step_and_back_finds_the_first_as_it_was_left(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.run_script({"d": "2"})
    entries = len(tab.entries)
    tab.choose("two")
    assert len(tab.entries) == entries + 1 and tab.state == tab.says == {}
    tab.run_script({"d": "9"})
    tab.choose("one")
    assert tab.state == tab.says == {"d": "2"}
    seen = []
    while tab.at:
        tab.move(-1)
        seen.append((tab.run, tab.state.get("d")))
    assert seen[:5] == [("two", "9"), ("two", None), ("one", "2"), ("one", "1"), ("one", None)]


def test_the_run_stands_in_the_address_from_the_beginning(tab: Browser) -> None:
    assert tab.entries[tab.at][1] == {"run": "one"}


def test_undo_goes_back_in_the_history_and_redo_forward(tab: Browser) -> None:
    for text in ("1", "2", "3"):
        tab.run_script({"d": text})
    entries = list(tab.entries)
    tab.run_script({"d": "2"}, direction=-1)
    assert tab.state == tab.says == {"d": "2"} and tab.entries == entries
    tab.move(-1)
    assert tab.state == {"d": "1"}  # not the decision that was undone
    tab.run_script({"d": "2"}, direction=1)
    tab.run_script({"d": "3"}, direction=1)
    assert tab.state == tab.says == {"d": "3"} and tab.entries == entries


def test_an_undo_without_such_an_entry_takes_the_place_of_the_present_one(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.run_script({"d": "2"})
    tab.go("decide")
    entries = len(tab.entries)
    tab.run_script({"d": "1"}, direction=-1)
    assert tab.state == tab.says == {"d": "1"} and len(tab.entries) == entries


def test_undo_passes_over_entries_in_which_only_the_focus_moved(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.run_script({"d": "2"})
    tab.run_script({"d": "2", "edge": "c0-1"})
    tab.run_script({"d": "1"}, direction=-1)
    tab.move(-1)
    assert tab.state == {}


def test_steps_that_the_browser_has_not_taken_yet_take_nothing_back(tab: Browser) -> None:
    for text in ("1", "2", "3"):
        tab.run_script({"d": text})
    tab.lame = True
    old = tab.entries[tab.at][1]
    tab.run_script({"d": "2"}, direction=-1)
    tab.now -= 10
    tab.run_script()  # a poll
    tab.now -= 10
    tab.run_script({"d": "1"}, shown=old, direction=-1)
    tab.now -= 10
    tab.run_script(shown=old | {"d": "2"})  # the first step is taken, and the second is not yet
    assert tab.state == {"d": "1"}
    tab.now -= 10
    tab.run_script({"d": "x"}, shown=old)  # a decision meanwhile comes after them
    assert tab.address.step == Step(tab.address.step.name, 0, {"run": "one", "d": "x"})
    tab.lame = False
    tab.run_script()
    assert tab.state == tab.says == {"d": "x"}


def test_a_browser_that_takes_no_steps_is_sent_the_address(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.lame = True
    tab.run_script({}, direction=-1)
    tab.now += STEP_SECONDS
    tab.run_script()
    assert tab.state == tab.says == {}


def test_an_address_that_the_visitor_went_to_is_not_sent_back_to_the_browser(tab: Browser) -> None:
    """Were it sent, it would reach a browser that has gone on since, and take it back there."""
    for text in ("1", "2", "3"):
        tab.run_script({"d": text})
    tab.at -= 1
    shown = tab.entries[tab.at][1]
    news = tab.address.news(shown, "start", tab.now)
    assert news == {"run": "one", "d": "2"}
    tab.address.adopt(shown)
    assert tab.address.write(shown, news, tab.now) == {}


def test_a_link_opened_afresh_is_taken_over() -> None:
    address = Address()
    assert address.news({"d": "1", "seed": "3", "edge": ""}, "decide", 0.0) == {"d": "1", "seed": "3"}
    assert address.write({"d": "1", "seed": "3", "edge": ""}, {"d": "1", "seed": "3"}, 0.0) == {}


def test_a_visitor_who_comes_without_a_link_finds_what_there_is_and_back_keeps_it() -> None:
    address = Address()
    assert address.news({}, "decide", 0.0) is None
    assert address.write({}, {"run": "one", "d": "1"}, 0.0) == {"run": "one", "d": "1"}
    assert address.news({}, "decide", 9.0) is None  # Back to the bare one


class AnyClicks(RuleBasedStateMachine):
    """Whatever is clicked, address and session say the same after every run, and nothing clicked is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.browser = Browser()

    @rule(
        text=st.sampled_from(["", "1", "2", "3"]),
        edge=st.sampled_from(["", "c0-1"]),
        direction=st.sampled_from([0, 0, -1, 1]),
    )
    def change(self, text: str, edge: str, direction: int) -> None:
        wanted = {key: value for key, value in (("d", text), ("edge", edge)) if value}
        self.browser.run_script(wanted, direction=direction)
        assert self.browser.state == wanted

    @rule()
    def rerun(self) -> None:
        before = self.browser.wanted
        self.browser.run_script()
        assert self.browser.wanted == before

    @rule(page=st.sampled_from(["start", "explore", "decide"]))
    def page(self, page: str) -> None:
        before = self.browser.wanted
        if page != self.browser.entries[self.browser.at][0]:
            self.browser.go(page)
            assert self.browser.wanted == before

    @rule(run=st.sampled_from(["one", "two"]))
    def choose(self, run: str) -> None:
        before = self.browser.states.get(run, {})
        self.browser.choose(run)
        assert (self.browser.run, self.browser.state) == (run, before)

    @rule(step=st.sampled_from([-1, 1]))
    def history(self, step: int) -> None:
        self.browser.move(step)

    @invariant()
    def same(self) -> None:
        assert self.browser.says == self.browser.state
        assert self.browser.entries[self.browser.at][1].get("run") == self.browser.run


TestAnyClicks = AnyClicks.TestCase
TestAnyClicks.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)


# Decisions that Back takes away


def link(*decisions: OperationDecision, tune: str = "", by: str = "") -> Link:
    return Link(decisions=decisions, tune=tune, by=by)


def test_decisions_that_back_took_away_can_be_redone_and_forward_uses_them_up() -> None:
    state = RunState(link=link(A, B, C, tune="nqp", by="may"))
    state.adopt(link(A, by="m"))
    assert [each.decision for each in state.undone] == [C, B]
    state.adopt(link(A, B, tune="nq", by="ma"))
    assert state.undone == [Taken(C, "p", "y")]
    state.adopt(link(A, B, C))
    assert state.undone == []
    state.adopt(link(A, B))
    state.redo()
    assert state.link.decisions == (A, B, C)


def test_redo_after_back_knows_who_decided_and_what_was_tuned() -> None:
    state = RunState(link=link(A, B, tune="qp", by="ay"))
    state.adopt(link(A, tune="q", by="a"))
    state.redo()
    assert state.link == link(A, B, tune="qp", by="ay") and state.by == {A: "α", B: "you"}


def test_another_line_in_the_address_is_a_branch_of_its_own() -> None:
    state = RunState(link=link(A, B))
    state.adopt(link(A))
    state.adopt(link(A, C))
    assert state.undone == [] and state.branches == {}
    state.adopt(link(B))
    assert state.undone == [] and (state.branch, state.branches) == ("B", {"A": link(A, C)})


def test_back_over_a_change_of_branch_finds_the_other_as_it_was_left() -> None:
    state = RunState(link=link(A, B, C, by="amy"))
    whole = state.link
    state.start_over()
    assert (state.branch, state.branches) == ("B", {"A": whole})
    state.adopt(whole)
    assert (state.branch, state.link, state.branches) == ("A", whole, {"B": link()})


def test_moving_in_the_address_stops_auto_play() -> None:
    state = RunState(link=link(A), playing="alpha")
    state.adopt(link())
    assert state.playing is None


# In Streamlit


def page() -> None:
    import streamlit as st

    from app.state import session
    from engine.selection.decisions import OperationDecision
    from engine.selection.selection import Selection
    from engine.spaces import search_space

    space = search_space("nas-bench-201")
    start = Selection(space, {"cell": [[0.0] * 5] * 6})

    def decide() -> None:
        state = session.state("demo")
        edge = len(state.link.decisions)
        decision = OperationDecision("cell", edge, "skip_connect")
        state.take(decision, "you", is_last=False)

    session.check({"demo": space}, "demo")
    session.read({"demo": start})
    state = session.state("demo")
    st.button("decide", on_click=decide)
    st.text(f"{len(state.link.decisions)} {state.link.seed} {session.visitor()}")
    st.json(session.query("demo", space))
    session.write("demo", space, {})
    st.text(st.query_params.get("d", "nothing"))


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=60)


def test_a_link_restores_the_session_and_callbacks_write_the_next_one(app: AppTest) -> None:
    app.query_params["d"] = "c0-1.SK,c0-2.C3"
    app.query_params["seed"] = "7"
    app.run()
    assert not app.exception and not app.toast
    assert app.text[0].value.startswith("2 7 ")
    app.button[0].click().run()
    assert app.text[0].value.startswith("3 7 ")
    assert app.text[1].value == "c0-1.SK,c0-2.C3,c1-2.SK"


def test_bad_values_are_dropped_with_a_message_each(app: AppTest) -> None:
    for key, text in {"d": "c0-1.SK,c9-9.XX", "seed": "-1", "run": "gone", "budget": "7"}.items():
        app.query_params[key] = text
    app.run()
    assert not app.exception
    assert app.text[0].value.startswith("1 0 ")
    said = [toast.value for toast in app.toast]
    assert len(said) == 4
    for word in ("c9-9", "seed", "gone", "budget"):
        assert sum(word in sentence for sentence in said) == 1


def test_a_visitor_stays_the_same_from_run_to_run_and_differs_from_others(app: AppTest) -> None:
    first = app.run().text[0].value
    assert app.run().text[0].value == first
    assert AppTest.from_function(page, default_timeout=60).run().text[0].value != first


def test_a_browser_is_recognised_under_every_mask_of_its_cookie() -> None:
    loads = (
        "2|c9a340e4|48f17f88635ecb59b4144c569285f488|1795523058",
        "2|00000000|81523f6caafd8bbd7db70cb25b26b46c|1795523058",
    )
    assert browser(loads[0]) == browser(loads[1])
    assert browser("2|00000000|91523f6caafd8bbd7db70cb25b26b46c|1795523058") != browser(loads[0])
    assert [browser(cookie) for cookie in (None, "", "2|zz|00|1", "2|00|", "2|||", "2||00|1")] == [None] * 6


def test_the_address_can_be_taken_along_to_another_page(app: AppTest) -> None:
    app.query_params.update({"d": "c0-1.SK", "seed": "7", "order": "backwards"})
    assert app.run().json[0].value == '{"run": "demo", "d": "c0-1.SK", "seed": "7"}'


def test_what_cannot_be_used_is_said_once(app: AppTest) -> None:
    app.query_params.update({"budget": "7", "cell": "reduce"})
    assert len(app.run().toast) == 2
    del app.query_params["budget"]  # as its widget does
    assert not app.run().toast
    app.query_params["budget"] = "7"
    assert len(app.run().toast) == 1


def test_the_session_holds_only_ids_and_small_lists(app: AppTest) -> None:
    app.query_params["d"] = "c0-1.SK"
    app.run()
    assert {type(app.session_state[key]).__name__ for key in ("address", "states", "visitor")} == {
        "Address",
        "dict",
        "str",
    }
    assert isinstance(app.session_state["states"]["demo"], RunState)
    of_runs = ("run", "edge", "d", "order", "seed", "tune", "by", "step", "task", "name")
    assert (*of_runs, "lesson", "at", "hide", "present") == url.KEYS

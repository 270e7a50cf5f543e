"""The session and the address bar: Back and Forward, changes of page and run, addresses that arrive late."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from streamlit.testing.v1 import AppTest

from app.state import url
from app.state.address import ECHO_SECONDS, Address
from app.state.run import RunState
from app.state.session import browser
from app.state.url import Link
from engine.selection.decisions import OperationDecision

A, B, C = (OperationDecision("cell", edge, "skip_connect") for edge in range(3))


class Browser:
    """A browser's history, and a session on the other side: what Streamlit does to the address, tried in a real one."""

    def __init__(self, address: Address | None = None) -> None:
        self.address = address or Address()
        self.now = 100.0
        self.entries: list[tuple[str, str, dict[str, str]]] = [("start", "one", {})]
        self.at = 0
        self.state: dict[str, str] = {}
        self.remembered: dict[str, dict[str, str]] = {}
        self.run_script()

    def run_script(self, change: dict[str, str] | None = None, *, shown: dict[str, str] | None = None) -> None:
        """A run: perhaps a callback's change, then the session's step, then what it writes reaches the browser.

        shown: what the browser still reports, where that is not its present address.
        """
        page, run, current = self.entries[self.at]
        reported = current if shown is None else shown
        is_history = self.is_history
        if change is not None:
            self.state = change
        if run != self.run_seen:
            self.remembered[self.run_seen or run] = self.state
            self.state = self.remembered.get(run, {})
            self.run_seen = run
        news = self.address.news(reported, page, run, self.now)
        if news is not None and change is None:
            self.state = news
        sent = self.address.write(reported, self.state, self.now)
        if sent and (address := reported | sent) != current:
            if is_history:
                self.entries[self.at] = (page, run, address)
            else:
                self.entries[self.at + 1 :] = [(page, run, address)]
                self.at += 1
        self.is_history = False
        self.now += 10

    run_seen: str | None = None
    is_history = False

    def go(self, page: str) -> None:
        """A click in the navigation: our keys do not come along."""
        self.entries[self.at + 1 :] = [(page, self.entries[self.at][1], {})]
        self.at += 1
        self.run_script()

    def choose(self, run: str) -> None:
        """Another run in the sidebar: the bound widget writes itself into the address, the rest stays."""
        page, _, current = self.entries[self.at]
        self.entries[self.at + 1 :] = [(page, run, current)]
        self.at += 1
        self.run_script()

    def move(self, step: int) -> None:
        """Back or Forward."""
        self.at = min(max(self.at + step, 0), len(self.entries) - 1)
        self.is_history = True
        self.run_script()

    @property
    def says(self) -> dict[str, str]:
        return {key: text for key, text in self.entries[self.at][2].items() if text}


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
    assert tab.entries[tab.at][2] == {"d": ""}
    tab.run_script()
    assert tab.state == {}
    tab.move(-1)
    assert tab.state == {"d": "1"}


def test_an_address_that_arrives_late_takes_nothing_back(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.now -= 10 - ECHO_SECONDS / 2
    tab.run_script(shown={})  # a poll that left the browser before the decision had reached it
    assert tab.state == {"d": "1"}
    tab.run_script()
    assert tab.state == tab.says == {"d": "1"}


def test_a_change_on_top_of_a_late_address_is_still_written(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.run_script({}, shown={"d": "1"})
    assert tab.says == {}
    tab.run_script({"d": "1"}, shown={"d": "1"})  # as if the address said so already
    assert tab.says == {"d": "1"}
    tab.run_script()
    assert tab.state == {"d": "1"}


def test_going_back_at_once_counts_when_the_browser_has_shown_the_new_address(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.run_script()
    tab.address.sent_at = tab.now  # however recent
    tab.move(-1)
    assert tab.state == {}


def test_another_run_has_its_own_state_and_leaves_this_one_alone(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.choose("two")
    assert tab.state == tab.says == {}
    tab.run_script({"d": "9"})
    tab.choose("one")
    assert tab.state == tab.says == {"d": "1"}
    tab.move(-1)  # the address in which run one stands beside what was decided in run two
    assert tab.entries[tab.at][1] == "one"
    assert tab.state == tab.says == {"d": "1"}


def test_back_over_a_change_of_run_takes_no_decision_along(tab: Browser) -> None:
    tab.run_script({"d": "1"})
    tab.choose("two")
    seen = []
    while tab.at:
        tab.move(-1)
        seen.append((tab.entries[tab.at][1], tab.state.get("d")))
    assert ("two", "1") not in seen
    assert seen[-2:] == [("one", "1"), ("one", None)]


def test_a_link_opened_afresh_is_taken_over() -> None:
    address = Address()
    assert address.news({"d": "1", "seed": "3", "edge": ""}, "decide", "one", 0.0) == {"d": "1", "seed": "3"}
    assert address.write({"d": "1", "seed": "3", "edge": ""}, {"d": "1", "seed": "3"}, 0.0) == {}


class AnyClicks(RuleBasedStateMachine):
    """Whatever is clicked, address and session say the same after every run, and nothing clicked is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.browser = Browser()

    @rule(text=st.sampled_from(["", "1", "2", "3"]), edge=st.sampled_from(["", "c0-1"]))
    def change(self, text: str, edge: str) -> None:
        wanted = {key: value for key, value in (("d", text), ("edge", edge)) if value}
        self.browser.run_script(wanted)
        assert self.browser.state == wanted

    @rule()
    def rerun(self) -> None:
        before = self.browser.state
        self.browser.run_script()
        assert self.browser.state == before

    @rule(page=st.sampled_from(["start", "explore", "decide"]))
    def page(self, page: str) -> None:
        before = self.browser.state
        if page != self.browser.entries[self.browser.at][0]:
            self.browser.go(page)
            assert self.browser.state == before

    @rule(step=st.sampled_from([-1, 1]))
    def history(self, step: int) -> None:
        self.browser.move(step)

    @invariant()
    def same(self) -> None:
        assert self.browser.says == self.browser.state


TestAnyClicks = AnyClicks.TestCase
TestAnyClicks.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


# Decisions that Back takes away


def link(*decisions: OperationDecision) -> Link:
    return Link(decisions=decisions)


def test_decisions_that_back_took_away_can_be_redone_and_forward_uses_them_up() -> None:
    state = RunState(link=link(A, B, C))
    state.adopt(link(A))
    assert state.undone == [C, B]
    state.adopt(link(A, B))
    assert state.undone == [C]
    state.adopt(link(A, B, C))
    assert state.undone == []


def test_another_branch_forgets_what_was_undone() -> None:
    state = RunState(link=link(A, B))
    state.adopt(link(A))
    state.adopt(link(A, C))
    assert state.undone == []
    state.adopt(link(B))
    assert state.undone == []


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
    session.read("demo", start)
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
    assert app.run().json[0].value == '{"d": "c0-1.SK", "seed": "7"}'


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
    assert url.KEYS == ("edge", "d", "order", "seed", "tune")

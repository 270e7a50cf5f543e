"""A page of one's own: a function that draws, and perhaps one that settles the state before."""

import pytest
from streamlit.testing.v1 import AppTest

from app.state.live import A_JOB, REFRESH, is_off, refresh
from app.work.workshop import Workshop, replaced, workshop


def page() -> None:
    """A page as one would write it: the alphas' favourite of the edge in focus, the first edge to begin with."""
    import streamlit as st

    from app.state import keys
    from app.state.actions import Actions
    from app.state.live import begin, live
    from app.state.page import PageState
    from app.state.questions import Questions

    def settle(page: PageState, ask: Questions, do: Actions) -> dict[str, str]:
        if page.edge is None:
            do.select(0)
        return {"extra": "1"}

    def body(page: PageState, ask: Questions, do: Actions) -> None:
        assert page.edge is not None
        st.title(page.edge_name(page.edge))
        st.text(page.selection.best_by_alpha(page.cell, page.edge))
        st.text(st.query_params.get("edge", "not written"))
        st.button("Next", on_click=do.select, args=(page.edge + 1,), key="next")

    keys.RUN.set("nas-bench-201")  # the sidebar's widget does this
    begin()
    live(body, settle)


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=60)


def test_a_page_needs_no_class_and_its_state_is_settled_and_written_before_it_is_drawn(app: AppTest) -> None:
    with replaced(Workshop(workshop().catalog)):
        app.run()
        assert not app.exception
        assert (app.title[0].value, app.text[1].value) == ("input → node 1", "c0-1")
        assert (app.query_params["edge"], app.query_params["extra"]) == ("c0-1", "1")
        app.button(key="next").click().run()
        assert (app.title[0].value, app.text[1].value) == ("input → node 2", "c0-2")


def test_a_link_is_adopted_before_the_page_settles(app: AppTest) -> None:
    app.query_params["edge"] = "c2-3"
    with replaced(Workshop(workshop().catalog)):
        assert app.run().title[0].value == "node 2 → output"


def test_work_is_looked_at_more_rarely_where_much_of_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with replaced(Workshop(workshop().catalog)):
        assert (refresh(False), refresh(True)) == (None, REFRESH)
        monkeypatch.setattr(workshop().jobs, "active", lambda: [None] * 30)
        assert refresh(False) is None and refresh(True) == 30 * A_JOB > 3 * REFRESH
        assert is_off(None, True) and is_off(REFRESH, False) and is_off(REFRESH, True)
        assert not is_off(None, False) and not is_off(20 * A_JOB, True)
        monkeypatch.undo()
        assert is_off(30 * A_JOB, True)

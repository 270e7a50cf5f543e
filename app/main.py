"""Page frame and navigation, nothing else.

The pages lie in app/screens: a folder named pages beside this file would be taken for pages of its own by Streamlit.
"""

import sys
from pathlib import Path
from typing import Literal

# `streamlit run app/main.py` puts only app/ on the path; both packages live one level up.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Streamlit imports plotly with the first chart, and a rerun that interrupts this would leave it half imported.
import plotly.graph_objs
import plotly.tools  # noqa: F401
import streamlit as st

from app.parts import presenter, sidebar
from app.parts.guide.card import Guide
from app.screens import explore, hidden, learn, train
from app.screens.compare.page import page as compare
from app.screens.decide.page import page as decide
from app.screens.labs.page import page as labs
from app.screens.runs.page import page as runs
from app.screens.start.page import page as start
from app.state import keys, session
from app.state.live import stay
from app.work.workshop import workshop

NAME = "Supernet Explorer"
SCREENS = {
    "start": start,
    "explore": explore.page,
    "decide": decide,
    "compare": compare,
    "train": train.page,
    "runs": runs,
    "labs": labs,
    "learn": learn.page,
}
shut: Literal["collapsed", "auto"] = "collapsed" if session.is_presented() else "auto"
st.set_page_config(page_title=NAME, page_icon="🕸️", layout="wide", initial_sidebar_state=shut)
visit = session.attending()
pages = {
    name: st.Page(
        hidden.page if hidden.hidden(name) else screen,
        title=name.capitalize(),
        url_path=name,
        default=name == "start",
        visibility="hidden" if hidden.hidden(name) else "visible",
    )
    for name, screen in SCREENS.items()
}
keys.PAGES.set(pages)
keys.BESIDE.set(Guide())
page = st.navigation(list(pages.values()), position="top")
keys.ON_PAGE.set(next(name for name, one in pages.items() if one == page))
if page != pages["explore"]:
    keys.EPOCHS_PLAY.drop()
sidebar.style()
sidebar.sidebar()
if session.attending() != visit:
    st.rerun()  # the link says which pages there are
st.set_page_config(page_title=" - ".join(filter(None, (page.title, keys.RUN.get(""), NAME))))
presenter.switch(SCREENS)
page.run()
if page == pages["train"]:
    stay()
if page != pages["start"]:  # who has come further may measure
    workshop().get_ready()

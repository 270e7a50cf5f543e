"""Page frame and navigation, nothing else.

The pages lie in app/screens: a folder named pages beside this file would be taken for pages of its own by Streamlit.
"""

import sys
from pathlib import Path

# `streamlit run app/main.py` puts only app/ on the path; both packages live one level up.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Streamlit imports plotly with the first chart, and a rerun that interrupts this would leave it half imported.
import plotly.graph_objs
import plotly.tools  # noqa: F401
import streamlit as st

from app.parts import sidebar
from app.parts.guide.card import Guide
from app.screens import explore, learn, train
from app.screens.compare.page import page as compare
from app.screens.decide.page import page as decide
from app.screens.labs.page import page as labs
from app.screens.runs.page import page as runs
from app.screens.start.page import page as start
from app.state import keys
from app.work import worker
from app.work.workshop import workshop

NAME = "Supernet Explorer"
st.set_page_config(page_title=NAME, page_icon="🕸️", layout="wide", initial_sidebar_state="auto")
pages = {
    "start": st.Page(start, title="Start", url_path="start", default=True),
    "explore": st.Page(explore.page, title="Explore", url_path="explore"),
    "decide": st.Page(decide, title="Decide", url_path="decide"),
    "compare": st.Page(compare, title="Compare", url_path="compare"),
    "train": st.Page(train.page, title="Train", url_path="train"),
    "runs": st.Page(runs, title="Runs", url_path="runs"),
    "labs": st.Page(labs, title="Labs", url_path="labs"),
    "learn": st.Page(learn.page, title="Learn", url_path="learn"),
}
keys.PAGES.set(pages)
keys.BESIDE.set(Guide())
page = st.navigation(list(pages.values()), position="top")
keys.ON_PAGE.set(next(name for name, one in pages.items() if one == page))
if page != pages["explore"]:
    keys.EPOCHS_PLAY.drop()
sidebar.style()
sidebar.sidebar()
st.set_page_config(page_title=" - ".join(filter(None, (page.title, keys.RUN.get(""), NAME))))
page.run()
if page != pages["start"]:  # who has come further may measure
    workshop().jobs.get_ready(worker.load)

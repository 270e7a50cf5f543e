"""Start: one sentence, a live cell on which alpha is wrong, and the supernets there are to look at."""

import streamlit as st

from app.figures.cell_graph import cell_graph_info
from app.figures.cell_svg import svg
from app.library.catalog import Entry
from app.parts import selections_panel, sentences, text, upload_wizard
from app.parts.cell_card import cell_card
from app.parts.inspector import inspector
from app.parts.untuned import untuned
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import live
from app.state.page import PageState
from app.state.questions import Questions
from app.work.workshop import workshop
from engine.drawing import palette, wording
from engine.results import EdgeScores

CLAIM = (
    "A supernet mixes every candidate operation on every edge. Which one should survive? "
    "α says one thing; removing it and measuring says another."
)


def page() -> None:
    live(_body, preselects=True)
    _tiles()


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    text.title(sentences.headline(page.selection, page.cell, ask.scores), CLAIM)
    untuned(ask, do)
    left, right = st.columns([7, 5])
    with left, st.container(border=True, key="cell-card"):
        cell_card(ask, do, key="start")
    with right, st.container(border=True, key="inspector-card"):
        inspector(ask, do)
    explore, decide, _ = st.columns([1, 1, 2])
    if explore.button("Explore the demo", type="primary", width="stretch", key="to-explore"):
        session.go_to("explore", page.entry.id, page.start)
    if decide.button("Step through a selection", width="stretch", key="to-decide"):
        session.go_to("decide", page.entry.id, page.start)


def _tiles() -> None:
    text.heading("Supernets")
    entries = [entry for entry in workshop().catalog.entries().values() if entry.summary is not None]
    for row in range(0, len(entries), 3):
        for column, entry in zip(st.columns(3), entries[row : row + 3], strict=False):
            with column, st.container(border=True, height="stretch"):
                _tile(entry)
    upload_wizard.panel()
    selections_panel.panel()


def _tile(entry: Entry) -> None:
    summary = entry.summary
    assert summary is not None
    cell = summary.space.cells[0]
    rows = (summary.scores or {}).get("edges", [])
    measured = [EdgeScores.from_dict(row) for row in rows]
    scores = {found.edge: found for found in measured if found.cell == cell}
    selection = summary.start
    graph = cell_graph_info(summary.space, cell, alphas=selection.alphas.weights(cell).tolist(), scores=scores)
    theme: palette.Theme = "dark" if st.context.theme.type == "dark" else "light"
    st.image(svg(graph, theme, mini=True), width=210)
    meta = summary.meta
    st.markdown(f"**{meta.get('title') or entry.id}** · {meta['space']} · {meta['method']}")
    found = meta["accuracies"].get("search", {}).get("batch")
    lines = []
    if found:
        lines.append(
            f"supernet {wording.percent(found['accuracy'], found['ci'])} on {wording.count(found['images'])} images"
        )
    if rows:
        against = sum(found.verdict == "disagree" for found in measured)
        images = wording.count(summary.scores["settings"]["images"])  # type: ignore[index]
        said = f"{against} of {len(rows)} edges disagree" if selection.alphas.known else "α is unknown"
        lines.append(f"{said}, measured on {images} images")
    st.caption(" · ".join(lines))
    badges = st.container(horizontal=True, gap="small")
    badges.badge("pre-measured" if rows else "needs measuring", color="blue" if rows else "gray")
    if keys.RUN.get("") == entry.id:
        badges.badge("open", icon=":material/check:", color="green")
    if st.button(f"Open {entry.id}", key=f"open-{entry.id}"):
        session.go_to("explore", entry.id, summary.start)

"""The supernets there are to look at, a row each, below the story of Start.

tiles   draw them, and the ways to bring more
"""

from html import escape

import streamlit as st

from app.figures.verdict_marks import draw_line, draw_marks, marks_info
from app.library.catalog import Entry
from app.parts import import_menu, selections_panel, text, upload_wizard
from app.state import keys, session
from engine.drawing import wording
from engine.results import EdgeScores
from engine.selection.decisions import OperationDecision


def tiles(*, is_covered: bool = False) -> None:
    """is_covered: whether what measurement says is not to be given away yet."""
    with st.container(key="supernets"):
        _tiles(is_covered)


def _tiles(is_covered: bool) -> None:
    text.heading("Supernets", "those you bring can be renamed, annotated and deleted; all others stay as they are")
    entries = [entry for entry in session.entries().values() if entry.summary is not None]
    for entry in entries:
        with st.container(border=True, key=f"tile-{entry.id}-card"):
            _tile(entry, is_covered)
    for entry in session.entries().values():
        if entry.summary is None and entry.is_import:
            with st.container(border=True, key=f"damaged-{entry.id}-card"):
                import_menu.damaged(entry, "tile")
    if not session.attending().hides("upload"):
        upload_wizard.panel()
        selections_panel.panel()


def _tile(entry: Entry, is_covered: bool) -> None:
    summary = entry.summary
    assert summary is not None
    rows = (summary.scores or {}).get("edges", [])
    taken = [(each.cell, each.edge) for each in entry.begun if isinstance(each, OperationDecision)]
    scores = [EdgeScores.from_dict(row) for row in rows]
    marks = marks_info(summary.space, scores, decided=taken, covered=is_covered)
    meta = summary.meta
    name, said, way = st.columns([14, 17, 6], vertical_alignment="center")
    with name:
        text.heading(escape(str(meta.get("title") or entry.id)), escape(f"{meta['space']} · {meta['method']}"))
        st.html(draw_marks(marks))
        _badges(entry, measured=bool(rows))
    found = meta["accuracies"].get("search", {}).get("batch")
    lines = []
    if found:
        lines.append(
            f"supernet {wording.percent(found['accuracy'], found['ci'])} on {wording.count(found['images'])} images"
        )
    if rows:
        images = wording.count(summary.scores["settings"]["images"])  # type: ignore[index]
        lines.append(f"measured on {images} images")
    with said:
        st.html(draw_line(marks))
        st.caption(" · ".join(lines))
        import_menu.note(entry, "tile")
    with way:
        if st.button(f"Open {entry.id}", key=f"open-{entry.id}", width="stretch"):
            session.go_to("explore", entry.id, summary.start)
        import_menu.menu(entry, "tile")


def _badges(entry: Entry, *, measured: bool) -> None:
    """What is not so of most: rows without take less room."""
    is_open = keys.RUN.get("") == entry.id
    if measured and entry.is_kept and not is_open:
        return
    badges = st.container(horizontal=True, gap="small")
    if not measured:
        badges.badge("needs measuring", color="gray")
    if not entry.is_kept:
        badges.badge("not kept", color="orange")
    if is_open:
        badges.badge("open", icon=":material/check:", color="green")

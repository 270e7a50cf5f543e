"""The supernets there are to look at, below the story of Start.

tiles   draw them, and the ways to bring more
"""

from html import escape

import streamlit as st

from app.figures.verdict_marks import draw_marks, marks_info
from app.library.catalog import Entry
from app.parts import import_menu, selections_panel, text, upload_wizard
from app.state import keys, session
from engine.drawing import wording
from engine.results import EdgeScores


def tiles() -> None:
    with st.container(key="supernets"):
        _tiles()


def _tiles() -> None:
    text.heading("Supernets", "those you bring can be renamed, annotated and deleted; all others stay as they are")
    entries = [entry for entry in session.entries().values() if entry.summary is not None]
    for row in range(0, len(entries), 3):
        for column, entry in zip(st.columns(3), entries[row : row + 3], strict=False):
            with column, st.container(border=True, height="stretch", key=f"tile-{entry.id}-card"):
                _tile(entry)
    for entry in session.entries().values():
        if entry.summary is None and entry.is_import:
            with st.container(border=True, key=f"damaged-{entry.id}-card"):
                import_menu.damaged(entry, "tile")
    upload_wizard.panel()
    selections_panel.panel()


def _tile(entry: Entry) -> None:
    summary = entry.summary
    assert summary is not None
    rows = (summary.scores or {}).get("edges", [])
    marks = marks_info(summary.space, [EdgeScores.from_dict(row) for row in rows])
    meta = summary.meta
    text.heading(escape(str(meta.get("title") or entry.id)), escape(f"{meta['space']} · {meta['method']}"))
    st.html(draw_marks(marks))
    found = meta["accuracies"].get("search", {}).get("batch")
    lines = []
    if found:
        lines.append(
            f"supernet {wording.percent(found['accuracy'], found['ci'])} on {wording.count(found['images'])} images"
        )
    if rows:
        images = wording.count(summary.scores["settings"]["images"])  # type: ignore[index]
        lines.append(f"measured on {images} images")
    st.text(f"{marks.summary}.")
    st.caption(" · ".join(lines))
    badges = st.container(horizontal=True, gap="small")
    badges.badge("pre-measured" if rows else "needs measuring", color="blue" if rows else "gray")
    if not entry.is_kept:
        badges.badge("not kept", color="orange")
    if keys.RUN.get("") == entry.id:
        badges.badge("open", icon=":material/check:", color="green")
    import_menu.note(entry, "tile")
    buttons = st.container(horizontal=True, gap="small", vertical_alignment="center")
    if buttons.button(f"Open {entry.id}", key=f"open-{entry.id}"):
        session.go_to("explore", entry.id, summary.start)
    with buttons:
        import_menu.menu(entry, "tile")

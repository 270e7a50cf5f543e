"""The page: the table, one ticked run in detail, or several side by side. One run is never the answer."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.library import imports
from app.library.catalog import LONGEST_NOTE, Entry
from app.library.members import entry_of, members
from app.parts import text, upload_many
from app.parts.terms import marked
from app.screens.runs import side_by_side
from app.screens.runs.table import FEWEST, MOST, as_csv, filtered, headline, table
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import live
from app.state.page import PageState
from app.state.questions import Questions
from engine.errors import BadInput
from engine.population import Member


def page() -> None:
    live(_body)


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    entries = session.entries()
    rows = members(entries)
    notes = {row.name: entry.note for row in rows if (entry := entries.get(row.name)) is not None and entry.note}
    text.title(
        headline(rows),
        marked("Every supernet and snapshot: bundled ones, your own, and imports.", "supernet", "snapshot"),
    )
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    words = left.text_input(
        "Filter", placeholder="name, space, method, note or #tag", key=keys.RUNS_FILTER.name, max_chars=100
    )
    shown = filtered(rows, words, notes)
    with right:
        icon = ":material/download:"
        st.download_button(
            "Table as CSV", as_csv(shown, notes), "runs.csv", "text/csv", icon=icon, key="runs-as-csv", width="stretch"
        )
    if not page.hides("upload"):
        upload_many.panel()
    if not shown:
        st.caption(f"No row holds {text.literal(words)}.")
        return
    chosen = table(shown, notes)
    if len(chosen) == 1:
        _alone(chosen[0], entries)
    elif FEWEST <= len(chosen) <= MOST:
        side_by_side.card(page, chosen, entries)
    else:
        st.caption(
            f"Tick one row to open or annotate it, {FEWEST} to {MOST} to compare them; {len(chosen)} are ticked."
        )
    _how(chosen)


def _alone(row: Member, entries: Mapping[str, Entry]) -> None:
    """One run: open it, say something about it."""
    found = entry_of(row.name, entries)
    if found is None or found[0].summary is None:
        return
    entry, epoch = found
    with st.container(border=True, key="run-card"):
        text.heading(text.literal(row.name))
        if st.button("Open in Explore", type="primary", key="run-open"):
            if epoch is not None:
                keys.EPOCH.of(entry.id).set(epoch)
            assert entry.summary is not None
            session.go_to("explore", entry.id, entry.summary.start)
        if epoch is not None:
            return  # a snapshot is noted about with its run
        if not entry.can_be_noted:
            st.caption("A note can be kept about your own runs and imports.")
            return
        note = keys.RUN_NOTE.of(entry.id)
        st.text_area("Note", entry.note, key=note.name, max_chars=LONGEST_NOTE, height=80, help="#words are its tags")
        st.button("Save the note", on_click=_annotate, args=(entry,), key="run-annotate")


def _annotate(entry: Entry) -> None:
    try:
        imports.annotate(entry, keys.RUN_NOTE.of(entry.id).get(""))
        st.toast("The note is saved", icon=":material/check:")
    except BadInput as error:
        st.toast(text.literal(str(error)), icon=":material/warning:")


def _how(chosen: Sequence[Member]) -> None:
    """What cannot be read of these, and what repeats their training."""
    for row in chosen:
        if row.problem:
            st.warning(f"{row.name}: {text.literal(row.problem)}", icon=":material/warning:")
        if row.command:
            st.caption(f"What repeats the training of {text.literal(row.name)}:")
            st.code(f"{row.command} --out RUN", language="sh")

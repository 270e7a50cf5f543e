"""Opening selections again: one to go on with, or many, such as a class's, to lay beside each other.

panel   upload files, paste links, and what was opened
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePath

import streamlit as st

from app.parts import opened_table, text
from app.state import keys, session
from app.state.opened import MEGABYTES, Opened, added, from_file, from_link
from engine.errors import BadInput

TYPES = ["json", "txt", "log", "py", "yaml", "yml", "md"]
MOST = 200
"""Selections that can lie beside each other."""


def panel() -> None:
    """Upload, links, and a table of what was opened."""
    opened = keys.OPENED.get([])
    with st.expander("**Open selections**", expanded=bool(opened or keys.REFUSED.get([]))):
        st.caption(
            "Hand-ins of a class and selection files that *Export* wrote, or files with a genotype of the supernet on "
            "screen, one or many, or links, one a line. Finished NAS-Bench-201 cells lie as ticks on the histogram of "
            "true accuracies, here and on Decide; any of them can be gone on with."
        )
        left, right = st.columns(2)
        with left:
            st.file_uploader(
                "Selection files",
                type=TYPES,
                accept_multiple_files=True,
                max_upload_size=MEGABYTES,
                key=keys.SELECTIONS.name,
                on_change=_files,
            )
        with right:
            st.text_area("Links", key=keys.LINKS.name, height=100, on_change=_links)
        for sentence in keys.REFUSED.get([]):
            st.error(text.literal(sentence), icon=":material/close:")
        if opened:
            _table(opened)


def _files() -> None:
    """In a callback: open what has been uploaded."""
    entries, run = session.entries(), keys.RUN.get("")
    named = [(PurePath(file.name).stem, file.getvalue()) for file in keys.SELECTIONS.get([])]
    _open([(name, partial(from_file, name, content, entries, run, _note)) for name, content in named])


def _note(line: str) -> None:
    st.toast(text.literal(line), icon=":material/info:")


def _links() -> None:
    """In a callback: open the links."""
    entries, run = session.entries(), keys.RUN.get("")
    lines = [line for line in keys.LINKS.get("").splitlines() if line.strip()]
    named = [(f"link {number}", line) for number, line in enumerate(lines, start=1)]
    _open([(name, partial(from_link, name, line, entries, run)) for name, line in named])


def _open(reads: Sequence[tuple[str, Callable[[], Opened]]]) -> None:
    """Add what can be read to what was opened, by name; one line for everything else. What was given before, as the
    files that the widget still holds, is no news."""
    opened = {each.name: each for each in keys.OPENED.get([])}
    refused, now = [], set[str]()
    for name, read in reads:
        try:
            found = added(read(), opened)
            if found.name in now:
                raise BadInput(f"{name} was left out: {found.name} was given twice, the same both times; one is enough")
            if found.name not in opened and len(opened) == MOST:
                raise BadInput(f"{name} was left out: {MOST} selections are open already; forget some")
            opened[found.name] = found
            now.add(found.name)
        except BadInput as error:
            refused.append(str(error))
    session.keep_opened(list(opened.values()))
    keys.REFUSED.set(refused)


def _table(opened: list[Opened]) -> None:
    opened_table.draw(opened)
    chosen, go, forget = st.columns([3, 1, 1], vertical_alignment="bottom")
    name = chosen.selectbox("Selection to go on with", [each.name for each in opened], key="selection-to-open")
    if go.button("Open", key="open-selection", type="primary", width="stretch"):
        _go_on(next(each for each in opened if each.name == name))
    forget.button("Forget all", key="forget-selections", on_click=_forget, width="stretch")


def _forget() -> None:
    session.keep_opened([])
    keys.REFUSED.drop()


def _go_on(selection: Opened) -> None:
    """Go on with it on Decide; the line so far stays as a branch."""
    entry = session.entries().get(selection.run)
    if entry is None or entry.summary is None:
        st.toast(f"{selection.run} is gone", icon=":material/warning:")
    elif session.state(selection.run, entry.begun).begin(selection.link):
        session.go_to("decide", selection.run, entry.summary.start)
    else:
        st.toast("Every branch has its name already: no other line can be kept beside them", icon=":material/warning:")

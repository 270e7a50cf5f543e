"""What a visitor can do with an import: keep it, give it another name, note something about it, delete it.

menu    a quiet menu with these
damaged an import that cannot be opened: why, and a way to delete it
note    what was noted about it, as plain text
named   a supernet's name, with a word where it is not kept
"""

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

from app.library import catalog, imports
from app.library.catalog import Entry
from app.parts import text
from app.state import keys, session
from engine.errors import BadInput

NOT_KEPT = "Only you see it, and it goes a day after your visit. Keeping it lets everybody who uses this app open it."
KEPT = "Everybody who uses this app can open it."


def named(entry: Entry) -> str:
    """A supernet's name, with a word where it is not kept."""
    return entry.id if entry.is_kept else f"{entry.id} (not kept)"


def note(entry: Entry, place: str) -> None:
    """What was noted about an import; nothing in it acts. place: as for the menu."""
    if entry.note:
        with st.container(key=f"noted-{place}-{entry.id}"):
            st.text(entry.note)


def menu(entry: Entry, place: str) -> None:
    """Keep, rename, annotate and delete; nothing for a supernet that was not brought here by a visitor. place: where
    the menu stands, as there may be two on a page."""
    if not entry.is_import:
        return
    part, name_of_it = f"{place}-{entry.id}", text.literal(entry.id)
    label = "Rename, note, delete" if entry.is_kept else "Keep, rename, delete"
    # Every button says which supernet it is about: read out alone, it has nothing else that tells.
    with st.popover(f"{label} {name_of_it}", type="tertiary", key=f"import-menu-{part}"):
        st.caption(KEPT if entry.is_kept else NOT_KEPT)
        name = keys.IMPORT_NAME.of(part)
        st.text_input("Name", entry.path.name, max_chars=60, key=name.name)
        with st.container(horizontal=True):
            if not entry.is_kept:
                st.button(
                    f"Keep {name_of_it}",
                    type="primary",
                    on_click=_keep,
                    args=(entry, part),
                    key=f"import-keep-{part}",
                )
            st.button(f"Rename {name_of_it}", on_click=_rename, args=(entry, part), key=f"import-rename-{part}")
        words = keys.IMPORT_NOTE.of(part)
        st.text_area("Note", entry.note, max_chars=catalog.LONGEST_NOTE, height=100, key=words.name)
        st.button(
            f"Save the note on {name_of_it}", on_click=_annotate, args=(entry, part), key=f"import-annotate-{part}"
        )
        _deletion(entry, part)


def damaged(entry: Entry, place: str) -> None:
    """An import of which nothing can be read: what is wrong with it, and a way to delete it. place: as for the menu."""
    text.heading(escape(entry.id), "cannot be opened")
    st.text(entry.error or "")
    _deletion(entry, f"{place}-{entry.id}")


def _deletion(entry: Entry, part: str) -> None:
    """The button, which asks first, in its place."""
    name = text.literal(entry.id)
    if keys.TO_DELETE.get("") != part:
        st.button(f"Delete {name}", on_click=keys.TO_DELETE.set, args=(part,), key=f"import-delete-{part}")
        return
    others = "nobody can open it any more" if entry.is_kept else "you cannot open it any more"
    if entry.summary is None:
        others = "its files are gone"
    st.markdown(f"Delete {name}? Then {others}. What was measured of it stays here.")
    with st.container(horizontal=True):
        st.button(
            f"Delete {name} now", type="primary", on_click=_delete, args=(entry,), key=f"import-delete-now-{part}"
        )
        st.button(f"Leave {name}", on_click=keys.TO_DELETE.drop, key=f"import-delete-not-{part}")


# Callbacks


def _keep(entry: Entry, part: str) -> None:
    _move(entry, lambda: imports.keep(entry, keys.IMPORT_NAME.of(part).get("")), "{} is kept")


def _rename(entry: Entry, part: str) -> None:
    _move(entry, lambda: imports.rename(entry, keys.IMPORT_NAME.of(part).get("")), "Its name is {} now")


def _move(entry: Entry, move: Callable[[], Path], said: str) -> None:
    """Give an import another folder, and let what is open follow."""

    def act() -> str:
        folder = move()
        now = next(each.id for each in session.entries().values() if each.path == folder)
        if now != entry.id:
            session.rename(entry.id, now)
        return said.format(text.literal(now))

    _attempt(entry, act)


def _annotate(entry: Entry, part: str) -> None:
    def act() -> str:
        imports.annotate(entry, keys.IMPORT_NOTE.of(part).get(""))
        return "The note is saved"

    _attempt(entry, act)


def _delete(entry: Entry) -> None:
    def act() -> str:
        imports.delete(entry)
        left = (each.id for each in session.entries().values() if each.summary is not None)
        session.leave(entry.id, next(left, ""))
        return f"{text.literal(entry.id)} is deleted"

    keys.TO_DELETE.drop()
    _attempt(entry, act)


def _attempt(entry: Entry, act: Callable[[], str]) -> None:
    """Do something and say so; a refusal is a message. A click that is reported twice is heard once."""
    current = session.entries().get(entry.id)
    if current is None or current.path != entry.path:
        if current is None and entry.id not in keys.MOVED.get({}):
            st.toast(f"{text.literal(entry.id)} is gone", icon=":material/warning:")
        return
    try:
        st.toast(act(), icon=":material/check:")
    except BadInput as error:
        st.toast(text.literal(str(error)), icon=":material/warning:")

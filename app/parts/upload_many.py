"""Several checkpoints brought at once: every file checked as one alone would be, and kept or left with its reason.

panel     uploader, button, and what became of every file
Outcome   what became of one
"""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

import streamlit as st

from app.library import imports
from app.parts import text, upload_wizard
from app.parts.upload_wizard import MEGABYTES, TYPES, Upload
from app.state import keys
from engine.drawing import wording
from engine.errors import BadInput

FILES, FOLDER = "Files", "A folder"
MOST = 50
"""Files at once."""


class Outcome(NamedTuple):
    """kept: the import's name, or None; says: why it was not kept, or what it is."""

    file: str
    kept: str | None
    says: str


def panel() -> None:
    """Bring several. What became of them stays on the page until others are brought."""
    with st.expander("Upload checkpoints, several at once or a folder"):
        what = st.segmented_control(
            "What", [FILES, FOLDER], default=FILES, required=True, key="many-what", label_visibility="collapsed"
        )
        files = st.file_uploader(
            "Search checkpoints",
            type=TYPES,
            accept_multiple_files="directory" if what == FOLDER else True,
            max_upload_size=MEGABYTES,
            key=f"many-{what}",
            help="What a file does not say is assumed, and noted beside its numbers. One file alone, with questions, "
            "is brought on Start.",
        )
        many = len(files) > MOST
        if many:
            st.error(f"{MOST} files at a time, not {len(files)}; bring them in parts", icon=":material/error:")
        help_ = "Everybody who uses this app can open them"
        if st.button("Keep what opens", type="primary", disabled=not files or many, key="many-keep", help=help_):
            keys.MANY.set(_bring(files))
            st.rerun()
        for file, kept, says in keys.MANY.get([]):
            if kept is None:
                st.error(f"**{text.literal(file)}**: {text.literal(says)}", icon=":material/close:")
            else:
                st.markdown(f"✓ **{text.literal(file)}**, kept as {text.literal(kept)}: {text.literal(says)}")


def _bring(files: Sequence[Any]) -> list[Outcome]:
    """Check and keep them one after the other."""
    outcomes = []
    bar = st.progress(0.0, "Checking the files")
    for done, file in enumerate(files):
        bar.progress(done / len(files), f"Checking {text.literal(file.name)}, {done + 1} of {len(files)}")
        outcomes.append(bring(file.name, file.getvalue()))
    bar.empty()
    return outcomes


def bring(name: str, content: bytes) -> Outcome:
    """Keep one file that opens. name: with its folders, where it came in some; they tell files of one name apart."""
    path = PurePath(name)
    *passed, last = upload_wizard.checked(Upload((name,), path.name, content, None, None))
    found = next((check.checkpoint for check in (*passed, last) if check.checkpoint is not None), None)
    if not last.passed or found is None:
        return Outcome(name, None, last.says)
    try:
        folder = imports.add(found, imports.tidy("-".join(path.parts)) or "imported")
    except BadInput as error:
        return Outcome(name, None, str(error))
    notes = len(found.meta["notes"])
    said = f"{found.space.name}, {found.meta['source']['format']}"
    return Outcome(name, folder.name, f"{said}, {wording.several(notes, 'note')}" if notes else said)

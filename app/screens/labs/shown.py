"""What a lab's page shows of its result: figure, table, words, the paper beside it, and ways to take it elsewhere.

Found   a result, and where it comes from
find    the result to show: what was run here, else what is stored with the checkpoint, else what its sweep tells
draw    everything below the controls
"""

from html import escape
from typing import Any, Literal, NamedTuple

import streamlit as st

from app.figures.compared import draw_compared
from app.parts import text
from app.parts.terms import marked
from app.screens.labs import views
from app.state import keys
from app.state.page import PageState
from app.work import lab_runs
from engine.analysis import stored
from engine.analysis.document import Document
from engine.analysis.lab import Lab
from engine.analysis.tables import as_csv
from engine.drawing import wording
from engine.errors import BadInput


class Found(NamedTuple):
    """source: "live" (run here), "stored" (came with the checkpoint), "running" (what a run knows so far), or "sweep"
    (what the checkpoint's own files tell before it was run). document: of a finished run."""

    numbers: Any
    source: Literal["live", "stored", "running", "sweep"]
    document: Document | None


def find(
    page: PageState, lab: Lab[Any, Any], asked: lab_runs.Asked | None, run: lab_runs.LabRun | None
) -> Found | None:
    """None where nothing is known. A stored result that cannot be read is a message."""
    if run is not None and run.document is not None:
        return Found(run.document.numbers, "live", run.document)
    if run is not None and run.running and run.partial is not None:
        return Found(run.partial, "running", None)
    decisions = page.start.decisions if asked is None else asked.decisions
    if (document := lab_runs.latest(page.summary, lab.name, decisions)) is not None:
        return Found(document.numbers, "live", document)
    if decisions == page.start.decisions:
        try:
            document = stored.read(page.summary, lab.name)
        except BadInput as problem:
            document = None
            st.warning(text.literal(str(problem)), icon=":material/warning:")
        if document is not None:
            return Found(document.numbers, "stored", document)
        if (numbers := lab.known(page.summary)) is not None:
            return Found(numbers, "sweep", None)
    return None


def draw(page: PageState, lab: Lab[Any, Any], asked: lab_runs.Asked | None, found: Found | None) -> None:
    if found is None:
        with st.container(border=True, key="lab-nothing-card"):
            text.heading("Nothing measured yet")
            st.caption("Run it: every finished part is shown at once, and kept when the page is closed.")
        return
    view = views.of(lab.name)
    with st.container(border=True, key="lab-figure-card"):
        head, tools = st.columns([5, 1], vertical_alignment="center")
        with head:
            line = escape(provenance(found), quote=False)
            text.heading(view.question, marked(line, "images", "batch_statistics"))
        with tools:
            format = _export(lab, asked, found)
        view.figure(found.numbers, page.theme, (f"{lab.name}-{page.entry.id}", format))
    left, right = st.columns([10, 9])
    with left, st.container(border=True, key="lab-table-card"):
        view.table(found.numbers, page.theme)
    with right, st.container(border=True, key="lab-words-card"):
        text.heading("What this supernet says")
        st.markdown(text.literal(lab.verdict(found.numbers)))
        rows = lab.compared(found.numbers)
        if rows:
            st.html(draw_compared(rows))
        st.caption(
            "The paper's supernets have 16 channels and 32 pixels and are trained for longer; a number beside another "
            "compares procedures, not the same network."
        )


def provenance(found: Found) -> str:
    """e.g. "stored 2026-11-27 · 1,024 images · batch statistics · CPU, 9 min"."""
    numbers, document = found.numbers, found.document
    said = {"live": "run here", "stored": "stored", "running": "so far", "sweep": "stored, from the checkpoint's files"}
    parts = [said[found.source] if document is None else f"{said[found.source]} {document.date[:10]}"]
    if found.source != "sweep":  # of files there may be several, and the table says how many each rests on
        images = numbers.images * getattr(numbers, "sets", 1)
        parts.append(f"{wording.count(images)} images · {wording.bn(numbers.bn)}")
    if document is not None:
        parts.append(f"{wording.device_name(document.device)}, {wording.duration(document.seconds)}")
        if document.warning:
            parts.append(document.warning)
    return " · ".join(parts)


def _export(lab: Lab[Any, Any], asked: lab_runs.Asked | None, found: Found) -> str:
    """The Export menu; the format in which the button on the figure saves it."""
    with st.popover("Export", width="stretch"):
        format = st.segmented_control(
            "The figure's own button saves it as",
            ["svg", "png"],
            default="svg",
            required=True,
            key=keys.LAB_FORMAT.name,
        )
        numbers = found.numbers
        name = f"{lab.name}-{found.document.checkpoint['name'] if found.document else 'result'}"
        st.download_button(
            "Data as CSV",
            lambda: as_csv(lab.rows(numbers)).encode(),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            key="lab-csv",
            width="stretch",
        )
        if (document := found.document) is not None:
            st.download_button(
                "Everything as JSON",
                lambda: document.to_json().encode(),
                f"{name}.json",
                "application/json",
                on_click="ignore",
                key="lab-json",
                width="stretch",
            )
        if asked is not None:
            st.markdown("**Reproduce**")
            st.code(lab_runs.command(asked), language=None, wrap_lines=True)
    return format

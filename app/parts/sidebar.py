"""What surrounds every page: the sidebar with the run and its context, the job strip, and the page's own style sheet.

style      the style sheet, and the logo
sidebar    run, cell, images, operations, running work
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from app.library import image_sets, imports
from app.parts import import_menu, presenter, status, supernet_line, terms, text, trainings
from app.parts.progress import progress_line
from app.parts.style import chip
from app.state import keys, session
from app.state.live import begin, covered, current, is_off, refresh
from app.state.page import PageState
from app.state.questions import Questions
from app.state.url import BUDGETS
from app.work import worker
from app.work.job import Job
from app.work.jobs import JobManager
from app.work.workshop import workshop
from engine.data.identity import content_id
from engine.drawing import palette, wording
from engine.errors import BadInput
from engine.results import EdgeScores

_CSS = Path(__file__).with_name("sidebar.css").read_text(encoding="utf-8")
_LOGO = Path(__file__).with_name("logo.svg").read_text(encoding="utf-8")
KEYS = {
    "Tab": "to the graph; ↑ ↓ from edge to edge, Enter selects, Esc clears",
    "A": "decide as α suggests",
    "P": "decide as measurement suggests",
    "1 … 8": "choose an operation",
    "→": "decide and go on",
    "N": "skip to the next undecided edge",
    "B": "go on from an earlier moment in a branch, while looking back",
    "U": "undo",
    "Y": "redo",
    "S": "switch cell",
    "H": "this list",
}
"""Single keys only: they do nothing while a text field has the focus."""


def style() -> None:
    st.html(f"<style>{_CSS}{presenter.style()}</style>")
    st.logo(_LOGO)


def sidebar() -> None:
    """Draw the sidebar. Its widgets own `cell`, `budget` and `data` in the address: they exist on every page."""
    with st.sidebar:
        shop = workshop()
        imports.stay(session.visitor())
        entries = session.entries()
        usable = {name: entry.summary for name, entry in entries.items() if entry.summary is not None}
        for entry in entries.values():
            if entry.error:
                st.warning(entry.error, icon=":material/warning:")
        if not usable:
            st.error(
                "No supernet found. Put a checkpoint folder into checkpoints/ or name its folder in "
                "SUPERNET_CHECKPOINTS, then reload."
            )
            return
        session.check({name: summary.space for name, summary in usable.items()}, next(iter(usable)))
        session.carry()
        begin()
        st.selectbox(
            "Supernet", list(usable), format_func=lambda name: import_menu.named(entries[name]), key=keys.RUN.name
        )
        page = current()
        if page is None:
            return
        keys.EPOCH_BESIDE.set(page.entry.epoch)
        if not page.entry.is_kept:
            st.badge("not kept", color="orange")
            import_menu.menu(page.entry, "sidebar")
        import_menu.note(page.entry, "sidebar")
        st.caption(_description(page))
        if len(page.space.cells) > 1:
            st.segmented_control(
                "Cell",
                page.space.cells,
                key=keys.CELL.name,
                bind="query-params",
                required=True,
                default=page.space.cells[0],
            )
            st.button("Switch cell", shortcut="S", on_click=_switch, args=(page,), key="switch-cell", width="stretch")
        st.segmented_control(
            "Next measurement uses",
            list(BUDGETS),
            key=keys.BUDGET.name,
            bind="query-params",
            required=True,
            default="1k",
        )
        _images(page)
        session.kept()
        keys.COVERED.set(covered(page))
        _legend(page, Questions(page, shop.measurements).scores, is_covered=covered(page))
        st.toggle("List view", key=keys.LIST_VIEW.name, help="The graph as a table, for keyboards and screen readers")
        keys_of_page, words = st.columns(2)
        if keys_of_page.button("Keys", shortcut="H", key="keys", width="stretch"):
            _keys()
        if words.button("Words", key="words", width="stretch"):
            _words()
        supernet_line.line(page)
        trainings.lines(page)
        with st.container(key="jobs"):
            _jobs(shop.jobs)


def _images(page: PageState) -> None:
    """Which images are measured on, where there is a choice; or that none are here which fit."""
    for sentence in image_sets.missing():
        st.warning(sentence, icon=":material/warning:")
    names = list(image_sets.fitting(page.summary))
    if keys.DATA.get(None) not in names:
        keys.DATA.drop()
    if len(names) > 1:
        st.selectbox("Images from", names, key=keys.DATA.name, bind="query-params")
    if names:
        _other_data(page)
        for note in worker.image_notes.get(content_id(page.data, image_sets.FOLDER), ()):
            st.caption(f"Images: {text.literal(note)}")
    else:
        classes, dataset = page.summary.meta["classes"], page.summary.meta.get("dataset")
        st.warning(
            f"Nothing can be measured: this supernet tells {classes} classes apart, and no such images are here. Put "
            f"{dataset or 'the images it was trained on'} into data/, or name their folder in {image_sets.OWN}; then "
            "reload.",
            icon=":material/warning:",
        )


def _other_data(page: PageState) -> None:
    """Where the images are not known to be the supernet's own: both data sets, and where it is needed, a switch."""
    images = image_sets.chosen(page.summary, keys.DATA.get(None))
    if (said := image_sets.unasked(page.summary, images)) is None:
        return
    dataset = page.summary.meta["dataset"]
    st.warning(
        f"{text.literal(said)} Put {text.literal(dataset)} into data/, or name its folder in {image_sets.OWN}, to "
        "measure on its own.",
        icon=":material/warning:",
    )
    if image_sets.needs_asking(images):
        st.toggle(
            "Measure on them all the same",
            page.unasked is None,
            key=f"other-data-of-{page.entry.id}",
            on_change=_toggle_other_data,
            args=(page.entry.id,),
        )


def _toggle_other_data(run: str) -> None:
    keys.OTHER_DATA.set(keys.OTHER_DATA.get(frozenset()) ^ {run})


def _switch(page: PageState) -> None:
    cells = page.space.cells
    keys.CELL.set(cells[(cells.index(page.cell) + 1) % len(cells)])


@st.dialog("Keys")
def _keys() -> None:
    rows = "".join(f"<tr><td><kbd>{key}</kbd></td><td>{what}</td></tr>" for key, what in KEYS.items())
    st.html(f"<table class='legend'>{rows}</table>")


@st.dialog("Words", width="medium")
def _words() -> None:
    st.html(terms.glossary())


def _description(page: PageState) -> str:
    meta = page.summary.meta
    found = meta["accuracies"].get("search", {}).get("batch")
    accuracy = f" · {wording.percent(found['accuracy'])} on {wording.count(found['images'])} images" if found else ""
    cells = wording.cells(meta["cells"], per_stage=page.space.skeleton.per_stage)
    size = f"{meta['method']}, {meta['channels']} channels, {cells}, {meta['image_size']} pixels"
    return f"{size}, epoch {meta['epochs'] or 'unknown'}{accuracy}"


def _legend(page: PageState, scores: Mapping[int, EdgeScores], *, is_covered: bool) -> None:
    """Every operation of the cell with the number of edges it wins by alpha and by measurement, and of those on which
    it only leads so far. is_covered: whether what measurement says is not to be given away yet."""
    edges = page.space.edges(page.cell)
    selection = page.selection
    is_known = any(selection.best_by_alpha(page.cell, edge) for edge in edges)
    names = list(dict.fromkeys(name for edge in edges for name in page.space.operations(page.cell, edge)))
    rows = []
    for name in names:
        by_alpha = sum(selection.best_by_alpha(page.cell, edge) == name for edge in edges)
        leads = [found.stands_out for found in scores.values() if found.best == name]
        counts = (sum(leads), len(leads) - sum(leads)) if scores else ("–", "–")
        won, still = ("?", "?") if is_covered and scores else counts
        rows.append(
            f"<tr><td>{chip(name)}</td><td>{palette.operation(name).label}</td>"
            f"<td>{by_alpha if is_known else '–'} | <b>{won}</b> | <b>{still}</b></td></tr>"
        )
    title = "edges won by α | by measurement, told apart | leading there, still open"
    head = f"<tr><th colspan='2'>Operations</th><th title='{title}'>α | measured | open</th></tr>"
    st.html(f"<table class='legend'>{head}{''.join(rows)}</table>")
    st.pills(
        "Highlight an operation everywhere",
        names,
        format_func=lambda name: palette.operation(name).code,
        key=keys.ISOLATED.name,
        help="Click again to show all",
    )


def _jobs(jobs: JobManager) -> None:
    """The job strip; it refreshes itself while work is running."""
    every = refresh(bool(jobs.of(session.visitor())))
    st.fragment(_strip, run_every=every)(jobs, every)


def _retry(jobs: JobManager, job: Job, visitor: str) -> None:
    try:
        jobs.retry(job, visitor)
    except BadInput as error:
        st.toast(str(error), icon=":material/warning:")


def _strip(jobs: JobManager, every: float | None) -> None:
    visitor = session.visitor()
    running = jobs.of(visitor)
    for job in running:
        st.progress(job.share, text=f"{job.title}  \n{progress_line(job, jobs.place(job))}")
        st.button("Cancel", key=f"cancel-{job.number}", on_click=jobs.cancel, args=(job, visitor))
    for job in jobs.failed(visitor):
        st.error(job.error)
        if job.details:
            with st.expander("Details"):
                st.code(job.details, language=None)
        st.button("Try again", key=f"retry-{job.number}", on_click=_retry, args=(jobs, job, visitor))
        st.button("Dismiss", key=f"dismiss-{job.number}", on_click=jobs.dismiss, args=(job, visitor))
    if is_off(every, bool(running)):
        st.rerun()
    for job in jobs.finished(visitor):
        status.tell(f"{job.title}: done")

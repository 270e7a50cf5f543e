"""The finished cell beside what pure alpha and pure measurement would have given.

finished     draw the end state of a selection
conclusion   the sentence above it, where a table knows how good the cell is
"""

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from app.parts import text
from app.parts.progress import measure_button, work_button
from app.parts.style import picture
from app.parts.terms import term
from app.screens.decide.actions import Deciding
from app.screens.decide.branches import branches
from app.screens.decide.ending import Ending, ending, selection_of, sentence
from app.screens.decide.naming import place_name
from app.screens.decide.ways import paths_line
from app.state import keys, session
from app.state.page import PageState
from app.state.questions import Questions
from app.work.questions import MeasuredPath, Measurement, Request
from engine import nasbench201
from engine.drawing import palette, wording
from engine.drawing.finished_cell import finished_cell
from engine.selection.genotype import Genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection


def finished(deciding: Deciding) -> None:
    page, ask = deciding.page, deciding.ask
    yours = page.selection.decoded()  # `replaced_none` says below what that changed
    alpha = page.start.alpha_path() if page.start.alphas.known else None
    paths = ask.paths(page.start)
    measured = parse_genotype(paths[0].genotype) if paths else None
    if page.knows_truth:
        _other(deciding)
    # Two cells need the page's width to be read; one of six edges does not.
    columns = st.columns(3) if len(page.space.cells) == 1 else [st.container() for _ in range(3)]
    with columns[0], st.container(border=True):
        text.heading("Your cell")
        _cell(page, yours, None)
        found = ask.find(ask.accuracy())
        _accuracy(found)
        if found is None:
            start = deciding.measure_next
            measure_button("Measure its accuracy", ask.accuracy(), deciding.do, start, key="measure-final")
    with columns[1], st.container(border=True):
        text.heading(f"Pure {term('alpha')}")
        if alpha is None:
            st.caption("α is unknown: this supernet came without alphas, or they are all equal.")
        else:
            _cell(page, alpha.decoded(), yours)
            _beside(deciding, alpha, "measure-alpha")
    with columns[2], st.container(border=True):
        text.heading(term("measured_path", "Pure measurement"))
        if page.hides("path"):
            st.caption("Where measured paths lead is hidden by this link.")
        elif measured is None:
            st.caption("Each edge by its largest drop, measured again after every decision, from the start.")
            job, follow = ask.path_job(page.start), deciding.measure_paths
            work_button("Follow the measured path", job, deciding.do, follow, page.start, key="final-paths")
        else:
            _cell(page, measured, yours)
            _beside(deciding, selection_of(page.start, measured), "measure-measured")
            st.caption(paths_line(paths, page))
            if page.knows_truth:
                ends = ", ".join(f"{nasbench201.lookup(path.genotype).cifar10:.2f}" for path in paths)
                st.caption(f"true accuracy by edge order: {ends} %")
    st.caption(_reading(page))
    for note in page.selection.replaced_none:
        st.warning(note)
    if deciding.run.branches:
        with st.container(border=True, key="branches-card"):
            branches(deciding)
    text.heading(term("genotype", "Genotype"))
    st.code(str(yours), language=None, wrap_lines=True)
    if st.button("Compare with other endings", key="to-compare"):
        st.switch_page(keys.PAGES.get({})["compare"], query_params=session.query(page.entry.id, page.space))


def _beside(deciding: Deciding, selection: Selection, key: str) -> None:
    """The supernet's accuracy as another cell, on the weights that it was trained to."""
    page, ask = deciding.page, deciding.ask
    request = Request.of(page.summary, selection, "accuracy", "", 0, images=page.images, data=page.data)
    found = ask.find(request)
    _accuracy(found)
    if found is None:
        what = [request], "Measuring the cell beside yours"
        measure_button("Measure its accuracy", request, deciding.do, deciding.do.begin, *what, key=key)


def _accuracy(found: Measurement | None) -> None:
    if found is not None:
        result = found.accuracy
        st.caption(
            f"one-shot accuracy {wording.percent(result.accuracy, result.baseline.ci)} on "
            f"{wording.count(result.images)} images, {wording.bn(result.bn)}"
        )


def _reading(page: PageState) -> str:
    """What the numbers mean."""
    weights = "yours after its tuning, the others without" if page.letters else "none of them tuned"
    first = (
        f"One-shot accuracy: the supernet with all but the cell's operations taken away ({weights}). Its weights were "
        "shared by all cells; trained alone, a cell gets better, and cells may rank otherwise."
    )
    if nasbench201.covers(page.space):
        return first
    skeleton = page.space.skeleton
    channels, cells = skeleton.network
    return f"{first} Parameters and multiply-adds: of its network with {channels} channels and {cells} cells."


def conclusion(page: PageState, ask: Questions) -> str | None:
    """How good the cell is beside the two others; None where no table knows."""
    if not page.knows_truth:
        return None
    paths = ask.paths(page.start)
    seed = paths[0].seed if paths else None
    return sentence(_ending(page, paths), "by index" if seed is None else f"order {seed}")


def _ending(page: PageState, paths: Sequence[MeasuredPath]) -> Ending:
    alpha = str(page.start.alpha_path().decoded()) if page.start.alphas.known else None
    return ending(page.selection, alpha, paths[0].genotype if paths else None)


def _other(deciding: Deciding) -> None:
    """The one step that cost most, and the same cell with the other operation there."""
    page = deciding.page
    found = _ending(page, ()).other
    if found is None:
        st.caption("No single other operation would make it better.")
        return
    label = palette.operation(found.decision.operation).label
    said, button = st.columns([3, 1], vertical_alignment="center")
    said.markdown(
        f"You lost **{wording.number(found.gain, 2)} points** at step {found.number}: with **{label}** on "
        f"{place_name(page.space, found.decision)}, all else the same, the cell reaches "
        f"{wording.percent(found.accuracy, digits=2)}."
    )
    button.button(
        "Try the other in a branch",
        on_click=deciding.exchange,
        args=(found.number, found.decision),
        disabled=deciding.has_all_branches,
        width="stretch",
        key="exchange",
    )


def _cell(page: PageState, genotype: Genotype, other: Genotype | None) -> None:
    types = page.space.cells
    for column, cell in zip(st.columns(len(types)), types, strict=True):
        with column:
            if len(types) > 1:
                st.caption(cell)
            st.html(picture(finished_cell(genotype, cell, other), page.theme))
    values: tuple[tuple[str, str], ...]
    if page.knows_truth:
        found = nasbench201.lookup(str(genotype))
        values = (
            ("true CIFAR-10 accuracy", f"{found.cifar10:.2f} %"),
            ("rank of 15,625", wording.count(found.rank["cifar10"])),
        )
    elif nasbench201.covers(page.space):
        values = ()
    else:
        parameters, adds = _size(str(genotype), page.summary.meta["classes"])
        values = (("parameters", f"{parameters / 1e6:.2f} M"), ("multiply-adds", f"{adds / 1e6:.0f} M"))
    cells = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in values)
    st.html(f"<div class='numbers'>{cells}</div>")


@lru_cache(maxsize=256)
def _size(genotype: str, classes: int) -> tuple[int, int]:
    """Parameters and multiply-adds of a cell's network at its family's published size, for images of 32 pixels.

    Nothing is computed and no weight is made.
    """
    import torch

    from engine.network import Network, count_parameters, multiply_adds

    with torch.device("meta"):
        network = Network(parse_genotype(genotype), classes=classes)
    return count_parameters(network), multiply_adds(network)

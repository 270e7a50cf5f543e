"""The finished cell beside what pure alpha and pure measurement would have given.

finished   draw the end state of a selection
"""

import streamlit as st

from app.parts.style import picture
from app.screens.decide.actions import Deciding
from app.screens.decide.outcomes import paths_line
from app.state import keys, session
from app.state.page import PageState
from engine import nasbench201
from engine.drawing import wording
from engine.drawing.finished_cell import finished_cell
from engine.selection.genotype import Genotype, parse_genotype


def finished(deciding: Deciding) -> None:
    page, ask = deciding.page, deciding.ask
    yours = page.selection.decoded()  # `replaced_none` says below what that changed
    alpha = page.start.alpha_path().decoded()
    paths = ask.paths(page.start)
    measured = parse_genotype(paths[0].genotype) if paths else None
    columns = st.columns(3)
    with columns[0], st.container(border=True):
        st.markdown("**Your cell**")
        _cell(page, yours, None)
        found = ask.find(ask.accuracy())
        if found is None:
            st.button("Measure its accuracy", on_click=deciding.measure_next, disabled=ask.busy, key="measure-final")
        else:
            result = found.accuracy
            st.caption(
                f"one-shot accuracy {wording.percent(result.accuracy, result.baseline.ci)} on "
                f"{wording.count(result.images)} images, {wording.bn(result.bn)}"
            )
    with columns[1], st.container(border=True):
        st.markdown("**Pure α**")
        _cell(page, alpha, yours)
    with columns[2], st.container(border=True):
        st.markdown("**Pure measurement**")
        if measured is None:
            st.caption("Each edge by its largest drop, measured again after every decision, from the start.")
            st.button(
                "Follow the measured path",
                on_click=deciding.measure_paths,
                args=(page.start,),
                disabled=ask.busy,
                key="final-paths",
            )
        else:
            _cell(page, measured, yours)
            st.caption(paths_line(paths, page))
            if page.space.genotype_format == "nas-bench-201":
                ends = ", ".join(f"{nasbench201.lookup(path.genotype).cifar10:.2f}" for path in paths)
                st.caption(f"true accuracy by edge order: {ends} %")
    for note in page.selection.replaced_none:
        st.warning(note)
    st.markdown("**Genotype**")
    st.code(str(yours), language=None, wrap_lines=True)
    if st.button("Compare with other endings", key="to-compare"):
        st.switch_page(keys.PAGES.get({})["compare"], query_params=session.query(page.entry.id, page.space))


def _cell(page: PageState, genotype: Genotype, other: Genotype | None) -> None:
    for cell in page.space.cells:
        if len(page.space.cells) > 1:
            st.caption(cell)
        st.html(picture(finished_cell(genotype, cell, other), page.theme))
    if page.space.genotype_format == "nas-bench-201":
        found = nasbench201.lookup(str(genotype))
        st.html(
            f"<div class='numbers'><div><span>true CIFAR-10 accuracy</span><b>{found.cifar10:.2f} %</b></div>"
            f"<div><span>rank of 15,625</span><b>{wording.count(found.rank['cifar10'])}</b></div></div>"
        )

"""The finished cell beside what pure alpha and pure measurement would have given.

finished      draw the end state of a selection
genotype_of   the genotype of a complete selection
"""

import streamlit as st

from app.parts.style import picture
from app.screens.decide.view import Deciding
from app.state import session
from engine import nasbench201
from engine.drawing import wording
from engine.drawing.finished_cell import finished_cell
from engine.selection.genotype import Genotype, parse_genotype


def finished(view: Deciding) -> None:
    yours = genotype_of(view)
    alpha = view.start.alpha_path().decoded()
    paths = view.paths(view.start)
    measured = parse_genotype(paths[0].genotype) if paths else None
    columns = st.columns(3)
    with columns[0], st.container(border=True):
        st.markdown("**Your cell**")
        _cell(view, yours, None)
        found = view.before()
        if found is None:
            st.button("Measure its accuracy", on_click=view.measure_step, disabled=view.busy, key="measure-final")
        else:
            result = found.accuracy
            st.caption(
                f"one-shot accuracy {wording.percent(result.accuracy, result.baseline.ci)} on "
                f"{wording.count(result.images)} images, {wording.bn(result.bn)}"
            )
    with columns[1], st.container(border=True):
        st.markdown("**Pure α**")
        _cell(view, alpha, yours)
    with columns[2], st.container(border=True):
        st.markdown("**Pure measurement**")
        if measured is None:
            st.caption("Each edge by its largest drop, measured again after every decision, from the start.")
            st.button(
                "Follow the measured path",
                on_click=view.measure_paths,
                args=(view.start,),
                disabled=view.busy,
                key="final-paths",
            )
        else:
            _cell(view, measured, yours)
            st.caption(view.paths_line(paths))
            if view.space.family == "nas-bench-201":
                ends = ", ".join(f"{nasbench201.lookup(path.genotype).cifar10:.2f}" for path in paths)
                st.caption(f"true accuracy by edge order: {ends} %")
    for note in view.selection.replaced_none:
        st.warning(note)
    st.markdown("**Genotype**")
    st.code(str(yours), language=None, wrap_lines=True)
    if st.button("Compare with other endings", key="to-compare"):
        st.switch_page(st.session_state["pages"]["compare"], query_params=session.query())


def genotype_of(view: Deciding) -> Genotype:
    """As decoded; `replaced_none` says on the page what that changed."""
    return view.selection.decoded()


def _cell(view: Deciding, genotype: Genotype, other: Genotype | None) -> None:
    for cell in view.space.cells:
        if len(view.space.cells) > 1:
            st.caption(cell)
        st.html(picture(finished_cell(genotype, cell, other), view.theme))
    if view.space.family == "nas-bench-201":
        found = nasbench201.lookup(str(genotype))
        st.html(
            f"<div class='numbers'><div><span>true CIFAR-10 accuracy</span><b>{found.cifar10:.2f} %</b></div>"
            f"<div><span>rank of 15,625</span><b>{wording.count(found.rank['cifar10'])}</b></div></div>"
        )

"""Where a selection can still lead, in true accuracies, beside the paths that alpha and measurement would go on.

outcomes   draw it
"""

import streamlit as st

from app.figures.outcomes import outcomes_info, plot_outcomes
from app.parts import text
from app.parts.opened_table import ends_of
from app.parts.progress import work_button
from app.parts.terms import term
from app.screens.decide.actions import Deciding
from app.screens.decide.ways import ways
from engine import nasbench201
from engine.drawing import wording


def outcomes(deciding: Deciding) -> None:
    page, selection = deciding.page, deciding.page.selection
    found = nasbench201.reachable(selection)
    alpha = nasbench201.lookup(str(selection.alpha_path().decoded())).cifar10 if selection.alphas.known else None
    known = None if page.hides("path") else ways(deciding.ask)
    measured = [nasbench201.lookup(genotype).cifar10 for genotype in known.genotypes] if known else []
    cells = "cell" if found.count == 1 else "cells"
    text.heading(
        "Where this can still lead",
        f"{term('true_accuracy', 'true CIFAR-10 accuracy')} of {wording.count(found.count)} {cells}",
    )
    opened = ends_of(page.entry.id)
    info = outcomes_info(found, alpha, measured, opened, known.name if known else "")
    text.chart(
        plot_outcomes(info, page.theme),
        key="outcomes",
        alt=info.summary if alpha is None else f"{info.summary}; alpha's path ends at {alpha:.2f} %",
    )
    if opened:
        named = ", ".join(f"{name} {wording.number(end, 2)}" for name, end in opened[:8])
        more = f" and {len(opened) - 8} more, down to {wording.number(opened[-1][1], 2)}" if len(opened) > 8 else ""
        st.text(f"▼ opened: {named}{more} %")  # names are visitors' text, in which no sign is Markdown
    if known:
        st.caption(known.line)
    if not page.hides("path") and (known is None or not known.from_here):
        work_button(
            "Follow the measured path from here" if page.decisions else "Follow the measured path",
            deciding.ask.path_job(selection),
            deciding.do,
            deciding.measure_paths,
            selection,
            key="measure-paths",
            help="Decide each remaining edge by the largest drop, measured again after every decision",
        )

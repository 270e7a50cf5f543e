"""Where a selection can still lead, in true accuracies, beside the paths that alpha and measurement would go on.

outcomes     draw it
paths_line   how measured paths were found
"""

from collections.abc import Sequence

import streamlit as st

from app.figures.outcomes import outcomes_info, plot_outcomes
from app.parts import text
from app.parts.selections_panel import ends_of
from app.screens.decide.actions import Deciding
from app.state.page import PageState
from app.work.questions import MeasuredPath
from engine import nasbench201
from engine.drawing import wording


def outcomes(deciding: Deciding) -> None:
    page, selection = deciding.page, deciding.page.selection
    found = nasbench201.reachable(selection)
    alpha = nasbench201.lookup(str(selection.alpha_path().decoded())).cifar10 if selection.alphas.known else None
    paths = deciding.ask.paths()
    measured = [nasbench201.lookup(path.genotype).cifar10 for path in paths]
    cells = "cell" if found.count == 1 else "cells"
    text.heading("Where this can still lead", f"true CIFAR-10 accuracy of {wording.count(found.count)} {cells}")
    opened = ends_of(page.entry.id)
    info = outcomes_info(found, alpha, measured, opened)
    text.chart(
        plot_outcomes(info, page.theme),
        key="outcomes",
        alt=info.summary if alpha is None else f"{info.summary}; alpha's path ends at {alpha:.2f} %",
    )
    if opened:
        named = ", ".join(f"{name} {wording.number(end, 2)}" for name, end in opened[:8])
        more = f" and {len(opened) - 8} more, down to {wording.number(opened[-1][1], 2)}" if len(opened) > 8 else ""
        st.text(f"▼ opened: {named}{more} %")  # names are visitors' text, in which no sign is Markdown
    if paths:
        st.caption(paths_line(paths, page))
    else:
        st.button(
            "Follow the measured path",
            on_click=deciding.measure_paths,
            args=(selection,),
            disabled=deciding.ask.busy,
            key="measure-paths",
            help="Decide each remaining edge by the largest drop, measured again after every decision",
        )


def paths_line(paths: Sequence[MeasuredPath], page: PageState) -> str:
    """e.g. "4 edge orders, 1,024 images, batch statistics, no tuning · stored"."""
    orders = "order" if len(paths) == 1 else "orders"
    tuning = "no further tuning" if page.letters else "no tuning"
    images = wording.count(paths[0].images)
    return f"{len(paths)} edge {orders}, {images} images, batch statistics, {tuning} · {paths[0].source}"

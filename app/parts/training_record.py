"""How a training went, epoch by epoch: curves, the mixing weights of every edge, and the cell of alpha in the end.

training_record   draw it
is_recorded       whether a checkpoint's log and alphas tell it
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.figures.training_curves import curves_info, plot_curves, plot_trajectories, trajectories_info
from app.parts import text
from app.parts.style import picture
from app.parts.terms import term
from app.state import session
from engine import nasbench201
from engine.checkpoint.format import Summary
from engine.drawing import wording
from engine.drawing.finished_cell import finished_cell
from engine.drawing.palette import Theme
from engine.selection.genotype_text import parse_genotype
from engine.spaces import SearchSpace

Log = Sequence[Mapping[str, Any]]
"""An object per finished epoch, as training writes it."""


def is_recorded(summary: Summary) -> bool:
    """Whether log and alphas were kept after every epoch, as a training here does; an import may have neither."""
    known = all("train_accuracy" in line and "batch" in (line.get("search") or {}) for line in summary.log)
    return bool(summary.log) and known and summary.recorded == len(summary.log)


def training_record(log: Log, summary: Summary | None, epochs: int) -> None:
    """Curves from the log, the rest from the checkpoint; None: it is being written. epochs: that were asked for."""
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    curves = curves_info(log, epochs)
    left, right = st.columns([2, 3])
    with left:
        text.chart(plot_curves(curves, theme), key="training-curves", alt=curves.summary)
        said = [f"search: the whole supernet on {wording.count(curves.images or 0)} search images, batch statistics."]
        if decided := [str(line["epoch"]) for line in log if line.get("decisions")]:
            after = " and ".join(filter(None, (", ".join(decided[:-1]), decided[-1])))
            said.append(f"Decisions were taken after epoch {after}; it is measured with them before it trains on.")
        st.caption(" ".join(said))
    with right:
        if summary is None:
            st.caption("Its checkpoint is being written.")
            return
        past = [summary.after(epoch) for epoch in range(1, summary.recorded + 1)]
        for cell in summary.space.cells:
            info = trajectories_info(summary.space, cell, past, epochs)
            text.heading(
                f"{term('mixing_weight', 'Mixing weight')} of every edge",
                cell if len(summary.space.cells) > 1 else "skip is drawn broad",
            )
            text.chart(plot_trajectories(info, theme), key=f"trajectories-{cell}", alt=info.summary)
        _cell(log[-1], summary.space, theme)


def _cell(line: Mapping[str, Any], space: SearchSpace, theme: Theme) -> None:
    """The cell of the largest alphas at this moment."""
    if line.get("magnitude") is None:
        return
    genotype = parse_genotype(line["magnitude"])
    text.heading(f"α's cell at epoch {line['epoch']}")
    if nasbench201.covers(space) and not session.attending().hides("truth"):
        true = nasbench201.lookup(line["magnitude"]).cifar10
        st.caption(f"true accuracy {wording.percent(true, digits=2)} (CIFAR-10, 200 epochs of training)")
    for cell in space.cells:
        drawn = finished_cell(genotype, cell, None)
        st.html(picture(drawn, theme, alt=drawn.text))

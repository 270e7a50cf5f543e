"""Lab "depth" on its page: alpha over the epochs of supernets of several depths."""

from statistics import fmean

import streamlit as st

from app.figures.depths import plot_depths, summary
from app.parts import text
from engine.analysis.depth import DepthResult
from engine.drawing.palette import Theme


def figure(result: DepthResult, theme: Theme, save: tuple[str, str]) -> None:
    text.chart(plot_depths(result, theme), key="lab-figure", alt=summary(result), save=save)
    st.caption(
        "Trainings by the same recipe that differ in depth alone, as far as they lie beside this one; others can be "
        "named in the settings. Above, where a table knows it, the true accuracy of the cell of the largest α; below "
        "the share of edges on which α prefers skip."
    )


def table(result: DepthResult, theme: Theme) -> None:
    text.heading("Depth by depth", "gives in: half of the edges or more go to skip, the first epoch and how many")
    percent = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        [
            {
                result.unit: each.cells,
                "run": each.name,
                "epochs": len(each.skips),
                "skip %, mean": 100 * fmean(each.skips),
                "skip %, end": 100 * each.skips[-1],
                "gives in": each.gives_in,
                "for epochs": len(each.given),
                "recovers": each.recovers,
                "true % at the end": each.true[-1] if each.true else None,
                "lowest": min(each.true, default=None),
                "highest": max(each.true, default=None),
                "supernet %": each.accuracy,
                "cell": each.cell,
            }
            for each in result.depths
            if each.skips
        ],
        column_config={
            **dict.fromkeys(("true % at the end", "lowest", "highest", "supernet %"), percent),
            **dict.fromkeys(("skip %, mean", "skip %, end"), st.column_config.NumberColumn(format="%.0f")),
        },
        hide_index=True,
        placeholder="–",
        key="lab-depths",
    )

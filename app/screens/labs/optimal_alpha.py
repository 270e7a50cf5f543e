"""Lab "optimal-alpha" on its page: the weight that skip should get and the one it has, edge by edge."""

import streamlit as st

from app.figures.optimal_weights import optima_info, plot_optima
from app.parts import text
from engine.analysis.optimal_alpha import OptimalResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme


def figure(result: OptimalResult, theme: Theme, save: tuple[str, str]) -> None:
    info = optima_info(result)
    text.chart(plot_optima(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(
        "Right of the line skip gets more than the convolution. Maps are standardised per channel; the cell's map is "
        "estimated as the mean of what its edges add. Edges of stride 2 are left out, as their skip is a convolution."
    )


def table(result: OptimalResult, theme: Theme) -> None:
    text.heading("Variances behind it", "distance from the cell's map, per standardised channel")
    number = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        [
            {
                "edge": f"{each.cell}: {wording.plain(each.name)}",
                "convolution": palette.operation(each.conv).label,
                "var conv": each.a,
                "var skip": each.b,
                "cov": each.c,
                "minimiser": each.optimal,
                "95 %": None if each.ci is None else f"[{each.ci[0]:.2f}, {each.ci[1]:.2f}]",
                "stated": each.stated,
                "learned": each.learned,
            }
            for each in result.edges
        ],
        column_config=dict.fromkeys(("var conv", "var skip", "cov", "minimiser", "stated", "learned"), number),
        hide_index=True,
        placeholder="–",
        key="lab-variances",
    )

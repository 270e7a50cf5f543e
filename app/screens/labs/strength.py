"""Lab "strength" on its page: three columns of the same operations, and how every fine-tuning went."""

import streamlit as st

from app.figures.strengths import plot_strengths, strength_info
from app.parts import text
from engine.analysis.strength.results import StrengthResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme


def figure(result: StrengthResult, theme: Theme, save: tuple[str, str]) -> None:
    info = strength_info(result)
    text.chart(plot_strengths(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(
        "Strength: an edge is given to one operation alone, a copy of the supernet is fine-tuned by the rule of its "
        "training, and its accuracy measured. The drop is what the supernet as it is loses without the operation. "
        "Whether a fine-tuning had come to rest is in the table; with more passes it may still rise."
    )


def table(result: StrengthResult, theme: Theme) -> None:
    text.heading("Every fine-tuning", "accuracies after every pass")
    several = len({edge.cell for edge in result.edges}) > 1
    percent = st.column_config.NumberColumn(format="%.1f")
    st.dataframe(
        [
            {
                "edge": f"{edge.cell}: {wording.plain(edge.name)}" if several else wording.plain(edge.name),
                "operation": palette.operation(each.name).label,
                "α's weight": each.weight,
                "drop": each.drop,
                "strength %": each.strength,
                "95 %": None if each.ci is None else wording.interval(each.ci),
                "course": list(each.course),
                "at rest": each.plateau,
            }
            for edge in result.edges
            for each in edge.operations
        ],
        column_config={
            "α's weight": st.column_config.NumberColumn(format="%.3f"),
            "drop": percent,
            "strength %": percent,
            "course": st.column_config.LineChartColumn(y_min=0, y_max=100),
        },
        hide_index=True,
        placeholder="–",
        key="lab-strengths",
    )

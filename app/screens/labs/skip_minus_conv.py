"""Lab "skip-minus-conv" on its page: the gap beside the supernet's accuracy, and a row for every epoch."""

import streamlit as st

from app.figures.gap_courses import gap_info, plot_gaps
from app.parts import text
from engine.analysis.skip_minus_conv import GapResult, rows
from engine.drawing.palette import Theme


def figure(result: GapResult, theme: Theme, save: tuple[str, str]) -> None:
    info = gap_info(result)
    text.chart(plot_gaps(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(
        "A dot is an epoch, its bar the 95 % interval of the accuracy that the training logged on search images. Above "
        "the line skip has more weight than the convolutions of its edge, on average over the edges. Edges of stride 2 "
        "are left out, as their skip is a convolution."
    )


def table(result: GapResult, theme: Theme) -> None:
    text.heading("Every epoch", "least, most: of single edges")
    gap = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        [
            {
                "run": row["run"],
                "epoch": row["epoch"],
                "supernet %": row["accuracy"],
                "skip − conv": row["gap"],
                "least": row["least"],
                "most": row["most"],
            }
            for row in rows(result)
        ],
        column_config={
            "supernet %": st.column_config.NumberColumn(format="%.2f"),
            **dict.fromkeys(("skip − conv", "least", "most"), gap),
        },
        hide_index=True,
        placeholder="–",
        key="lab-gaps",
    )

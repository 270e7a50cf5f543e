"""Lab "snapshots" on its page: ends over epochs, and a row for every epoch."""

import streamlit as st

from app.figures.snapshot_ends import plot_snapshots, snapshots_info
from app.parts import text
from engine.analysis.snapshots import SnapshotsResult, rows
from engine.drawing.palette import Theme


def figure(result: SnapshotsResult, theme: Theme, save: tuple[str, str]) -> None:
    info = snapshots_info(result)
    text.chart(plot_snapshots(info, theme), key="lab-figure", alt=info.summary, save=save)
    without = len(result.epochs) - len(result.measured)
    st.caption(
        "True accuracies come from the table of NAS-Bench-201; that of the supernet is on its own search images. Edge "
        f"orders differ as much as the dots of an epoch do. The weights of {without} epochs were not kept, so there "
        "measurement has no say."
    )


def table(result: SnapshotsResult, theme: Theme) -> None:
    text.heading("Every epoch", "skip: share of the edges that α gives to skip")
    percent = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        [
            {
                "epoch": row["epoch"],
                "supernet %": row["supernet_accuracy"],
                "α's cell, true %": row["alpha_true"],
                "skip %": 100 * row["skip_share"],
                "drops at once, true %": row["at_once_true"],
                "paths, true %": row["paths_true"] or None,
                "images": row["images"],
                "weights": row["checkpoint"],
            }
            for row in reversed(rows(result))
        ],
        column_config={
            "supernet %": percent,
            "α's cell, true %": percent,
            "skip %": st.column_config.NumberColumn(format="%.0f"),
            "images": st.column_config.NumberColumn(format="localized", help="That a decision rests on"),
            "drops at once, true %": percent,
        },
        hide_index=True,
        placeholder="–",
        key="lab-epochs",
        height=360,
    )

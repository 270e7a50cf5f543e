"""Lab "snapshots" on its page: ends over epochs, and a row for every epoch."""

from collections.abc import Sequence

import streamlit as st

from app.figures.snapshot_ends import plot_snapshots, snapshots_info
from app.parts import text
from engine.analysis.snapshots.results import SnapshotsResult
from engine.analysis.snapshots.words import rows
from engine.drawing.palette import Theme

TRUE = "true CIFAR-10 accuracy"


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
    st.dataframe(
        [
            {
                "epoch": row["epoch"],
                "α's cell %": row["alpha_true"],
                "drops at once %": row["at_once_true"],
                "paths %": _range(epoch.measured.paths if epoch.measured else ()),
                "supernet %": row["supernet_accuracy"],
                "skip %": 100 * row["skip_share"],
                "images": row["images"],
                "weights": row["checkpoint"],
            }
            for row, epoch in zip(reversed(rows(result)), reversed(result.epochs), strict=True)
        ],
        column_config={
            "α's cell %": st.column_config.NumberColumn(format="%.2f", help=TRUE),
            "drops at once %": st.column_config.NumberColumn(format="%.2f", help=TRUE),
            "paths %": st.column_config.TextColumn(width=120, help=f"{TRUE}, from the lowest to the highest order"),
            "supernet %": st.column_config.NumberColumn(format="%.2f"),
            "skip %": st.column_config.NumberColumn(format="%.0f"),
            "images": st.column_config.NumberColumn(format="localized", help="That a decision rests on"),
        },
        hide_index=True,
        placeholder="–",
        key="lab-epochs",
    )


def _range(ends: Sequence[float]) -> str | None:
    if not ends:
        return None
    low, high = f"{min(ends):.2f}", f"{max(ends):.2f}"
    return low if low == high else f"{low} to {high}"

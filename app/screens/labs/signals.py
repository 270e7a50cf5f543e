"""Lab "signals" on its page: ranks of the chosen signals, and the truth with who names it."""

from typing import cast

import streamlit as st

from app.figures.signal_ranks import GLYPHS, OWN, draw_truth_table, plot_ranks, ranks_info, truth_table
from app.parts import text
from app.state import keys
from engine.analysis.signals.results import SignalRow, SignalsResult, table
from engine.drawing import wording
from engine.drawing.palette import Theme
from engine.results import TruthKind

FIRST = (
    "alpha",
    "drop",
    "rise",
    "rise_rescaled",
    "rise_restored",
    "keep_only",
    "edge_shapley",
    "taylor",
    "fisher",
    "prior",
)
"""Signals that are shown until others are chosen."""
DATA_SETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16_120": "ImageNet16-120"}


def figure(result: SignalsResult, theme: Theme, save: tuple[str, str]) -> None:
    """The figure with its two choices."""
    rows = _rows(result)
    left, right = st.columns([4, 1], vertical_alignment="top")
    known = {row.name: row for row in rows}
    with left:
        st.pills(
            "Signals",
            list(known),
            selection_mode="multi",
            default=[name for name in FIRST if name in known] or list(known),
            format_func=lambda name: f"{GLYPHS.get(name, OWN)} {known[name].label}",
            key=keys.LAB_SIGNALS.name,
            label_visibility="collapsed",
        )
    with right:
        st.segmented_control(
            "Truth",
            ["mean", "best"],
            default=result.truth,
            required=True,
            key=keys.LAB_TRUTH.name,
            help="Mean or best true accuracy of the reachable cells with an operation",
            label_visibility="collapsed",
        )
    shown = _shown(result)
    info = ranks_info(shown, result.names)
    text.chart(plot_ranks(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(_reading(result, shown))
    for signal in result.signals:
        if signal.problem is not None:
            st.warning(f"{signal.label}: {text.literal(signal.problem)}", icon=":material/warning:")


def table_card(result: SignalsResult, theme: Theme) -> None:
    """The truth by edge and operation, and where each signal's cell ends."""
    shown = _shown(result)
    text.heading(
        "The truth, and who names it",
        f"true accuracy on {DATA_SETS.get(result.dataset, result.dataset)}, %; frame: truly best",
    )
    st.html(draw_truth_table(truth_table(result, shown, _truth(result))))
    text.heading("The cell that each names at once")
    st.dataframe(
        [
            {
                "signal": f"{GLYPHS.get(row.name, OWN)} {row.label}",
                "true %": row.true,
                "rank": row.rank,
                "images": row.images or None,
                "with itself": row.reliability,
            }
            for row in shown
        ],
        column_config={
            **text.TRUE,
            "images": st.column_config.NumberColumn(format="localized"),
            "with itself": st.column_config.NumberColumn(
                format="%.2f", help="Mean rank correlation of the signal with itself between disjoint image sets"
            ),
        },
        hide_index=True,
        placeholder="–",
        key="lab-cells",
    )


def _truth(result: SignalsResult) -> TruthKind:
    return cast(TruthKind, keys.LAB_TRUTH.get(result.truth))


def _rows(result: SignalsResult) -> tuple[SignalRow, ...]:
    return table(result, _truth(result))


def _shown(result: SignalsResult) -> list[SignalRow]:
    chosen = keys.LAB_SIGNALS.get(list(FIRST))
    return [row for row in _rows(result) if row.name in chosen]


def _reading(result: SignalsResult, rows: list[SignalRow]) -> str:
    """What circles, bands and baselines mean, and on how many images the signals rest."""
    images = sorted({row.images for row in rows if row.images})
    on = (
        ""
        if not images
        else f" Measured on {wording.count(images[0])}"
        + (f" to {wording.count(images[-1])} images." if len(images) > 1 else " images.")
    )
    return (
        f"Thick line: mean over {wording.several(len(result.edges), 'edge')}; band: its 95 % interval over these edges."
        f"{on} Random numbers correlate 0. A fixed order of operations (*kind alone*) knows nothing of any supernet: "
        "it is the mark to beat."
    )

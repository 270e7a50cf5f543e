"""The sides of a comparison in numbers, and more sides beside them.

table   draw it
"""

from collections.abc import Callable

import streamlit as st

from app.parts import text
from app.screens.compare.endings import Side
from app.screens.compare.view import Comparison, End, name_of

MOST = 4
"""Sides in the table."""


def table(comparison: Comparison, end_of: Callable[[Side], End]) -> None:
    text.heading("In numbers", f"up to {MOST} sides")
    every = [Side(run, ending) for run, found in comparison.runs.items() for ending in found.endings]
    more = st.multiselect(
        "More sides",
        [side for side in every if side not in comparison.pair],
        format_func=lambda side: f"{side.run} · {name_of(side.ending)}",
        max_selections=MOST - len(comparison.pair),
        key="more-sides",
        placeholder="Add a side to the table",
        label_visibility="collapsed",
    )
    shown = [*comparison.ends, *map(end_of, more)]
    rows = [_row(letter, end) for letter, end in zip("ABCD", shown, strict=False)]
    columns = [key for key in rows[0] if key not in text.TRUE or any(end.truth for end in shown)]
    st.dataframe(
        rows,
        hide_index=True,
        column_order=columns,
        column_config=text.TRUE,
        placeholder="–",
        alt=" and ".join(str(end.side) for end in shown),
    )


def _row(letter: str, end: End) -> dict[str, object]:
    return {
        "": letter,
        "supernet": end.side.run,
        "ending": end.name,
        **text.true_values(end.truth),
        "supernet accuracy": f"{end.accuracy.text}, {end.accuracy.origin}" if end.accuracy else "not measured",
        **end.counts,
        "decided": f"{end.document.selection.steps_done} of {end.space.steps}",
        "from": end.origin,
        "genotype": str(end.genotype or ""),
    }

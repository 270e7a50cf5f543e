"""The table of evidence: a Streamlit component that paints an app.figures.evidence_table.Table.

evidence_table   mount it; says which row was chosen

The browser side only paints: every word and every length comes from the Table. Rows are created once and patched, so
that focus and transitions survive a rerun, and have fixed heights. Its keys work wherever the focus is, except where
somebody is typing.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.figures.evidence_table import Table
from app.parts.component import component

_component = component(Path(__file__).parent)


def evidence_table(
    table: Table, *, key: str, on_choose: Callable[[str], None], on_take: Callable[[], None] | None = None
) -> None:
    """Draw the table. Click, Space and the table's keys choose a row, arrows move between rows.

    on_choose: runs before the rerun's script with the row's id. on_take: the same for Enter on the chosen row; without
    it Enter chooses, too.
    """

    def choose() -> None:
        if (chosen := st.session_state[key].chosen) is not None:
            on_choose(chosen)

    def take() -> None:
        if on_take is not None and st.session_state[key].taken is not None:
            on_take()

    data = {**table, "takes": on_take is not None}
    _component(key=key, data=data, on_chosen_change=choose, on_taken_change=take)

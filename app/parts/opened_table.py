"""Opened selections beside each other: a row each, and those with a true accuracy as ticks on one histogram.

draw      the histogram and the table
ends_of   those of one supernet with a true accuracy, by name
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.figures.outcomes import outcomes_info, plot_outcomes
from app.parts import text
from app.state import keys, session
from app.state.opened import Opened
from engine import nasbench201
from engine.drawing import wording
from engine.drawing.palette import Theme
from engine.results import Lookup
from engine.selection.selection import Selection

_COLUMNS: dict[str, Any] = {
    "α": st.column_config.NumberColumn(help="decisions that took α's suggestion"),
    "measured": st.column_config.NumberColumn(help="decisions that took the measured suggestion, also where α agreed"),
    "person": st.column_config.NumberColumn(help="decisions against both suggestions, or where there was none"),
    "given": st.column_config.NumberColumn(help="decisions that came with a link, such as those of a task"),
    "answers": st.column_config.TextColumn(help="answers in lessons and on Start that were right, of those given"),
    **text.TRUE,
}


def draw(opened: Sequence[Opened]) -> None:
    found = [(each, selection) for each in opened if (selection := _selection(each)) is not None]
    ends = {each.name: end for each, selection in found if (end := _truth(selection)) is not None}
    if ends:
        _histogram(next(each for each, _ in found if each.name in ends), ends)
    rows = [_row(each, selection, ends.get(each.name)) for each, selection in found]
    # A column in which nothing is said says less than none.
    empty = [name for name in _MAY_BE_EMPTY if not any(row[name] for row in rows)]
    kept = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    st.dataframe(kept, hide_index=True, column_config=_COLUMNS, placeholder="–", alt=f"{len(rows)} opened selections")


_MAY_BE_EMPTY = ("true %", "rank", "given", "answers", "cell")


def _row(each: Opened, selection: Selection, end: Lookup | None) -> dict[str, object]:
    return {
        "selection": each.name,
        **text.true_values(end),
        "decided": f"{len(selection.decisions)} of {selection.space.steps}",
        "α": each.took("a"),
        "measured": each.took("mb"),
        "person": each.took("y"),
        "given": each.took("l"),
        "answers": f"{each.right} of {each.asked}" if each.asked else "",
        "cell": str(selection.decoded()) if selection.is_complete else "",
        "supernet": each.run,
    }


def _histogram(one: Opened, ends: dict[str, Lookup]) -> None:
    """True accuracies of all cells, with a tick for every ending."""
    start = _selection(one._replace(link=type(one.link)()))
    assert start is not None
    found = nasbench201.reachable(start)
    text.heading(
        f"True accuracy of {wording.several(len(ends), 'finished cell')}",
        f"▼ on the CIFAR-10 accuracies of all {wording.count(found.count)} cells",
    )
    info = outcomes_info(found, opened=_sorted({name: end.cifar10 for name, end in ends.items()}))
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    text.chart(plot_outcomes(info, theme), key="opened-ends", alt=f"{len(ends)} opened selections; {info.summary}")


def _selection(each: Opened) -> Selection | None:
    """None where its supernet is gone."""
    entry = session.entries().get(each.run)
    if entry is None or entry.summary is None:
        return None
    return entry.summary.start.with_decisions(each.link.decisions)


def _truth(selection: Selection) -> Lookup | None:
    """What a table knows of a finished cell."""
    is_known = selection.is_complete and nasbench201.covers(selection.space)
    return nasbench201.lookup(selection.decoded()) if is_known and not session.attending().hides("truth") else None


def _sorted(ends: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(ends.items(), key=lambda item: (-item[1], item[0]))


def ends_of(run: str) -> list[tuple[str, float]]:
    """Opened selections of a run that are finished, with their true accuracies in percent, the best first."""
    found = {each.name: _selection(each) for each in keys.OPENED.get([]) if each.run == run}
    ends = {name: _truth(selection) for name, selection in found.items() if selection is not None}
    return _sorted({name: end.cifar10 for name, end in ends.items() if end is not None})

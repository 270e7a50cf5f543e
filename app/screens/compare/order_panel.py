"""What the edge order alone changes: the runs of one procedure that differ in nothing else, as a part of Compare.

panel   how often each operation wins on each edge, and where the orders end
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from app.figures.order_wins import order_wins, plot_order_wins
from app.figures.outcomes import outcomes_info, plot_outcomes
from app.library import catalog
from app.parts import text
from app.parts.terms import term
from app.screens.compare import presets
from app.screens.compare.endings import ALPHA, RunEndings, Side
from app.screens.compare.view import Comparison, End, name_of
from app.state import keys
from engine import nasbench201
from engine.drawing import wording
from engine.drawing.palette import Theme
from engine.selecting.record import SelectionRecord
from engine.selecting.summary import summarise

EndOf = Callable[[Side], End]
"""What is known of a side."""


def panel(comparison: Comparison, end_of: EndOf, cell: str) -> None:
    """What the order alone changes, for the run of side A. end_of: what is known of another side."""
    end = comparison.ends[0]
    endings, full = end.endings, presets.tunings(end.endings)
    text.heading(
        term("edge_order", "Edge orders"), f"one procedure on {end.side.run}, only the order of the edges differs"
    )
    groups = {"measured paths": {name: endings.document(name) for name in endings.orders}} if endings.orders else {}
    groups |= full
    if len(groups) > 1:
        st.segmented_control(
            "Procedure",
            list(groups),
            key=keys.PROCEDURE.name,
            default=next(iter(groups)),
            required=True,
            label_visibility="collapsed",
        )
    documents = groups.get(keys.PROCEDURE.get(""), next(iter(groups.values()), {}))
    if documents:
        _wins(
            comparison.page.theme,
            end_of,
            endings,
            documents,
            cell if cell in endings.summary.space.cells else endings.summary.space.cells[0],
        )
    if not full:
        st.caption(
            "No full run in several orders is stored for this supernet; "
            f"`python -m engine select {_path(endings)} --strategy perturbation --orders 8 --out DIR` makes one."
        )


def _path(endings: RunEndings) -> Path:
    """The checkpoint's folder as it is written in the repository's folder."""
    path = endings.entry.path
    return path.relative_to(catalog.ROOT) if path.is_relative_to(catalog.ROOT) else path


def _wins(
    theme: Theme, end_of: EndOf, endings: RunEndings, documents: Mapping[str, SelectionRecord], cell: str
) -> None:
    space, orders = endings.summary.space, summarise(list(documents.values()))
    alpha = end_of(Side(endings.entry.id, ALPHA)) if ALPHA in endings.endings else None
    is_true = space.genotype_format == "nas-bench-201"
    info = order_wins(space, cell, orders, endings.start)
    name = next(iter(documents))
    left, right = st.columns(2)
    with left:
        agreed = (
            f"{info.orders} orders agree on {info.unanimous} of {len(info.rows)} edges"
            if info.orders > 1
            else "1 order"
        )
        text.chart(plot_order_wins(info, theme), key="order-wins", alt=agreed)
        st.caption(f"{agreed} · {end_of(Side(endings.entry.id, name)).origin}")
    with right:
        if is_true:
            by_alpha = alpha.truth.cifar10 if alpha and alpha.truth else None
            found = outcomes_info(nasbench201.reachable(endings.start), by_alpha, orders.true_accuracy)
            figure = plot_outcomes(found, theme)
            text.chart(figure, key="order-ends", alt=found.summary)
        for what, spread in orders.spread.items():
            st.caption(_spread(what, spread, len(documents)))
    rows = [{"order": "○ α", **text.true_values(alpha.truth), "genotype": str(alpha.genotype)}] if alpha else []
    for name, genotype in zip(documents, orders.genotypes, strict=True):
        known = nasbench201.lookup(genotype) if is_true else None
        rows.append({"order": name_of(name), **text.true_values(known), "genotype": genotype})
    columns = ["order", *(text.TRUE if is_true else ()), "genotype"]
    st.dataframe(rows, hide_index=True, column_order=columns, column_config=text.TRUE, placeholder="–", row_height=28)


def _spread(what: str, spread: Mapping[str, float], orders: int) -> str:
    name = "true CIFAR-10 accuracy" if what == "true" else "supernet accuracy at the end"
    lowest, median, highest = (wording.number(spread[key], 2) for key in ("lowest", "median", "highest"))
    if orders == 1:
        return f"{name} in one order: {median} %"
    return f"{name} over {orders} orders: lowest {lowest}, median {median}, highest {highest} %"

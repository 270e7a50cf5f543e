"""Lab "ablations" on its page: ends of paths by procedure, and what each change of the rule does in the same orders."""

from statistics import median

import streamlit as st

from app.figures.path_ends import ends_info, plot_ends
from app.parts import text
from engine.analysis.ablations import AblationsResult, paired
from engine.analysis.rules import PAPER
from engine.drawing import wording
from engine.drawing.palette import Theme


def figure(result: AblationsResult, theme: Theme, save: tuple[str, str]) -> None:
    info = ends_info(result)
    text.chart(plot_ends(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(
        "A dot is an edge order; every edge is decided by its largest drop (or rise of the loss) and measured anew. A "
        "rescaled mask lets the other weights of the edge grow to the same sum, a restored one keeps the scale of what "
        "the edge adds; Fisher and IIM are signals of *Who is right*, found anew on every edge. Stored selections were "
        "run with the images that their names say."
    )


def table(result: AblationsResult, theme: Theme) -> None:
    text.heading("Procedure by procedure", "against the paper's rule, in the same orders")
    body = []
    for each in result.procedures:
        found = None if each.stored or each.name == PAPER else paired(result, each.name)
        ci = None if found is None else found[1]
        body.append(
            {
                "procedure": each.name,
                "median": round(median(each.ends), 2),  # as everywhere else; a browser rounds the half up
                "points above": None if found is None else found[0],
                "95 %": None if ci is None else wording.interval(ci),
                "higher in": None if found is None else f"{found[2]} of {found[3]}",
                "lowest": min(each.ends),
                "highest": max(each.ends),
                "orders": len(each.ends),
                "images": each.images,
            }
        )
    percent = st.column_config.NumberColumn(format="%.2f")
    columns = dict.fromkeys(("lowest", "median", "highest", "points above"), percent)
    columns |= {"procedure": st.column_config.TextColumn(width=175)}
    st.dataframe(body, column_config=columns, hide_index=True, placeholder="–", key="lab-procedures")

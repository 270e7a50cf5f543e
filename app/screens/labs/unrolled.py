"""Lab "unrolled" on its page: what changed networks keep of their accuracy, and the numbers behind it."""

from statistics import fmean, stdev
from typing import Any

import streamlit as st

from app.figures.rewired_ends import plot_rewired, rewired_info
from app.parts import text
from engine.analysis.spread import mean_interval
from engine.analysis.unrolled import CHANGES, UnrolledResult
from engine.drawing import wording
from engine.drawing.palette import Theme
from engine.results import Interval


def figure(result: UnrolledResult, theme: Theme, save: tuple[str, str]) -> None:
    info = rewired_info(result)
    text.chart(plot_rewired(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(
        "Nothing is trained between: two edges of equal stride change places with all their operations and weights, in "
        "every cell or in one: two of six in NAS-Bench-201, two of fourteen in the DARTS family. An edge that is "
        "dropped adds nothing. The two networks beside the supernet have five convolutions a stage, with a shortcut "
        "around each and without; theirs change places within a stage. They were trained for 10 epochs on the same "
        "images at 16 pixels."
    )


def table(result: UnrolledResult, theme: Theme) -> None:
    part = {"test": "test images", "search": "search images"}[result.part]
    text.heading("What is left", f"{wording.count(result.images)} {part}, {result.draws} draws")
    body: list[dict[str, Any]] = []
    for each in result.subjects:
        body.append({"network": each.name, "change": "as trained", "mean %": each.before, "95 %": _interval(each.ci)})
        for change, words in CHANGES.items():
            if after := each.of(change):
                body.append(
                    {
                        "network": each.name,
                        "change": words,
                        "mean %": fmean(after),
                        "95 %": _interval(mean_interval(after, 0.0, 100.0)),
                        "spread": stdev(after) if len(after) > 1 else None,
                        "lowest": min(after),
                        "highest": max(after),
                    }
                )
    columns = dict.fromkeys(("mean %", "spread", "lowest", "highest"), st.column_config.NumberColumn(format="%.1f"))
    st.dataframe(body, column_config=columns, hide_index=True, placeholder="–", key="lab-rewired")


def _interval(ci: Interval | None) -> str | None:
    return None if ci is None else wording.interval(ci)

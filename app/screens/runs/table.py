"""The table of all supernets: what each is, what alpha and measurement make of it; sorted, filtered, ticked, saved.

table       draw it; gives the ticked rows
filtered    rows in which every word of a search is found
as_csv      the rows as a file
headline    the page's first line
MOST        how many rows can lie side by side, from FEWEST on
"""

import csv
import io
from collections.abc import Mapping, Sequence

import streamlit as st

from app.state import keys
from engine.drawing import wording
from engine.population import Ends, Member
from engine.results import Verdict

FEWEST, MOST = 2, 8
"""How many runs can lie side by side."""
VERDICTS: tuple[Verdict, ...] = ("disagree", "agree", "too_close", "indistinct")
SHARE = "%.2f"
MOST_ROWS = 20
"""How many rows are seen without scrolling in the table."""
COLUMNS = {
    "size": st.column_config.TextColumn(help="channels of the first stage, cells (a stage on NAS-Bench-201), pixels"),
    "acc. %": st.column_config.NumberColumn(format="%.1f", help="the supernet's, on search images, batch statistics"),
    "95 %": st.column_config.TextColumn(help="the interval of that accuracy"),
    "verdicts": st.column_config.TextColumn(
        help="edges of the stored sweep: = agree, ≠ disagree, ≈ too close to call, – nothing to tell apart"
    ),
    "α ends at %": st.column_config.NumberColumn(
        format=SHARE, help="true CIFAR-10 accuracy of the largest alphas' cell"
    ),
    "measured ends at %": st.column_config.NumberColumn(
        format=SHARE,
        help="the same of full selections by measurement: the median of the procedure with the most edge orders",
    ),
    "over orders": st.column_config.TextColumn(help="from the lowest to the highest, and how many orders"),
}


def headline(rows: Sequence[Member]) -> str:
    """e.g. "5 supernets; where the truth is known, α ends at 10.00 to 54.30 % and measurement at 90.65 to 93.87 %"."""
    count = len(rows)
    first = wording.several(count, "supernet")
    alpha = [row.alpha_true for row in rows if row.alpha_true is not None]
    measured = [ends.median for row in rows for ends in row.ends if ends.median is not None]
    if not alpha or not measured:
        return first
    return f"{first}; where the truth is known, α ends at {_range(alpha)} % and measurement at {_range(measured)} %"


def _range(values: Sequence[float]) -> str:
    low, high = wording.number(min(values), 2), wording.number(max(values), 2)
    return low if low == high else f"{low} to {high}"


def filtered(rows: Sequence[Member], words: str, notes: Mapping[str, str]) -> list[Member]:
    """Rows in whose name, space, method, data or note every word stands, whatever its capitals."""
    wanted = words.casefold().split()

    def said(row: Member) -> str:
        parts = (row.name, row.space, row.method, row.data, notes.get(row.name))
        return " ".join(filter(None, parts)).casefold()

    return [row for row in rows if all(word in said(row) for word in wanted)]


def table(rows: Sequence[Member], notes: Mapping[str, str]) -> list[Member]:
    """Draw the rows. notes: by name. Returns the ticked ones."""
    event = st.dataframe(
        [{**_listed(row), "note": notes.get(row.name, "")} for row in rows],
        hide_index=True,
        column_config=COLUMNS,
        placeholder="–",
        row_height=30,
        height="content" if len(rows) <= MOST_ROWS else 30 * (MOST_ROWS + 1),
        on_select="rerun",
        selection_mode="multi-row",
        key=keys.RUNS_TABLE.of(str(len(rows))).name,
        alt=f"{len(rows)} supernets",
    )
    return [rows[place] for place in event.selection.rows if place < len(rows)]


def _listed(row: Member) -> dict[str, object]:
    if row.space is None:
        return {"name": row.name, "verdicts": row.problem}
    of = f" of {row.epochs}" if row.epochs not in (None, row.epoch) else ""
    ends = _widest(row)
    return {
        "name": row.name,
        "method": row.method if row.seed is None else f"{row.method}, seed {row.seed}",
        "size": wording.size(row.channels, row.cells, row.image_size),
        "epoch": "unknown" if row.epoch is None else f"{row.epoch}{of}",
        "acc. %": row.accuracy,
        "95 %": row.ci and wording.interval(row.ci),
        "verdicts": _verdicts(row),
        "α ends at %": row.alpha_true,
        "measured ends at %": ends and ends.median and round(ends.median, 2),  # a browser rounds the half up
        "over orders": _over(ends),
        "space": row.space,
        "date": (row.date or "")[:10],
    }


def _widest(row: Member) -> Ends | None:
    """The procedure with the most orders."""
    return max(row.ends, key=lambda ends: len(ends.genotypes), default=None)


def _verdicts(row: Member) -> str:
    if row.verdicts is None:
        return "not measured"
    return "  ".join(f"{wording.VERDICT[each].glyph} {row.verdicts[each]}" for each in VERDICTS if each in row.verdicts)


def _over(ends: Ends | None) -> str:
    if ends is None or not ends.true:
        return "" if ends is None else "no table"
    low, high = wording.number(ends.true[0], 2), wording.number(ends.true[-1], 2)
    return f"{low} to {high}, {len(ends.true)}" if len(ends.true) > 1 else "1 order"


def as_csv(rows: Sequence[Member], notes: Mapping[str, str]) -> str:
    """A line for every run and procedure, with everything that is known."""
    file = io.StringIO()
    own = [name for name in Member.__dataclass_fields__ if name not in ("path", "ends")]
    writer = csv.writer(file)
    writer.writerow(
        [*own, "note", "rule", "tuning", "measured_with", "measured_images", "orders", "lowest", "median", "highest"]
    )
    for row in rows:
        facts = [*(getattr(row, name) for name in own), notes.get(row.name, "")]
        for ends in row.ends or (None,):
            writer.writerow([*facts, *_measured(ends)])
    return file.getvalue()


def _measured(ends: Ends | None) -> list[object]:
    if ends is None:
        return [None] * 8
    low, high = (ends.true[0], ends.true[-1]) if ends.true else (None, None)
    return [ends.rule, ends.tuning, ends.data, ends.images, len(ends.genotypes), low, ends.median, high]

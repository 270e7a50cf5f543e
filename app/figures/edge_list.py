"""Edges as tables: the list views of the cell graph, and of the edges of two selections.

edge_list         a row for every edge of a cell, as its graph shows it
difference_list   a row for every edge of two selections
"""

from collections.abc import Iterable, Mapping, Sequence

from app.figures.cell_graph import EdgeMark, Graph
from app.figures.differences import LETTERS, SIGNS, WORDS, Difference
from app.figures.evidence_table import Cell, Column, Row, Table, chip, column, text
from engine.drawing import palette, wording
from engine.results import EdgeScores


def edge_list(graph: Graph, scores: Mapping[int, EdgeScores], without: str = "not measured") -> Table:
    """In step with the graph: a row's id is its edge's. scores: the measurements that it shows, by edge index. without:
    what is said of an edge that has none."""
    columns = [
        column("edge", "minmax(88px, 3fr)", "1 / 1 / 2 / 3"),
        column("α keeps", "minmax(62px, 3fr)", "2 / 1"),
        column("measured best", "minmax(62px, 3fr)", "2 / 2"),
        column("lead, points", "104px", "2 / 3 / 3 / 5"),
        column("verdict", "minmax(84px, 3fr)", "1 / 3"),
        column("images", "44px", "1 / 4", "right"),
    ]
    rows = [_row(graph, mark, scores.get(number), without) for number, mark in enumerate(graph["edges"])]
    return _table(graph["title"], columns, "minmax(0, 1fr) minmax(0, 1fr) 88px 38px", rows)


def _row(graph: Graph, mark: EdgeMark, found: EdgeScores | None, without: str) -> Row:
    words = [mark["label"]]
    lead, images, verdict = text("–", tone="muted"), text(""), text(without, tone="muted")
    if found is not None:
        said = wording.VERDICT[found.verdict].short
        verdict = text(said, strong=found.verdict == "disagree", tone="loss" if found.verdict == "disagree" else "")
        images = text(wording.count(found.images))
        if found.lead is not None and found.rival is not None:
            interval = f" {wording.interval(found.lead_ci)}" if found.lead_ci else ""
            lead = text(wording.number(found.lead) + interval)
            best, rival = (palette.operation(name).label for name in (found.best, found.rival))
            words.append(wording.lead(best, rival, found.lead, found.lead_ci))
    if mark["operation"]:
        verdict = chip(mark["operation"], "not kept" if mark["state"] == "discarded" else "decided", strong=True)
    cells = [text(mark["lines"][0], strong=mark["focused"]), _kept(mark["alpha"], "unknown"), _kept(mark["measured"])]
    return {
        "id": mark["id"],
        "label": " · ".join(words),
        "chosen": mark["focused"],
        "quiet": mark["dimmed"],
        "cells": [*cells, lead, verdict, images],
    }


def _kept(name: str | None, otherwise: str = "–") -> Cell:
    return chip(name, palette.operation(name).label) if name else text(otherwise, tone="muted")


def difference_list(rows: Sequence[Difference], selected: int | None) -> Table:
    """rows: of one cell; a row's id is its edge's index. It is as narrow as the strip between two cells."""
    columns = [column("edge", "minmax(88px, 3fr)", "1 / 1 / 2 / 4")]
    columns += [column(letter, "34px", f"2 / {place}") for place, letter in enumerate(LETTERS, start=1)]
    columns += [column("difference", "minmax(80px, 2fr)", "2 / 3")]
    drawn: list[Row] = []
    for row in rows:
        sides = list(zip(LETTERS, (row.a, row.b), row.kept, strict=True))
        said, chosen = WORDS[row.state][0], row.edge == selected
        difference = text(
            f"{SIGNS[row.state]} {said.removesuffix(' differs')}", tone="loss" if row.differs else "muted"
        )
        cells = [text(row.name, strong=chosen), *(_side(name, kept) for _, name, kept in sides), difference]
        words = (f"{letter} {_side_said(name, kept)}" for letter, name, kept in sides)
        label = " · ".join([wording.plain(row.name), *words, said])
        drawn.append({"id": str(row.edge), "label": label, "chosen": chosen, "quiet": False, "cells": cells})
    return _table("Edge by edge", columns, "34px 34px 1fr", drawn)


def _side(name: str | None, kept: bool | None) -> Cell:
    if name is None or kept is False:
        return text("open" if name is None else "cut", tone="muted")
    return chip(name)


def _side_said(name: str | None, kept: bool | None) -> str:
    if name is None or kept is False:
        return "is open" if name is None else "is cut"
    return f"keeps {palette.operation(name).label}"


def _table(label: str, columns: list[Column], narrow: str, rows: Iterable[Row]) -> Table:
    return {"label": label, "role": "row", "columns": columns, "narrow": narrow, "rows": list(rows), "keys": {}}

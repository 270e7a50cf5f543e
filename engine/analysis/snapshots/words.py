"""What the numbers of lab "snapshots" say: a paragraph, the paper's numbers beside them, and tables.

verdict    what alpha's cells do over the training, and how far measurement's ends lie apart
agrees     whether that is the paper's picture
compared   the paper's numbers beside ours
rows, lines   a table: as mappings, and as text
"""

from collections.abc import Mapping
from statistics import fmean, median
from typing import Any

from engine.analysis.lab import Compared, aligned
from engine.analysis.paper import FIXED, of_method
from engine.analysis.snapshots.results import SnapshotsResult
from engine.drawing import wording

FEWEST = 3
"""Measured moments below which nothing is said about a trend."""


def verdict(result: SnapshotsResult) -> str:
    """What alpha's cells do over the training, and how far measurement's ends lie apart."""
    true = [each.true for each in result.epochs]
    best = max(result.epochs, key=lambda each: each.true)
    skips = f"with {100 * result.epochs[-1].skips:.0f} % of the edges given to skip"
    if min(true) == max(true):
        said = [f"Over {len(true)} epochs the cell of the largest α stays at {true[-1]:.2f} %, at the end {skips}."]
    else:
        said = [
            f"Over {len(true)} epochs the cell of the largest α has a true accuracy between {min(true):.2f} and "
            f"{max(true):.2f} % (highest after epoch {best.epoch}); it ends at {true[-1]:.2f} %, {skips}."
        ]
    if result.method == FIXED:
        said.append("Its alphas were never trained, so this is what their random start names.")
    if not result.measured:
        return f"{said[0]} No moment has been measured yet."
    for epoch, each in result.measured:
        at_once = "" if each.at_once is None else f"the largest drops at once give {each.at_once:.2f} %"
        paths = (
            f"{len(each.paths)} measured paths end between {min(each.paths):.2f} and {max(each.paths):.2f} % (median "
            f"{median(each.paths):.2f})"
            if len(each.paths) > 1
            else f"the one measured path ends at {each.paths[0]:.2f} %"
            if each.paths
            else ""
        )
        said.append(f"After epoch {epoch} {' and '.join(part for part in (at_once, paths) if part)}.")
    if len(result.measured) < FEWEST:
        said.append(
            f"With weights of {wording.several(len(result.measured), 'epoch')} nothing can be "
            "said about a trend of measurement; train with snapshots to see one."
        )
    elif (agree := agrees(result)) is not None:
        said.append(
            "As the paper says, alpha's cells get worse while measurement's stay."
            if agree
            else "The paper's picture, alpha's cells getting worse while measurement's stay, is not to be seen here."
        )
    return " ".join(said)


def agrees(result: SnapshotsResult) -> bool | None:
    """Alpha's cells get worse from the first to the last third, and the medians of measured paths fall by less. None
    with fewer than three measured moments."""
    measured = [(epoch, each) for epoch, each in result.measured if each.paths or each.at_once is not None]
    if len(measured) < FEWEST:
        return None
    third = max(1, len(result.epochs) // 3)
    true = [each.true for each in result.epochs]
    alpha = fmean(true[-third:]) - fmean(true[:third])
    ends = [median(each.paths) if each.paths else float(each.at_once or 0.0) for _, each in measured]
    return alpha < 0 and ends[-1] - ends[0] > alpha


def compared(result: SnapshotsResult) -> tuple[Compared, ...]:
    last, paper = result.epochs[-1], of_method(result.method)
    rows = [Compared("α's cell at the end, true accuracy", paper.alpha, last.true, "%", None, "table 4")]
    if last.measured is not None and last.measured.paths:
        ends = last.measured.paths
        note = f"median of {wording.several(len(ends), 'order')}, no tuning; there: with tuning, table 4"
        ours = round(median(ends), 4)
        rows.append(Compared("by measurement at the end, true accuracy", paper.measured, ours, "%", None, note))
    return tuple(rows)


def rows(result: SnapshotsResult) -> list[Mapping[str, Any]]:
    """A line for every epoch."""
    return [
        {
            "epoch": each.epoch,
            "supernet_accuracy": each.accuracy,
            "alpha_true": each.true,
            "skip_share": each.skips,
            "checkpoint": each.name,
            "at_once_true": None if each.measured is None else each.measured.at_once,
            "paths_true": None if each.measured is None else " ".join(f"{end:.2f}" for end in each.measured.paths),
            "images": None if each.measured is None else each.measured.images,
        }
        for each in result.epochs
    ]


def lines(result: SnapshotsResult) -> str:
    head = ["epoch", "supernet", "alpha's cell", "skips", "drops at once", "measured paths"]
    body = [
        [
            str(each.epoch),
            "-" if each.accuracy is None else f"{each.accuracy:.2f} %",
            f"{each.true:.2f} %",
            f"{100 * each.skips:.0f} %",
            "-" if each.measured is None or each.measured.at_once is None else f"{each.measured.at_once:.2f} %",
            "-" if each.measured is None else ", ".join(f"{end:.2f}" for end in each.measured.paths) or "-",
        ]
        for each in result.epochs
    ]
    return aligned([head, *body])

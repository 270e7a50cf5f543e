"""All measurements of a selection as CSV, one row for every candidate of every decision.

csv       the table
COLUMNS   its columns, in order

Accuracies and drops are in percent and points, losses in nats; an empty field is something that was not measured,
or alpha where it is unknown.
"""

import csv as writer
import io
from collections.abc import Iterator
from typing import Any

from engine.export.origin import notes, plain
from engine.results import InputScore, OperationScore
from engine.selecting.record import Scores, SelectionRecord
from engine.selection.decisions import Decision
from engine.selection.selection import Selection

MEASURED = ("masked_accuracy", "masked_loss", "drop", "ci_low", "ci_high", "rise")
SETTINGS = ("images", "batch_size", "bn", "criterion", "device")
COLUMNS = (
    "step",  # 1 for the first decision; empty where nothing is decided
    "cell",
    "kind",  # edge or inputs
    "index",  # of the edge, or the node whose inputs are measured
    "source",
    "target",
    "candidate",  # an operation, or the incoming edge
    "alpha",
    "weight",
    "baseline_accuracy",
    "baseline_loss",
    *MEASURED,
    *SETTINGS,
    "alpha_keeps",  # yes or no: whether alpha alone would keep this candidate; empty where alpha is unknown
    "measurement_keeps",
    "decided",  # yes or no; empty where nothing is decided
    "by",
    "space",
    "digest",
    "notes",  # what an import of the supernet could not know
)

_Row = dict[str, Any]


def csv(document: SelectionRecord) -> str:
    """A header and the rows. Steps in order, then what is measured and not decided."""
    text = io.StringIO()
    table = writer.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    selection = document.selection
    common = {
        "space": selection.space.name,
        "digest": _text(document.checkpoint.get("digest", "")),
        "notes": _text("; ".join(notes(document))),
    }
    found = zip(selection.decisions, document.steps, strict=True)
    for number, (decision, step) in enumerate(found, start=1):
        for row in _rows(selection, decision, step.scores):
            table.writerow({"step": number, **row, "by": step.by, **common})
    for scores in document.undecided:
        for row in _rows(selection, scores, scores):
            table.writerow({**row, **common})
    return text.getvalue()


def _rows(selection: Selection, of: Decision | Scores, scores: Scores | None) -> Iterator[_Row]:
    """Rows of one decision, or of what is measured without one."""
    how = {} if scores is None else {name: _text(getattr(scores, name)) for name in SETTINGS} | _baseline(scores)
    is_inputs = hasattr(of, "node")
    for row in (_inputs if is_inputs else _operations)(selection, of, scores):
        yield {"cell": of.cell, "kind": "inputs" if is_inputs else "edge", **how, **row}


def _operations(selection: Selection, of: Any, scores: Any) -> Iterator[_Row]:
    space = selection.space
    edge = space.edge(of.cell, of.edge)
    # Tuning moves alphas, so what alpha said at the time counts where it is known.
    kept = selection.best_by_alpha(of.cell, edge) if scores is None else scores.best_by_alpha
    decided = selection.operation(of.cell, edge)
    weights = selection.alphas.weights(of.cell)[edge.index]
    for column, name in enumerate(space.operations(of.cell, edge)):
        row = {
            "index": edge.index,
            "source": edge.source,
            "target": edge.target,
            "candidate": name,
            "alpha": "" if kept is None else selection.alphas[of.cell][edge.index][column],
            "weight": float(weights[column]),
            "alpha_keeps": "" if kept is None else _yes(name == kept),
            "decided": _yes(name == decided) if decided else "",
        }
        if scores is not None:
            found = scores.operations[column]
            row |= _effect(found) | {"alpha": "" if found.alpha is None else found.alpha, "weight": found.weight}
            row["measurement_keeps"] = _yes(name == scores.best)
        yield row


def _inputs(selection: Selection, of: Any, scores: Any) -> Iterator[_Row]:
    by_alpha = selection.inputs_by_alpha(of.cell, of.node)
    decided = selection.kept(of.cell, of.node)
    for number, edge in enumerate(selection.space.cell(of.cell).entering(of.node)):
        row = {
            "index": of.node,
            "source": edge.source,
            "target": edge.target,
            "candidate": edge.index,
            "alpha_keeps": "" if by_alpha is None else _yes(edge.index in by_alpha),
            "decided": _yes(edge.index in decided) if decided else "",
        }
        if scores is not None:
            row |= _effect(scores.candidates[number])
            row["measurement_keeps"] = _yes(edge.index in scores.keep)
        yield row


def _effect(found: OperationScore | InputScore) -> _Row:
    low, high = found.ci or ("", "")
    return {"ci_low": low, "ci_high": high} | {
        name: getattr(found, name) for name in ("masked_accuracy", "masked_loss", "drop", "rise")
    }


def _baseline(scores: Scores) -> _Row:
    return {"baseline_accuracy": scores.baseline.accuracy, "baseline_loss": scores.baseline.loss}


def _text(value: Any) -> str:
    """A value from a file, kept from being read as a formula by a spreadsheet."""
    text = plain(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _yes(value: bool) -> str:
    return "yes" if value else "no"

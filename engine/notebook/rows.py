"""Results as rows of a table, one for every candidate, and as a pandas DataFrame.

rows    a list of rows (column -> value), by the type of what is given
frame   the DataFrame of these rows

Columns are named as in the CSV export. Every row of a measurement says what it rests on, so tables of several edges can
be joined. Drops and accuracies are in points and percent, losses in nats; None (in the DataFrame NaN) is what is not
known: alpha of a supernet without alphas, an interval of too few images.
"""

from functools import singledispatch
from importlib import import_module
from typing import Any

from engine.errors import BadInput
from engine.results import EdgeScores, InputScore, InputScores, OperationScore, Preview
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection

Row = dict[str, Any]


@singledispatch
def rows(value: Any) -> list[Row]:
    """Raises TypeError for a value that nothing here knows."""
    raise TypeError(f"no table of a {type(value).__name__} here; register a function for it with rows.register")


def frame(value: Any) -> Any:
    """Raises BadInput where pandas is not installed."""
    try:
        pandas = import_module("pandas")  # comes with Streamlit; the engine alone does without
    except ImportError:
        raise BadInput(
            "a table needs pandas, which is not installed: python -m pip install pandas; "
            "engine.notebook.rows gives the same numbers as plain rows"
        ) from None
    return pandas.DataFrame(rows(value))


@rows.register
def edge_scores(scores: EdgeScores) -> list[Row]:
    """A row for every operation: cell, edge, source, target, operation, alpha, weight, alpha_keeps, measurement_keeps,
    masked_accuracy, masked_loss, drop, ci_low, ci_high, rise, verdict, and what it rests on."""
    return [
        {
            "cell": scores.cell,
            "edge": scores.edge,
            "source": scores.source,
            "target": scores.target,
            "operation": one.name,
            "alpha": one.alpha,
            "weight": one.weight,
            "alpha_keeps": None if scores.best_by_alpha is None else one.name == scores.best_by_alpha,
            "measurement_keeps": one.name == scores.best,
            **_effect(one),
            "verdict": scores.verdict,
            **_settings(scores),
        }
        for one in scores.operations
    ]


@rows.register
def input_scores(scores: InputScores) -> list[Row]:
    """A row for every incoming edge: cell, node, edge, source, measurement_keeps, and as for an edge."""
    return [
        {
            "cell": scores.cell,
            "node": scores.node,
            "edge": one.edge,
            "source": one.source,
            "measurement_keeps": one.edge in scores.keep,
            **_effect(one),
            "verdict": scores.verdict,
            **_settings(scores),
        }
        for one in scores.candidates
    ]


@rows.register
def estimates(preview: Preview) -> list[Row]:
    """A row for every operation of every undecided edge; estimated_rise is a guess, and named apart from `rise`."""
    return [
        {
            "cell": edge.cell,
            "edge": edge.edge,
            "source": edge.source,
            "target": edge.target,
            "operation": one.name,
            "estimated_rise": one.rise,
            "images": preview.images,
            "batch_size": preview.batch_size,
            "bn": preview.bn,
            "device": preview.device,
        }
        for edge in preview.edges
        for one in edge.operations
    ]


@rows.register
def selection(value: Selection) -> list[Row]:
    """A row for every operation of every edge, decided or not.

    weight: what alpha's mixing gives it, whatever has been decided. decided: whether the edge keeps it, None while that
    is open. discarded: whether its target node was decided to lose the edge.
    """
    found = []
    for cell in value.space.cells:
        weights = value.alphas.weights(cell)
        for edge in value.space.edges(cell):
            by_alpha, decided = value.best_by_alpha(cell, edge), value.operation(cell, edge)
            found += [
                {
                    "cell": cell,
                    "edge": edge.index,
                    "source": edge.source,
                    "target": edge.target,
                    "operation": name,
                    "alpha": None if by_alpha is None else value.alphas[cell][edge.index][column],
                    "weight": float(weights[edge.index][column]),
                    "alpha_keeps": None if by_alpha is None else name == by_alpha,
                    "decided": None if decided is None else name == decided,
                    "discarded": value.is_discarded(cell, edge),
                }
                for column, name in enumerate(value.space.operations(cell, edge))
            ]
    return found


@rows.register
def genotype(value: Genotype) -> list[Row]:
    """A row for every edge."""
    return [
        {"cell": cell, "source": source, "target": target, "operation": name}
        for cell, _ in value.cells
        for name, source, target in value.edges(cell)
    ]


def _effect(one: OperationScore | InputScore) -> Row:
    low, high = one.ci or (None, None)
    return {
        "masked_accuracy": one.masked_accuracy,
        "masked_loss": one.masked_loss,
        "drop": one.drop,
        "ci_low": low,
        "ci_high": high,
        "rise": one.rise,
    }


def _settings(scores: EdgeScores | InputScores) -> Row:
    return {
        "baseline_accuracy": scores.baseline.accuracy,
        "baseline_loss": scores.baseline.loss,
        "images": scores.images,
        "batch_size": scores.batch_size,
        "bn": scores.bn,
        "criterion": scores.criterion,
        "device": scores.device,
        "final": scores.final,
    }

"""Selections that checkpoints shipped with this project decide.

by_largest_drops   a complete one, by the largest drops of the stored sweep
"""

from pathlib import Path

from engine.checkpoint.folder import read_summary
from engine.results import EdgeScores, InputScores
from engine.selecting.record import SelectionRecord, Step


def by_largest_drops(folder: Path) -> SelectionRecord:
    """With every measurement as a step, and what the sweep says about itself."""
    summary = read_summary(folder)
    selection, steps = summary.start, []
    for row in summary.scores["edges"]:
        scores = EdgeScores.from_dict(row)
        selection = selection.discretize(scores.cell, scores.edge, scores.best)
        steps.append(Step("measured", scores))
    for row in summary.scores["inputs"]:
        inputs = InputScores.from_dict(row)
        selection = selection.keep_inputs(inputs.cell, inputs.node, inputs.keep)
        steps.append(Step("measured", inputs))
    return SelectionRecord(
        selection,
        tuple(steps),
        checkpoint={"name": summary.name, "digest": summary.digest},
        settings=summary.scores["settings"],
        versions=summary.scores["versions"],
    )

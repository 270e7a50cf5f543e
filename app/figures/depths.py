"""Alpha over the trainings of supernets of several depths: edges with skip, and where its cell would end.

plot_depths   the plotly figure, from the result of lab "depth"
summary       what it says, in words
"""

from app.figures import over_epochs
from app.figures.frame import Figure
from app.figures.over_epochs import Course
from engine.analysis.depth import DepthResult
from engine.drawing.palette import Theme


def plot_depths(result: DepthResult, theme: Theme) -> Figure:
    return over_epochs.plot_over_epochs(_courses(result), theme)


def summary(result: DepthResult) -> str:
    """e.g. "5 cells a stage, nas-bench-201: α prefers skip on 100 % of the edges at the end; ..."."""
    return over_epochs.summary(_courses(result))


def _courses(result: DepthResult) -> list[Course]:
    return [Course(f"{result.counted(each.cells)}, {each.name}", each.over) for each in result.depths]

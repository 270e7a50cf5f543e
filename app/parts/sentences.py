"""What measurements say, in sentences: pure functions from results to the words on screen.

headline        what alpha keeps in a cell, and on how many edges measurement contradicts it
too_close       how many edges the images do not separate, or None
edge_finding    one edge in a sentence or two
disagreements   edges on which measurement contradicts alpha, the clearest first
"""

from collections import Counter
from collections.abc import Mapping

from engine.drawing import palette, wording
from engine.results import EdgeScores
from engine.selection.selection import Selection

Scores = Mapping[int, EdgeScores]
"""Scores of a cell type by edge index."""


def _label(name: str) -> str:
    return palette.operation(name).label


def headline(selection: Selection, cell: str, scores: Scores) -> str:
    """e.g. "α keeps skip on all 6 edges. Measurement contradicts it on 3."."""
    edges = selection.space.edges(cell)
    favourites = Counter(selection.best_by_alpha(cell, edge) for edge in edges)
    name, count = favourites.most_common(1)[0]
    where = f"all {count}" if count == len(edges) else f"{count} of {len(edges)}"
    first = f"α keeps {_label(name)} on {where} edges."
    if not scores:
        return f"{first} Nothing is measured yet."
    against = len(disagreements(scores))
    measured = "" if len(scores) == len(edges) else f" of {len(scores)} measured"
    if against == 0:
        return f"{first} Measurement contradicts it on none{measured}."
    return f"{first} Measurement contradicts it on {against}{measured}."


def too_close(scores: Scores) -> str | None:
    """How many edges the images so far do not separate."""
    close = [found for found in scores.values() if found.verdict == "too_close"]
    if not close:
        return None
    images = wording.count(max(found.images for found in close))
    verb = "is" if len(close) == 1 else "are"
    return f"{len(close)} {verb} too close to call on {images} images; more images separate them."


def disagreements(scores: Scores) -> list[EdgeScores]:
    """Edges with verdict "disagree", the largest difference first."""
    found = [edge for edge in scores.values() if edge.verdict == "disagree"]
    return sorted(found, key=lambda edge: (-edge.difference, edge.edge))


def edge_finding(scores: EdgeScores) -> str:
    """What one edge's scores mean."""
    if scores.none_stands_out:
        return "No operation stands out any more: every interval holds zero. More images may separate them."
    alpha, best = _label(scores.best_by_alpha), _label(scores.best)
    if scores.verdict == "agree":
        return f"α keeps {alpha}, and removing it hurts most."
    kept = scores.operation(scores.best_by_alpha)
    harmless = kept.ci is not None and kept.ci[0] <= 0
    if scores.verdict == "disagree":
        without = "removing it costs nothing measurable" if harmless else "the supernet can spare it more easily"
        return f"α keeps {alpha}, yet {without}. Removing {best} hurts most."
    return f"α keeps {alpha}, measurement leans to {best}; these images do not separate the two."

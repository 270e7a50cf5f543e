"""What measurements say, in sentences: pure functions from results to the words on screen.

headline            what alpha keeps in a cell, and on how many edges measurement contradicts it
too_close           how many edges the images do not settle, or None
edge_finding        one edge in a sentence or two
inputs_finding      why measurement does not tell a node's inputs apart
lead                who leads whom on an edge, and how surely
disagreements       edges on which measurement contradicts alpha, the clearest first
unmeasured          what stands where an edge's scores would; `no_drops`: the same within a chart
quoted              an operation's name in a sentence
estimates           what first-order estimates are, and are not
"""

from collections import Counter
from collections.abc import Mapping

from app.figures.frame import NOT_KEPT, UNMEASURED
from engine.drawing import palette, wording
from engine.results import EdgeScores, InputScores, Preview
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

Scores = Mapping[int, EdgeScores]
"""Scores of a cell type by edge index."""


def quoted(name: str) -> str:
    """An operation's label as a name: that of `none` must not be read as a word of the sentence."""
    return f"“{palette.operation(name).label}”"


def headline(selection: Selection, cell: str, scores: Scores, *, hidden: bool = False) -> str:
    """e.g. "α keeps “skip” on all 6 edges; measurement contradicts it on 2". hidden: by a teacher's link."""
    nothing = "what measurement says is hidden" if hidden else "nothing is measured"
    edges = selection.space.edges(cell)
    chosen = [name for edge in edges if (name := selection.best_by_alpha(cell, edge)) is not None]
    measured = len(scores)
    if not chosen:
        first = "α is unknown on every edge"
        if not scores:
            return f"{first}; {nothing}"
        clear = sum(found.stands_out for found in scores.values())
        return f"{first}; measurement tells a best operation apart on {clear} of {measured}"
    name, count = Counter(chosen).most_common(1)[0]
    where = f"all {count}" if count == len(edges) else f"{count} of {len(edges)}"
    first = f"α keeps {quoted(name)} on {where} edges"
    if not scores:
        return f"{first}; {nothing}"
    against = len(disagreements(scores))
    if measured == 1 and not against:
        return f"{first}; on the one that is measured, measurement does not contradict it"
    known = "" if measured == len(edges) else f" of {measured} measured"
    on = "none" if against == 0 else f"all {against}" if against == len(edges) else str(against)
    return f"{first}; measurement contradicts it on {on}{known}"


def too_close(scores: Scores) -> str | None:
    """How many edges the images so far do not settle."""
    close = [found for found in scores.values() if found.verdict == "too_close"]
    alike = [found for found in scores.values() if found.verdict == "indistinct"]
    said = []
    if close:
        verb = "is" if len(close) == 1 else "are"
        said.append(f"{len(close)} {verb} too close to call")
    if alike:
        verb = "has" if len(alike) == 1 else "have"
        said.append(f"{len(alike)} {verb} nothing to tell apart")
    return "; ".join(said) if said else None


def disagreements(scores: Scores) -> list[EdgeScores]:
    """Edges with verdict "disagree", the largest difference first."""
    found = [edge for edge in scores.values() if edge.verdict == "disagree"]
    return sorted(found, key=lambda edge: (-(edge.difference or 0.0), edge.edge))


def unmeasured(has_weights: bool, hidden: bool = False) -> str:
    """What to say of an edge without scores. has_weights: whether it can be measured; hidden: by a teacher's link."""
    if hidden:
        return "What measurement says is hidden by this link."
    if has_weights:
        return "Not measured yet. α alone cannot say which operation matters."
    return "The weights of this epoch were not kept, so nothing can be measured: only α is known."


def without(has_weights: bool, hidden: bool = False) -> str:
    """The same in a word or two."""
    return "hidden" if hidden else "not measured" if has_weights else "not kept"


def no_drops(has_weights: bool, hidden: bool = False) -> str:
    """What a chart has in place of drops. has_weights: whether there can be any; hidden: by a teacher's link."""
    if hidden:
        return "hidden by this link"
    return UNMEASURED if has_weights else NOT_KEPT


def estimates(preview: Preview) -> str:
    """What is drawn where nothing is measured."""
    return (
        "Hatched colour = estimate of the loss without each operation (outline: it would fall), first order, on "
        f"{wording.count(preview.images)} images, {preview.bn} statistics. A rough guess, often in the wrong order "
        "(rank correlation 0.2 to 0.4 on bundled supernets): where to measure first, never a verdict."
    )


def lead(scores: EdgeScores) -> str | None:
    """Who leads whom and how surely: "“conv 1×1” leads “skip” by 1.0 [−0.9, 2.9] pts"."""
    if scores.rival is None or scores.lead is None:
        return None
    return wording.lead(quoted(scores.best), quoted(scores.rival), scores.lead, scores.lead_ci)


def edge_finding(scores: EdgeScores) -> str:
    """What one edge's scores mean."""
    best = quoted(scores.best)
    if scores.none_stands_out:
        return f"No operation stands out: every interval holds zero on {wording.count(scores.images)} images."
    if scores.best_by_alpha is None:
        told = "; these images tell them apart" if scores.stands_out else "; these images do not separate the two"
        return f"α is unknown. Removing {best} hurts most: {lead(scores)}{told}."
    alpha = quoted(scores.best_by_alpha)
    if scores.verdict == "agree":
        if scores.stands_out or scores.rival is None or scores.lead is None:
            return f"α keeps {alpha}, and removing it hurts most."
        by = wording.with_interval(scores.lead, scores.lead_ci)
        return f"α keeps {alpha}, and removing it hurts most, by {by} over {quoted(scores.rival)}: not told apart."
    kept = scores.operation(scores.best_by_alpha)
    harmless = kept.ci is not None and kept.ci[0] <= 0
    if scores.verdict == "disagree":
        without = "removing it costs nothing measurable" if harmless else "the supernet can spare it more easily"
        return f"α keeps {alpha}, yet {without}. Removing {best} hurts most."
    return f"{lead(scores)}: these images do not separate the two."


def inputs_finding(scores: InputScores, space: SearchSpace) -> str:
    """Why measurement does not tell a node's inputs apart."""
    images = wording.count(scores.images)
    if scores.verdict == "indistinct":
        return f"No input stands out: every interval holds zero on {images} images."
    last, rival = (
        space.cell(scores.cell).node_name(space.edge(scores.cell, edge).source) for edge in (scores.last, scores.rival)
    )
    return f"{wording.lead(last, rival, scores.lead, scores.lead_ci)}: these images do not separate the two."

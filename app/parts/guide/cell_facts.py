"""Facts about a space, its alphas, drops and true accuracies, as a lesson names them (`app.parts.guide.facts`).

Each takes the page's questions, and the words after its name: edges as a link names them, operations by their names.

NotHere      raised by a fact that is not known of this supernet
CELL_FACTS   all of them, by name
"""

from collections.abc import Callable
from typing import NoReturn

from app.figures.edge_names import parse_edge_id
from app.library import epochs as trainings
from app.state import session
from app.state.questions import Questions
from engine import nasbench201
from engine.drawing import palette, wording
from engine.results import EdgeScores
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection


class NotHere(Exception):
    """Not known of this supernet."""


def missing() -> NoReturn:
    raise NotHere


def label(operation: str) -> str:
    return palette.operation(operation).label


# The space


def edges(ask: Questions) -> str:
    return wording.count(len(ask.page.space.edges(ask.page.cell)))


def operations(ask: Questions) -> str:
    return wording.count(len(ask.page.space.operations(ask.page.cell, 0)))


def cells(ask: Questions) -> str:
    """All cells of the space, as many as there are combinations."""
    return wording.count(nasbench201.reachable(_start(ask)).count)


def cells_after(ask: Questions, number: str) -> str:
    """Cells that are left after so many decisions."""
    page, selection = ask.page, _start(ask)
    for edge in range(int(number)):
        selection = selection.discretize(page.cell, edge, page.space.operations(page.cell, edge)[0])
    return wording.count(nasbench201.reachable(selection).count)


def _start(ask: Questions) -> Selection:
    if not nasbench201.covers(ask.page.space):
        raise NotHere
    return ask.page.start


# Alpha


def weight(ask: Questions, edge: str, operation: str) -> str:
    page = ask.page
    cell, index = parse_edge_id(page.space, edge)
    weights = page.selection.alphas.weights(cell)[index].tolist()
    return wording.weight(weights[page.space.operations(cell, index).index(operation)])


def alpha_of(ask: Questions, edge: str, operation: str) -> str:
    """The raw parameter."""
    page = ask.page
    cell, index = parse_edge_id(page.space, edge)
    values = page.selection.alphas[cell][index]
    return wording.number(values[page.space.operations(cell, index).index(operation)], 3)


def alpha_keeps(ask: Questions, edge: str) -> str:
    found = ask.page.selection.best_by_alpha(*parse_edge_id(ask.page.space, edge))
    if found is None:
        raise NotHere
    return label(found)


def alpha_everywhere(ask: Questions) -> str:
    """The operation that alpha keeps on every edge; the names of all that it keeps where they differ."""
    page = ask.page
    kept = [page.selection.best_by_alpha(page.cell, edge) for edge in page.space.edges(page.cell)]
    return " and ".join(dict.fromkeys(label(name) for name in kept if name is not None)) or missing()


def epochs(ask: Questions) -> str:
    return wording.count(trainings.count(session.entries()[ask.page.entry.id]))


def other_epochs(ask: Questions, edge: str) -> str:
    """Epochs after which alpha kept another operation on an edge than in the end."""
    run = session.entries()[ask.page.entry.id]
    cell, index = parse_edge_id(ask.page.space, edge)

    def kept(epoch: int | None) -> str | None:
        summary = trainings.at_epoch(run, epoch).summary
        assert summary is not None
        return summary.start.with_decisions().best_by_alpha(cell, summary.space.edge(cell, index))

    last = kept(None)
    return wording.count(sum(kept(epoch) != last for epoch in range(1, trainings.count(run))))


# Drops


def _scores(ask: Questions, edge: str) -> EdgeScores:
    cell, index = parse_edge_id(ask.page.space, edge)
    found = ask.measurement(index, cell)
    if found is None:
        raise NotHere
    return found.edge


def drop(ask: Questions, edge: str, operation: str) -> str:
    found = _scores(ask, edge).operation(operation)
    return wording.with_interval(found.drop, found.ci)


def points(ask: Questions, edge: str, operation: str) -> str:
    return wording.number(_scores(ask, edge).operation(operation).drop)


def images(ask: Questions, edge: str) -> str:
    return wording.count(_scores(ask, edge).images)


def right(ask: Questions, edge: str) -> str:
    """Images that the supernet gets right."""
    found = _scores(ask, edge)
    return wording.count(round(found.baseline.accuracy * found.images / 100))


def left(ask: Questions, edge: str, operation: str) -> str:
    """The same without an operation."""
    found = _scores(ask, edge)
    return wording.count(round(found.operation(operation).masked_accuracy * found.images / 100))


def best(ask: Questions, edge: str) -> str:
    return label(_scores(ask, edge).best)


def rival(ask: Questions, edge: str) -> str:
    return label(_scores(ask, edge).rival or missing())


def lead(ask: Questions, edge: str) -> str:
    found = _scores(ask, edge)
    return wording.with_interval(found.lead or 0.0, found.lead_ci)


def reach(ask: Questions, edge: str) -> str:
    """Half the width of the lead's interval, in points."""
    ci = _scores(ask, edge).lead_ci or missing()
    return wording.number((ci[1] - ci[0]) / 2)


def half_reach(ask: Questions, edge: str) -> str:
    """What that is to be on four times as many images."""
    ci = _scores(ask, edge).lead_ci or missing()
    return wording.number((ci[1] - ci[0]) / 4)


def verdict(ask: Questions, edge: str) -> str:
    return wording.VERDICT[_scores(ask, edge).verdict].word


def number_of(ask: Questions, verdict: str) -> str:
    """Edges with a verdict."""
    return wording.count(sum(found.verdict == verdict for found in ask.scores.values()))


# The truth


def truth_best(ask: Questions, edge: str) -> str:
    """The operation with the largest mean true accuracy."""
    index = parse_edge_id(ask.page.space, edge)[1]
    if not ask.page.knows_truth:
        raise NotHere
    (worth,) = (each for each in nasbench201.worth(ask.page.start) if each.edge == index)
    return " and ".join(map(label, worth.winners))


def alpha_true(ask: Questions) -> str:
    return wording.percent(nasbench201.lookup(_alpha_cell(ask)).cifar10, digits=2)


def alpha_rank(ask: Questions) -> str:
    return wording.count(nasbench201.lookup(_alpha_cell(ask)).rank["cifar10"])


def _alpha_cell(ask: Questions) -> Genotype:
    selection = _start(ask)
    if not selection.alphas.known or not ask.page.knows_truth:
        raise NotHere
    return selection.alpha_path().genotype()


def _ends(ask: Questions) -> list[float]:
    """Where measured paths end."""
    if not ask.page.knows_truth:
        raise NotHere
    return [nasbench201.lookup(path.genotype).cifar10 for path in ask.paths()] or missing()


def paths(ask: Questions) -> str:
    return wording.count(len(_ends(ask)))


def paths_lowest(ask: Questions) -> str:
    return wording.percent(min(_ends(ask)), digits=2)


def paths_highest(ask: Questions) -> str:
    return wording.percent(max(_ends(ask)), digits=2)


CELL_FACTS: dict[str, Callable[..., str]] = {
    found.__name__: found
    for found in (
        edges,
        operations,
        cells,
        cells_after,
        weight,
        alpha_of,
        alpha_keeps,
        alpha_everywhere,
        epochs,
        other_epochs,
        drop,
        points,
        images,
        right,
        left,
        best,
        rival,
        lead,
        reach,
        half_reach,
        verdict,
        number_of,
        truth_best,
        alpha_true,
        alpha_rank,
        paths,
        paths_lowest,
        paths_highest,
    )
}

"""The URL is the document: what a link says, as one typed table, read and written without Streamlit.

PARAMETERS        the table: every key of a link, who writes it, how it is read and written
State             what a link says
parse             query parameters -> State, with a sentence for everything that had to be dropped
format_state      State -> query parameters, what is at its default left out
format_decisions  decisions as text, "n0-2.S3,n1-2.SK,n3:0+1"
parse_decisions   such a text as decisions, as far as they are legal one after the other
replay            decisions one after the other, to see whether they are legal
BUDGETS           images per measurement, as a link names them

An edge is written as in `app.figures.cell_graph`. A decision is `edge.code` (codes of `app.style`), or
`node:source+source` for the inputs a node keeps, nodes numbered as in a genotype.
"""

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from app import style
from app.figures.cell_graph import edge_id, parse_edge_id
from engine.decisions import Decision, InputsDecision
from engine.errors import BadInput, one_of
from engine.search_space import SearchSpace
from engine.selection import Selection

BUDGETS: dict[str, int | None] = {"512": 512, "1024": 1024, "4096": 4096, "all": None}
"""Text in a link -> images to measure on; None is every search image."""
DEFAULT_BUDGET = "1024"
HIGHEST_SEED = 2**32 - 1


class Place(NamedTuple):
    """An edge of a cell type."""

    cell: str
    edge: int


@dataclass(frozen=True)
class State:
    """What a link says. run, cell and edge are None where it says nothing."""

    run: str | None = None
    cell: str | None = None
    budget: str = DEFAULT_BUDGET
    edge: Place | None = None
    decisions: tuple[Decision, ...] = ()
    seed: int = 0


class Context(NamedTuple):
    """What a link's words are read against."""

    space: SearchSpace
    runs: tuple[str, ...] | None


class Parameter(NamedTuple):
    """One key of a link and the field of State that it stands for.

    owner: "widget" where a sidebar widget is bound to the key and alone writes it, "app" where the session does.
    read: the value and, if some of the text could not be used, why; raises BadInput when none of it can be.
    """

    key: str
    field: str
    owner: Literal["widget", "app"]
    read: Callable[[str, Context], tuple[Any, str | None]]
    write: Callable[[Any, SearchSpace], str]


def parse(params: Mapping[str, str], space: SearchSpace, runs: Iterable[str] | None = None) -> tuple[State, list[str]]:
    """What query parameters say in a space, and one sentence for each value that was dropped. Never raises.

    runs: the names that `run` may have; None takes any. Keys outside the table are not ours and ignored.
    """
    context = Context(space, None if runs is None else tuple(runs))
    values, dropped = {}, []
    for parameter in PARAMETERS:
        if not (text := params.get(parameter.key)):
            continue
        try:
            value, complaint = parameter.read(text, context)
        except BadInput as error:
            dropped.append(f"The link's {parameter.key} was left out: {error}.")
            continue
        values[parameter.field] = value
        if complaint:
            dropped.append(complaint)
    return State(**values), dropped


def format_state(state: State, space: SearchSpace, owner: Literal["widget", "app"] | None = None) -> dict[str, str]:
    """Query parameters that `parse` reads back; only those of an owner where one is given."""
    default = State()
    return {
        parameter.key: parameter.write(value, space)
        for parameter in PARAMETERS
        if owner in (None, parameter.owner)
        and (value := getattr(state, parameter.field)) != getattr(default, parameter.field)
    }


# Decisions


def format_decisions(decisions: Iterable[Decision], space: SearchSpace) -> str:
    """Decisions in order, "n0-2.S3,n1-2.SK,n3:0+1"; "" for none."""
    return ",".join(_format_decision(decision, space) for decision in decisions)


def _format_decision(decision: Decision, space: SearchSpace) -> str:
    if isinstance(decision, InputsDecision):
        first, second = (space.edge(decision.cell, edge).source for edge in decision.edges)
        return f"{decision.cell[0]}{decision.node}:{first}+{second}"
    edge = space.edge(decision.cell, decision.edge)
    return f"{edge_id(decision.cell, edge)}.{style.operation(decision.operation).code}"


def parse_decisions(text: str, space: SearchSpace) -> tuple[tuple[Decision, ...], str | None]:
    """The longest legal beginning of a list of decisions, and a sentence about the rest if there is one."""
    selection = replay((), space)
    for item in text.split(",") if text else ():
        try:
            selection = _take(selection, item)
        except BadInput as error:
            kept = selection.steps_done
            beginning = f"the first {kept}" if kept != 1 else "the first one"
            kept_words = f"Of the link's decisions {beginning} could be used" if kept else "No decision could be used"
            return selection.decisions, f"{kept_words}: {error}."
    return selection.decisions, None


def replay(decisions: Iterable[Decision], space: SearchSpace) -> Selection:
    """The selection with these decisions on alphas of 0, which play no part in what is legal.

    Raises BadInput for a decision that is not legal.
    """
    zeros = {cell: [[0.0] * len(space.operations(cell, edge)) for edge in space.edges(cell)] for cell in space.cells}
    return Selection(space, zeros).replay(decisions)


_OPERATION = re.compile(r"([nrc]\d-\d)\.(\w\w)", re.ASCII)
# A plus sign typed into an address arrives as a space.
_INPUTS = re.compile(r"([nrc])(\d):(\d)[+ ](\d)", re.ASCII)


def _take(selection: Selection, item: str) -> Selection:
    space = selection.space
    if match := _OPERATION.fullmatch(item):
        cell, edge = parse_edge_id(space, match[1])
        codes = {style.operation(name).code: name for name in space.operations(cell, edge)}
        if match[2] not in codes:
            raise one_of(f"operation on edge {match[1]} of {space.name}:", match[2], codes)
        return selection.discretize(cell, edge, codes[match[2]])
    if match := _INPUTS.fullmatch(item):
        cells = {cell[0]: cell for cell in space.cells}
        if match[1] not in cells:
            raise one_of(f"cell type in {item!r}:", match[1], cells)
        node, sources = int(match[2]), [int(match[3]), int(match[4])]
        edges = {edge.source: edge.index for edge in space.inputs(node)}
        if not set(sources) <= set(edges):
            raise BadInput(f"node {node} of {space.name} has no inputs {sources[0]} and {sources[1]}; write n3:0+1")
        return selection.keep_inputs(cells[match[1]], node, [edges[source] for source in sources])
    raise BadInput(f"{reprlib.repr(item)} is no decision; write one like n0-2.S3 or n3:0+1")


# The other values


def _read_run(text: str, context: Context) -> tuple[str, None]:
    if context.runs is not None and text not in context.runs:
        raise BadInput(f"there is no supernet {reprlib.repr(text)} here; choose one in the sidebar")
    return text, None


def _read_cell(text: str, context: Context) -> tuple[str, None]:
    if text not in context.space.cells:
        raise one_of(f"cell type of {context.space.name}:", reprlib.repr(text).strip("'"), context.space.cells)
    return text, None


def _read_budget(text: str, context: Context) -> tuple[str, None]:
    if text not in BUDGETS:
        raise one_of("number of images", reprlib.repr(text).strip("'"), BUDGETS)
    return text, None


def _read_edge(text: str, context: Context) -> tuple[Place, None]:
    if len(text) > 8:
        raise BadInput(f"{reprlib.repr(text)} is no edge; write one like n0-2")
    return Place(*parse_edge_id(context.space, text)), None


def _write_edge(place: Place, space: SearchSpace) -> str:
    return edge_id(place.cell, space.edge(place.cell, place.edge))


def _read_decisions(text: str, context: Context) -> tuple[tuple[Decision, ...], str | None]:
    return parse_decisions(text, context.space)


def _read_seed(text: str, context: Context) -> tuple[int, None]:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > HIGHEST_SEED:
        raise BadInput(f"a seed is a whole number from 0 to {HIGHEST_SEED}, not {reprlib.repr(text)}")
    return int(text), None


def _plain(value: object, space: SearchSpace) -> str:
    return str(value)


PARAMETERS = (
    Parameter("run", "run", "widget", _read_run, _plain),
    Parameter("cell", "cell", "widget", _read_cell, _plain),
    Parameter("budget", "budget", "widget", _read_budget, _plain),
    Parameter("edge", "edge", "app", _read_edge, _write_edge),
    Parameter("d", "decisions", "app", _read_decisions, lambda value, space: format_decisions(value, space)),
    Parameter("seed", "seed", "app", _read_seed, _plain),
)

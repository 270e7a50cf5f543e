"""The URL is the document: what a link says, as one typed table, read and written without Streamlit.

PARAMETERS        the table: every key of a link, who writes it, how it is read and written
KEYS              the keys that the session writes
CONTEXT           the keys of the sidebar's widgets, which write them themselves
Link              what these keys say about a run
read              query parameters -> Link, with a sentence for everything that had to be dropped
write             Link -> query parameters, what is at its default left out
check             sentences about what run, cell, budget and data say, where it cannot be used
format_decisions  decisions as text, "n0-2.S3,n1-2.SK,n3:0+1"
BUDGETS, ORDERS, LETTERS   images per measurement, edge orders and tuning, as a link names them

An edge is written as in `app.figures.edge_names`. A decision is `edge.code` (codes of `engine.drawing.palette`), or
`node:source+source` for the inputs a node keeps, nodes numbered as in a genotype.
"""

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from app.figures.edge_names import edge_id, parse_edge_id, prefix
from app.library.image_sets import image_sets
from engine.drawing import palette
from engine.errors import BadInput, one_of
from engine.selection.decisions import Decision, InputsDecision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

BUDGETS: dict[str, int | None] = {"512": 512, "1k": 1024, "4k": 4096, "all": None}
"""Text in a link -> images to measure on; None is every search image."""
ORDERS = ("index", "random", "disagreement")
"""Edge orders; the first is the default."""
LARGEST_SEED = 2**32 - 1
LETTERS = ("n", "q", "p")
"""How a link says what followed a decision: no tuning, quick, published."""


@dataclass(frozen=True)
class Link:
    """What a link says about a run: the edge in focus, the decisions that stand, and the order of what is left.

    tune: one letter for every decision that was followed by tuning, see `app.tuned.PRESETS`; "n" for none, which may
    be left out at the end. Together with the decisions it names the tuned weights.
    """

    edge: str | None = None
    decisions: tuple[Decision, ...] = ()
    order: str = ORDERS[0]
    seed: int = 0
    tune: str = ""


class Parameter(NamedTuple):
    """One key of a link.

    field: of Link; None where a sidebar widget is bound to the key and alone writes it. parse: raises BadInput.
    """

    key: str
    field: str | None
    parse: Callable[[str, SearchSpace], Any]
    format: Callable[[Any, SearchSpace], str]


def read(params: Mapping[str, str], start: Selection) -> tuple[Link, list[str]]:
    """What query parameters say about a run, and one sentence for each value that was dropped. Never raises.

    start: the run's selection without decisions.
    """
    values, dropped = {}, []
    for parameter in PARAMETERS:
        if parameter.field is None or not (text := params.get(parameter.key)):
            continue
        try:
            values[parameter.field] = parameter.parse(text, start.space)
        except _Partly as error:
            values[parameter.field] = error.kept
            dropped.append(str(error))
        except BadInput as error:
            dropped.append(f"The link's {parameter.key} was left out: {error}.")
    return Link(**values), dropped


def write(space: SearchSpace, link: Link) -> dict[str, str]:
    """Query parameters that `read` reads back."""
    default = {field.name: field.default for field in fields(Link)}
    return {
        parameter.key: parameter.format(value, space)
        for parameter in PARAMETERS
        if parameter.field is not None and (value := getattr(link, parameter.field)) != default[parameter.field]
    }


def check(params: Mapping[str, str], runs: Mapping[str, SearchSpace], default: str) -> list[str]:
    """One sentence for each of run, cell, budget and data that cannot be used; their widgets drop such values silently.

    runs: the names there are, with their spaces; `default` is the one taken where the link names none of them.
    """
    run = params.get("run", default)
    dropped = []
    if run not in runs:
        dropped.append(f"The link's run was left out: there is no supernet {reprlib.repr(run)} here.")
    for parameter in PARAMETERS:
        if parameter.field is None and parameter.key != "run" and (text := params.get(parameter.key)):
            try:
                parameter.parse(text, runs[run if run in runs else default])
            except BadInput as error:
                dropped.append(f"The link's {parameter.key} was left out: {error}.")
    return dropped


# Decisions


def format_decisions(decisions: Iterable[Decision], space: SearchSpace) -> str:
    """Decisions in order, "n0-2.S3,n1-2.SK,n3:0+1"; "" for none."""
    return ",".join(_format_decision(decision, space) for decision in decisions)


def _format_decision(decision: Decision, space: SearchSpace) -> str:
    if isinstance(decision, InputsDecision):
        sources = "+".join(str(space.edge(decision.cell, edge).source) for edge in decision.edges)
        return f"{prefix(decision.cell)}{decision.node}:{sources}"
    edge = space.edge(decision.cell, decision.edge)
    return f"{edge_id(decision.cell, edge)}.{palette.operation(decision.operation).code}"


class _Partly(BadInput):
    """Some decisions are legal and some are not."""

    def __init__(self, kept: tuple[Decision, ...], why: BadInput) -> None:
        beginning = "the first one" if len(kept) == 1 else f"the first {len(kept)}"
        used = f"only {beginning} could be used" if kept else "none could be used"
        super().__init__(f"Of the link's decisions {used}: {why}.")
        self.kept = kept


def _all_decisions(text: str, space: SearchSpace) -> tuple[Decision, ...]:
    # Alphas play no part in what is legal.
    selection = Selection(
        space, {cell: [[0.0] * len(space.operations(cell, edge)) for edge in space.edges(cell)] for cell in space.cells}
    )
    for item in text.split(",") if text else ():
        try:
            selection = _take(selection, item)
        except BadInput as error:
            raise _Partly(selection.decisions, error) from None
    return selection.decisions


_OPERATION = re.compile(r"(.+)\.(\w\w)", re.ASCII)
# A plus sign typed into an address arrives as a space.
_INPUTS = re.compile(r"(.*?\D)(\d{1,3}):(\d{1,3}(?:[+ ]\d{1,3})*)", re.ASCII)


def _take(selection: Selection, item: str) -> Selection:
    space = selection.space
    if match := _OPERATION.fullmatch(item):
        cell, edge = parse_edge_id(space, match[1])
        codes = {palette.operation(name).code: name for name in space.operations(cell, edge)}
        if match[2] not in codes:
            raise one_of(f"operation on edge {match[1]} of {space.name}:", match[2], codes)
        return selection.discretize(cell, edge, codes[match[2]])
    if match := _INPUTS.fullmatch(item):
        cells = {prefix(cell): cell for cell in space.cells}
        if match[1] not in cells:
            raise BadInput(f"unknown cell type in {reprlib.repr(item)}; use one of: {', '.join(cells)}")
        node, sources = int(match[2]), [int(source) for source in re.split("[+ ]", match[3])]
        edges = {edge.source: edge.index for edge in space.cell(cells[match[1]]).entering(node)}
        if not set(sources) <= set(edges):
            raise BadInput(f"node {node} of {space.name} has no inputs {reprlib.repr(match[3])}; write n3:0+1")
        return selection.keep_inputs(cells[match[1]], node, [edges[source] for source in sources])
    raise BadInput(f"{reprlib.repr(item)} is no decision; write one like n0-2.S3 or n3:0+1")


# The other values


def _one_of(what: str, known: Iterable[str]) -> Callable[[str, SearchSpace], str]:
    def parse(text: str, space: SearchSpace) -> str:
        if text not in known:
            names = list(known)
            words = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
            raise BadInput(f"{what} must be {words}, not {reprlib.repr(text)}")
        return text

    return parse


def _cell(text: str, space: SearchSpace) -> str:
    return _one_of("cell", space.cells)(text, space)


def _edge(text: str, space: SearchSpace) -> str:
    parse_edge_id(space, text)
    return text


def _seed(text: str, space: SearchSpace) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > LARGEST_SEED:
        raise BadInput(f"a seed is a whole number from 0 to {LARGEST_SEED}, not {reprlib.repr(text)}")
    return int(text)


def _tune(text: str, space: SearchSpace) -> str:
    if not re.fullmatch(f"[{''.join(LETTERS)}]{{1,{space.steps}}}", text):
        raise BadInput(f"tuning is a letter of {', '.join(LETTERS)} for each decision, not {reprlib.repr(text)}")
    return text.rstrip("n")


def _data(text: str, space: SearchSpace) -> str:
    return _one_of("data", image_sets())(text, space)


def _as_text(value: object, space: SearchSpace) -> str:
    return str(value)


PARAMETERS = (
    Parameter("run", None, _as_text, _as_text),
    Parameter("cell", None, _cell, _as_text),
    Parameter("budget", None, _one_of("budget", BUDGETS), _as_text),
    Parameter("data", None, _data, _as_text),
    Parameter("edge", "edge", _edge, _as_text),
    Parameter("d", "decisions", _all_decisions, format_decisions),
    Parameter("order", "order", _one_of("order", ORDERS), _as_text),
    Parameter("seed", "seed", _seed, _as_text),
    Parameter("tune", "tune", _tune, _as_text),
)
KEYS = tuple(parameter.key for parameter in PARAMETERS if parameter.field is not None)
CONTEXT = tuple(parameter.key for parameter in PARAMETERS if parameter.field is None)

"""The part of the app's state that a link carries: one typed table, read without ever raising.

Link                 edge, decisions, order and seed of one view
read                 a query string as a Link, and a sentence for everything that was dropped
write                a Link as query parameters (defaults are left out)
format_decisions     decisions as text: "n0-2.S3,n1-2.SK,n3:0+1"
parse_decisions      the longest legal beginning of such a text, and what is wrong with the rest
BUDGETS, ORDERS      images per measurement and edge orders, by the word in the link

Grammar: `edge.CODE` decides an edge, `cell node:source+source` keeps two inputs (n normal, r reduction, c
NAS-Bench-201); codes are those of app.style.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app import style
from app.figures.cell_graph import PREFIXES, edge_id, parse_edge_id
from engine.decisions import Decision, InputsDecision, OperationDecision
from engine.errors import BadInput
from engine.search_space import SearchSpace
from engine.selection import Selection

BUDGETS: dict[str, int | None] = {"512": 512, "1k": 1024, "4k": 4096, "all": None}
ORDERS = ("index", "random", "disagreement")
LARGEST_SEED = 2**32 - 1
KEYS = ("edge", "d", "order", "seed")
_INPUTS = re.compile(r"([a-z])(\d):(\d)\+(\d)", re.ASCII)


@dataclass(frozen=True)
class Link:
    """What a link says about a view: selected edge ("c0-1"), decisions in order, edge order, its seed."""

    edge: str | None = None
    decisions: tuple[Decision, ...] = ()
    order: str = "index"
    seed: int = 0


def write(space: SearchSpace, link: Link) -> dict[str, str]:
    """Query parameters of a link; what is at its default is left out."""
    found = {
        "edge": link.edge,
        "d": format_decisions(space, link.decisions),
        "order": None if link.order == ORDERS[0] else link.order,
        "seed": str(link.seed) if link.seed else None,
    }
    return {key: value for key, value in found.items() if value}


def read(params: Mapping[str, str], start: Selection) -> tuple[Link, list[str]]:
    """The link in some query parameters, for a run whose undecided selection is `start`."""
    space = start.space
    link, dropped = Link(), []
    if text := params.get("edge"):
        try:
            parse_edge_id(space, text)
            link = replace(link, edge=text)
        except BadInput:
            dropped.append(f"edge={_short(text)} in the link is no edge of {space.name}; no edge is selected")
    if text := params.get("order"):
        if text in ORDERS:
            link = replace(link, order=text)
        else:
            dropped.append(f"order={_short(text)} in the link is unknown; edges go by {ORDERS[0]}")
    if text := params.get("seed"):
        if re.fullmatch(r"\d{1,10}", text, re.ASCII) and int(text) <= LARGEST_SEED:
            link = replace(link, seed=int(text))
        else:
            dropped.append(f"seed={_short(text)} in the link is not a whole number up to {LARGEST_SEED}; 0 is used")
    if text := params.get("d"):
        decisions, problem = parse_decisions(text, start)
        link = replace(link, decisions=decisions)
        if problem:
            dropped.append(problem)
    return link, dropped


def format_decisions(space: SearchSpace, decisions: Iterable[Decision]) -> str:
    return ",".join(_format(space, decision) for decision in decisions)


def _format(space: SearchSpace, decision: Decision) -> str:
    if isinstance(decision, OperationDecision):
        edge = space.edge(decision.cell, decision.edge)
        return f"{edge_id(decision.cell, edge)}.{style.operation(decision.operation).code}"
    first, second = (space.edge(decision.cell, edge).source for edge in decision.edges)
    return f"{PREFIXES[decision.cell]}{decision.node}:{first}+{second}"


def parse_decisions(text: str, start: Selection) -> tuple[tuple[Decision, ...], str | None]:
    """Decisions from a link. The longest legal beginning is kept; the sentence says where it stops."""
    selection = start
    for number, word in enumerate(text.split(",") if text else (), start=1):
        try:
            selection = selection.decide(_parse(word, start.space))
        except BadInput:
            kept = f"the {number - 1} before it are kept" if number > 1 else "none is taken"
            return selection.decisions, f"decision {number} in the link ({_short(word)}) does not fit; {kept}"
    return selection.decisions, None


def _parse(word: str, space: SearchSpace) -> Decision:
    if match := _INPUTS.fullmatch(word):
        prefix, node, *sources = match.groups()
        cells = [cell for cell in space.cells if PREFIXES[cell] == prefix]
        edges = {edge.source: edge.index for edge in space.inputs(int(node))}
        wanted = sorted(edges[int(source)] for source in sources if int(source) in edges)
        if not cells or len(wanted) != 2:
            raise BadInput(f"no inputs {word!r} in {space.name}; write them like n3:0+1")
        return InputsDecision(cells[0], int(node), (wanted[0], wanted[1]))
    place, _, code = word.partition(".")
    cell, edge = parse_edge_id(space, place)
    names = [name for name in space.operations(cell, edge) if style.operation(name).code == code]
    if not names:
        raise BadInput(f"edge {place} of {space.name} offers no operation {code!r}; use a code of the legend")
    return OperationDecision(cell, edge, names[0])


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"

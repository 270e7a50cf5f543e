"""The URL is the document: what a link says, as one typed table, read and written without Streamlit.

PARAMETERS        the table: every key of a link, who writes it, how it is read and written
KEYS              the keys that the session writes: of a run, and of the visit (`app.state.visit`)
CONTEXT           the keys of the sidebar's widgets, which write them themselves
OF_PAGES          further keys, which pages write and read
Link, Taken       what these keys say about a run, and about one decision
read              query parameters -> Link, with a sentence for everything that had to be dropped
write             Link -> query parameters, what is at its default left out
check             sentences about what run, cell, budget and data say where it cannot be used, and about unknown keys
BUDGETS, ORDERS, LETTERS, AUTHORS, NO_DECISIONS, STEPS   images per measurement, edge orders, tuning, who decided,
                  that nothing is, and where the story of Start stands, as a link names them

An edge is written as in `app.figures.edge_names`, decisions as in `app.state.decided`.
"""

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from app.figures.edge_names import parse_edge_id
from app.library.image_sets import image_sets
from app.state import visit
from app.state.decided import Partly, parse_decisions
from app.state.decided import format_decisions as format_decisions
from engine.errors import BadInput
from engine.selecting.hand_in import tidy
from engine.selection.decisions import Decision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

BUDGETS: dict[str, int | None] = {"512": 512, "1k": 1024, "4k": 4096, "all": None}
"""Text in a link -> images to measure on; None is every search image."""
ORDERS = ("index", "random", "disagreement")
"""Edge orders; the first is the default."""
LARGEST_SEED = 2**32 - 1
LETTERS = ("n", "q", "p")
"""How a link says what followed a decision: no tuning, quick, published."""
AUTHORS = {"l": "link", "a": "α", "m": "measured", "b": "both", "y": "you"}
"""How a link says who took a decision; the first where it does not: that came with a link, and nobody here took it."""
NO_DECISIONS = "none"
"""How a link says that nothing is decided of a run that begins with decisions: all were taken back."""
STEPS = ("guess", "seen")
"""Where the story of Start stands: before the measurement is uncovered, and after."""
OF_PAGES = ("a", "b", "lab", "words")
"""Keys that single pages read and write, as `app.state.live` lets them: a link that holds others is told so."""
_OF_STREAMLIT = ("embed", "embed_options")


class Taken(NamedTuple):
    """A decision with its letters: the tuning that followed, and who took it."""

    decision: Decision
    tune: str
    by: str


@dataclass(frozen=True)
class Link:
    """What a link says about a run: the edge in focus, the decisions that stand, and the order of what is left.

    tune: one letter for every decision that was followed by tuning, see `app.work.tuned.PRESETS`; "n" for none, which
    may be left out at the end. Together with the decisions it names the tuned weights. by: one letter of AUTHORS for
    every decision; "l" may be left out at the end. step: one of STEPS; "" is the first, where nobody went there.
    task: the decisions that a teacher prepared, to which starting over returns. name: of who hands these decisions in;
    "" for nobody.
    """

    edge: str | None = None
    decisions: tuple[Decision, ...] = ()
    order: str = ORDERS[0]
    seed: int = 0
    tune: str = ""
    by: str = ""
    step: str = ""
    task: tuple[Taken, ...] = ()
    name: str = ""

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Every decision with its letters."""
        number = len(self.decisions)
        letters = self.tune[:number].ljust(number, "n"), self.by[:number].ljust(number, "l")
        return tuple(map(Taken, self.decisions, *letters))

    def having(self, taken: Sequence[Taken]) -> "Link":
        """The same with these decisions instead, which nobody has handed in, and no edge in focus."""
        tune, by = "".join(each.tune for each in taken), "".join(each.by for each in taken)
        decisions = tuple(each.decision for each in taken)
        return replace(self, decisions=decisions, tune=tune.rstrip("n"), by=by.rstrip("l"), edge=None, name="")


class Parameter(NamedTuple):
    """One key of a link.

    field: of Link; None for the run, and where a sidebar widget is bound to the key and alone writes it. parse: raises
    BadInput.
    """

    key: str
    field: str | None
    parse: Callable[[str, SearchSpace], Any]
    format: Callable[[Any, SearchSpace], str]


def read(params: Mapping[str, str], start: Selection) -> tuple[Link, list[str]]:
    """What query parameters say about a run, and one sentence for each value that was dropped. Never raises.

    start: what the run begins with; its decisions stand where the link says nothing about any.
    """
    values: dict[str, Any] = {"decisions": start.decisions}
    dropped = []
    for parameter in PARAMETERS:
        if parameter.field is None or not (text := params.get(parameter.key)):
            continue
        try:
            values[parameter.field] = parameter.parse(text, start.space)
        except Partly as error:
            values[parameter.field] = error.kept
            dropped.append(str(error))
        except BadInput as error:
            dropped.append(f"The link's {parameter.key} was left out: {error}.")
    return Link(**values), dropped


def write(space: SearchSpace, link: Link, begun: Sequence[Decision] = ()) -> dict[str, str]:
    """Query parameters that `read` reads back for a run that begins with these decisions."""
    default = {field.name: field.default for field in fields(Link)}
    written = {
        parameter.key: parameter.format(value, space)
        for parameter in PARAMETERS
        if parameter.field is not None and (value := getattr(link, parameter.field)) != default[parameter.field]
    }
    return {"d": NO_DECISIONS} | written if begun else written


def check(params: Mapping[str, str], runs: Mapping[str, SearchSpace], default: str) -> list[str]:
    """One sentence for each of run, cell, budget and data that cannot be used, as their widgets drop such values
    silently, and one for all keys that nobody here knows.

    runs: the names there are, with their spaces; `default` is the one taken where the link names none of them.
    """
    run = params.get("run") or default
    dropped = []
    if run not in runs:
        dropped.append(f"The link's run was left out: there is no supernet {reprlib.repr(run)} here.")
    for parameter in PARAMETERS:
        if parameter.field is None and parameter.key != "run" and (text := params.get(parameter.key)):
            try:
                parameter.parse(text, runs[run if run in runs else default])
            except BadInput as error:
                dropped.append(f"The link's {parameter.key} was left out: {error}.")
    if unknown := [key for key in params if key not in (*KEYS, *CONTEXT, *OF_PAGES, *_OF_STREAMLIT)]:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        dropped.append(
            f"The link's {', '.join(map(reprlib.repr, unknown[:3]))}{more} mean nothing here: a link has "
            f"{', '.join((*KEYS, *CONTEXT, *OF_PAGES))}."
        )
    return dropped


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


def _letters(what: str, known: Iterable[str], left_out: str) -> Callable[[str, SearchSpace], str]:
    """One letter for each decision. left_out: the one that is not written at the end."""
    letters = tuple(known)

    def parse(text: str, space: SearchSpace) -> str:
        if not re.fullmatch(f"[{''.join(letters)}]{{1,{space.steps}}}", text):
            raise BadInput(f"{what} is a letter of {', '.join(letters)} for each decision, not {reprlib.repr(text)}")
        return text.rstrip(left_out)

    return parse


def _decisions(text: str, space: SearchSpace) -> tuple[Decision, ...]:
    return () if text == NO_DECISIONS else parse_decisions(text, space)


def _task(text: str, space: SearchSpace) -> tuple[Taken, ...]:
    """Decisions, and after a tilde the tuning that followed them."""
    text, _, tune = text.partition("~")
    try:
        decisions = parse_decisions(text, space)
    except Partly as error:
        raise BadInput(str(error.why)) from None
    return Link(decisions=decisions, tune=_letters("tuning", LETTERS, "n")(tune, space) if tune else "").taken


def _format_task(task: Sequence[Taken], space: SearchSpace) -> str:
    link = Link().having(task)
    return format_decisions(link.decisions, space) + (f"~{link.tune}" if link.tune else "")


def _name(text: str, space: SearchSpace) -> str:
    return tidy(text)


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
    Parameter("d", "decisions", _decisions, format_decisions),
    Parameter("order", "order", _one_of("order", ORDERS), _as_text),
    Parameter("seed", "seed", _seed, _as_text),
    Parameter("tune", "tune", _letters("tuning", LETTERS, "n"), _as_text),
    Parameter("by", "by", _letters("who decided", AUTHORS, "l"), _as_text),
    Parameter("step", "step", _one_of("step", STEPS), _as_text),
    Parameter("task", "task", _task, _format_task),
    Parameter("name", "name", _name, _as_text),
)
KEYS = ("run", *(parameter.key for parameter in PARAMETERS if parameter.field is not None), *visit.KEYS)
CONTEXT = tuple(parameter.key for parameter in PARAMETERS if parameter.key not in KEYS)

"""Selections that are opened again: from files that the app or the command line wrote, and from links. No Streamlit.

Opened      a selection with its name, as a line of one of the supernets here
MEGABYTES   a larger file is none of ours
added       one more among others, under a name of its own
from_file   read a selection file, or a genotype
from_link   read a link
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from app.library.catalog import Entry
from app.state import url
from app.state.url import AUTHORS, Link, Taken
from app.work.tuned import PRESETS
from engine.errors import BadInput
from engine.runs.texts import decoded
from engine.selecting.hand_in import tidy
from engine.selecting.record import By, SelectionRecord
from engine.selection.ending import ending_at
from engine.selection.genotype import Genotype
from engine.selection.genotype_file import is_selection
from engine.selection.genotype_forms import Note
from engine.selection.genotype_text import parse_genotype
from engine.selection.orders import index_order

_BY: dict[By, str] = {"alpha": "a", "measured": "m", "person": "y", "random": "l", "training": "l"}
assert set(_BY.values()) <= set(AUTHORS)


MEGABYTES = 1


class Opened(NamedTuple):
    """name: of who handed it in, or of the file, or the link's number. run: the supernet's name here. link: its
    decisions. right, asked: how many of the questions of lessons were answered right, and how many in all."""

    name: str
    run: str
    link: Link
    right: int = 0
    asked: int = 0

    def took(self, by: str) -> int:
        """How many decisions were taken so, by letters of `url.AUTHORS`."""
        return sum(each.by in by for each in self.link.taken)


def added(found: Opened, to: Mapping[str, Opened]) -> Opened:
    """As it is called among others: one with the same name that says something else stays beside it, "Ana (2)"."""
    number, named = 1, found
    while named.name in to and to[named.name] != named:
        number += 1
        named = found._replace(name=f"{found.name} ({number})")
    return named


def from_file(
    name: str, content: bytes, entries: Mapping[str, Entry], on_screen: str, note: Note = lambda line: None
) -> Opened:
    """The selection in a file, or the one that ends in the genotype of the file. on_screen: the run that it belongs to
    where it names no supernet. note: told what was assumed of a genotype.

    Raises BadInput, with the file's name, for what is neither, or of a supernet or a space that is not here.
    """
    try:
        if len(content) > MEGABYTES * 2**20:
            raise BadInput(f"it has more than {MEGABYTES} MB, as no selection has; export the selection again")
        text = decoded(content)
        if not is_selection(text):
            return _of_genotype(name, _genotype(text, note), entries[on_screen], on_screen)
        run, entry = _of(text, entries, on_screen)
        assert entry.summary is not None
        record = SelectionRecord.from_json(text, entry.summary.space)
    except (BadInput, UnicodeDecodeError) as error:
        reason = "it is no text; export the selection as a selection file" if isinstance(error, UnicodeError) else error
        raise BadInput(f"{name} was left out: {reason}") from None
    tune, handed = _tuning(record), record.hand_in
    given = () if handed is None else handed.given
    taken = [
        Taken(decision, letter, "l" if number in given else _BY[step.by])
        for number, (decision, step, letter) in enumerate(
            zip(record.selection.decisions, record.steps, tune, strict=True)
        )
    ]
    settings = record.settings
    order, seed = settings.get("order"), settings.get("seed")
    link = Link()
    if order in url.ORDERS and isinstance(seed, int) and 0 <= seed <= url.LARGEST_SEED:
        link = Link(order=order, seed=seed)
    opened = Opened(name, run, link.having(taken))
    if handed is None:
        return opened
    known, right = tidy(handed.name), sum(answer.is_right for answer in handed.answers)
    link = replace(opened.link, name=known)
    return opened._replace(name=known or name, link=link, right=right, asked=len(handed.answers))


def _genotype(text: str, note: Note) -> Genotype:
    try:
        return parse_genotype(text, note)
    except BadInput as error:
        raise BadInput(f"it is no selection, and {error}") from None


def _of_genotype(name: str, genotype: Genotype, entry: Entry, run: str) -> Opened:
    """The selection on a supernet that ends in a genotype, edge by edge."""
    assert entry.summary is not None
    space = entry.summary.space
    whole = ending_at(entry.summary.start, genotype, index_order(space))
    return Opened(name, run, Link().having([Taken(decision, "n", "y") for decision in whole.decisions]))


def _of(text: str, entries: Mapping[str, Entry], on_screen: str) -> tuple[str, Entry]:
    """The supernet here that a selection file is of."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or "decisions" not in data:
        raise BadInput("it is no selection; export one as a selection file")
    said = data.get("checkpoint")
    said = said if isinstance(said, dict) else {}
    if (digest := said.get("digest")) is None:
        return on_screen, entries[on_screen]
    for name, entry in entries.items():
        if entry.summary is not None and entry.summary.digest == digest:
            return name, entry
    named = str(said.get("name"))[:60]
    raise BadInput(f"it is a selection of another supernet, {named}, which is not here; put that into checkpoints/")


def _tuning(record: SelectionRecord) -> str:
    """The letter of what followed each decision; "n" where that was none of the presets."""
    number = len(record.selection.decisions)
    if record.tuning is not None:
        how = record.tuning
        letters = [
            letter
            for letter, preset in PRESETS.items()
            if preset.amount == how.amount and preset.lr == how.lr and preset.unit == how.unit
        ]
        # Nothing is left to be tuned for after the last decision.
        return (letters or ["n"])[0] * (number - record.selection.is_complete) + "n" * record.selection.is_complete
    found = ["n"] * number
    for letter, preset in PRESETS.items():
        words = re.escape(f"{preset.amount} {preset.unit} at {preset.lr:g} after decisions ")
        for match in re.finditer(words + r"(\d+(?:, \d+)*)", str(record.settings.get("tuned", ""))):
            for each in map(int, match[1].split(", ")):
                if 1 <= each <= number:
                    found[each - 1] = letter
    return "".join(found)


def from_link(name: str, text: str, entries: Mapping[str, Entry], on_screen: str) -> Opened:
    """The selection that a link holds. Raises BadInput where it has none, or of a supernet that is not here."""
    try:
        params = dict(parse_qsl(urlsplit(text.strip()).query))
    except ValueError:
        params = {}
    if params.get("d", "") in ("", url.NO_DECISIONS):
        raise BadInput(f"{name} was left out: it holds no decisions; copy the whole address of a selection")
    run = params.get("run", on_screen)
    entry = entries.get(run)
    if entry is None or entry.summary is None:
        raise BadInput(f"{name} was left out: there is no supernet {run[:60]!r} here; put it into checkpoints/")
    link, dropped = url.read(params, entry.summary.start)
    if dropped:
        raise BadInput(f"{name} was left out: {dropped[0]}")
    return Opened(link.name or name, run, link)

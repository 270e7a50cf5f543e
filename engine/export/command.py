"""The command line that gives a selection again.

command_line   of a selection run, or for decisions taken by hand, of the measurements
options        the words for settings of a measurement
"""

import shlex
from collections.abc import Mapping
from typing import Any

from engine.data.belonging import OF, USUAL, differs
from engine.export.origin import plain
from engine.fields import defaults, described
from engine.scoring.settings import Settings
from engine.selecting.record import SelectionRecord
from engine.selecting.settings import NONE, ORDERS, STRATEGIES

PROGRAM = ("python", "-m", "engine")
FILE = "selection.json"
"""What a selection file is called in a command line, as its name is not in it."""


def command_line(document: SelectionRecord) -> str:
    """One line for a shell, every word quoted.

    A selection run is repeated. Decisions of a person cannot be: their command measures what is still undecided, or of
    a complete selection every edge before the first decision.
    """
    if (said := _words(document.command)) is not None:
        return shlex.join(said)
    checkpoint = f"checkpoints/{plain(document.checkpoint.get('name', 'NAME'))}"
    if document.strategy in STRATEGIES:
        words = ["select", checkpoint, "--strategy", document.strategy]
        return shlex.join([*PROGRAM, *words, *_measured(document), *_run_options(document), "--out", "selection"])
    words = ["score", checkpoint, "--all"]
    if document.selection.decisions and not document.selection.is_complete:
        words += ["--selection", FILE]
    return shlex.join([*PROGRAM, *words, *_measured(document)])


def _measured(document: SelectionRecord) -> list[str]:
    """The options for the measurements. Images that are not of the supernet's data set have to be asked for."""
    words = options(document.settings)
    data = document.settings.get("data", USUAL)
    if data == USUAL and differs(document.checkpoint.get("dataset"), OF) is not None:
        words = ["--data", USUAL, *words]
    return words


def _words(command: str | None) -> list[str] | None:
    """A command line that a file gives, word by word; None unless it calls this program and nothing else."""
    try:
        words = shlex.split(plain(command or ""))
    except ValueError:  # an open quote
        return None
    return words if tuple(words[:3]) == PROGRAM else None


def options(settings: Mapping[str, Any]) -> list[str]:
    """The options of `score` and `select` for these settings of a measurement, by name; defaults are left out."""
    words = []
    for name, default in defaults(Settings).items():  # each is an option of the same name
        value = settings.get(name, default)
        option = f"--{name.replace('_', '-')}"
        if value == default:
            continue
        if value is None and (none := described(Settings)[name].none) is not None:
            words += [option, none]
        elif value is True:
            words.append(option)
        elif value is not None and value is not False:
            words += [option, plain(value)]
    return words


def _run_options(document: SelectionRecord) -> list[str]:
    """What a selection run has besides. The published procedure sets tuning and order itself."""
    settings, words = document.settings, []
    if not settings.get("published"):
        tuning = document.tuning or NONE
        words += [f"--tune-{tuning.unit}", str(tuning.amount)]
        if tuning.amount:
            words += ["--tune-lr", str(tuning.lr)]
        if settings.get("order") in ORDERS:
            words += ["--order", settings["order"]]
    flags = (
        ("together", False, "--separate"),
        ("allow_none", False, "--no-none"),
        ("cumulative", True, "--cumulative"),
    )
    return words + [option for name, value, option in flags if settings.get(name) is value]

"""Options that several commands share, and their checks.

Json, Device, Seed, Data, DataDir, Download, Threads   annotated types for typer
CheckpointFolder the checkpoint that a command is about
Decided          decisions that a command begins with
options_from     the fields of a settings dataclass as options of a command
pick_device      `auto`, `cpu` or `cuda` as a device that is there
read_selection   the selection in a file, if it belongs to a checkpoint
located          a text, or the path of the bundled file that it names
check_writable   whether results can be written where they are wanted
"""

import dataclasses
import functools
import inspect
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_type_hints

import typer

from engine.checkpoint.bundled import found
from engine.data.identity import SPEC
from engine.errors import BadInput
from engine.fields import LARGEST_SEED, About, described
from engine.runs.texts import read_text

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.selection.selection import Selection

S = TypeVar("S")
R = TypeVar("R")

MOST_SELECTION = 50_000_000
"""Bytes of a selection's file."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; messages go to stderr.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute; auto takes a GPU if any.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of every random draw but which images are scored.")]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, help="CPU threads.  [default: all cores]")]
Data = Annotated[str, typer.Option(metavar="SPEC", help=SPEC)]
DataDir = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where the published sets lie.  [default: data here, else the project's]"),
]
Download = Annotated[bool, typer.Option("--download", help="Fetch cifar10, cifar100 or svhn if absent.")]
CheckpointFolder = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint's folder, or a bundled one's name.", callback=found)
]
Decided = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Decisions taken so far, as selection JSON.",
        callback=lambda value: None if value is None else found(value),
    ),
]


def pick_device(name: str) -> str:
    """Raises BadInput for cuda where there is none."""
    import torch

    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise BadInput("no CUDA GPU can be used here; choose --device cpu or auto")
    return ("cuda" if found else "cpu") if name == "auto" else name


def options_from(
    settings: type[S],
    *,
    but: Collection[str] = (),
    defaults: Mapping[str, object] = MappingProxyType({}),
    make: Callable[..., S] | None = None,
    also: Mapping[str, Any] = MappingProxyType({}),
    arguments: Collection[str] = (),
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """A decorator: the described fields of a frozen dataclass become options of a command.

    The command has one parameter whose type is the dataclass; the options take its place, and it is given what `make`
    (the dataclass itself, if nothing else) makes of those that were said. A yes-or-no field that is off becomes a flag
    `--name`, any other `--name/--no-name`. but: fields that are no options of this command. defaults: said in the
    help instead of the field's own, where the default depends on something else; not saying such a yes or no is then
    neither. also: further options for `make` by name: of the dataclass whose field they are, or annotated for typer.
    arguments: fields that are said by their place instead of by an option.
    """

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        signature = inspect.signature(command)
        hints = get_type_hints(command, include_extras=True)
        place = next(name for name, kind in hints.items() if kind is settings)
        homes = {name: settings for name in described(settings) if name not in but}
        homes |= {name: home for name, home in also.items() if isinstance(home, type)}
        abouts = {name: described(home)[name] for name, home in homes.items()}
        made = {
            name: _option(home, name, abouts[name], defaults.get(name), name in arguments)
            for name, home in homes.items()
        }
        made |= {name: _parameter(name, kind, None) for name, kind in also.items() if name not in homes}

        @functools.wraps(command)
        def wrapper(**values: Any) -> R:
            said = {name: values.pop(name) for name in made}
            given = {name: value for name, value in said.items() if value is not None}
            for name, about in abouts.items():
                if name in given and about.read is not None:
                    given[name] = about.read(given[name])
            return command(**values, **{place: (make or settings)(**given)})

        parameters: list[inspect.Parameter] = []
        for name, parameter in signature.parameters.items():
            own = [parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)]
            parameters += made.values() if name == place else own
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {each.name: each.annotation for each in parameters}
        return wrapper

    return decorate


def _option(settings: type, name: str, about: About, usual: object, by_place: bool) -> inspect.Parameter:
    """One field as a parameter that typer reads. Its default is None: not said."""
    own = next(each for each in dataclasses.fields(settings) if each.name == name)
    kind, default = get_type_hints(settings)[name], own.default
    flag = f"--{name.replace('_', '-')}"
    if about.read is not None:
        kind = str
    if by_place:
        return _parameter(name, Annotated[kind, typer.Argument(metavar=about.metavar, help=about.help)])
    if kind is bool and default is False and usual is None:
        return _parameter(name, Annotated[bool, typer.Option(flag, help=about.help)], False)
    shown = about.none if default is None and usual is None else default if usual is None else usual
    note = "" if shown in (None, dataclasses.MISSING) else f"  [default: {shown}]"
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if kind in (bool, bool | None) else flag,
        metavar=about.metavar,
        min=None if about.read else about.least,
        max=None if about.read else about.most,
        help=f"{about.help}{note}",
        show_default=False,
    )
    if default is dataclasses.MISSING:
        return _parameter(name, Annotated[kind, option])
    return _parameter(name, Annotated[kind | None, option], None)


def _parameter(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def read_selection(file: Path, checkpoint: "Checkpoint") -> "Selection":
    """The selection in a file. Raises BadInput for one that cannot be read, and for another space's or supernet's."""
    from engine.selecting.record import SelectionRecord

    try:
        text = read_text(file, MOST_SELECTION, "the JSON file of a selection")
    except OSError:
        raise BadInput(f"cannot read a selection from {file}; give the JSON file of a selection") from None
    document = SelectionRecord.from_json(text, checkpoint.space)
    if document.checkpoint.get("digest", checkpoint.digest) != checkpoint.digest:
        name = document.checkpoint.get("name", "another one")
        raise BadInput(f"{file} was decided on another supernet ({name}); give that checkpoint, or another selection")
    return document.selection


def located(text: str) -> str:
    """A text as it is, or, where it names a file of a bundled checkpoint, that file's path from here."""
    place = found(text)
    return str(place) if place != Path(text).expanduser() else text


def check_writable(folder: Path) -> None:
    """Raises BadInput unless files can be written into `folder`, which need not exist yet. Leaves nothing behind."""
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryDirectory(dir=existing, prefix=".writable-", suffix=".tmp"):
            pass
    except OSError as problem:
        raise BadInput(f"cannot write to {folder} ({problem.strerror}); choose another folder") from None

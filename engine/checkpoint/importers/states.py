"""Where in a file the supernet is: found by its tensors, not by the name it lies under.

State          the tensors of a supernet, without what stands before the first cell in every name
find_state     the mapping in a file that holds most of a supernet
values         what a file says besides, of the arguments its program was called with

A whole pickled model counts as the mapping of its parameters and buffers.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.checkpoint.importers import spelling
from engine.checkpoint.importers.pickles import Inert
from engine.checkpoint.importers.reading import Foreign
from engine.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

DEEPEST = 5
"""Mappings within mappings that are looked into."""
MOST_MODULES = 200_000
MOST_TENSORS = 100_000
MOST_NUMBERS = 1 << 28
ARGUMENTS = ("args", "config", "cfg", "hparams", "hyper_parameters", "opt", "xargs")


@dataclass(frozen=True, eq=False)
class State:
    """place: the keys that lead to it, from outside. tensors: float32, by name. copies: names of further supernets in
    the same mapping that were left out. whole: of a model that was saved as an object."""

    place: tuple[str, ...]
    tensors: "dict[str, Tensor]"
    copies: tuple[str, ...]
    whole: bool


def find_state(file: Foreign) -> State | None:
    """The mapping with most tensors of cells; None where no name speaks of a cell.

    Raises BadInput for a state of too many numbers, and for lists that are no arrays.
    """
    before_cells = re.compile(rf"((?:.*?\.)?)(?:{'|'.join(spelling.CELLS)})\.\d+\.")
    best: tuple[int, tuple[str, ...], Mapping[Any, Any], bool] | None = None
    for place, value in _mappings(file.content):
        whole = isinstance(value, Inert)
        state = _flattened(value) if isinstance(value, Inert) else value
        count = sum(1 for name in state if isinstance(name, str) and before_cells.match(name))
        if count and (best is None or count > best[0]):
            best = count, place, state, whole
    if best is None:
        return None
    tensors = _tensors(file.name, best[2])
    befores = Counter(match[1] for name in tensors if (match := before_cells.match(name)))
    if not befores:
        return None
    before = befores.most_common(1)[0][0]
    others = [each for each in befores if each != before]
    found: dict[str, Tensor] = {}
    for name, tensor in sorted(tensors.items(), key=lambda item: not item[0].startswith(before)):
        match = before_cells.match(name)
        of_another = (
            match[1] != before
            if match
            else any(name.startswith(other) for other in others if not before.startswith(other))
        )
        if not of_another:  # what lies outside of all supernets comes last, and replaces nothing
            found.setdefault(name.removeprefix(before), tensor)
    return State(best[1], found, tuple(sorted(each.rstrip(".") or "top" for each in others)), best[3])


def values(content: Mapping[Any, Any]) -> dict[str, Any]:
    """Plain values by name: those of the file, and beneath them those of the arguments it keeps."""
    found: dict[str, Any] = {}
    for key in ARGUMENTS:
        found |= {str(name): value for name, value in fields(content.get(key)).items()}
    return found | {str(key): value for key, value in content.items() if isinstance(value, str | int | float)}


def fields(value: Any) -> Mapping[Any, Any]:
    """What a mapping or a stand-in holds by name; nothing of anything else."""
    if isinstance(value, Inert):
        return value.fields
    return value if isinstance(value, Mapping) else {}


def _mappings(content: Mapping[Any, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All mappings in a file, the outer ones first; whole models too."""
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), content)])
    seen: set[int] = set()
    while waiting:
        place, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        inside = fields(value)
        if isinstance(value, Mapping) or "_modules" in inside:
            yield place, value
        if len(place) < DEEPEST and "_modules" not in inside:
            waiting.extend(
                ((*place, str(key)), each) for key, each in inside.items() if isinstance(each, Mapping | Inert)
            )


def _flattened(model: Inert) -> dict[str, Any]:
    """The state_dict of a model that was pickled as an object."""
    state: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", model)]
    for _ in range(MOST_MODULES):
        if not waiting:
            return state
        before, module = waiting.pop()
        inside = fields(module)
        for kind in ("_parameters", "_buffers"):
            state |= {f"{before}{name}": value for name, value in fields(inside.get(kind)).items() if value is not None}
        own = [(str(name), each) for name, each in fields(inside.get("_modules")).items() if each is not None]
        waiting += [(f"{before}{name}.", each) for name, each in reversed(own)]
    raise BadInput("the model in this file has more parts than any supernet; save its state_dict")


def _tensors(file: str, state: Mapping[Any, Any]) -> "dict[str, Tensor]":
    """The tensors of a mapping as float32, lists of a JSON file and arrays among them."""
    import numpy as np
    import torch

    found: dict[str, Tensor] = {}
    numbers = 0
    for name, value in state.items():
        if isinstance(value, list) and value:
            value = _from_lists(file, name, value)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            value = torch.from_numpy(value)
        if not isinstance(name, str) or not torch.is_tensor(value):
            continue
        numbers += value.numel()
        if numbers > MOST_NUMBERS or len(found) >= MOST_TENSORS:
            raise BadInput(f"{file} holds more than {MOST_NUMBERS:,} numbers or {MOST_TENSORS:,} tensors; save less")
        found[name] = value.detach().float()
    return found


def _from_lists(file: str, name: Any, value: list[Any]) -> "Tensor | None":
    """A tensor from nested lists of numbers; None from lists of anything else."""
    import torch

    try:
        return torch.tensor(value, dtype=torch.float32)
    except TypeError:
        return None
    except (ValueError, RuntimeError) as error:
        raise BadInput(f"{file}: {name} is no array of numbers ({error}); give rows of equal length") from None

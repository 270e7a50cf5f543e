"""Candidate operations as data: what one is called, how it is told apart, and where it is built. Needs no torch.

OperationSpec   one operation: name, label, two-letter code, what is special about it, its factories
BUILT_IN        the operations that come with the engine, by name
factory         what builds an operation, imported when it is first needed
described       what an operation is called, by name alone
MissingPlugin   raised where that is not there

Operations of one's own come from plug-ins: see `engine.spaces.plugins`.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from engine.errors import BadInput

if TYPE_CHECKING:
    from torch import nn


class MissingPlugin(BadInput):
    """An operation's code is not here: its plug-in is neither installed nor named."""


Form = Literal["supernet", "network"]
Factory = Callable[[int, int], "nn.Module"]
"""(channels C, stride s) -> a module from [B, C, H, W] to [B, C, H/s, W/s]."""


@dataclass(frozen=True)
class OperationSpec:
    """One candidate operation.

    label: its name for people; code: two letters or digits, unique within a space; both follow from the name where
    they are left out. silent: it adds nothing to a node (`none`), so nothing is built and a mask on it changes nothing.
    weightless: it has no parameters of its own at stride 1.
    supernet, network: its factory in a supernet and in a derived network, or where that is ("module:attribute"; of a
    table, the entry of this name). A silent operation needs none in a supernet. Without a network form the supernet's
    is used. Factories are no part of what makes two specs equal.
    Raises BadInput for a name or code that cannot be used.
    """

    name: str
    label: str = ""
    code: str = ""
    silent: bool = False
    weightless: bool = False
    supernet: Factory | str | None = field(default=None, compare=False, repr=False)
    network: Factory | str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier() or not self.name.isascii():
            raise BadInput(f"an operation's name is letters, digits and _, not {self.name!r}; rename it")
        object.__setattr__(self, "label", self.label or self.name.replace("_", " "))
        object.__setattr__(self, "code", self.code or _code(self.name))
        if len(self.code) != 2 or not self.code.isalnum() or not self.code.isascii():
            raise BadInput(f"operation {self.name}: a code is two letters or digits, not {self.code!r}")


def _built_in(name: str, label: str, code: str, silent: bool = False, weightless: bool = False) -> OperationSpec:
    supernet = None if silent else "engine.supernet.operations:OPERATIONS"
    return OperationSpec(name, label, code, silent, weightless, supernet, "engine.network.cells:OPERATIONS")


BUILT_IN: Mapping[str, OperationSpec] = {
    spec.name: spec
    for spec in (
        _built_in("none", "none", "NO", silent=True, weightless=True),
        _built_in("noise", "noise", "NZ", weightless=True),
        _built_in("skip_connect", "skip", "SK", weightless=True),
        _built_in("max_pool_3x3", "max pool 3×3", "MP", weightless=True),
        _built_in("avg_pool_3x3", "avg pool 3×3", "AP", weightless=True),
        _built_in("sep_conv_3x3", "sep 3×3", "S3"),
        _built_in("sep_conv_5x5", "sep 5×5", "S5"),
        _built_in("dil_conv_3x3", "dil 3×3", "D3"),
        _built_in("dil_conv_5x5", "dil 5×5", "D5"),
        _built_in("nor_conv_1x1", "conv 1×1", "C1"),
        _built_in("nor_conv_3x3", "conv 3×3", "C3"),
    )
}
_CODES = frozenset(spec.code for spec in BUILT_IN.values())


_described: dict[str, OperationSpec] = {}


def describe(specs: Iterable[OperationSpec]) -> None:
    """Remember what operations of one's own are called, for pictures that know their names alone."""
    _described.update({spec.name: spec for spec in specs})


def described(name: str) -> OperationSpec:
    """What an operation is called. Of one that no space here offers, what follows from its name."""
    return BUILT_IN.get(name) or _described.get(name) or OperationSpec(name)


def _code(name: str) -> str:
    """Two signs that follow from the name alone and are no built-in operation's: its initials, else by checksum."""
    words = [word for word in name.upper().split("_") if word]
    first = (words[0][0] + words[-1][0]) if len(words) > 1 else f"{name.upper()}{name.upper()}"[:2]
    if first not in _CODES and first.isalnum():
        return first
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    start = zlib.crc32(name.encode())
    spare = (f"{(words or ['X'])[0][0]}{letters[(start + step) % 26]}" for step in range(26))
    return next(code for code in spare if code not in _CODES)


def factory(spec: OperationSpec, form: Form) -> Factory | None:
    """What builds this operation; None if it has no such form."""
    found = spec.supernet if form == "supernet" else spec.network
    if not isinstance(found, str):
        return found
    module, _, attribute = found.partition(":")
    try:
        value = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise BadInput(f"operation {spec.name}: {found!r} cannot be imported ({error}); mend its spec") from None
    return value[spec.name] if isinstance(value, Mapping) else value

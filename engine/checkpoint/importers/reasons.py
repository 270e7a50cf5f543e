"""What a foreign state_dict is, as far as names and shapes tell, and in what it differs from every supernet here.

Size          channels, cells, classes and stem of a supernet, and how many channels are mixed
size_of       those of a file
no_edges      the sentence for a state without mixed edges
other_edges   refuses cells with other edges than a family's
differences   names and shapes that differ, in words
why           what kind of difference it is, and what to do

Each kind is told by a test of its own: partial channels, affine BatchNorm, another cell layout, one architecture.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from engine.errors import BadInput
from engine.spaces.skeletons import Stem

MOST_CELLS = 200
SHOWN = 3
"""Names listed of each kind of difference."""
NODE_EDGES = ("1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2")


@dataclass(frozen=True)
class Size:
    """channels: of the first stage. part: one in so many channels goes through the operations."""

    channels: int
    cells: int
    classes: int
    stem: Stem | None
    part: int


def size_of(file: str, state: Mapping[str, Tensor], family: str) -> Size:
    """What the shapes say. Raises BadInput where they cannot."""
    large = "stem0.0.weight" in state
    stem, head = state.get("stem0.3.weight" if large else "stem.0.weight"), state.get("classifier.weight")
    if stem is None or head is None or stem.ndim != 4 or head.ndim != 2:
        lost = [name for name in ("stem.0.weight", "classifier.weight") if name not in state]
        raise BadInput(
            f"{file} has cells, but no {' and no '.join(lost) or 'stem and classifier of usual shape'}; "
            "save the state_dict of the whole supernet"
        )
    blocks = 1 + max(int(name.split(".")[1]) for name in state if re.match(r"cells\.\d{1,4}\.", name))
    if family == "darts":
        channels, rest, cells = (stem.shape[0], 0, blocks) if large else (stem.shape[0] // 3, stem.shape[0] % 3, blocks)
    else:
        channels, rest, cells = stem.shape[0], (blocks - 2) % 3, (blocks - 2) // 3
    if rest or channels % 2 or channels < 2 or not (3 if family == "darts" else 1) <= cells <= MOST_CELLS:
        raise BadInput(
            f"{file} has {stem.shape[0]} channels after its stem and {blocks} cells, as no {family} supernet has; "
            "save all of it"
        )
    part = _part(file, state, channels, family)
    return Size(channels, cells, head.shape[0], "imagenet" if large else None, part)


def _part(file: str, state: Mapping[str, Tensor], channels: int, family: str) -> int:
    """One in how many channels goes through the operations. Raises BadInput for a share that does not fit."""
    whole, mixed = channels, channels
    for name, value in state.items():
        match = re.match(r"cells\.(\d+)\.(?:_ops\.\d+\._ops\.\d+\.op\.2|edges\.\d<-\d\.\d\.op\.1)\.weight$", name)
        if match and value.ndim == 4 and (family == "darts" or match[1] == "0"):
            mixed = value.shape[0]
            before = state.get(f"cells.{match[1]}.preprocess1.op.1.weight")
            if before is not None and before.ndim == 4:
                whole = before.shape[0]
            break
    if not mixed or mixed == whole:
        return 1
    part, rest = divmod(whole, mixed)
    if rest or part < 2 or part > 64 or channels % (2 * part):
        raise BadInput(
            f"{file} mixes {mixed} of {whole} channels of an edge (partial channels, k = {whole / mixed:.3g}); "
            f"only a k whose double divides the {channels} channels of the first stage can be opened: take a file of "
            "another stage, or train with such a k"
        )
    return part


def no_edges(file: str, state: Mapping[str, Tensor]) -> str:
    """Why there are cells and nothing to choose between."""
    single = next((name for name in state if re.match(r"cells\.\d+\.(_ops|layers)\.\d+\.\w+", name)), None)
    auxiliary = any(name.startswith("auxiliary_head.") for name in state)
    if auxiliary or single:
        what = "with an auxiliary head, " if auxiliary else ""
        named = f" ({single} is an operation of its own)" if single else ""
        return (
            f"{file} is a network of one architecture, {what}not a supernet: its edges have one operation each{named}; "
            "give the file of the search"
        )
    shown = ", ".join([name for name in state if name.startswith("cells.")][:SHOWN])
    return (
        f"{file} has cells of a layout that is not known here ({shown}), without mixed edges under _ops.E._ops.K or "
        "edges.I<-J.K; give a file of one of the programs in the documentation"
    )


def other_edges(file: str, state: Mapping[str, Tensor], family: str) -> None:
    """Raises BadInput where cells have other edges than those of the named spaces."""
    key = r"cells\.\d+\._ops\.(\d+)\._ops\." if family == "darts" else r"cells\.\d+\.edges\.(\d<-\d)\."
    edges = {match[1] for name in state if (match := re.match(key, name))}
    expected = {str(edge) for edge in range(14)} if family == "darts" else set(NODE_EDGES)
    extra = sorted(edges - expected, key=lambda name: (len(name), name))
    if extra:
        usual = "DARTS" if family == "darts" else "NAS-Bench-201"
        raise BadInput(
            f"{file} has cells of another layout: edges such as {', '.join(extra[:SHOWN])} beside the "
            f"{len(expected)} of {usual}; declare the space (--space FILE.toml)"
        )


def differences(file: str, space: str, expected: int, found: Mapping[str, list[str]]) -> str:
    """Which names and shapes differ from those of a space, the first of each kind."""
    kinds = [
        f"{len(names)} {kind}: {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
        for kind, names in found.items()
        if names
    ]
    fitting = expected - len(found["missing"]) - len(found["of the wrong shape"])
    return f"{file} does not fit space {space} ({fitting:,} of its {expected:,} tensors match): {'; '.join(kinds)}"


def why(program: str, found: Mapping[str, list[str]], state: Mapping[str, Tensor]) -> str:
    """What kind of difference it is, and what to do."""
    scales = [name for name in found["unexpected"] if re.search(r"\.(_ops|edges)\..*\.(weight|bias) \(\d+,\)", name)]
    if scales:
        return (
            "its operations have BatchNorm with scales of its own (affine), which the supernets here have not: search "
            "with affine off"
        )
    if any(name.startswith("auxiliary_head.") for name in found["unexpected"]):
        return "it has an auxiliary head, which no supernet has; save the supernet of the search"
    if program == "p-darts":
        return (
            "its layout is that of P-DARTS, which keeps other operations on every edge in its later stages, and the "
            "file does not say which: take the first stage, or declare them edge by edge (--space FILE.toml)"
        )
    if not found["missing"] and not found["of the wrong shape"]:
        return "nothing is missing: leave out what is unexpected, if it changes no logit"
    if found["missing"] and not found["unexpected"] and not found["of the wrong shape"]:
        return "it lacks parts of the supernet: save all of it"
    return "if its operations are others, declare the space (--space FILE.toml)"

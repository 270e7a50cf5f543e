"""The signals there are: what each is called, and how it is found. Free of torch.

Kind       a signal in words
Part       how several signals are found together
KINDS      all built-in ones, in the order in which they are shown
Own        a signal of one's own: one function
chosen     the signals that some settings name, own ones last
Asked      what a signal is asked about

A signal gives every operation of every undecided edge a number, larger = stronger. One of your own is a function in a
module that lists it:

    from engine.analysis.signals.kinds import Own

    def widths(asked):
        return {edge: [w.abs().item() for w in asked.weights[edge]] for edge in asked.edges}

    SIGNALS = [Own("widths", widths)]

and is taken along by `--set plugin=my_signals.py`. It must not change the supernet, and gets the same images as all
others.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from engine.errors import BadInput
from engine.results import BnMode
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from torch import Tensor

    from engine.supernet.supernet import Supernet

Part = Literal["known", "masked", "restored", "gradients", "iim", "synflow", "minibatch", "own"]
"""known: nothing is measured. masked, restored: an edge at a time. synflow: without images."""
Values = Sequence[float | None]
"""A signal of an edge's operations, in column order; None stands below every number."""


class Kind(NamedTuple):
    """name: as in results and settings. label: on screen. words: what it is, in a few words."""

    name: str
    label: str
    words: str
    part: Part


KINDS = (
    Kind("alpha", "α", "mixing weight", "known"),
    Kind("drop", "drop", "accuracy lost without it", "masked"),
    Kind("rise", "rise", "loss without it", "masked"),
    Kind("drop_rescaled", "drop, rescaled", "accuracy, the other weights grow", "masked"),
    Kind("rise_rescaled", "rise, rescaled", "loss, the other weights grow", "masked"),
    Kind("drop_restored", "drop, restored", "accuracy, the sum's scale is kept", "restored"),
    Kind("rise_restored", "rise, restored", "loss, the sum's scale is kept", "restored"),
    Kind("keep_only", "keep only", "accuracy with it alone at weight 1", "masked"),
    Kind("keep_at_mix", "keep at its weight", "accuracy with it alone, as mixed", "masked"),
    Kind("edge_shapley", "Shapley", "mean loss of accuracy over all subsets of the edge", "masked"),
    Kind("taylor", "Taylor", "−weight × gradient of the loss", "gradients"),
    Kind("fisher", "Fisher", "(weight × gradient)², mean over batches", "gradients"),
    Kind("iim", "IIM", "small where the output is large", "iim"),
    Kind("synflow", "synflow", "zero-cost, no images: synaptic flow without it", "synflow"),
    Kind("grad_norm", "gradient norm", "zero-cost, one batch: gradient norm without it", "minibatch"),
    Kind("nwot", "NWOT", "zero-cost, one batch: ReLU patterns without it", "minibatch"),
    Kind("random", "random", "baseline: drawn by the seed", "known"),
    Kind("prior", "kind alone", "baseline: a fixed order, nothing of the supernet", "known"),
)
BASELINES = ("random", "prior")
"""They know nothing of the supernet."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a signal is asked about. batches: (images, labels), as all signals get them. weights: mixing weights of the
    cell, [edges, operations]. edges: the undecided ones."""

    supernet: "Supernet"
    selection: Selection
    cell: str
    batches: Sequence[tuple[Any, "Tensor"]]
    bn: BnMode
    seed: int

    @property
    def edges(self) -> tuple[int, ...]:
        return self.selection.undecided_edges(self.cell)

    @property
    def weights(self) -> "Tensor":
        return self.selection.weights()[self.cell]

    def names(self, edge: int) -> tuple[str, ...]:
        """Operations of an edge, in column order."""
        return self.selection.space.operations(self.cell, edge)

    def silent(self, edge: int) -> list[bool]:
        """Which of them add nothing."""
        return [self.selection.space.operation(name).silent for name in self.names(edge)]


Find = Callable[[Asked], Mapping[int, Values]]
"""A signal's values by edge, of all that is asked about."""


class Own(NamedTuple):
    """A signal of one's own."""

    name: str
    find: Find
    label: str = ""
    words: str = "your own"


def chosen(names: str, plugin: str | None = None) -> tuple[tuple[Kind, ...], Mapping[str, Find]]:
    """The signals of a comma-separated list, or all; and the functions of own ones.

    Raises BadInput for an unknown name, naming the nearest, and for a plug-in that lists no signals.
    """
    own = _plugged(plugin) if plugin else ()
    known = {kind.name: kind for kind in KINDS} | {
        each.name: Kind(each.name, each.label or each.name, each.words, "own") for each in own
    }
    finders = {each.name: each.find for each in own}
    if names.strip() == "all":
        return tuple(known.values()), finders
    found = []
    for name in dict.fromkeys(part.strip().replace("-", "_") for part in names.split(",") if part.strip()):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise BadInput(f"there is no signal {name!r}; {meant}there are: {', '.join(known)}")
        found.append(known[name])
    if not found:
        raise BadInput(f"no signal is named; give all, or some of {', '.join(known)}")
    return tuple(kind for kind in known.values() if kind in found), finders


def _plugged(plugin: str) -> tuple[Own, ...]:
    from engine.spaces import plugins

    module = plugins.module(plugin)
    found = getattr(module, "SIGNALS", None)
    if not isinstance(found, list | tuple) or not found or not all(isinstance(each, Own) for each in found):
        raise BadInput(f"plug-in {plugin} needs SIGNALS, a list of engine.analysis.signals.kinds.Own; add it")
    if taken := {each.name for each in found} & {kind.name for kind in KINDS}:
        raise BadInput(f"plug-in {plugin} redefines the signal {min(taken)}; give its own another name")
    return tuple(found)

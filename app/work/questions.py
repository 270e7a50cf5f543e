"""What can be measured, and what has been.

Request       one measurement, with everything that changes its result
Measurement   a result with its source: stored or live, finished or partial
Accuracy      the supernet's accuracy under a selection
MeasuredPath          where measuring leads in one edge order
"""

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from app.library.image_sets import FOLDER
from engine.checkpoint.format import Summary
from engine.data.identity import content_id
from engine.fields import defaults
from engine.results import Baseline, BnMode, EdgeScores, InputScores
from engine.scoring.settings import Kind as Kind
from engine.scoring.settings import Settings
from engine.selection.decisions import Decision, InputsDecision
from engine.selection.selection import Selection

Source = Literal["stored", "live"]


@dataclass(frozen=True)
class Accuracy:
    """The supernet's accuracy under a selection (%), on so many images."""

    baseline: Baseline
    images: int
    bn: BnMode
    device: str
    seconds: float

    @property
    def accuracy(self) -> float:
        return self.baseline.accuracy


@dataclass(frozen=True)
class Request:
    """One measurement: of an edge, of a node's inputs, or (index 0 of cell "") of the accuracy alone.

    decisions: in an order in which they are legal and that is the same for the same set, since the supernet does not
    change with their order. settings: how it is measured. content: which images their `data` names at the moment.
    """

    path: str
    digest: str
    decisions: tuple[Decision, ...]
    kind: Kind
    cell: str
    index: int
    settings: Settings
    content: str

    @classmethod
    def of(cls, summary: Summary, selection: Selection, kind: Kind, cell: str, index: int, **how: Any) -> "Request":
        """A measurement of this checkpoint's supernet after a selection's decisions; how: fields of `Settings`."""
        settings = Settings(**how)
        content = content_id(settings.data, FOLDER)
        return cls(str(summary.path), summary.digest, canonical(selection), kind, cell, index, settings, content)

    def under(self, **how: Any) -> "Request":
        """The same with other settings."""
        settings = replace(self.settings, **how)
        return replace(self, settings=settings, content=content_id(settings.data, FOLDER))

    @property
    def key(self) -> "Request":
        """The same measurement with what does not change its result at its default: equal keys, equal results."""
        return replace(self, path="", settings=self.settings.relevant(self.kind))

    @property
    def place(self) -> "Request":
        """What is measured, on however many images: equal places are answered by measurements of each other."""
        any_number = {"images": defaults(Settings)["images"], "until_sure": None}
        return replace(self, path="", settings=replace(self.settings.relevant(self.kind), **any_number))

    @property
    def supernet(self) -> "Request":
        """The accuracy of the same supernet on the same images."""
        return replace(self, kind="accuracy", cell="", index=0)


def canonical(selection: Selection) -> tuple[Decision, ...]:
    """The decisions of a selection, the same for the same set: operations first, as inputs need them."""
    return tuple(
        sorted(selection.decisions, key=lambda decision: (isinstance(decision, InputsDecision), repr(decision)))
    )


class Measurement(NamedTuple):
    """A result and where it comes from. date: ISO day. warning: a sentence where the data asks for one. data: whose
    images it was measured on. available: how many such images there are, where that is known."""

    result: EdgeScores | InputScores | Accuracy
    source: Source
    date: str
    partial: bool = False
    warning: str | None = None
    data: str = "bundled"
    available: int | None = None

    @property
    def images(self) -> int:
        """How many images it rests on."""
        return self.result.images

    @property
    def edge(self) -> EdgeScores:
        """The result, of an edge."""
        assert isinstance(self.result, EdgeScores)
        return self.result

    @property
    def inputs(self) -> InputScores:
        """The result, of a node's inputs."""
        assert isinstance(self.result, InputScores)
        return self.result

    @property
    def accuracy(self) -> Accuracy:
        """The accuracy of the unmasked supernet, which every measurement comes with."""
        found = self.result
        if isinstance(found, Accuracy):
            return found
        return Accuracy(found.baseline, found.images, found.bn, found.device, found.seconds)


class MeasuredPath(NamedTuple):
    """A measured path: the seed of its edge order (None: by index), where it ends, the accuracy before each step (%).

    decisions: all of the complete selection, in the order taken; unknown (empty) where the path is a stored one.
    """

    seed: int | None
    genotype: str
    accuracies: tuple[float, ...]
    source: Source
    images: int
    decisions: tuple[Decision, ...] = ()

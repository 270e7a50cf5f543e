"""Selection documents: a selection with everything that it rests on, the file that a selection run ends with.

SelectionRecord   selection, checkpoint, settings, measurements and the path; to_json and from_json
Step       what is known about one decision: who took it and on which scores
Point      the supernet's accuracy at one moment of the path

A document is a selection's JSON with further keys, so `Selection.from_json` reads it too.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from engine.checked import checked
from engine.checkpoint.meta import from_json
from engine.errors import BadInput
from engine.results import BnMode, InputScores, Interval
from engine.scoring.paths import Scores
from engine.scoring.sweep import check_scores
from engine.selecting.hand_in import HandIn
from engine.selecting.settings import NONE, Tuning
from engine.selection.decisions import Decision, InputsDecision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

By = Literal["alpha", "measured", "random", "person", "training"]
DETAILS = ("checkpoint", "strategy", "settings", "command", "date", "versions")


@dataclass(frozen=True)
class Step:
    """One decision. `by` took it, "training" those that a supernet comes with; `scores`: the measurement before it, if
    there was one."""

    by: By
    scores: Scores | None = None


@dataclass(frozen=True)
class Point:
    """The supernet after `decisions` decisions and, where there was tuning since, `tuned` units of it ("epochs" or
    "batches"). Accuracy in percent with its 95 % interval, loss in nats, on `images` search images."""

    decisions: int
    tuned: int
    unit: str
    accuracy: float
    loss: float
    ci: Interval | None
    images: int
    bn: BnMode

    __pydantic_config__: ClassVar = {"extra": "forbid"}


@dataclass(frozen=True)
class SelectionRecord:
    """A selection and where it comes from.

    steps: one for every decision of the selection. checkpoint: name, digest, space, method and epochs of the supernet.
    strategy: "magnitude", "perturbation", "pt-mag", "random" or "person". settings: what was measured with (see
    `engine.scoring.settings.Settings`), edge order and seed. command: the command line that gives this document
    again, if there is one. date: UTC. versions: of engine, torch and python. undecided: what has been measured about
    edges and nodes that no decision has been taken on. tuning: what followed every decision; None where that is not
    known or not the same for all. hand_in: where a student hands the document in.
    """

    selection: Selection
    steps: tuple[Step, ...] = ()
    path: tuple[Point, ...] = ()
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = "person"
    settings: Mapping[str, Any] = field(default_factory=dict)
    command: str | None = None
    date: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    undecided: tuple[Scores, ...] = ()
    tuning: Tuning | None = None
    hand_in: HandIn | None = None

    def __post_init__(self) -> None:
        if len(self.steps) != len(self.selection.decisions):
            raise ValueError(f"{len(self.steps)} steps for {len(self.selection.decisions)} decisions")

    def to_json(self) -> str:
        """One JSON object; the same document gives the same text."""
        details = {name: getattr(self, name) for name in DETAILS}
        if self.tuning is not None:
            details["settings"] = {**self.settings, "tuning": asdict(self.tuning)}
        return json.dumps(
            json.loads(self.selection.to_json())
            | {key: dict(value) if isinstance(value, Mapping) else value for key, value in details.items()}
            | {
                "steps": [
                    {"by": step.by, "scores": None if step.scores is None else step.scores.to_dict()}
                    for step in self.steps
                ],
                "path": [asdict(point) for point in self.path],
                "undecided": [scores.to_dict() for scores in self.undecided],
            }
            | ({} if self.hand_in is None else {"hand_in": asdict(self.hand_in)}),
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str, space: SearchSpace | None = None) -> "SelectionRecord":
        """Read `to_json`, or a plain selection's JSON, of which nothing more is known.

        Raises BadInput as `Selection.from_json`, and where the further keys are damaged.
        """
        selection = Selection.from_json(text, space)
        try:
            data = from_json(text)
            if "steps" not in data:
                return cls(selection, tuple(Step("person") for _ in selection.decisions))
            details = checked(_Details, data)
            settings, tuning = _read_tuning(details.settings)
            document = cls(
                selection,
                checked(tuple[Step, ...], data["steps"]),
                checked(tuple[Point, ...], data["path"]),
                **vars(details) | {"settings": settings},
                tuning=tuning,
                undecided=checked(tuple[Scores, ...], data.get("undecided", [])),
                hand_in=checked(HandIn | None, data.get("hand_in")),  # type: ignore[arg-type]
            )
            _check(document)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())
            raise BadInput(f"damaged selection file ({reason}); export it again") from None
        return document


@dataclass(frozen=True)
class _Details:
    """The further keys of a record whose values are plain JSON; those without a default must be there."""

    checkpoint: dict[str, Any]
    strategy: str
    settings: dict[str, Any]
    command: str | None
    date: str | None
    versions: dict[str, str]


def _read_tuning(settings: Mapping[str, Any]) -> tuple[dict[str, Any], Tuning | None]:
    """Settings without their tuning, and that. Older exports of the app say in words what followed which decision."""
    rest = dict(settings)
    said = rest.pop("tuning", None)
    if said == "none":
        return rest, NONE
    if isinstance(said, str):
        return rest | {"tuned": said}, None
    return rest, None if said is None else checked(Tuning, said)


def _check(document: SelectionRecord) -> None:
    """Raises ValueError unless every measurement is of this selection's space."""
    space = document.selection.space
    if document.checkpoint.get("space", space.name) != space.name:
        raise ValueError(f"a checkpoint of another space than {space.name}")
    if document.hand_in is not None and not set(document.hand_in.given) <= set(range(len(document.steps))):
        raise ValueError("hand_in: given: there are not as many decisions")
    for number, (decision, step) in enumerate(zip(document.selection.decisions, document.steps, strict=True)):
        if step.scores is not None and _place(decision) != _place(step.scores):
            raise ValueError(f"step {number} has the scores of another decision")
    for scores in (*(step.scores for step in document.steps), *document.undecided):
        if scores is not None:
            check_scores(space, scores)


def _place(of: Decision | Scores) -> tuple[str, str, int]:
    if isinstance(of, InputsDecision | InputScores):
        return of.cell, "node", of.node
    return of.cell, "edge", of.edge

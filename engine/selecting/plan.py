"""What a selection run is made of, and what it does one after the other.

Plan      every setting that changes a run's result
Action    one thing to do: measure the start, decide a step, or tune
actions   all of a plan's, for edges in a given order
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from engine.errors import one_of
from engine.scoring.settings import Settings
from engine.selecting.schedule import schedule
from engine.selecting.settings import NONE, ORDERS, STRATEGIES, OrderName, Tuning
from engine.selection.decisions import Decision
from engine.selection.orders import NextStep, Order
from engine.selection.selection import Selection


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Settings of a selection run.

    order: of the edges; random follows `seed` as the official code does, disagreement goes by the difference between
    alpha's choice and the best operation, measured at the start. together: normal and reduce edges side by side, as
    published, or one cell type after the other. allow_none: whether `none` may win. cumulative: whether a discarded
    input stays away while the others are measured. start: decisions already taken. Raises BadInput for unknown names.
    """

    strategy: str = "perturbation"
    settings: Settings = field(default_factory=Settings)
    tuning: Tuning = NONE
    order: OrderName = "random"
    seed: int = 0
    together: bool = True
    allow_none: bool = True
    cumulative: bool = False
    start: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise one_of("strategy", self.strategy, STRATEGIES)
        if self.order not in ORDERS:
            raise one_of("order", self.order, ORDERS)
        if self.strategy in ("magnitude", "random"):
            object.__setattr__(self, "tuning", NONE)

    def to_dict(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))


class Action(NamedTuple):
    """One thing to do: measure the start, decide a step, or tune once (`batches`, or None: an epoch)."""

    kind: Literal["look", "decide", "tune"]
    step: NextStep | None = None
    batches: int | None = None
    number: int = 0


def actions(plan: Plan, start: Selection, order: Order) -> list[Action]:
    """From a selection with the plan's own decisions in it."""
    found, passes = [Action("look")], 0
    by_epochs = plan.tuning.unit == "epochs"
    for decided, tune in schedule(start, order, plan.tuning, together=plan.together):
        found += [Action("decide", step) for step in decided]
        for _ in range(tune if by_epochs else min(tune, 1)):
            found.append(Action("tune", None, None if by_epochs else tune, passes))
            passes += 1
    return found

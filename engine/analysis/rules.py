"""The paper's rule and candidates for a better one: what decides an edge, and the path that it leads along.

Rule       what is masked and judged, or the signal that decides instead
RULES      by name, the paper's first
applying   those that apply to a checkpoint
path       the selections after every decision by a rule
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine.checkpoint.format import Summary
from engine.results import Criterion
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.scoring.scorer import Scorer
    from engine.selection.orders import Order

PAPER = "plain mask, accuracy"
"""The paper's rule, without tuning."""


class Rule(NamedTuple):
    """words: as a change of the paper's rule. rescale: whether the other weights of a masked edge grow. criterion: what
    the best operation loses most of. signal: one of lab "signals" that decides instead."""

    words: str
    rescale: bool = False
    criterion: Criterion = "accuracy"
    signal: str | None = None


RULES: Mapping[str, Rule] = {
    PAPER: Rule("no change"),
    "plain mask, loss": Rule("the loss as criterion", criterion="loss"),
    "rescaled mask, accuracy": Rule("a rescaled mask", rescale=True),
    "rescaled mask, loss": Rule("a rescaled mask and the loss as criterion", rescale=True, criterion="loss"),
    "restored mask, loss": Rule("a restored mask and the loss as criterion", signal="rise_restored"),
    "Fisher": Rule("Fisher in place of masks", signal="fisher"),
    "IIM": Rule("IIM in place of masks", signal="iim"),
}


def applying(summary: Summary) -> list[str]:
    """Names of those that apply: an edge that sees some of its channels only cannot be looked into."""
    from engine.analysis.signals.paths import OPENED

    return [name for name, rule in RULES.items() if not (summary.meta.get("partial") and rule.signal in OPENED)]


def path(
    checkpoint: "Checkpoint", scorer: "Scorer", rule: Rule, start: Selection, order: "Order"
) -> Iterator[Selection]:
    """The selections after every decision. scorer: of the rule's mask and criterion; a signal sees its images."""
    from engine.analysis.signals.kinds import Asked
    from engine.analysis.signals.paths import signal_path
    from engine.scoring.paths import measured_path

    if rule.signal is None:
        yield from (step.selection for step in measured_path(scorer, start, order))
        return
    asked = Asked(checkpoint.supernet, start, "cell", list(scorer.images.batches), scorer.settings.bn, seed=0)
    yield from signal_path(asked, rule.signal, order)

"""Measurements and estimates as tables with bars: `EdgeScores`, `InputScores`, `Preview`.

A bar is a drop in points, the line across it its plain 95 % interval; the grey line is zero. The verdict and the lead
go by the wider interval, which holds over all rivals and looks (`engine.results.verdicts`), and say so.
"""

from collections.abc import Iterable, Sequence

from engine.drawing import wording
from engine.drawing.palette import colour, operation
from engine.notebook.paper import LOOK, chip, html, rests_on, sheet, table
from engine.results import Baseline, EdgeScores, InputScore, InputScores, Interval, OperationScore, Preview

_WIDE, _HIGH = 160, 14
_MANY = "intervals of drops 95 %; of the lead 95 % over all rivals and looks"
_PRELIMINARY = "preliminary: more images are still to come"
_FEW = "no interval yet: it needs more images"


@html.register
def edge_scores(scores: EdgeScores) -> str:
    """A row for every operation, in column order."""
    scale = _Scale(scores.operations)
    weights = max(one.weight for one in scores.operations)
    known = scores.best_by_alpha is not None
    rows = [
        [
            chip(one.name),
            f"{_weight_bar(one.weight / weights if weights else 0)} {wording.weight(one.weight)}",
            scale.bar(one.drop, one.ci, colour(one.name, "light")),
            _drop(one),
            wording.number(one.rise, 3, sign=True),
            _marks(scores, one.name),
        ]
        for one in scores.operations
    ]
    head = ("operation", "α (mixing weight)" if known else "mixing weight", "drop when removed, points", "")
    notes = [_baseline(scores.baseline)]
    if scores.rival is not None and scores.lead is not None:
        leader, rival = operation(scores.best).label, operation(scores.rival).label
        notes.insert(0, wording.lead(leader, rival, scores.lead, scores.lead_ci))
    if scores.separated is not None:
        notes.append("until sure: told apart" if scores.separated else "until sure: not told apart on all images given")
    verdict = wording.VERDICT[scores.verdict].text
    return sheet(
        f"{scores.cell}, edge {scores.edge} (node {scores.source} → node {scores.target}): {verdict}",
        [table((*head, "loss rise, nats", ""), rows)],
        [*notes, *_conditions(scores, scores.operations)],
    )


@html.register
def input_scores(scores: InputScores) -> str:
    """A row for every incoming edge."""
    scale = _Scale(scores.candidates)
    rows = [
        [
            f"edge {one.edge}, from node {one.source}",
            scale.bar(one.drop, one.ci, LOOK.accent),
            _drop(one),
            wording.number(one.rise, 3, sign=True),
            "kept" if one.edge in scores.keep else "",
        ]
        for one in scores.candidates
    ]
    lead = wording.lead(f"edge {scores.last}", f"edge {scores.rival}", scores.lead, scores.lead_ci)
    return sheet(
        f"{scores.cell}, inputs of node {scores.node}: {wording.INPUTS[scores.verdict].text}",
        [table(("input", "drop when removed, points", "", "loss rise, nats", ""), rows)],
        [lead, _baseline(scores.baseline), *_conditions(scores, scores.candidates)],
    )


@html.register
def estimates(preview: Preview) -> str:
    """A row for every undecided edge, its operations from the largest estimated rise on."""
    rows = [
        [
            f"{edge.cell}, edge {edge.edge} ({edge.source} → {edge.target})",
            wording.number(edge.spread, 3),
            " &nbsp; ".join(
                f"{chip(one.name, words=False)} {wording.number(one.rise, 3, sign=True)}"
                for one in sorted(edge.operations, key=lambda one: -one.rise)
            ),
        ]
        for edge in preview.edges
    ]
    return sheet(
        "First-order estimates of the loss rise: guesses where to measure first, no verdict",
        [table(("edge", "spread, nats", "estimated rise without each operation, nats"), rows)],
        [f"loss {wording.number(preview.loss, 3)} with nothing masked", rests_on(preview)],
    )


class _Scale:
    """One scale for the drops of a table, with their intervals and zero on it."""

    def __init__(self, rows: Sequence[OperationScore] | Sequence[InputScore]) -> None:
        ends = [end for row in rows for end in (row.drop, *(row.ci or ()))]
        self.low = min(0.0, *ends)
        self.span = max(max(0.0, *ends) - self.low, 1.0)

    def x(self, drop: float) -> float:
        return 4 + (drop - self.low) / self.span * (_WIDE - 8)

    def bar(self, drop: float, ci: Interval | None, fill: str) -> str:
        zero, end, middle = self.x(0), self.x(drop), _HIGH / 2
        parts = [
            f'<rect x="{min(zero, end):.1f}" y="2" width="{abs(end - zero):.1f}" height="{_HIGH - 4}" fill="{fill}"/>',
            f'<path d="M{zero:.1f} 0V{_HIGH}" stroke="{LOOK.muted}"/>',
        ]
        if ci is not None:
            low, high = map(self.x, ci)
            ends = f"M{low:.1f} {middle - 3}v6M{high:.1f} {middle - 3}v6M{low:.1f} {middle}H{high:.1f}"
            parts += [
                f'<path d="{ends}" stroke="{color}" stroke-width="{width}" fill="none"/>' for color, width in _WHISKER
            ]
        size = f'width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}"'
        return f'<svg {size} style="vertical-align:middle" aria-hidden="true">{"".join(parts)}</svg>'


_WHISKER = ((LOOK.background, 3.5), (LOOK.text, 1.5))
"""A whisker is dark, on a light edge that keeps it apart from a dark bar."""


def _weight_bar(share: float) -> str:
    style = f"display:inline-block;height:10px;width:{60 * share:.0f}px;background:{LOOK.alpha};vertical-align:middle"
    return f'<span style="display:inline-block;width:62px"><span style="{style}"></span></span>'


def _drop(row: OperationScore | InputScore) -> str:
    drop = wording.number(row.drop, sign=True)
    return drop if row.ci is None else f"{drop} {wording.interval(row.ci)}"


def _marks(scores: EdgeScores, name: str) -> str:
    largest = "drop" if scores.criterion == "accuracy" else "rise"
    said = ["α’s choice"] if name == scores.best_by_alpha else []
    if name == scores.best:
        said.append(f"<b>largest {largest}</b>" if scores.stands_out else f"largest {largest}, not told apart")
    return " · ".join(said)


def _baseline(found: Baseline) -> str:
    return f"unmasked {wording.percent(found.accuracy, found.ci)}, loss {wording.number(found.loss, 3)}"


def _conditions(
    scores: EdgeScores | InputScores, rows: Sequence[OperationScore] | Sequence[InputScore]
) -> Iterable[str]:
    yield f"{rests_on(scores)} · criterion {scores.criterion}"
    yield _FEW if any(row.ci is None for row in rows) else _MANY
    if not scores.final:
        yield _PRELIMINARY

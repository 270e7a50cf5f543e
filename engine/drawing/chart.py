"""The way of a selection as a chart: the supernet's accuracy after every decision, with intervals.

track      the points to draw, from a document
chart      an SVG element for a page that holds `style_sheet`
"""

from collections.abc import Sequence

from engine.drawing import wording
from engine.drawing.palette import roles
from engine.selecting.record import Point, SelectionRecord

WIDTH, HEIGHT = 760, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 60, 14, 40


def track(document: SelectionRecord) -> tuple[Point, ...]:
    """The document's path, or where it has none, the accuracies that its measurements started from."""
    if document.path:
        return document.path
    return tuple(
        Point(
            number,
            0,
            "epochs",
            step.scores.baseline.accuracy,
            step.scores.baseline.loss,
            step.scores.baseline.ci,
            step.scores.images,
            step.scores.bn,
        )
        for number, step in enumerate(document.steps)
        if step.scores is not None
    )


def chart(points: Sequence[Point], steps: int) -> str:
    """points: at least one; steps: decisions in all, the right end of the axis."""
    low = min(point.ci[0] if point.ci else point.accuracy for point in points)
    high = max(point.ci[1] if point.ci else point.accuracy for point in points)
    stride = next(size for size in (1, 2, 5, 10, 20, 50) if (high - low) / size <= 5 or size == 50)
    low, high = stride * (low // stride), stride * -(-high // stride)
    high = max(high, low + stride)
    tuned = max(point.tuned for point in points) + 1

    def x(point: Point) -> float:
        return _across(point.decisions + point.tuned / tuned, steps)

    def y(accuracy: float) -> float:
        return _TOP + (high - accuracy) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    look = roles("light")
    name = (
        f"Supernet accuracy from {wording.percent(points[0].accuracy)} after {points[0].decisions} decisions "
        f"to {wording.percent(points[-1].accuracy)} after {points[-1].decisions}"
    )
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width:{WIDTH}px" role="img" '
        f'aria-label="{name}" font-size="12.5">'
    ]
    for level in range(round((high - low) / stride) + 1):
        value = low + level * stride
        parts.append(
            f'<path class="grid" d="M{_LEFT} {y(value):.1f}H{WIDTH - _RIGHT}" stroke="{look.grid}"/>'
            f'<text class="quiet" x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="{look.muted}">'
            f"{wording.number(value, 0)} %</text>"
        )
    every = max(1, -(-steps // 12))
    for decisions in range(0, steps + 1, every):
        parts.append(
            f'<text class="quiet" x="{_across(decisions, steps):.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle" '
            f'fill="{look.muted}">{decisions}</text>'
        )
    parts.append(
        f'<text class="quiet" x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle" '
        f'fill="{look.muted}">decisions taken</text>'
    )
    parts += [
        f'<path class="interval" d="M{x(point):.1f} {y(point.ci[0]):.1f}V{y(point.ci[1]):.1f}" stroke="{look.alpha}"/>'
        for point in points
        if point.ci
    ]
    line = "L".join(f"{x(point):.1f} {y(point.accuracy):.1f}" for point in points)
    parts.append(f'<path class="accent" d="M{line}" fill="none" stroke="{look.accent}" stroke-width="2"/>')
    for point in points:
        kind, fill = ("ground", look.background) if point.tuned else ("accent-fill", look.accent)
        parts.append(
            f'<circle class="{kind} accent" cx="{x(point):.1f}" cy="{y(point.accuracy):.1f}" r="3.5" fill="{fill}" '
            f'stroke="{look.accent}" stroke-width="1.5"><title>{_said(point)}</title></circle>'
        )
    last = points[-1]
    parts.append(
        f'<text class="ink" x="{x(last) + 9:.1f}" y="{y(last.accuracy) + 4:.1f}" font-weight="600" fill="{look.text}">'
        f"{wording.percent(last.accuracy)}</text></svg>"
    )
    return "\n".join(parts)


def style_sheet() -> str:
    """The dark colours of the chart, besides those of `drawing.style_sheet`."""
    look = roles("dark")
    rules = (
        f".grid{{stroke:{look.grid}}}.quiet{{fill:{look.muted}}}.interval{{stroke:{look.alpha}}}"
        f".accent{{stroke:{look.accent}}}.accent-fill{{fill:{look.accent}}}"
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _across(decisions: float, steps: int) -> float:
    return _LEFT + 12 + decisions / max(steps, 1) * (WIDTH - _LEFT - _RIGHT - 24)


def _said(point: Point) -> str:
    tuned = f", tuned {point.tuned} {point.unit}" if point.tuned else ""
    accuracy = wording.percent(point.accuracy, point.ci)
    return f"{point.decisions} decisions{tuned}: {accuracy} on {wording.count(point.images)} images"

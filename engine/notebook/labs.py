"""A finished lab: what is claimed, what this supernet says, the paper's numbers beside ours."""

from html import escape

from engine.analysis.document import Document
from engine.analysis.lab import Compared
from engine.drawing import wording
from engine.notebook.paper import LOOK, html, sheet, table
from engine.notebook.rows import Row, rows

_AGREES = {True: "agrees with the claim", False: "does not agree with the claim", None: "cannot tell"}


@html.register
def lab_result(document: Document) -> str:
    """Raises BadInput for a result of another version."""
    lab, numbers = document.lab, document.numbers
    compared = lab.compared(numbers)
    quiet = f"color:{LOOK.muted};max-width:760px"
    parts = [
        f'<div style="{quiet}">{escape(lab.claim)} ({escape(lab.source)})</div>',
        f'<p style="margin:6px 0;max-width:760px">{escape(lab.verdict(numbers))}</p>',
    ]
    if compared:
        parts.append(table(("", "paper", "here", ""), map(_beside, compared)))
    images = numbers.images * getattr(numbers, "sets", 1)
    notes = [
        f"{wording.count(images)} images · {wording.bn(numbers.bn)} · run {document.date[:10]}, "
        f"{wording.device_name(document.device)}, {wording.duration(document.seconds)}",
        *([document.warning] if document.warning else []),
    ]
    name = document.checkpoint.get("name", "unnamed supernet")
    return sheet(f"{lab.title} · {name}: {_AGREES[lab.agrees(numbers)]}", parts, notes)


@rows.register
def lab_rows(document: Document) -> list[Row]:
    """The lab's own rows, as in its CSV, with the supernet, and with images and bn where they do not say them."""
    numbers = document.numbers
    rests = {"images": numbers.images, "bn": numbers.bn}
    name = document.checkpoint.get("name")
    return [{"checkpoint": name, **row, **rests, **row} for row in document.lab.rows(numbers)]


def _beside(each: Compared) -> tuple[str, ...]:
    ours = f"<b>{_number(each, each.ours)}</b>"
    if each.ci is not None:
        ours += f" [{wording.number(each.ci[0], 2)}, {wording.number(each.ci[1], 2)}]"
    return escape(each.what), _number(each, each.paper), ours, escape(each.note)


def _number(each: Compared, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{wording.number(value, 2)} {escape(each.unit)}".rstrip()

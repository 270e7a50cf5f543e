"""A selection as one HTML page: cells, the way there, every decision, and what it all rests on.

html   the page; it needs nothing from elsewhere, follows the reader's light or dark theme, and prints

Everything that comes from a file is escaped, and a content policy keeps the page from loading or running anything.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from engine import __version__, nasbench201
from engine.drawing import chart, finished_svg, wording
from engine.drawing.finished_cell import finished_cell
from engine.drawing.palette import operation, roles
from engine.export.command import command_line
from engine.export.origin import genotype, plain
from engine.results import EdgeScores, InputScores
from engine.selecting.record import SelectionRecord, Step
from engine.selection.genotype import Genotype
from engine.selection.selection import Decision, InputsDecision, Selection
from engine.spaces import SearchSpace

BY = {"alpha": "alpha", "measured": "measurement", "random": "chance", "person": "a person", "training": "the training"}
DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16_120": "ImageNet16-120"}

Row = Sequence[str]
"""Cells of a table, as HTML."""


def html(document: SelectionRecord) -> str:
    """Raises BadInput for a selection in which decisions are missing."""
    found = genotype(document)
    name = plain(document.checkpoint.get("name", "")) or "unnamed checkpoint"
    title = f"Selection on {name}"
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title>",
        f"<style>{_style_sheet(_used(document.selection))}</style></head>",
        f"<body><h1>{escape(title)}</h1>",
        f'<p class="quiet">{escape(_subtitle(document))}</p>',
        *_cells(found),
        f"<h2>Genotype</h2><pre>{escape(str(found))}</pre>",
        *(f'<p class="note">{escape(note)}</p>' for note in document.selection.replaced_none),
        *_truth(document, found),
        *_path(document),
        *_decisions(document),
        *_rest(document),
        "</body></html>",
    ]
    return "\n".join([*parts, ""])


def _subtitle(document: SelectionRecord) -> str:
    takers = ", ".join(
        f"{sum(step.by == by for step in document.steps)} by {words}"
        for by, words in BY.items()
        if any(step.by == by for step in document.steps)
    )
    date = f" · {plain(document.date)}" if document.date else ""
    return f"space {document.selection.space.name} · {len(document.steps)} decisions: {takers}{date}"


def _cells(found: Genotype) -> Iterable[str]:
    for cell, _ in found.cells:
        heading = f"{cell.capitalize()} cell" if len(found.cells) > 1 else "Cell"
        yield f"<h2>{heading}</h2><figure>{finished_svg.figure(finished_cell(found, cell))}</figure>"


def _truth(document: SelectionRecord, found: Genotype) -> Iterable[str]:
    """True accuracies of the cell, and of the one that alpha alone would have given."""
    if found.format != "nas-bench-201":
        return
    rows = []
    selection = document.selection
    cells = [("this selection", found)]
    if selection.alphas.known:
        tuned = ", as tuned" if any(point.tuned for point in document.path) else ""
        taken = zip(selection.decisions, document.steps, strict=True)
        given = [decision for decision, step in taken if step.by == "training"]
        cells.append((f"alpha alone{tuned}", selection.with_decisions(given).alpha_path().decoded()))
    for name, cell in cells:
        row = nasbench201.lookup(cell)
        for dataset, words in DATASETS.items():
            accuracy, rank = wording.percent(getattr(row, dataset), digits=2), wording.count(row.rank[dataset])
            rows.append([name, words, accuracy, f"{rank} of {wording.count(nasbench201.CELLS)}"])
    yield "<h2>True accuracies</h2>"
    yield '<p class="quiet">Test accuracy after 200 epochs of training, as NAS-Bench-201 tabulates it.</p>'
    yield _table(["", "data set", "accuracy", "rank"], rows)


def _path(document: SelectionRecord) -> Iterable[str]:
    points = chart.track(document)
    if not points:
        return
    images = " and ".join(dict.fromkeys(wording.count(point.images) for point in points))
    bn = " and ".join(dict.fromkeys(wording.bn(point.bn) for point in points))
    yield "<h2>Accuracy of the supernet along the way</h2>"
    yield f"<figure>{chart.chart(points, len(document.steps))}</figure>"
    tuned = "; hollow points follow tuning" if any(point.tuned for point in points) else ""
    yield f'<p class="quiet">on {images} search images, {bn}, with 95 % intervals{tuned}</p>'


def _decisions(document: SelectionRecord) -> Iterable[str]:
    head = ["", "cell", "edge or node", "decided", "by", "alpha", "measurement", "its drop", "", "its lead", "images"]
    selection = document.selection
    taken = zip(selection.decisions, document.steps, strict=True)
    rows = [_decision(selection, number, *one) for number, one in enumerate(taken, start=1)]
    yield "<h2>Decisions</h2>"
    yield (
        '<p class="quiet">What alpha and what measurement would have kept. The measured choice is the operation whose '
        "removal costs most accuracy: its drop has a 95 % interval, and its lead over alpha’s choice (or the "
        "runner-up) one that holds over all rivals and looks; of inputs, the last one that is kept leads the first one "
        "that is not.</p>"
    )
    yield _table(head, rows, "decisions")


def _decision(selection: Selection, number: int, decision: Decision, step: Step) -> Row:
    space, scores = selection.space, step.scores
    if isinstance(decision, InputsDecision):
        place = f"inputs of {_name(space.cell(decision.cell).node_name(decision.node))}"
        decided = _sources(space, decision.cell, decision.edges)
        inputs = selection.inputs_by_alpha(decision.cell, decision.node)
        by_alpha = "unknown" if inputs is None else _sources(space, decision.cell, inputs)
        measured = _sources(space, decision.cell, scores.keep) if isinstance(scores, InputScores) else "–"
    else:
        place = _name(space.cell(decision.cell).edge_name(space.edge(decision.cell, decision.edge)))
        decided = _operation(decision.operation)
        found = scores if isinstance(scores, EdgeScores) else None
        # Tuning moves the alphas of undecided edges, so what alpha said at the time counts where it is known.
        kept = found.best_by_alpha if found else selection.best_by_alpha(decision.cell, decision.edge)
        by_alpha = "unknown" if kept is None else _operation(kept)
        measured = _operation(found.best) if found else "–"
    drop = verdict = lead = images = ""
    if isinstance(scores, EdgeScores):
        best = scores.operation(scores.best)
        drop = wording.with_interval(best.drop, best.ci)
        verdict = wording.VERDICT[scores.verdict].text
        if scores.rival is not None and scores.lead is not None:
            lead = f"{wording.with_interval(scores.lead, scores.lead_ci)} over {_operation(scores.rival)}"
    if isinstance(scores, InputScores):
        verdict = wording.INPUTS[scores.verdict].text
        lead = wording.with_interval(scores.lead, scores.lead_ci)
    if scores is not None:
        images = f"{wording.count(scores.images)}, {scores.bn}"
    return [str(number), decision.cell, place, decided, BY[step.by], by_alpha, measured, drop, verdict, lead, images]


def _operation(name: str) -> str:
    look = operation(name)
    return f'<span class="chip {look.code}-chip">{look.code}</span> {escape(look.label)}'


def _sources(space: SearchSpace, cell: str, edges: Iterable[int]) -> str:
    return " and ".join(_name(space.cell(cell).node_name(space.edge(cell, edge).source)) for edge in edges)


def _name(text: str) -> str:
    return wording.subscripts(escape(text))


def _rest(document: SelectionRecord) -> Iterable[str]:
    """Checkpoint, settings, versions and the command line."""
    yield "<h2>What it rests on</h2>"
    settings = dict(document.settings)
    if document.tuning is not None:
        settings["tuning"] = str(document.tuning)
    parts = (("checkpoint", document.checkpoint), ("setting", settings), ("version", document.versions))
    rows = [[what, escape(plain(key)), escape(_said(value))] for what, values in parts for key, value in values.items()]
    rows.append(["strategy", "", escape(plain(document.strategy))])
    rows.append(["report", "engine", __version__])
    yield _table(["", "", ""], rows)
    again = document.strategy != "person"
    yield f"<h2>{'The same selection again' if again else 'The measurements again'}</h2>"
    yield f"<pre>{escape(command_line(document))}</pre>"
    if not again:
        yield '<p class="quiet">Decisions taken by hand are kept in the selection file (JSON).</p>'


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{plain(key)} {_said(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    return ("yes" if value else "no") if isinstance(value, bool) else plain(value)


def _table(head: Row, rows: Iterable[Row], kind: str = "") -> str:
    names = "".join(f"<th>{name}</th>" for name in head)
    top = f"<thead><tr>{names}</tr></thead>" if any(head) else ""
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}">{top}<tbody>\n{body}\n</tbody></table></div>'


def _used(selection: Selection) -> set[str]:
    space = selection.space
    return {name for cell in space.cells for edge in space.edges(cell) for name in space.operations(cell, edge)}


def _style_sheet(used: set[str]) -> str:
    light, dark = roles("light"), roles("dark")

    def colours(look: Any) -> str:
        names = ("text", "muted", "background", "surface", "border")
        return ";".join(f"--{name}:{getattr(look, name)}" for name in names)

    return (
        f":root{{color-scheme:light dark;{colours(light)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{colours(dark)}}}}}"
        + _CSS
        + finished_svg.chip_sheet(used)
        + finished_svg.style_sheet(used)
        + chart.style_sheet()
    )


_CSS = """
body{margin:2rem auto;max-width:1120px;padding:0 1rem;background:var(--background);color:var(--text);
 font:16px/1.45 Inter,"Segoe UI",Helvetica,Arial,sans-serif}
h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.quiet{color:var(--muted);margin:.25rem 0}.note{border-left:3px solid var(--muted);padding-left:.75rem}
figure{margin:.5rem 0;overflow-x:auto}figure svg{display:block;width:100%;height:auto}
pre{background:var(--surface);border:1px solid var(--border);border-radius:8px;padding:.75rem 1rem;
 white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--border);vertical-align:top}
th{color:var(--muted);font-weight:500}td{overflow-wrap:anywhere}.decisions td{white-space:nowrap}
.chip{display:inline-block;min-width:1.6rem;text-align:center;border-radius:9px;font-size:.75rem;font-weight:700;
 padding:.05rem .2rem}
sub{font-size:.7em;line-height:0}
@media print{body{max-width:none}.decisions td{white-space:normal}}
"""

"""Taking a result elsewhere from a page: a selection document of what is on screen, and the menu of its formats.

document_of   the document of a page
menu          draw the Export menu: a download for every format, the command line, the link to share, and handing in
"""

import platform
import re
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import metadata
from keyword import iskeyword
from urllib.parse import urlencode

import streamlit as st

from app.parts import hand_in
from app.state import session, url
from app.state.page import PageState
from app.state.questions import Questions
from app.state.url import Link
from app.work.questions import Kind, Request
from app.work.tuned import PRESETS, Preset
from engine import __version__
from engine.export import FORMATS, Format, command_line, export
from engine.results import EdgeScores, InputScores
from engine.selecting.record import By, Point, Scores, SelectionRecord, Step
from engine.selecting.settings import Tuning
from engine.selection.decisions import Decision, InputsDecision

BY: dict[str, By] = {"α": "alpha", "measured": "measured", "both": "measured"}
"""Who took a decision, as the session says it; all others are people."""
Place = tuple[Kind, str, int]
"""What is measured: an edge or a node of a cell type."""


def document_of(ask: Questions) -> SelectionRecord:
    """The selection with everything known about it: who decided, the finished measurements, and the accuracies."""
    page = ask.page
    decisions = page.decisions
    steps = []
    for number, decision in enumerate(decisions):
        place: Place
        if isinstance(decision, InputsDecision):
            place = "node", decision.cell, decision.node
        else:
            place = "edge", decision.cell, decision.edge
        given: By = "training" if decision in page.entry.begun else "person"
        by = BY.get(page.run.by.get(decision, ""), given)
        steps.append(Step(by, _scores(ask, place, decisions[:number])))
    points = (point for number in range(len(decisions) + 1) for point in _points(ask, number))
    question = ask.accuracy()
    meta = page.summary.meta
    tuning = _tuning(page)
    return SelectionRecord(
        page.selection,
        tuple(steps),
        tuple(points),
        checkpoint={
            "name": page.summary.name,
            "digest": page.summary.digest,
            "space": page.space.name,
            "method": meta["method"],
            "epochs": meta["epochs"],
            "dataset": meta.get("dataset"),
        }
        | ({"notes": meta["notes"]} if "notes" in meta else {}),
        settings=question.settings.header()
        | {"order": page.link.order, "seed": page.link.seed}
        | ({} if tuning is not None else {"tuned": _tuned(page)}),
        tuning=tuning,
        versions={"engine": __version__, "torch": metadata.version("torch"), "python": platform.python_version()},
        undecided=_undecided(ask),
    )


def _scores(ask: Questions, place: Place, decisions: Sequence[Decision]) -> Scores | None:
    """What has been measured after these decisions, on the weights that their tuning gave."""
    if ask.page.stage(decisions).missing:
        return None
    found = ask.find(ask.request(*place, ask.page.at(decisions)))
    if found is None:
        return None
    return found.result if isinstance(found.result, EdgeScores | InputScores) else None


def _points(ask: Questions, number: int) -> Iterator[Point]:
    """The known accuracies after so many decisions: right after the last one, and after its tuning."""
    page = ask.page
    if not page.stage(page.decisions[: max(0, number - 1)]).missing:
        yield from _point(ask, number, ask.at_once(number), PRESETS["n"])
    preset = PRESETS[page.letter(number)]
    if preset.amount and not page.stage(page.decisions[:number]).missing:
        yield from _point(ask, number, ask.after_tuning(number), preset)


def _point(ask: Questions, decisions: int, request: Request, tuned: Preset) -> Iterator[Point]:
    found = ask.find(request)
    if found is not None:
        taken = found.accuracy
        base = taken.baseline
        yield Point(decisions, tuned.amount, tuned.unit, base.accuracy, base.loss, base.ci, taken.images, taken.bn)


def _tuning(page: PageState) -> Tuning | None:
    """What followed every decision, or None where that was not always the same."""
    letters = {page.letter(number) for number in range(1, len(page.decisions) + 1)} or {"n"}
    if len(letters) > 1:
        return None
    preset = PRESETS[letters.pop()]
    return Tuning("batches" if preset.unit == "batches" else "epochs", preset.amount, preset.lr)


def _tuned(page: PageState) -> str:
    """Which decisions were followed by tuning, in words."""
    letters = {number: page.letter(number) for number in range(1, len(page.decisions) + 1)}
    parts = [
        f"{preset.amount} {preset.unit} at {preset.lr:g} after decisions {', '.join(map(str, after))}"
        for letter, preset in PRESETS.items()
        if preset.amount and (after := [number for number, each in letters.items() if each == letter])
    ]
    return "; ".join(parts)


def _undecided(ask: Questions) -> tuple[Scores, ...]:
    """What is measured about edges and nodes without a decision."""
    selection, space = ask.page.selection, ask.page.space
    places: list[Place] = [("edge", cell, edge) for cell in space.cells for edge in selection.undecided_edges(cell)]
    places += [
        ("node", cell, node)
        for cell in space.cells
        for node in space.cell(cell).topology_nodes
        if selection.kept(cell, node) is None
    ]
    found = (_scores(ask, place, selection.decisions) for place in places)
    return tuple(scores for scores in found if scores is not None)


def menu(ask: Questions) -> None:
    """The Export menu. What cannot be made before the selection is complete is shown and says so."""
    popover = st.popover("Export", on_change="rerun", key="export", width="stretch")
    if not popover.open:
        return
    with popover:
        page = ask.page
        document = document_of(ask)
        missing = page.space.steps - len(page.decisions)
        columns = st.columns(2, gap="small")
        offered = {name: each for name, each in FORMATS.items() if each.holds in (None, page.space.genotype_format)}
        if page.hides("truth"):
            del offered["html"]  # the report looks the cell up
        for number, (name, format) in enumerate(offered.items()):
            with columns[number % 2]:
                _button(document, name, format, missing)
        if missing:
            plural = "decision is" if missing == 1 else "decisions are"
            st.caption(f"{missing} {plural} missing; until then there are the selection file and the measurements.")
        hand_in.section(page, document, partial(link, page))
        st.markdown("**Reproduce**")
        st.code(command_line(document), language=None, wrap_lines=True)
        st.markdown("**Share**")
        st.code(link(page), language=None, wrap_lines=True)
        st.caption("The link holds the supernet's name, the decisions, who took them, and what is in focus.")
        hand_in.task(page, partial(link, page))


def _button(document: SelectionRecord, name: str, format: Format, missing: int) -> None:
    st.download_button(
        format.label,
        lambda: export(document, name).encode(),  # made on click, on a thread that knows nothing of the session
        file_name=f"{module_name(str(document.checkpoint['name']))}.{format.extension}",
        mime=format.media_type,
        on_click="ignore",
        disabled=format.needs_genotype and missing > 0,
        width="stretch",
        key=f"export-{name}",
    )


def module_name(name: str) -> str:
    """A supernet's name as files of it are called, so that its PyTorch module can be imported: "nas_bench_201"."""
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "supernet"
    return plain if plain.isidentifier() and not iskeyword(plain) else f"cell_{plain}"


def link(page: PageState, line: Link | None = None) -> str:
    """The page's address, with everything that the session has put into it. line: what is decided instead."""
    address = (st.context.url or "").partition("?")[0]
    known = (*url.CONTEXT, *url.OF_PAGES)
    shown = {key: value for key, value in st.query_params.to_dict().items() if value and key in known}
    said = session.query(page.entry.id, page.space)
    if line is not None:
        own, begun = url.write(page.space, page.run.link), page.entry.begun
        said = {key: value for key, value in said.items() if key not in own} | url.write(page.space, line, begun)
    return f"{address}?{urlencode(said | shown, safe=',:')}"

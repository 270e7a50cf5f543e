"""The decision card: a grid of evidence for the step, the choice made in it, and what it costs.

card    draw the card of the current step

Whatever is known or still being measured, every part has its place and height, so that no click lands on another
button: verdict, grid, preview, buttons.
"""

import streamlit as st

from app.figures.decision_grid import GridRow, inputs_grid, operations_grid
from app.figures.evidence_table import Mark, Table
from app.parts import sentences, text
from app.parts.evidence_table import evidence_table
from app.parts.progress import running
from app.screens.decide.actions import NOT_TOLD_APART, Deciding
from app.screens.decide.naming import words
from app.screens.decide.spoken import finding
from app.state import keys
from app.work import tuned
from engine import nasbench201
from engine.checkpoint.sizes import operation_parameters
from engine.drawing import palette, wording
from engine.results import EdgeScores, InputScores
from engine.selection.decisions import Decision, OperationDecision

_NUMBERS = {1: "one input", 2: "two inputs", 3: "three inputs"}


def card(deciding: Deciding) -> None:
    step = deciding.step
    assert step.place is not None
    found = step.measurement
    coming = deciding.preliminary if found is None else None
    shown = found or coming
    _verdict(deciding, found.result if found else None)
    decision: Decision | None
    if step.place.kind == "edge":
        decision = step.choice
        table = _operations(deciding, shown.edge if shown else None, preliminary=found is None)
    else:
        decision = step.inputs_choice
        table = _inputs(deciding, shown.inputs if shown else None, preliminary=found is None)
    if keys.LIST_VIEW.get(False):
        _list(deciding, table)
    else:
        take = (lambda: deciding.take_by_hand(decision)) if decision is not None else None
        evidence_table(table, key="decision-grid", on_choose=deciding.choose, on_take=take)
    with st.container(key="preview"):
        _preview(deciding, decision)
    _faint(deciding)
    _buttons(deciding, decision)
    if not deciding.page.hides("drop"):
        _measuring(deciding)


def _verdict(deciding: Deciding, result: object) -> None:
    """One line, always as high: what measurement says of this step."""
    verdict, said = finding(deciding.page.space, result)
    if deciding.page.hides("drop"):
        said = "What measurement says is hidden by this link."
    badge = f"<span class='badge {verdict[0]}'>{verdict[1].text}</span>" if verdict else ""
    st.html(f"<div class='verdict-line'>{badge}<span>{wording.subscripts(said)}</span></div>")


def _operations(deciding: Deciding, scores: EdgeScores | None, *, preliminary: bool) -> Table:
    page, step = deciding.page, deciding.step
    assert step.place is not None
    cell, edge = step.place.cell, step.place.index
    names = page.space.operations(cell, edge)
    weights = dict(zip(names, page.weights()[edge], strict=True))
    sizes = operation_parameters(page.stage(page.decisions).summary)
    is_known = page.selection.best_by_alpha(cell, page.space.edge(cell, edge)) is not None
    by_alpha, chosen, measured = step.suggested.get("α"), step.choice, step.suggested.get("measured")
    rows = []
    for name in sorted(names, key=lambda name: -weights[name]):
        drop = scores.operation(name) if scores else None
        mark: Mark = ""
        if scores is not None and name == scores.best:
            mark = "leads" if measured is None else "measured"
        rows.append(
            GridRow(
                name,
                palette.operation(name).label,
                name,
                weights[name] if is_known else None,
                drop.drop if drop else None,
                drop.ci if drop else None,
                mark,
                sizes.get((cell, edge, name), 0),
                isinstance(by_alpha, OperationDecision) and by_alpha.operation == name,
            )
        )
    reach = None
    if page.knows_truth:
        reach = {name: nasbench201.reachable(page.selection.discretize(cell, edge, name)) for name in names}
    return operations_grid(
        rows,
        name=f"Operations of {wording.plain(step.name)}",
        chosen=chosen.operation if chosen else None,
        reach=reach,
        preliminary=preliminary,
        without=sentences.without(*page.evidence),
    )


def _inputs(deciding: Deciding, scores: InputScores | None, *, preliminary: bool) -> Table:
    page, step = deciding.page, deciding.step
    assert step.place is not None
    cell, node = step.place.cell, step.place.index
    spec = page.space.cell(cell)
    drops = {row.edge: row for row in scores.candidates} if scores else {}
    kept = scores.keep if scores else ()
    mark: Mark = "measured" if "measured" in step.suggested else "leads"
    rows = []
    for edge in spec.entering(node):
        operation, drop = page.selection.operation(cell, edge.index), drops.get(edge.index)
        rows.append(
            GridRow(
                str(edge.index),
                spec.node_name(edge.source),
                operation,
                None,
                drop.drop if drop else None,
                drop.ci if drop else None,
                mark if edge.index in kept else "",
                0,
                False,
            )
        )
    chosen = [str(edge) for edge in step.chosen_inputs]
    without = sentences.without(*page.evidence)
    return inputs_grid(rows, name=wording.plain(step.name), chosen=chosen, preliminary=preliminary, without=without)


def _list(deciding: Deciding, table: Table) -> None:
    """The grid as a plain list of choices."""
    labels = {row["id"]: row["label"] for row in table["rows"]}
    chosen = [row["id"] for row in table["rows"] if row["chosen"]]
    place = deciding.step.place
    key = f"choices-{deciding.page.entry.id}-{place.cell}-{place.kind}{place.index}" if place else "choices"

    def choose() -> None:
        value = st.session_state[key]
        if table["role"] == "radio":
            deciding.choose(value)
        else:
            deciding.choose_inputs([int(edge) for edge in value])

    if table["role"] == "radio":
        at = list(labels).index(chosen[0]) if chosen else None
        st.radio(table["label"], list(labels), format_func=labels.__getitem__, index=at, key=key, on_change=choose)
    else:
        st.pills(
            table["label"],
            list(labels),
            selection_mode="multi",
            default=chosen,
            format_func=labels.__getitem__,
            key=key,
            on_change=choose,
        )


def _preview(deciding: Deciding, decision: Decision | None) -> None:
    """What the choice would cost at once, or the question."""
    if decision is None:
        step = deciding.step
        said = "Choose one of them: a click, or its number."
        if step.place is not None and step.place.kind == "node":
            keep = deciding.page.space.cell(step.place.cell).kept(step.place.index)
            said = f"Choose exactly {_NUMBERS.get(keep, f'{keep} inputs')}."
        st.markdown(said)
        return
    ask, selection = deciding.ask, deciding.page.selection
    before, after = ask.find(ask.accuracy()), ask.find(ask.accuracy(selection.decide(decision)))
    what = words(deciding.page.space, decision)
    if before and after:
        images = " and ".join(dict.fromkeys(wording.count(each.images) for each in (before, after)))
        then = wording.percent(after.accuracy.accuracy, after.accuracy.baseline.ci)
        st.markdown(
            f"With **{what}** the supernet goes **{wording.percent(before.accuracy.accuracy)} → {then}** at once "
            f"({images} images)."
        )
    else:
        st.button(
            f"What would {what} cost?",
            on_click=deciding.measure_after,
            args=(decision,),
            disabled=ask.busy,
            key="try",
            help="Measure the supernet's accuracy with this choice, without taking it",
        )


def _faint(deciding: Deciding) -> None:
    """Before the first decision the choice between exact weights and tuning; later a word where little is left."""
    page, ask = deciding.page, deciding.ask
    if page.decisions == page.start.decisions:
        _ask_for_tuning(deciding)
        return
    start, now = ask.find(ask.accuracy(page.start)), ask.find(ask.accuracy())
    if start and now and now.accuracy.accuracy < start.accuracy.accuracy / 2:
        first, left = (wording.percent(each.accuracy.accuracy) for each in (start, now))
        st.caption(
            f":material/warning: The supernet has fallen from {first} to {left}: what is measured on it now means "
            "little. Fine-tuning after each decision brings it back (Tuning, above)."
        )


def _ask_for_tuning(deciding: Deciding) -> None:
    page = deciding.page
    seconds = tuned.seconds(page.summary, "q", page.image_set)
    about = f" (about {wording.duration(seconds)})" if seconds else ""
    names = {"q": f"fine-tune{about}, recommended", "n": "keep the exact weights"}
    keys.FIRST_PRESET.set(page.run.preset if page.run.preset in names else None)
    st.segmented_control(
        "After each decision",
        list(names),
        format_func=names.__getitem__,
        key=keys.FIRST_PRESET.name,
        on_change=deciding.set_first_preset,
        help="Every decision takes operations out of a supernet that was trained with all of them: without fine-tuning "
        "its accuracy falls after two or three, and with it what a measurement can tell. Changed later under Tuning.",
    )


def _buttons(deciding: Deciding, decision: Decision | None) -> None:
    step, space = deciding.step, deciding.page.space
    assert step.place is not None
    is_node = step.place.kind == "node"
    if decision is None:
        label = "Choose the inputs" if is_node else "Choose an operation"
    else:
        label = f"Keep {words(space, decision)} and go on"
    primary, skip = st.columns([5, 2])
    primary.button(
        label,
        type="primary",
        shortcut="ArrowRight",
        on_click=deciding.take_by_hand,
        args=(decision,),
        disabled=decision is None,
        width="stretch",
        key="decide",
    )
    skip.button("Skip this edge", shortcut="N", on_click=deciding.skip, disabled=is_node, width="stretch", key="skip")
    columns = st.columns(2)
    for place, (who, sign, shortcut, key) in zip(columns, _SUGGESTIONS, strict=True):
        suggested = step.suggested.get(who)
        named = f"{_VERBS[who]} **{words(space, suggested)}**" if suggested else f"{_NAMES[who]} suggests nothing"
        place.button(
            f"{sign} {named}",
            shortcut=shortcut,
            on_click=deciding.take_by_hand,
            args=(suggested,),
            disabled=suggested is None,
            width="stretch",
            key=key,
            help=None if suggested or who == "α" or step.measurement is None else NOT_TOLD_APART,
        )


_SUGGESTIONS = (("α", "○", "A", "use-alpha"), ("measured", "●", "P", "use-measured"))
_NAMES = {"α": "α", "measured": "Measurement"}
_VERBS = {"α": "Take α's", "measured": "Take the measured"}


def _measuring(deciding: Deciding) -> None:
    """What the evidence rests on, and more of it: one line, whose button becomes the progress of its work."""
    ask, found = deciding.ask, deciding.step.measurement
    request = deciding.request
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        if (job := ask.job(request)) is not None:
            running(job, deciding.do, "step", ask.preliminary(request), ask.wanted(request, found))
        elif found is None:
            st.button("Measure this step", on_click=deciding.measure_this, width="stretch", key="measure-step")
        else:
            larger = deciding.larger
            st.button(
                f"More images: {larger}" if larger else "All images are used",
                on_click=deciding.measure_on_more_images,
                disabled=larger is None or ask.busy,
                width="stretch",
                key="step-more",
            )
    with right:
        coming = ask.preliminary(request)
        if found is not None:
            st.caption(text.provenance(found))
        elif coming is not None:
            st.caption(f"preliminary: {wording.count(coming.images)} images so far")

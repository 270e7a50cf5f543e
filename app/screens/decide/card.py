"""The decision card: what alpha and measurement would keep, every operation to choose from, and what it costs.

card   draw the card of the current step
"""

import streamlit as st

from app.parts import text
from app.screens.decide.actions import Deciding
from app.state.page import PageState
from engine.drawing import palette, wording
from engine.results import EdgeScores, InputScores
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.spaces import SearchSpace


def card(deciding: Deciding) -> None:
    text.heading("Decision")
    step = deciding.step
    assert step.place is not None
    found = step.measurement
    decision: Decision | None
    if step.place.kind == "edge":
        edge = found.edge if found else None
        _suggestions(deciding, edge)
        decision = _operations(deciding, edge)
    else:
        inputs = found.inputs if found else None
        _suggestions(deciding, inputs)
        decision = _inputs(deciding, inputs)
    if decision is not None:
        _consequence(deciding, decision)
    st.button(
        "Decide and go on",
        type="primary",
        shortcut="ArrowRight",
        on_click=deciding.take_by_hand,
        args=(decision,),
        disabled=decision is None,
        width="stretch",
        key="decide",
    )
    st.button(
        "Skip this edge",
        shortcut="N",
        on_click=deciding.skip,
        disabled=step.place.kind == "node",
        width="stretch",
        key="skip",
    )
    if found is not None:
        st.caption(("measuring · " if found.partial else "") + text.provenance(found))


def _suggestions(deciding: Deciding, scores: EdgeScores | InputScores | None) -> None:
    suggested = deciding.step.suggested
    alpha = suggested["α"]
    st.button(
        f"○ α would keep **{_words(deciding.page.space, alpha)}**{_alpha_value(deciding.page, alpha)}",
        shortcut="A",
        on_click=deciding.take_by_hand,
        args=(alpha,),
        width="stretch",
        key="use-alpha",
    )
    if "measured" in suggested:
        measured = suggested["measured"]
        st.button(
            f"● measurement would keep **{_words(deciding.page.space, measured)}**{_drop(measured, scores)}",
            shortcut="P",
            on_click=deciding.take_by_hand,
            args=(measured,),
            width="stretch",
            key="use-measured",
        )
    elif scores is None:
        st.button(
            "● Measure this step" if not deciding.ask.busy else "● measuring …",
            on_click=deciding.measure_this,
            disabled=deciding.ask.busy,
            width="stretch",
            key="measure-step",
        )
    elif isinstance(scores, EdgeScores) and scores.none_stands_out:
        st.info("No operation stands out any more: every interval holds zero, so measurement suggests none.")
        larger = deciding.larger
        if larger:
            st.button(
                f"Measure on more images ({larger})",
                on_click=deciding.measure_on_more_images,
                disabled=deciding.ask.busy,
                width="stretch",
                key="step-more",
            )


def _words(space: SearchSpace, decision: Decision) -> str:
    if isinstance(decision, OperationDecision):
        return palette.operation(decision.operation).label
    edges = [space.edge(decision.cell, edge) for edge in decision.edges]
    return " and ".join(wording.plain(space.cell(decision.cell).node_name(edge.source)) for edge in edges)


def _alpha_value(page: PageState, decision: Decision) -> str:
    if isinstance(decision, InputsDecision):
        return ""
    column = page.space.operation_index(decision.cell, decision.edge, decision.operation)
    return f" {wording.weight(page.weights()[decision.edge][column])}"


def _drop(decision: Decision, scores: EdgeScores | InputScores | None) -> str:
    if isinstance(decision, OperationDecision) and isinstance(scores, EdgeScores):
        best = scores.operation(decision.operation)
        return f" {wording.number(best.drop, sign=True)}{' ' + wording.interval(best.ci) if best.ci else ''}"
    return ""


def _operations(deciding: Deciding, scores: EdgeScores | None) -> Decision:
    """All operations of the edge to choose from; the suggested one is chosen at first."""
    page, place = deciding.page, deciding.step.place
    assert place is not None
    names = page.space.operations(place.cell, place.index)
    weights = dict(zip(names, page.weights()[place.index], strict=True))
    drops = {score.name: score.drop for score in scores.operations} if scores else {}
    suggested = deciding.step.suggested
    default = suggested.get("measured", suggested["α"])
    chosen = deciding.step.picked or default
    assert isinstance(chosen, OperationDecision)
    st.caption("or any of")
    for number, name in enumerate(sorted(names, key=lambda name: -weights[name]), start=1):
        look = palette.operation(name)
        decision = OperationDecision(place.cell, place.index, name)
        ring = " ○" if decision == suggested["α"] else ""
        drop = f" · {wording.points(drops[name])}" if name in drops else ""
        dot = " ●" if scores and name == scores.best else ""
        st.button(
            f"**{look.code}** {look.label} · {wording.weight(weights[name])}{ring}{drop}{dot}",
            shortcut=str(number),
            on_click=deciding.pick,
            args=(decision,),
            width="stretch",
            key=f"{'chosen' if decision == chosen else 'offered'}-operation-{number}",
        )
    return chosen


def _inputs(deciding: Deciding, scores: InputScores | None) -> Decision | None:
    """The node's inputs; exactly as many are kept as its cell type says."""
    page, place = deciding.page, deciding.step.place
    assert place is not None
    spec = page.space.cell(place.cell)
    edges = spec.entering(place.index)
    suggested = deciding.step.suggested
    default = suggested.get("measured", suggested["α"])
    assert isinstance(default, InputsDecision)
    drops = {row.edge: row for row in scores.candidates} if scores else {}
    keep = spec.kept(place.index)
    number = {1: "one", 2: "two", 3: "three"}.get(keep, str(keep))

    def words(index: int) -> str:
        source = wording.plain(spec.node_name(page.space.edge(place.cell, index).source))
        operation = page.selection.operation(place.cell, index)
        code = f" ({palette.operation(operation).code})" if operation else ""
        return f"{source}{code}" + (f" · {wording.points(drops[index].drop)}" if index in drops else "")

    key = f"inputs-{page.entry.id}-{place.cell}-node{place.index}-{bool(drops)}"
    chosen = st.pills(
        f"keep {number} inputs" if keep > 1 else "keep one input",
        [edge.index for edge in edges],
        selection_mode="multi",
        default=list(default.edges),
        format_func=words,
        key=key,
    )
    if len(chosen) != keep:
        st.caption(f"Choose exactly {number} input{'s' if keep > 1 else ''}.")
        return None
    return InputsDecision(place.cell, place.index, tuple(sorted(chosen)))


def _consequence(deciding: Deciding, decision: Decision) -> None:
    ask, selection = deciding.ask, deciding.page.selection
    before, after = ask.find(ask.accuracy()), ask.find(ask.accuracy(selection.decide(decision)))
    if before and after:
        images = " and ".join(dict.fromkeys(wording.count(each.images) for each in (before, after)))
        then = wording.percent(after.accuracy.accuracy, after.accuracy.baseline.ci)
        st.markdown(
            f"With **{_words(deciding.page.space, decision)}** the supernet goes "
            f"**{wording.percent(before.accuracy.accuracy)} → {then}** "
            f"on {images} images."
        )
    else:
        st.button(
            f"What would {_words(deciding.page.space, decision)} cost?",
            on_click=deciding.measure_after,
            args=(decision,),
            disabled=deciding.ask.busy,
            width="stretch",
            key="try",
            help="Measure the supernet's accuracy with this choice, without taking it",
        )

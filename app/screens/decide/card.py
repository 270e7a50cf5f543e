"""The decision card: what alpha and measurement would keep, every operation to choose from, and what it costs.

card   draw the card of the current step
"""

import streamlit as st

from app.parts import text
from app.screens.decide.view import Deciding
from engine.drawing import palette, wording
from engine.results import EdgeScores, InputScores
from engine.selection.decisions import Decision, InputsDecision, OperationDecision


def card(view: Deciding) -> None:
    text.heading("Decision")
    assert view.step is not None
    found = view.step_measurement
    decision: Decision | None
    if view.step.kind == "edge":
        edge = found.edge if found else None
        _suggestions(view, edge)
        decision = _operations(view, edge)
    else:
        inputs = found.inputs if found else None
        _suggestions(view, inputs)
        decision = _inputs(view, inputs)
    if decision is not None:
        _consequence(view, decision)
    st.button(
        "Decide and go on",
        type="primary",
        shortcut="ArrowRight",
        on_click=view.take_by_hand,
        args=(decision,),
        disabled=decision is None,
        width="stretch",
        key="decide",
    )
    st.button(
        "Skip this edge",
        shortcut="N",
        on_click=view.skip,
        disabled=view.step.kind == "node",
        width="stretch",
        key="skip",
    )
    if found is not None:
        st.caption(("measuring · " if found.partial else "") + text.provenance(found))


def _suggestions(view: Deciding, scores: EdgeScores | InputScores | None) -> None:
    suggested = view.suggested()
    alpha = suggested["α"]
    st.button(
        f"○ α would keep **{_words(view, alpha)}**{_alpha_value(view, alpha)}",
        shortcut="A",
        on_click=view.take_by_hand,
        args=(alpha,),
        width="stretch",
        key="use-alpha",
    )
    if "measured" in suggested:
        measured = suggested["measured"]
        st.button(
            f"● measurement would keep **{_words(view, measured)}**{_drop(measured, scores)}",
            shortcut="P",
            on_click=view.take_by_hand,
            args=(measured,),
            width="stretch",
            key="use-measured",
        )
    elif scores is None:
        st.button(
            "● Measure this step" if not view.busy else "● measuring …",
            on_click=view.measure_this_step,
            disabled=view.busy,
            width="stretch",
            key="measure-step",
        )
    elif isinstance(scores, EdgeScores) and scores.none_stands_out:
        st.info("No operation stands out any more: every interval holds zero, so measurement suggests none.")
        larger = view.more_images()
        if larger:
            st.button(
                f"Measure on more images ({larger})",
                on_click=view.more_images_for_step,
                disabled=view.busy,
                width="stretch",
                key="step-more",
            )


def _words(view: Deciding, decision: Decision) -> str:
    if isinstance(decision, OperationDecision):
        return palette.operation(decision.operation).label
    edges = [view.space.edge(decision.cell, edge) for edge in decision.edges]
    return " and ".join(wording.plain(view.space.node_name(edge.source)) for edge in edges)


def _alpha_value(view: Deciding, decision: Decision) -> str:
    if isinstance(decision, InputsDecision):
        return ""
    column = view.space.operation_index(decision.cell, decision.edge, decision.operation)
    return f" {wording.weight(view.weights()[decision.edge][column])}"


def _drop(decision: Decision, scores: EdgeScores | InputScores | None) -> str:
    if isinstance(decision, OperationDecision) and isinstance(scores, EdgeScores):
        best = scores.operation(decision.operation)
        return f" {wording.number(best.drop, sign=True)}{' ' + wording.interval(best.ci) if best.ci else ''}"
    return ""


def _operations(view: Deciding, scores: EdgeScores | None) -> Decision:
    """All operations of the edge to choose from; the suggested one is chosen at first."""
    step = view.step
    assert step is not None
    names = view.space.operations(step.cell, step.index)
    weights = dict(zip(names, view.weights()[step.index], strict=True))
    drops = {score.name: score.drop for score in scores.operations} if scores else {}
    suggested = view.suggested()
    default = suggested.get("measured", suggested["α"])
    chosen = view.chosen() or default
    assert isinstance(chosen, OperationDecision)
    st.caption("or any of")
    for number, name in enumerate(sorted(names, key=lambda name: -weights[name]), start=1):
        look = palette.operation(name)
        decision = OperationDecision(step.cell, step.index, name)
        ring = " ○" if decision == suggested["α"] else ""
        drop = f" · {wording.points(drops[name])}" if name in drops else ""
        dot = " ●" if scores and name == scores.best else ""
        st.button(
            f"**{look.code}** {look.label} · {wording.weight(weights[name])}{ring}{drop}{dot}",
            shortcut=str(number),
            on_click=view.choose,
            args=(decision,),
            width="stretch",
            key=f"{'chosen' if decision == chosen else 'offered'}-operation-{number}",
        )
    return chosen


def _inputs(view: Deciding, scores: InputScores | None) -> Decision | None:
    """The node's inputs; exactly two are kept."""
    step = view.step
    assert step is not None
    edges = view.space.inputs(step.index)
    suggested = view.suggested()
    default = suggested.get("measured", suggested["α"])
    assert isinstance(default, InputsDecision)
    drops = {row.edge: row for row in scores.candidates} if scores else {}

    def words(index: int) -> str:
        source = wording.plain(view.space.node_name(view.space.edge(step.cell, index).source))
        operation = view.selection.operation(step.cell, index)
        code = f" ({palette.operation(operation).code})" if operation else ""
        return f"{source}{code}" + (f" · {wording.points(drops[index].drop)}" if index in drops else "")

    place = f"{view.entry.id}-{step.cell}-node{step.index}-{bool(drops)}"
    chosen = st.pills(
        "keep two inputs",
        [edge.index for edge in edges],
        selection_mode="multi",
        default=list(default.edges),
        format_func=words,
        key=f"inputs-{place}",
    )
    if len(chosen) != 2:
        st.caption("Choose exactly two inputs.")
        return None
    return InputsDecision(step.cell, step.index, (min(chosen), max(chosen)))


def _consequence(view: Deciding, decision: Decision) -> None:
    before, after = view.before(), view.after(decision)
    if before and after and before.accuracy.images == after.accuracy.images:
        images = wording.count(after.accuracy.images)
        then = wording.percent(after.accuracy.accuracy, after.accuracy.baseline.ci)
        st.markdown(
            f"With **{_words(view, decision)}** the supernet goes "
            f"**{wording.percent(before.accuracy.accuracy)} → {then}** "
            f"on {images} images."
        )
    else:
        st.button(
            f"What would {_words(view, decision)} cost?",
            on_click=view.measure_after,
            args=(decision,),
            disabled=view.busy,
            width="stretch",
            key="try",
            help="Measure the supernet's accuracy with this choice, without taking it",
        )

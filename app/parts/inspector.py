"""The inspector: one edge's operations by alpha and by drop, and what to do where nothing is measured.

inspector   draw it
in_words    what it shows
"""

import streamlit as st

from app.figures.butterfly import butterfly_info, plot_butterfly
from app.figures.truth_column import plot_truth
from app.parts import sentences, text, truth
from app.parts.progress import running
from app.state.actions import Actions
from app.state.questions import Questions
from app.work.questions import Measurement, Request
from engine.drawing import palette, wording
from engine.results import EdgeScores
from engine.selection.mixing import MIXED, Mixing


def inspector(ask: Questions, do: Actions) -> None:
    """One edge's operations, by alpha and by drop; what to do where nothing is measured."""
    page = ask.page
    edge = page.edge
    if edge is None:
        text.heading("No edge selected")
        st.caption("Click an edge of the cell, or press Tab and Enter, to see what each of its operations is worth.")
        return
    measurement = ask.measurement(edge)
    scores = measurement.edge if measurement else None
    worth = truth.of_edge(page, edge)
    name, asked = st.columns([9, 5], vertical_alignment="center")
    badge = ""
    if scores is not None and scores.verdict is not None:
        badge = f"<span class='badge {scores.verdict}'>{wording.VERDICT[scores.verdict].text}</span>"
    heading = f"<h2 class='edge-name'>{wording.subscripts(page.edge_name(edge))}</h2>"
    name.html(f"<div class='inspected'>{heading}{badge}</div>")
    decided = page.selection.operation(page.cell, edge)
    if decided:
        st.caption(f"Decided: {palette.operation(decided).label}. Undo that decision to measure this edge again.")
    elif scores is not None:
        st.caption(sentences.edge_finding(scores))
    else:
        st.caption(sentences.unmeasured(*page.evidence))
    with asked:
        truth.switch(page)
    if worth is not None:
        st.caption(truth.finding(scores, worth))
    info = butterfly_info(ask.score_or_alphas(edge), decided, worth)
    alt = (
        sentences.edge_finding(scores)
        if scores
        else f"Mixing weights of {wording.plain(page.edge_name(edge))}, {sentences.without(*page.evidence)}"
    )
    unmeasured = sentences.no_drops(*page.evidence)
    with st.container(key="three-columns" if worth else "two-columns"):
        text.chart(plot_butterfly(info, page.theme, unmeasured=unmeasured), key="butterfly", alt=alt)
    if worth is not None:
        # On a phone, where three columns have no room; the style shows one of the two.
        with st.container(key="truth-below"):
            narrow = plot_butterfly(info.without_truth, page.theme, unmeasured=unmeasured)
            text.chart(narrow, key="butterfly-narrow", alt=alt)
            order = [row.operation for row in info.rows]
            text.chart(plot_truth(worth, order, page.theme), key="truth-narrow", alt=truth.finding(scores, worth))
    if scores is not None:
        _numbers(scores)
    if not decided and page.can_measure:
        _buttons(ask, do, edge, measurement)


def in_words(ask: Questions) -> str:
    """The selected edge, its verdict and what that means; "" where no edge is selected."""
    page = ask.page
    if page.edge is None:
        return ""
    found = ask.scores.get(page.edge)
    missing = f"{sentences.without(*page.evidence)}."
    finding = f"{wording.VERDICT[found.verdict].word}. {sentences.edge_finding(found)}" if found else missing
    return f"{page.edge_name(page.edge)}: {finding}"


def _numbers(scores: EdgeScores) -> None:
    best = scores.operation(scores.best)
    label = palette.operation(best.name).label
    lead = (f"its lead over {_label(scores.rival)}", wording.with_interval(scores.lead or 0.0, scores.lead_ci))
    values = (
        ("supernet", wording.percent(scores.baseline.accuracy, scores.baseline.ci)),
        (f"without {label}", wording.percent(best.masked_accuracy)),
        *((lead,) if scores.rival is not None else ()),
    )
    cells = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in values)
    st.html(f"<div class='numbers'>{cells}</div>")


def _label(name: str | None) -> str:
    return palette.operation(name).label if name else ""


def _arithmetic(scores: EdgeScores, mixing_by: Mixing) -> None:
    """The numbers of one edge, step by step."""
    with st.popover("The arithmetic", width="stretch"):
        best = scores.operation(scores.best)
        first = scores.operation(scores.best_by_alpha or scores.best)
        right = round(scores.baseline.accuracy * scores.images / 100)
        left = round(best.masked_accuracy * scores.images / 100)
        mixing = "All α are equal, so every operation has the same mixing weight.\n\n"
        if first.alpha is not None:
            mixing = (
                f"**Mixing weight** of {palette.operation(first.name).label} = {MIXED[mixing_by]}  \n"
                f"{_fraction(first.alpha, scores, mixing_by)} = {first.weight:.3f}\n\n"
            )
        st.markdown(
            mixing
            + f"**Mask** {palette.operation(best.name).label}: its weight becomes 0, the others stay as they are.\n\n"
            f"**Drop** = accuracy before − accuracy without  \n"
            f"{right:,} / {scores.images:,} − {left:,} / {scores.images:,} = "
            f"{wording.with_interval(best.drop, best.ci)}"
        )


def _fraction(alpha: float, scores: EdgeScores, mixing: Mixing) -> str:
    """How a mixing weight comes from the alphas of its edge."""
    if mixing == "sigmoid":
        return f"1 / (1 + e^{-alpha:.3f})"

    def part(value: float) -> str:
        return f"({value:.3f} + 1)" if mixing == "dirichlet" and value >= 0 else f"e^{value:.3f}"

    every = " + ".join(part(score.alpha) for score in scores.operations if score.alpha is not None)
    return f"{part(alpha)} / ({every})"


def _buttons(ask: Questions, do: Actions, edge: int, measurement: Measurement | None) -> None:
    request = ask.request("edge", ask.page.cell, edge)
    left, right = st.columns([3, 2]) if measurement else (st.container(), None)
    with left:
        if (job := ask.job(request)) is not None:
            running(job, do, "edge", ask.preliminary(request), ask.wanted(request, measurement))
        elif measurement is None:
            st.button(
                f"Measure this edge{_about(ask, request)}",
                type="primary",
                on_click=do.measure,
                args=(edge,),
                width="stretch",
                key="measure-edge",
            )
        else:
            _more(ask, do, edge, measurement)
    if measurement is not None and right is not None:
        with right:
            _arithmetic(measurement.edge, ask.page.selection.alphas.mixing)
    _kept(ask, request, measurement)


def _more(ask: Questions, do: Actions, edge: int, measurement: Measurement) -> None:
    more = ask.more(ask.request("edge", ask.page.cell, edge), measurement)
    done = ask.next_size(measurement) is None
    size = wording.count(more.settings.images) if more.settings.images else "all"
    st.button(
        "All images are used" if done else f"More images: {size}{_about(ask, more)}",
        on_click=do.measure_more,
        args=(edge,),
        disabled=done,
        width="stretch",
        key="more-images",
        help="Measure this edge on more images, going on from those it was measured on",
    )


def _about(ask: Questions, request: Request) -> str:
    seconds = ask.estimate([request])
    return f" ({wording.duration(seconds)})" if seconds else ""


def _kept(ask: Questions, request: Request, measurement: Measurement | None) -> None:
    """What the numbers rest on, and what a cancelled measurement has left."""
    partial, evaluated = ask.preliminary(request), ask.evaluated(request)
    lines = [] if measurement is None else [text.provenance(measurement)]
    if partial is not None:
        lines.append(f"preliminary: {wording.count(partial.images)} images so far")
    elif evaluated > (0 if measurement is None else measurement.images):
        lines.append(f"stopped at {wording.count(evaluated)} images, kept for the next try")
    if ask.problem:
        lines.append(ask.problem)
    if measurement is not None and measurement.edge.lead_ci is not None:
        lines.append("95 % intervals: of bars plain, of the lead over all rivals and looks")
    if lines:
        st.caption(" · ".join(lines))

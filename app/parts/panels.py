"""Parts that several pages show: title, cell graph, edge inspector, and how a measurement is labelled.

title        page heading and the line under it
untuned      a banner where tuned weights are missing
heading      a card's title
cell         the cell card: strands switch, list view, clickable graph
inspector    one edge: butterfly bars, verdict, numbers, buttons
provenance   a measurement's images, BN mode, source
duration     seconds as people say them
chart        a plotly figure
TRUE, true_values   columns of a table with true accuracies
"""

from typing import Any

import streamlit as st

from app.figures.butterfly import butterfly_info, plot_butterfly
from app.figures.cell_graph import Measure
from app.figures.cell_graph import cell_graph as graph_of
from app.figures.edge_names import parse_edge_id
from app.figures.frame import Figure
from app.library import image_sets
from app.parts import sentences
from app.parts.cell_graph import cell_graph
from app.state.page import TUNING, View
from app.work import measurements
from app.work.measurements import Measurement
from engine.drawing import palette, wording
from engine.results import EdgeScores, Lookup

MEASURES: dict[Measure, str] = {"alpha": "α", "drop": "measured drop", "both": "both"}


def title(heading: str, line: str) -> None:
    st.html(
        f'<h1 class="finding">{wording.subscripts(heading)}</h1><p class="finding-line">{wording.subscripts(line)}</p>'
    )


def untuned(view: View) -> None:
    """Say so where the tuned weights that the link names are not on this machine, and offer to make them."""
    if not view.stage(view.selection.decisions).missing:
        return
    if any(job.title == TUNING for job in measurements.running(view.visitor)):
        st.caption("fine-tuning · the numbers below are those of the weights before it")
        return
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.warning("The tuned weights of this link are not on this machine: the numbers below are untuned.", icon="⚠️")
    button.button("Tune again", on_click=view.tune_again, width="stretch", key="tune-again")


def chart(figure: Figure, *, key: str, alt: str, **selection: Any) -> None:
    """A plotly figure as it was drawn, in the project's own theme and without a tool bar. alt: what it says, in words.

    selection: `on_select` and `selection_mode`, where its points can be chosen.
    """
    st.plotly_chart(figure, theme=None, config={"displayModeBar": False}, key=key, alt=alt, **selection)


def heading(name: str, line: str = "") -> None:
    """A card's title with a quieter line beside it."""
    st.html(f'<p class="card-title"><b>{wording.subscripts(name)}</b><span>{wording.subscripts(line)}</span></p>')


def provenance(measurement: Measurement) -> str:
    """e.g. "1,024 images · batch statistics · live, 0.8 s, CPU"."""
    found = measurement.result
    stored = measurement.date if measurement.source == "stored" else None
    images = image_sets.name_of([measurement.data])
    return wording.provenance(found.images, found.bn, found.device, found.seconds, stored, images)


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def cell(view: View, scores: dict[int, EdgeScores], *, key: str = "cell", title: str = "The cell") -> None:
    """The cell graph with its strands switch and its list-view twin."""
    name, controls = st.columns([1, 2], vertical_alignment="center")
    with name:
        heading(title)
    first: Measure = "drop" if scores else "alpha"
    with controls:
        shown = st.segmented_control(
            "Strands show",
            list(MEASURES),
            format_func=MEASURES.__getitem__,
            default=first,
            required=True,
            key=f"{key}-measure",
            label_visibility="collapsed",
        )
    graph = graph_of(
        view.space,
        view.cell,
        alphas=view.weights(),
        scores=scores,
        selection=view.selection,
        focus=view.edge,
        measure=shown,
        isolate=view.isolated,
    )

    def choose(chosen: str | None) -> None:
        view.select(parse_edge_id(view.space, chosen)[1] if chosen else None)

    if st.session_state.get("list-view"):
        _list(view, graph, key)
    else:
        cell_graph(graph, key=f"{key}-graph", on_select=choose)


def _list(view: View, graph, key: str) -> None:
    rows = []
    for edge, mark in zip(view.space.edges(view.cell), graph["edges"], strict=True):
        found = view.score(edge.index)
        rows.append(
            {
                "edge": view.space.edge_name(edge),
                "α keeps": palette.operation(view.selection.best_by_alpha(view.cell, edge)).label,
                "measurement keeps": palette.operation(found.best).label if found else "not measured",
                "verdict": wording.VERDICT[found.verdict].text if found else "",
                "difference": wording.with_interval(found.difference, found.difference_ci) if found else "",
                "decided": palette.operation(mark["operation"]).label if mark["operation"] else "",
            }
        )

    def choose() -> None:
        chosen = st.session_state[f"{key}-list"].selection.rows
        if chosen:
            view.select(chosen[0])

    st.dataframe(
        rows, key=f"{key}-list", on_select=choose, selection_mode="single-row", hide_index=True, height=330, alt="edges"
    )


def inspector(view: View) -> None:
    """One edge's operations, by alpha and by drop; what to do where nothing is measured."""
    if view.edge is None:
        st.markdown("**No edge selected**")
        st.caption("Click an edge of the cell, or press Tab and Enter, to see what each of its operations is worth.")
        return
    measurement = view.measurement(view.edge)
    scores = measurement.edge if measurement else None
    name, badge = st.columns([3, 2], vertical_alignment="center")
    name.html(f"<h2 class='edge-name'>{wording.subscripts(view.edge_name())}</h2>")
    if scores is not None:
        badge.html(f"<span class='badge {scores.verdict}'>{wording.VERDICT[scores.verdict].text}</span>")
    decided = view.selection.operation(view.cell, view.edge)
    if decided:
        st.caption(f"Decided: {palette.operation(decided).label}. Undo that decision to measure this edge again.")
    elif scores is not None:
        st.caption(sentences.edge_finding(scores))
    else:
        st.caption("Not measured yet. α alone cannot say which operation matters.")
    figure = plot_butterfly(butterfly_info(view.score_or_alphas(view.edge), decided), view.theme)
    alt = sentences.edge_finding(scores) if scores else f"Mixing weights of {view.edge_name()}, not measured"
    chart(figure, key="butterfly", alt=alt)
    if scores is not None:
        _numbers(scores)
    if not decided:
        _buttons(view, measurement)


def _numbers(scores: EdgeScores) -> None:
    best = scores.operation(scores.best)
    label = palette.operation(best.name).label
    values = (
        ("supernet", wording.percent(scores.baseline.accuracy, scores.baseline.ci)),
        (f"without {label}", wording.percent(best.masked_accuracy)),
        ("best − α's choice", wording.with_interval(scores.difference, scores.difference_ci)),
    )
    cells = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in values)
    st.html(f"<div class='numbers'>{cells}</div>")


def _arithmetic(scores: EdgeScores) -> None:
    """The numbers of one edge, step by step."""
    with st.popover("The arithmetic", width="stretch"):
        alphas = " + ".join(f"e^{score.alpha:.3f}" for score in scores.operations)
        first = scores.operation(scores.best_by_alpha)
        best = scores.operation(scores.best)
        right = round(scores.baseline.accuracy * scores.images / 100)
        left = round(best.masked_accuracy * scores.images / 100)
        st.markdown(
            f"**Mixing weight** of {palette.operation(first.name).label} = softmax of α  \n"
            f"e^{first.alpha:.3f} / ({alphas}) = {first.weight:.3f}\n\n"
            f"**Mask** {palette.operation(best.name).label}: its weight becomes 0, the others stay as they are.\n\n"
            f"**Drop** = accuracy before − accuracy without  \n"
            f"{right:,} / {scores.images:,} − {left:,} / {scores.images:,} = "
            f"{wording.with_interval(best.drop, best.ci)}"
        )


def _buttons(view: View, measurement: Measurement | None) -> None:
    left, right = st.columns(2)
    if measurement is None:
        left.button(
            "Measure this edge",
            type="primary",
            on_click=view.measure,
            args=(view.edge,),
            disabled=view.busy,
            width="stretch",
            key="measure-edge",
        )
        return
    left.button(
        "More images",
        type="primary",
        on_click=view.measure_more,
        disabled=view.busy or view.more_images(measurement.result.images) is None,
        width="stretch",
        key="more-images",
        help="Measure this edge on the next larger number of images",
    )
    with right:
        _arithmetic(measurement.edge)
    st.caption(("measuring · " if measurement.partial else "") + provenance(measurement))


TRUE = {
    "true %": st.column_config.NumberColumn(format="%.2f", help="CIFAR-10 after 200 epochs of training"),
    "rank": st.column_config.NumberColumn(format="localized", help="of 15,625 cells"),
}


def true_values(found: Lookup | None) -> dict[str, object]:
    """What these columns hold of a finished NAS-Bench-201 cell."""
    return {"true %": found and found.cifar10, "rank": found and found.rank["cifar10"]}

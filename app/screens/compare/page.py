"""Compare: two endings side by side with one selection for both, and what the edge order alone changes."""

import streamlit as st

from app.figures.cell_graph import cell_graph as graph_of
from app.figures.comparison import edge_pair, plot_edge_pair, plot_totals
from app.figures.differences import LETTERS, Difference, in_words, plot_differences, tally
from app.figures.edge_alphas import EdgeAlphas
from app.figures.edge_names import parse_edge_id
from app.parts import text
from app.parts.cell_graph import cell_graph
from app.parts.style import picture
from app.screens.compare import address, endings, order_panel, presets
from app.screens.compare.endings import Side
from app.screens.compare.view import Comparing, End, headline, name_of, ranked, totals
from app.state.page import live
from engine.drawing import palette, wording
from engine.drawing.finished_cell import finished_cell
from engine.results import EdgeScores

MOST = 4
"""Sides in the table."""


def page() -> None:
    live(_body, Comparing)


def _body(view: Comparing) -> None:
    first, second = view.ends
    line = "two endings, edge by edge; no table of true accuracies exists for this search space"
    if first.truth or second.truth:
        line = "true CIFAR-10 accuracy of the finished cell after 200 epochs of training (NAS-Bench-201)"
    text.title(headline(first, second, view.rows), line)
    for damaged in dict.fromkeys(line for end in view.ends for line in end.shelf.damaged):
        st.warning(damaged, icon="⚠️")
    cell = _controls(view)
    edge = view.focus(cell) if view.comparable else None
    left, middle, right = st.columns([9, 5, 9])
    for column, letter, end in zip((left, right), LETTERS, view.ends, strict=True):
        with column, st.container(border=True, key=f"side-{letter.lower()}-card", height="stretch"):
            _pane(view, letter, end, cell, edge)
    with middle, st.container(border=True, key="differences-card", height="stretch"):
        _strip(view, cell, edge)
    left, right = st.columns(2)
    with left, st.container(border=True, key="edge-card", height="stretch"):
        _edge(view, cell, edge)
    with right, st.container(border=True, key="totals-card", height="stretch"):
        _totals(view)
    with st.container(border=True, key="finished-card"):
        _finished(view, cell)
    with st.container(border=True, key="table-card"):
        _table(view)
    with st.container(border=True, key="orders-card"):
        order_panel.panel(view, cell)


def _controls(view: Comparing) -> str:
    """Presets, and the cell type where the sidebar speaks of another space. Returns the cell type on screen."""
    offered = presets.presets(view.shelves, view.pair[0].run)
    st.session_state["compare-preset"] = next((name for name, pair in offered.items() if pair == view.pair), None)

    def choose() -> None:
        if (chosen := st.session_state["compare-preset"]) is not None:
            address.choose(offered[chosen])

    cells = view.ends[0].space.cells
    with st.container(horizontal=True, vertical_alignment="center"):
        if offered:
            st.segmented_control(
                "Set side by side",
                list(offered),
                key="compare-preset",
                on_change=choose,
                label_visibility="collapsed",
            )
        if view.is_linked or len(cells) == 1:
            return view.cell if view.is_linked else cells[0]
        return st.segmented_control(
            "Cell", cells, key="compare-cell", default=cells[0], required=True, label_visibility="collapsed"
        )


def _pane(view: Comparing, letter: str, end: End, cell: str, edge: int | None) -> None:
    facts = [end.name]
    if end.truth:
        facts += [wording.percent(end.truth.cifar10, digits=2), f"rank {wording.count(end.truth.rank['cifar10'])}"]
    text.heading(letter, " · ".join(facts))
    _pickers(view, letter)
    cell = cell if cell in end.space.cells else end.space.cells[0]
    selection = end.document.selection
    graph = graph_of(
        end.space,
        cell,
        alphas=selection.alphas.weights(cell).tolist(),
        scores=end.before(cell),
        selection=selection,
        focus=edge,
        isolate=view.isolated,
    )

    def choose(chosen: str | None) -> None:
        view.choose(cell, parse_edge_id(end.space, chosen)[1] if chosen else None)

    cell_graph(graph, key=f"side-{letter.lower()}-graph", on_select=choose)
    st.caption(end.origin)


def _pickers(view: Comparing, letter: str) -> None:
    index = LETTERS.index(letter)
    side = view.pair[index]
    keys = f"side-{letter.lower()}-run", f"side-{letter.lower()}-ending"
    st.session_state[keys[0]], st.session_state[keys[1]] = side

    def choose() -> None:
        run, ending = (st.session_state[key] for key in keys)
        chosen = list(view.pair)
        chosen[index] = Side(run, ending if ending in view.shelves[run].endings else endings.ALPHA)
        address.choose(chosen)

    left, right = st.columns(2)
    left.selectbox(
        f"Supernet {letter}", list(view.shelves), key=keys[0], on_change=choose, label_visibility="collapsed"
    )
    right.selectbox(
        f"Ending {letter}",
        view.shelves[side.run].endings,
        format_func=lambda name: name.replace("-", " ") if endings.is_order(name) else name_of(name),
        key=keys[1],
        on_change=choose,
        label_visibility="collapsed",
    )


def _strip(view: Comparing, cell: str, edge: int | None) -> None:
    text.heading("Edge by edge")
    rows = [row for row in view.rows if row.cell == cell]
    if not rows:
        st.caption("Different search spaces: no edge of A has a counterpart in B.")
        return

    def choose() -> None:
        points = st.session_state["differences"].selection.points
        if points:  # a second click empties the selection: that is not a choice
            view.choose(cell, int(points[0]["customdata"][0]))

    words = in_words(tally(rows))
    if st.session_state.get("list-view"):
        st.dataframe([_listed(row) for row in rows], hide_index=True, alt=words)
    else:
        text.chart(
            plot_differences(rows, edge, view.theme),
            key="differences",
            on_select=choose,
            selection_mode="points",
            alt=words,
        )
    st.caption(words)


def _listed(row: Difference) -> dict[str, str]:
    a, b = (palette.operation(name).label if name else "open" for name in (row.a, row.b))
    return {"edge": wording.plain(row.name), "A": a, "B": b, "": in_words({row.state: 1})}


def _edge(view: Comparing, cell: str, edge: int | None) -> None:
    """The selected edge, both sides on shared scales."""
    if edge is None:
        why = "click an edge in either cell" if view.comparable else "different search spaces"
        text.heading("One edge, both sides", why)
        return
    first, second = view.ends
    text.heading(view.ends[0].space.edge_name(first.space.edge(cell, edge)), "both sides on the same scale")
    (a, when_a), (b, when_b) = first.evidence(cell, edge), second.evidence(cell, edge)
    chosen = first.document.selection.operation(cell, edge), second.document.selection.operation(cell, edge)
    said = ", ".join(
        f"{letter} keeps {palette.operation(name).label}" if name else f"{letter} is undecided"
        for letter, name in zip(LETTERS, chosen, strict=True)
    )
    figure = plot_edge_pair(edge_pair(a, b, chosen), view.theme)
    text.chart(figure, key="edge-pair", alt=said)
    if a == b:
        st.caption(f"{said} · both: {_measured(a, when_a)}")
        return
    how = {(one.images, one.bn, one.batch_size) for one in (a, b) if isinstance(one, EdgeScores)}
    apart = " · not the same images: not ranked" if len(how) > 1 else ""
    st.caption(f"{said} · A: {_measured(a, when_a)} · B: {_measured(b, when_b)}{apart}")


def _measured(found: EdgeScores | EdgeAlphas, when: str) -> str:
    if isinstance(found, EdgeAlphas):
        return "not measured"
    return f"{wording.count(found.images)} images, {wording.bn(found.bn)}, {wording.device_name(found.device)}, {when}"


def _totals(view: Comparing) -> None:
    text.heading("What they add up to", "each measure has its own scale")
    rows = totals(*view.ends)
    said = "; ".join(f"{row.name}: A {row.texts[0]}, B {row.texts[1]}" for row in rows)
    text.chart(plot_totals(rows, view.theme), key="totals", alt=said)
    if line := ranked(view.ends[0].accuracy, view.ends[1].accuracy):
        st.caption(line)
    if any(end.accuracy is None for end in view.ends):
        st.button(
            "Measure the supernet's accuracy", on_click=view.measure_sides, disabled=view.busy, key="measure-sides"
        )


def _finished(view: Comparing, cell: str) -> None:
    """The cells that both sides end with, as the papers draw them."""
    text.heading("The finished cells", "outlined where the other side has another operation or input")
    genotypes = [end.genotype for end in view.ends]
    for number, (column, letter, end) in enumerate(zip(st.columns(2), LETTERS, view.ends, strict=True)):
        genotype, other = genotypes[number], genotypes[1 - number]
        with column:
            if genotype is None:
                left = end.space.steps - end.document.selection.steps_done
                st.caption(f"{letter} is not finished: {left} of {end.space.steps} decisions are left.")
                continue
            beside = other if other is not None and other.family == genotype.family else None
            at = cell if cell in end.space.cells else end.space.cells[0]
            st.html(picture(finished_cell(genotype, at, beside), view.theme, alt=f"{letter}: {genotype}"))
            for line in end.document.selection.replaced_none:
                st.caption(line)


def _table(view: Comparing) -> None:
    text.heading("In numbers", f"up to {MOST} sides")
    every = [Side(run, ending) for run, shelf in view.shelves.items() for ending in shelf.endings]
    more = st.multiselect(
        "More sides",
        [side for side in every if side not in view.pair],
        format_func=lambda side: f"{side.run} · {name_of(side.ending)}",
        max_selections=MOST - len(view.pair),
        key="more-sides",
        placeholder="Add a side to the table",
        label_visibility="collapsed",
    )
    shown = [*view.ends, *map(view.end, more)]
    rows = [_row(letter, end) for letter, end in zip("ABCD", shown, strict=False)]
    columns = [key for key in rows[0] if key not in text.TRUE or any(end.truth for end in shown)]
    st.dataframe(
        rows,
        hide_index=True,
        column_order=columns,
        column_config=text.TRUE,
        alt=" and ".join(str(end.side) for end in shown),
    )


def _row(letter: str, end: End) -> dict[str, object]:
    return {
        "": letter,
        "supernet": end.side.run,
        "ending": end.name,
        **text.true_values(end.truth),
        "supernet accuracy": f"{end.accuracy.text}, {end.accuracy.origin}" if end.accuracy else "not measured",
        **end.counts,
        "decided": f"{end.document.selection.steps_done} of {end.space.steps}",
        "from": end.origin,
        "genotype": str(end.genotype or ""),
    }

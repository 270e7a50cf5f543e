"""Compare: two endings side by side with one selection for both, and what the edge order alone changes."""

import streamlit as st

from app.figures.cell_graph import cell_graph_info
from app.figures.comparison import edge_pair, plot_edge_pair, plot_totals
from app.figures.differences import LETTERS, in_words, plot_differences, tally
from app.figures.edge_alphas import EdgeAlphas
from app.figures.edge_list import difference_list
from app.figures.edge_names import parse_edge_id
from app.figures.evidence import clearest
from app.library import image_sets
from app.parts import import_menu, text
from app.parts.cell_graph import cell_graph
from app.parts.evidence_table import evidence_table
from app.parts.style import picture
from app.parts.terms import marked
from app.screens.compare import address, endings, order_panel, presets
from app.screens.compare.endings import Side, all_endings
from app.screens.compare.table import table
from app.screens.compare.view import Comparison, End, headline, name_of, ranked, totals
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import live, unasked
from app.state.page import PageState
from app.state.questions import Questions
from app.work.workshop import workshop
from engine.drawing import palette, wording
from engine.drawing.finished_cell import finished_cell
from engine.results import EdgeScores


def page() -> None:
    live(_body, _settle)


def _settle(page: PageState, ask: Questions, do: Actions) -> dict[str, str]:
    """Bring the sides in step with the address."""
    runs = all_endings(session.entries(), session.states())
    # Streamlit forgets a widget that a page does not draw.
    return address.follow(runs, page.entry.id, entered=not keys.SIDE_RUN.of("a").is_set)


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    shop = workshop()
    runs = all_endings(session.entries(), session.states())

    def end_of(side: Side) -> End:
        endings = runs[side.run]
        data = image_sets.chosen(endings.summary, keys.DATA.get(None)).spec
        return End(side, endings, endings.document(side.ending), page.images, data, shop.measurements)

    pair = address.current(runs, page.entry.id)
    comparison = Comparison(page, runs, (end_of(pair[0]), end_of(pair[1])))
    first, second = comparison.ends
    line = "two endings, edge by edge; no table of true accuracies exists for this search space"
    if first.truth or second.truth:
        line = "true CIFAR-10 accuracy of the finished cell after 200 epochs of training (NAS-Bench-201)"
    text.title(headline(first, second, comparison.rows), marked(line, "edge", "genotype", "cell"))
    for damaged in dict.fromkeys(line for end in comparison.ends for line in end.endings.damaged):
        st.warning(damaged, icon=":material/warning:")
    cell = _controls(comparison)
    edge = _focus(comparison, cell) if comparison.comparable else None
    left, middle, right = st.columns([9, 5, 9])
    for column, letter in zip((left, right), LETTERS, strict=True):
        with column, st.container(border=True, key=f"side-{letter.lower()}-card", height="stretch"):
            _pane(comparison, do, letter, cell, edge)
    with middle, st.container(border=True, key="differences-card", height="stretch"):
        _strip(comparison, do, cell, edge)
    left, right = st.columns(2)
    with left, st.container(border=True, key="edge-card", height="stretch"):
        _edge(comparison, cell, edge)
    with right, st.container(border=True, key="totals-card", height="stretch"):
        _totals(comparison, ask, do)
    with st.container(border=True, key="finished-card"):
        _finished(comparison, cell)
    with st.container(border=True, key="table-card"):
        table(comparison, end_of)
    with st.container(border=True, key="orders-card"):
        order_panel.panel(comparison, end_of, cell)


def _controls(comparison: Comparison) -> str:
    """Presets, and the cell type where the sidebar speaks of another space. Returns the cell type on screen."""
    offered = presets.presets(comparison.runs, comparison.pair[0].run)
    keys.PAIR.set(next((name for name, pair in offered.items() if pair == comparison.pair), None))

    def choose() -> None:
        if (chosen := keys.PAIR.get(None)) is not None:
            address.choose(offered[chosen])

    cells = comparison.ends[0].space.cells
    with st.container(horizontal=True, vertical_alignment="center"):
        if offered:
            st.segmented_control(
                "Set side by side",
                list(offered),
                key=keys.PAIR.name,
                on_change=choose,
                label_visibility="collapsed",
            )
        if comparison.is_linked or len(cells) == 1:
            return comparison.page.cell if comparison.is_linked else cells[0]
        return st.segmented_control(
            "Cell", cells, key=keys.CELL_OF_A.name, default=cells[0], required=True, label_visibility="collapsed"
        )


def _focus(comparison: Comparison, cell: str) -> int | None:
    """The selected edge; while there is none, of those on which the sides differ the clearest, else of all."""
    if comparison.is_linked:
        chosen = comparison.page.edge
    else:
        space, at, edge = keys.EDGE_OF_A.get(("", "", None))
        chosen = edge if (space, at) == (comparison.ends[0].space.name, cell) else None
    if chosen is not None:
        return chosen
    rows = [row for row in comparison.rows if row.cell == cell]
    differing = [row.edge for row in rows if row.differs] or [row.edge for row in rows]
    known = {edge: comparison.ends[0].evidence(cell, edge)[0] for edge in differing}
    return clearest(differing, {edge: found for edge, found in known.items() if isinstance(found, EdgeScores)})


def _choose(comparison: Comparison, do: Actions, cell: str, edge: int | None) -> None:
    """Select an edge in both sides, in a callback."""
    if comparison.is_linked:
        do.select(edge)
    else:
        keys.EDGE_OF_A.set((comparison.ends[0].space.name, cell, edge))


def _measure_sides(comparison: Comparison, do: Actions) -> None:
    """Measure the supernet's accuracy at both ends, where it is not known."""
    missing = [end for end in comparison.ends if end.accuracy is None]
    for end in missing:
        entry = end.endings.entry
        images = image_sets.chosen(end.endings.summary, keys.DATA.get(None))
        if (said := unasked(entry, images)) is not None:
            st.toast(f"{text.literal(entry.id)}: {text.literal(said)} Say on its page that they are meant.")
            return
    do.begin([end.request for end in missing], "Measuring both sides")


def _pane(comparison: Comparison, do: Actions, letter: str, cell: str, edge: int | None) -> None:
    end = comparison.ends[LETTERS.index(letter)]
    facts = [end.name]
    if end.truth:
        facts += [wording.percent(end.truth.cifar10, digits=2), f"rank {wording.count(end.truth.rank['cifar10'])}"]
    text.heading(letter, " · ".join(facts))
    _pickers(comparison, letter)
    cell = cell if cell in end.space.cells else end.space.cells[0]
    selection = end.document.selection
    graph = cell_graph_info(
        end.space,
        cell,
        alphas=selection.alphas.weights(cell).tolist(),
        scores=end.before(cell),
        selection=selection,
        focus=edge,
        isolate=comparison.page.isolated,
    )

    def choose(chosen: str | None) -> None:
        _choose(comparison, do, cell, parse_edge_id(end.space, chosen)[1] if chosen else None)

    cell_graph(graph, key=f"side-{letter.lower()}-graph", on_select=choose)
    st.caption(end.origin)
    text.notes(end.endings.summary)


def _pickers(comparison: Comparison, letter: str) -> None:
    index = LETTERS.index(letter)
    side = comparison.pair[index]
    run, ending = keys.SIDE_RUN.of(letter.lower()), keys.SIDE_ENDING.of(letter.lower())
    run.set(side.run)
    ending.set(side.ending)

    def choose() -> None:
        chosen = list(comparison.pair)
        known = comparison.runs[run.get("")].endings
        chosen[index] = Side(run.get(""), ending.get("") if ending.get("") in known else known[0])
        address.choose(chosen)

    left, right = st.columns(2)
    left.selectbox(
        f"Supernet {letter}",
        list(comparison.runs),
        format_func=lambda name: import_menu.named(comparison.runs[name].entry),
        key=run.name,
        on_change=choose,
        label_visibility="collapsed",
    )
    right.selectbox(
        f"Ending {letter}",
        comparison.runs[side.run].endings,
        format_func=lambda name: name.replace("-", " ") if endings.is_order(name) else name_of(name),
        key=ending.name,
        on_change=choose,
        label_visibility="collapsed",
    )


def _strip(comparison: Comparison, do: Actions, cell: str, edge: int | None) -> None:
    text.heading("Edge by edge")
    rows = [row for row in comparison.rows if row.cell == cell]
    if not rows:
        st.caption("Different search spaces: no edge of A has a counterpart in B.")
        return

    def choose() -> None:
        points = keys.DIFFERENCES.get(None).selection.points
        if points:  # a second click empties the selection: that is not a choice
            _choose(comparison, do, cell, int(points[0]["customdata"][0]))

    words = in_words(tally(rows))
    if keys.LIST_VIEW.get(False):
        listed = difference_list(rows, edge)
        evidence_table(listed, key="differences-list", on_choose=lambda row: _choose(comparison, do, cell, int(row)))
    else:
        text.chart(
            plot_differences(rows, edge, comparison.page.theme),
            key=keys.DIFFERENCES.name,
            on_select=choose,
            selection_mode="points",
            alt=words,
        )
    st.caption(words)


def _edge(comparison: Comparison, cell: str, edge: int | None) -> None:
    """The selected edge, both sides on shared scales."""
    if edge is None:
        why = "click an edge in either cell" if comparison.comparable else "different search spaces"
        text.heading("One edge, both sides", why)
        return
    first, second = comparison.ends
    named = first.space.cell(cell).edge_name(first.space.edge(cell, edge))
    text.heading(named, "both sides on the same scale")
    (a, when_a), (b, when_b) = first.evidence(cell, edge), second.evidence(cell, edge)
    chosen = first.document.selection.operation(cell, edge), second.document.selection.operation(cell, edge)
    said = ", ".join(
        f"{letter} keeps {palette.operation(name).label}" if name else f"{letter} is undecided"
        for letter, name in zip(LETTERS, chosen, strict=True)
    )
    figure = plot_edge_pair(edge_pair(a, b, chosen), comparison.page.theme)
    text.chart(figure, key="edge-pair", alt=said)
    reasons = (end.reason(cell, edge) for end in comparison.ends)
    for letter, because in zip(LETTERS, reasons, strict=True):
        if because:
            st.caption(f"{letter}: {because}.")
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


def _totals(comparison: Comparison, ask: Questions, do: Actions) -> None:
    text.heading("What they add up to", "each measure has its own scale")
    rows = totals(*comparison.ends)
    said = "; ".join(f"{row.name}: A {row.texts[0]}, B {row.texts[1]}" for row in rows)
    text.chart(plot_totals(rows, comparison.page.theme), key="totals", alt=said)
    if line := ranked(comparison.ends[0].accuracy, comparison.ends[1].accuracy):
        st.caption(line)
    if any(end.accuracy is None for end in comparison.ends):
        st.button(
            "Measure the supernet's accuracy",
            on_click=_measure_sides,
            args=(comparison, do),
            disabled=ask.busy,
            key="measure-sides",
        )


def _finished(comparison: Comparison, cell: str) -> None:
    """The cells that both sides end with, as the papers draw them."""
    text.heading("The finished cells", "outlined where the other side has another operation or input")
    genotypes = [end.genotype for end in comparison.ends]
    for number, (column, letter, end) in enumerate(zip(st.columns(2), LETTERS, comparison.ends, strict=True)):
        genotype, other = genotypes[number], genotypes[1 - number]
        with column:
            if genotype is None:
                left = end.space.steps - end.document.selection.steps_done
                st.caption(f"{letter} is not finished: {left} of {end.space.steps} decisions are left.")
                continue
            beside = other if other is not None and other.format == genotype.format else None
            at = cell if cell in end.space.cells else end.space.cells[0]
            drawn = finished_cell(genotype, at, beside)
            st.html(picture(drawn, comparison.page.theme, alt=f"{letter}: {drawn.text}"))
            for line in end.document.selection.replaced_none:
                st.caption(line)

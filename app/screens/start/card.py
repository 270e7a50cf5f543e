"""The question of Start on one edge: alpha's half open, the measured half covered until somebody guesses.

card     draw it
spoken   what it says now, in words
"""

from html import escape

import streamlit as st

from app.figures.butterfly import butterfly_info, plot_butterfly
from app.figures.edge_alphas import edge_alphas
from app.parts import sentences, text
from app.parts.progress import measure_button
from app.parts.terms import marked
from app.screens.start.words import answer, question
from app.state import keys
from app.state.actions import Actions
from app.state.questions import Questions
from engine.drawing import palette, wording
from engine.results import EdgeScores
from engine.selecting.hand_in import Answer

COVER = "guess before you look"


def card(ask: Questions, do: Actions) -> None:
    """Heights stay as they are when the answer comes: the same slots hold other words."""
    page = ask.page
    edge = page.edge
    assert edge is not None
    found = ask.measurement(edge)
    scores = found.edge if found is not None else None
    seen = is_seen(ask)
    shown = scores if seen else None
    name, reveal = st.columns([9, 5], vertical_alignment="center")
    badge = ""
    if shown is not None and shown.verdict is not None:
        badge = f"<span class='badge {shown.verdict}'>{wording.VERDICT[shown.verdict].text}</span>"
    heading = f"<h2 class='edge-name'>{wording.subscripts(page.edge_name(edge))}</h2>"
    name.html(f"<div class='inspected'>{heading}{badge}</div>")
    with reveal, st.container(horizontal=True, horizontal_alignment="right"):
        _reveal(ask, do, edge, scores)
    row = edge_alphas(page.selection.alphas, page.cell, edge)
    st.html(f"<p class='story-line'>{_line(ask, edge, scores)}</p>")
    cover = sentences.no_drops(*page.evidence) if scores is None else COVER
    figure = plot_butterfly(butterfly_info(shown or row), page.theme, unmeasured=cover)
    alt = f"Mixing weights of {wording.plain(page.edge_name(edge))}; what measurement says is covered"
    with st.container(key=f"answer-{'covered' if shown is None else 'seen'}"):
        text.chart(figure, key="butterfly", alt=alt if shown is None else sentences.edge_finding(shown))
    names = [each.operation for each in butterfly_info(row).rows]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="guesses"):
        for number, operation in enumerate(names, start=1):
            label = palette.operation(operation).label
            st.button(
                label,
                help=f"{label} hurts most when it is removed",
                shortcut=str(number),
                on_click=_guess,
                args=(ask, do, edge, operation),
                disabled=seen or scores is None or _is_kept(ask),
                key=f"guess-{operation}",
            )
    st.html(f"<p class='story-note'>{marked(escape(_note(ask, scores, len(names))), 'interval', 'images', 'lead')}</p>")


def spoken(ask: Questions) -> str:
    """The edge, and what is asked or answered there."""
    page = ask.page
    if page.edge is None:
        return ""
    scores = ask.scores.get(page.edge)
    said = _words(ask, page.edge, scores)
    return f"{page.edge_name(page.edge)}: {' '.join(said)}"


def is_seen(ask: Questions) -> bool:
    return ask.page.link.step == "seen" and not ask.page.hides("answers")


def _is_kept(ask: Questions) -> bool:
    """Whether a guess has been made whose answer is hidden."""
    return ask.page.link.step == "seen" and ask.page.hides("answers")


def _key(ask: Questions, edge: int) -> "keys.Key[str]":
    return keys.GUESS.of(f"{ask.page.entry.id}-{ask.page.edge_id(edge)}")


def _words(ask: Questions, edge: int, scores: EdgeScores | None) -> tuple[str, ...]:
    page = ask.page
    if _is_kept(ask):
        guess = _key(ask, edge).get("")
        said = f"You said {sentences.quoted(guess)}." if guess else "No guess was made."
        return said, "What measurement says is hidden by this link."
    if not is_seen(ask):
        return question(edge_alphas(page.selection.alphas, page.cell, edge))
    if scores is None:
        return (sentences.unmeasured(*page.evidence),)
    return (answer(scores, _key(ask, edge).get("") or None),)


def _line(ask: Questions, edge: int, scores: EdgeScores | None) -> str:
    first, *rest = map(escape, _words(ask, edge, scores))
    return " ".join([f"<b>{first}</b>", *rest]) if rest else first


def _note(ask: Questions, scores: EdgeScores | None, operations: int) -> str:
    """What the drops rest on; before they are shown, how to guess."""
    page = ask.page
    if scores is None:
        return "" if is_seen(ask) else sentences.unmeasured(*page.evidence)
    images = f"{wording.count(scores.images)} images"
    if not is_seen(ask):
        return f"Your guess: click, or press 1 to {operations}. Measured on {images}."
    lines = [f"95 % intervals, {images}."]
    if (lead := sentences.lead(scores)) is not None and scores.stands_out:
        lines.append(f"{lead[0].upper()}{lead[1:]}.")
    if not sentences.disagreements(ask.scores):
        measured, edges = len(ask.scores), len(page.space.edges(page.cell))
        of = f"{measured} edges" if measured == edges else f"{measured} measured edges"
        lines.append(
            f"On none of the {of} does measurement contradict α."
            if measured > 1
            else "On the one edge that is measured, measurement does not contradict α."
        )
    return " ".join(lines)


def _reveal(ask: Questions, do: Actions, edge: int, scores: EdgeScores | None) -> None:
    """The button that uncovers without a guess; where nothing is measured, the one that measures."""
    run = do.page.run
    if scores is None:
        if ask.page.can_measure and ask.page.selection.operation(ask.page.cell, edge) is None:
            request = ask.request("edge", ask.page.cell, edge)
            seconds = ask.estimate([request])
            label = f"Measure, {wording.duration(seconds)}" if seconds else "Measure"
            on_story = do.on(ask)
            measure_button(label, request, on_story, on_story.measure, edge, key="measure-edge")
    elif is_seen(ask) or _is_kept(ask):
        st.button("Guess again", type="tertiary", on_click=run.go_to_step, args=("guess",), key="guess-again")
    elif not ask.page.hides("answers"):
        st.button("Show all at once", type="tertiary", on_click=_show, args=(ask, do, edge), key="show-all")


def _guess(ask: Questions, do: Actions, edge: int, operation: str) -> None:
    """What is guessed first, before the answer was seen, is handed in: where there is a right answer."""
    is_first = not _key(ask, edge).is_set
    _key(ask, edge).set(operation)
    scores, answers = ask.scores.get(edge), keys.ANSWERS.get({})
    place = f"start/{ask.page.entry.id}/{ask.page.edge_id(edge)}"
    if is_first and scores is not None and scores.stands_out and place not in answers:
        keys.ANSWERS.set(answers | {place: Answer(place, operation, operation == scores.best)})
    do.page.run.go_to_step("seen")


def _show(ask: Questions, do: Actions, edge: int) -> None:
    _key(ask, edge).set("")
    do.page.run.go_to_step("seen")

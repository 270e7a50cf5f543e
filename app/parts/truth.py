"""The truth beside the evidence, where a table knows it and the visitor has asked for it.

is_shown     whether this page shows it
switch       the widget that asks for it; off until then, so that one may guess first
of_edge      what the operations of an undecided edge are truly worth, or None
of_cell      the same of all undecided edges
scoreboard   who is right: alpha and drop against it, and what that does not say
finding      a sentence about one edge
"""

import streamlit as st

from app.figures.edge_alphas import edge_alphas
from app.figures.scoreboard import draw_scoreboard, scoreboard_info
from app.parts.terms import term
from app.state import keys
from app.state.page import PageState
from app.state.questions import Questions
from engine import nasbench201
from engine.drawing import palette, wording
from engine.results import EdgeScores, EdgeWorth
from engine.scoring.truth import scoreboard as agreements


def is_shown(page: PageState) -> bool:
    return page.knows_truth and not page.hides("answers") and keys.SHOW_TRUTH.get(False)


def switch(page: PageState) -> None:
    """Nothing where no table knows the truth. What is asked for is remembered on all pages, and over a reload."""
    if not page.knows_truth or page.hides("answers"):
        return

    def remember() -> None:
        keys.SHOW_TRUTH.set(keys.TRUTH.get(False))

    st.toggle(
        "Show the truth",
        value=is_shown(page),
        on_change=remember,
        key=keys.TRUTH.name,
    )


def of_cell(page: PageState) -> tuple[EdgeWorth, ...]:
    return nasbench201.worth(page.selection) if is_shown(page) else ()


def of_edge(page: PageState, edge: int) -> EdgeWorth | None:
    return next((worth for worth in of_cell(page) if worth.edge == edge), None)


def finding(scores: EdgeScores | None, truth: EdgeWorth) -> str:
    """e.g. "Truth: of the 3,125 reachable cells with each operation here, those with conv 3×3 are best on average (mean
    CIFAR-10 accuracy): the largest drop is right, α is not."."""
    names = " and ".join(palette.operation(name).label for name in truth.winners)
    cells = wording.count(truth.operations[0].count)
    first = f"Truth: of {cells} cells with each operation here, those with {names} reach most on CIFAR-10 on average"
    if scores is None or scores.best_by_alpha is None:
        return f"{first}."
    alpha, drop = scores.best_by_alpha in truth.winners, scores.best in truth.winners
    who = {
        (True, True): "both are right",
        (True, False): "α is right, the largest drop is not",
        (False, True): "the largest drop is right, α is not",
        (False, False): "neither α nor the largest drop is right",
    }
    return f"{first}: {who[alpha, drop]}."


def scoreboard(ask: Questions) -> None:
    """The table, and how to read it."""
    page = ask.page
    truth = of_cell(page)
    if not truth:
        st.caption("Every edge is decided: nothing is left to be right about.")
        return
    rows = [edge_alphas(page.selection.alphas, page.cell, worth.edge) for worth in truth]
    alphas = {
        row.edge: dict(zip(row.operations, row.alphas, strict=True)) for row in rows if row.best_by_alpha is not None
    }
    drops = {edge: {row.name: row.drop for row in found.operations} for edge, found in ask.scores.items()}
    found = agreements(alphas, drops, truth)
    info = scoreboard_info(found, [(worth.edge, page.edge_name(worth.edge)) for worth in truth])
    st.html(draw_scoreboard(info, term("rank_correlation")))
    st.caption(_reading(truth, found[-1].mean))


def _reading(truth: tuple[EdgeWorth, ...], prior: float) -> str:
    """What the numbers are, and what they do not say."""
    count = truth[0].operations[0].count
    cells = f"the {wording.count(count)} reachable cells" if count > 1 else "the one reachable cell"
    leaders = {name for worth in truth for name in worth.winners}
    leads = ""
    if len(leaders) == 1 and len(truth) > 1:
        leads = f" {palette.operation(leaders.pop()).label} leads on all {len(truth)}."
    chance = sum(len(worth.winners) / len(worth.operations) for worth in truth)
    return (
        f"Truth: mean CIFAR-10 accuracy of {cells} with the operation on that edge.{leads} Chance names "
        f"{wording.number(chance)} of {len(truth)} and correlates 0 (Spearman, mean of the edges). *Kind alone*, a "
        f"fixed order without any supernet, reaches {wording.number(prior, 2)}: agreement alone proves no score, and "
        "one that disagrees may still lead to a good cell."
    )

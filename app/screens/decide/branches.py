"""The lines of decisions there are as a small tree, to go on in any of them.

branches   draw it, where there is more than one line
lines      what it shows
"""

from dataclasses import replace

import streamlit as st

from app.figures.branch_tree import Knot, Line, branch_tree
from app.parts import text
from app.parts.evidence_table import evidence_table
from app.screens.decide.actions import Deciding
from app.screens.decide.naming import by_whom, place_name, what_is_kept
from app.state.questions import Questions
from app.state.run import RunState
from app.state.url import Link
from app.work.questions import Measurement
from engine import nasbench201
from engine.drawing import wording

_SHOWN = 6
"""Lines up to which all are shown; more scroll in this many pixels."""
_HEIGHT = 232


def branches(deciding: Deciding) -> None:
    page, run = deciding.page, deciding.run
    if not run.branches:
        return
    text.heading("Branches", "choose one to go on in it")
    found = {name: _measured(deciding.ask, link) for name, link in _links(run).items()}
    drawn = lines(deciding, found)
    table = branch_tree(drawn, run.branch, page.space.steps)
    with st.container(height=_HEIGHT if len(drawn) > _SHOWN else "content", border=False, key="branch-rows"):
        evidence_table(table, key="branches", on_choose=deciding.switch)
    known = [each for line in drawn if line.end is None and (each := found[line.name]) is not None]
    if known:
        images = " and ".join(dict.fromkeys(wording.count(each.result.images) for each in known))
        st.caption(f"supernets at the ends: {images} images · {wording.bn(known[0].result.bn)}")


def lines(deciding: Deciding, measured: dict[str, Measurement | None]) -> list[Line]:
    """By name. measured: the supernet's accuracy at their ends."""
    page, covered = deciding.page, deciding.page.knows_truth
    drawn = []
    for name, link in sorted(_links(deciding.run).items()):
        run = RunState(link)
        knots = tuple(
            Knot(place_name(page.space, each), *what_is_kept(page.space, each), by_whom(run, each, page.entry.begun))
            for each in link.decisions
        )
        end, found = None, measured[name]
        if covered and len(knots) == page.space.steps:
            end = nasbench201.lookup(str(page.start.with_decisions(link.decisions).decoded())).cifar10
        supernet = None if found is None else (found.accuracy.accuracy, found.accuracy.images)
        drawn.append(Line(name, knots, end, supernet))
    return drawn


def _links(run: RunState) -> dict[str, Link]:
    return {**run.branches, run.branch: run.link}


def _measured(ask: Questions, link: Link) -> Measurement | None:
    """The supernet's accuracy at the end of a line, on the weights that its tuning left."""
    page = replace(ask.page, run=RunState(link), looks_back=False)
    if page.untuned:
        return None
    there = ask.on(page)
    return there.find(there.accuracy())

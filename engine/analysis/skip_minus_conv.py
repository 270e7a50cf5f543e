"""Lab "skip-minus-conv": does alpha lean to skip as the supernet gets better (Fig. 3)?

LAB         the lab
Settings    which runs stand beside it
GapResult   what it finds: a Course for every run
course      how far skip lies above convolution after every epoch of a training, beside the supernet's accuracy

Nothing is measured: the alphas of every epoch lie in the checkpoint, the accuracies in its log. Free of torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from engine.analysis.lab import Compared, Lab, Report, aligned
from engine.analysis.pairs import SKIP, convolutions, offered
from engine.analysis.paper import FIXED, LINK
from engine.analysis.relatives import beside, named, past
from engine.analysis.settings import LabSettings
from engine.analysis.spread import number, rank_correlation, signed, within
from engine.checkpoint.format import Summary, read_summary
from engine.errors import BadInput
from engine.fields import setting
from engine.results import BnMode, Interval
from engine.results.plain import Plain
from engine.selection.alphas import Alphas
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint

FEWEST = 3
"""Epochs below which nothing is said about a course."""
MOST = 6
"""Runs that are found beside this one by themselves."""


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """runs: other trainings of the space beside this one. Of the images only bn counts: which accuracy of the log."""

    runs: str | None = setting(
        None,
        "Other trainings beside it: names from the same folder, or folders, with commas between; else those of its "
        "space that lie in the same folder.",
        metavar="NAMES",
    )


@dataclass(frozen=True)
class GapEpoch:
    """gap: mean over edges of the weight of skip minus the mean weight of the convolutions; low, high: the edges with
    the least and the most. accuracy: of the supernet on search images (%), with its 95 % interval."""

    epoch: int
    gap: float
    low: float
    high: float
    accuracy: float
    ci: Interval | None


@dataclass(frozen=True)
class Course:
    """A training. cells: its depth. edges: on which skip and convolutions meet."""

    name: str
    method: str
    cells: int
    edges: int
    epochs: tuple[GapEpoch, ...]


@dataclass(frozen=True)
class GapResult(Plain):
    """courses: this supernet's first. images: that the accuracies of its log rest on."""

    courses: tuple[Course, ...]
    images: int
    bn: BnMode
    final: bool


def course(summary: Summary, bn: BnMode) -> Course:
    """Epochs whose alphas and accuracy are both known; empty where there are none."""
    places = [(cell, edge) for cell, edge, _ in offered(summary.space)]
    epochs = []
    log = summary.log if len(summary.log) == len(past(summary)) else []
    for place, line in enumerate(log):
        if (measured := _measured(line, bn)) is None:
            continue
        alphas = summary.after(place + 1)
        gaps = [_gap(alphas, cell, edge) for cell, edge in places]
        ci = measured.get("ci")
        epochs.append(
            GapEpoch(
                place + 1, fmean(gaps), min(gaps), max(gaps), measured["accuracy"], None if ci is None else tuple(ci)
            )
        )
    return Course(summary.name, str(summary.meta["method"]), summary.meta["cells"], len(places), tuple(epochs))


def _measured(line: Mapping[str, Any], bn: BnMode) -> Mapping[str, Any] | None:
    found = (line.get("search") or {}).get(bn)
    return found if isinstance(found, Mapping) and "accuracy" in found else None


def _gap(alphas: Alphas, cell: str, edge: int) -> float:
    names, row = alphas.space.operations(cell, edge), alphas.weights(cell)[edge]
    convs = convolutions(alphas.space, cell, edge)
    return float(row[names.index(SKIP)]) - fmean(float(row[names.index(name)]) for name in convs)


def known(summary: Summary) -> GapResult | None:
    """The log and the alphas say all."""
    return None if refuses(summary) is not None else _found(summary, Settings())


def _found(summary: Summary, settings: Settings) -> GapResult:
    others = beside(summary)[:MOST] if settings.runs is None else named(summary, settings.runs)
    courses = [course(each, settings.bn) for each in (summary, *others)]
    kept = [each for place, each in enumerate(courses) if not place or len(each.epochs) >= FEWEST]
    images = [found["images"] for line in summary.log if (found := _measured(line, settings.bn)) and "images" in found]
    return GapResult(tuple(kept), int(images[-1]) if images else 0, settings.bn, True)


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: GapResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[GapResult]:
    """One result. Raises BadInput for a checkpoint that the lab does not apply to and for runs that are not there."""
    summary = read_summary(checkpoint.path)
    LAB.check(summary)
    found = _found(summary, settings)
    if len(found.courses[0].epochs) < FEWEST:
        raise BadInput(f"the log has no accuracies with {settings.bn} statistics; give the other bn")
    yield found


def correlation(course: Course) -> tuple[float, Interval | None] | None:
    """Rank correlation of gap and accuracy over the epochs of a training, and its 95 % interval."""
    return rank_correlation([(each.gap, each.accuracy) for each in course.epochs])


def refuses(summary: Summary) -> str | None:
    if not offered(summary.space):
        return f"no edge of {summary.space.name} offers both skip and a convolution"
    if len(past(summary)) < FEWEST:
        return f"alphas of at least {FEWEST} epochs are needed; train it here, or import it with its log"
    if all(len(course(summary, bn).epochs) < FEWEST for bn in ("batch", "running")):
        return "its log has no accuracies of the supernet; train it here"
    return None


def verdict(result: GapResult) -> str:
    """How gap and accuracy go together, of this supernet and of those beside it."""
    own, *others = result.courses
    first, last = own.epochs[0], own.epochs[-1]
    said = [
        f"From epoch {first.epoch} to {last.epoch} the supernet goes from {first.accuracy:.1f} to "
        f"{last.accuracy:.1f} %, and the mean weight of skip minus that of the convolutions from "
        f"{signed(first.gap, 3)} to {signed(last.gap, 3)}, over {own.edges} edges."
    ]
    if own.method == FIXED:
        said.append("Its alphas were never trained, so the difference cannot follow anything.")
    elif (found := correlation(own)) is not None:
        rho, ci = found
        said.append(
            f"Over {len(own.epochs)} epochs the two have a rank correlation of {number(rho)}{within(ci)}. Both move in "
            "one direction over a training, whatever joins them: the sign tells more than the size."
        )
        words = {
            True: "As in the paper, skip gains as the supernet gets better.",
            False: "Here skip loses as the supernet gets better, against what the paper shows for S2.",
            None: "Whether skip gains as the supernet gets better cannot be told.",
        }
        said.append(words[agrees(result)])
        if agrees(result) and last.gap < 0:
            said.append("The convolutions keep the larger weight nevertheless.")
    parts = [
        f"{each.name} {number(joined[0])}{within(joined[1])}"
        for each in others
        if each.method != FIXED and (joined := correlation(each)) is not None
    ]
    if parts:
        said.append(f"Beside it: {', '.join(parts)}.")
    return " ".join(said)


def agrees(result: GapResult) -> bool | None:
    """The correlation's interval lies above 0, below it, or cannot tell. Five epochs of equal ranks tell (p = 0.02)."""
    own = result.courses[0]
    if own.method == FIXED or (found := correlation(own)) is None:
        return None
    rho, ci = found
    if ci is None:
        return rho > 0 if abs(rho) > 1 - 1e-9 and len(own.epochs) > 4 else None
    return True if ci[0] > 0 else False if ci[1] < 0 else None


def compared(result: GapResult) -> tuple[Compared, ...]:
    """The paper shows a curve and prints no numbers."""
    found = []
    for each in result.courses:
        if each.method != FIXED and (rho := correlation(each)) is not None:
            what = f"rank correlation of gap and accuracy, {each.name}"
            note = f"{len(each.epochs)} epochs; there: figure 3, a rising curve on S2, without numbers"
            found.append(Compared(what, None, round(rho[0], 4), "", rho[1], note))
    return tuple(found)


def rows(result: GapResult) -> list[Mapping[str, Any]]:
    """A line for every epoch of every run."""
    return [
        {
            "run": each.name,
            "method": each.method,
            "cells": each.cells,
            "epoch": at.epoch,
            "gap": at.gap,
            "least": at.low,
            "most": at.high,
            "accuracy": at.accuracy,
            "low": None if at.ci is None else at.ci[0],
            "high": None if at.ci is None else at.ci[1],
        }
        for each in result.courses
        for at in each.epochs
    ]


def lines(result: GapResult) -> str:
    head = ["run", "epochs", "accuracy", "skip minus conv", "rank correlation"]
    body = []
    for each in result.courses:
        first, last, rho = each.epochs[0], each.epochs[-1], correlation(each)
        body.append(
            [
                each.name,
                str(len(each.epochs)),
                f"{first.accuracy:.1f} -> {last.accuracy:.1f} %",
                f"{signed(first.gap, 3)} -> {signed(last.gap, 3)}",
                "-" if rho is None or each.method == FIXED else f"{number(rho[0])}{within(rho[1])}",
            ]
        )
    return aligned([head, *body])


LAB: Lab[Settings, GapResult] = Lab(
    name="skip-minus-conv",
    title="Skip minus convolution: does a better supernet lean to skips?",
    claim="The weight of skip minus that of convolution grows with the supernet's accuracy over its training.",
    source="Wang et al. 2021, section 4.2, figure 3 (S2); averaged over an edge's convolutions where there are several",
    link=LINK,
    settings=Settings,
    run=run,
    read=GapResult.from_dict,
    refuses=refuses,
    verdict=verdict,
    agrees=agrees,
    compared=compared,
    rows=rows,
    lines=lines,
    seconds=lambda settings, summary: 1.0,
    known=known,
    idle=("images", "batch_size", "seed"),
)

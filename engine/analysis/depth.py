"""Lab "depth": when does alpha give in to skips, and does it recover, as the supernet gets deeper?

LAB           the lab
Settings      which trainings are compared
DepthResult   what it finds: a Depth for every training

Nothing is measured: the alphas of every epoch lie in the checkpoints. Free of torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from engine.analysis.lab import Compared, Lab, Report, aligned
from engine.analysis.paper import FIXED, LINK, of_method
from engine.analysis.relatives import alike, beside, differences, named, past
from engine.analysis.settings import LabSettings
from engine.checkpoint.format import Summary, read_summary
from engine.drawing import wording
from engine.fields import setting
from engine.population import SKIP, OverEpochs, over_epochs
from engine.results import BnMode
from engine.results.plain import Plain
from engine.selection.genotype import magnitude_genotype
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint

HALF = 0.5
"""Share of edges with skip from which alpha counts as having given in."""
PUBLISHED = {"nas-bench-201": 5}
"""Cells a stage of the paper's supernets."""


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """runs: other trainings of the space. Images and bn change nothing."""

    runs: str | None = setting(
        None,
        "Trainings to compare with: names from the same folder, or folders, with commas between; else those in the "
        "same folder that differ in depth alone.",
        metavar="NAMES",
    )


@dataclass(frozen=True)
class Depth:
    """A training. cells: of a stage, or in all, as its space counts. skips: share of the edges that offer skip and on
    which alpha prefers it, by epoch; true: CIFAR-10 accuracy (%) of the cell of the largest alphas, () where no table
    knows it. cell: the one at the end. differs: in what else than depth."""

    name: str
    cells: int
    skips: tuple[float, ...]
    true: tuple[float, ...]
    accuracy: float | None
    cell: str
    differs: tuple[str, ...] = ()

    @property
    def over(self) -> OverEpochs:
        return OverEpochs(self.skips, self.true)

    @property
    def given(self) -> tuple[int, ...]:
        """Epochs after which alpha gives half of the edges or more to skip."""
        return tuple(epoch for epoch, share in enumerate(self.skips, start=1) if share >= HALF)

    @property
    def gives_in(self) -> int | None:
        """The first of them; None: never."""
        return self.given[0] if self.given else None

    @property
    def recovers(self) -> int | None:
        """The first epoch from which on it gives fewer again; None where it has not given in, or has at the end."""
        given = self.given
        return given[-1] + 1 if given and given[-1] < len(self.skips) else None

    @property
    def is_steady(self) -> bool:
        """Whether it gives in once at most."""
        return not self.given or self.given[-1] - self.given[0] + 1 == len(self.given)


@dataclass(frozen=True)
class DepthResult(Plain):
    """depths: by depth. own: the checkpoint that it was asked of. unit: of its depth. images: that logged accuracies
    rest on."""

    depths: tuple[Depth, ...]
    own: str
    unit: str
    space: str
    method: str
    images: int
    bn: BnMode
    final: bool

    def counted(self, cells: int) -> str:
        """e.g. "1 cell a stage"."""
        return wording.cells(cells, per_stage=self.unit != "cells")


def known(summary: Summary) -> DepthResult | None:
    """The alphas say all."""
    return None if refuses(summary) is not None else _found(summary, Settings())


def _found(summary: Summary, settings: Settings) -> DepthResult:
    if settings.runs is None:
        others = [each for each in beside(summary) if alike(summary, each)]
    else:
        others = named(summary, settings.runs)
    depths = [_depth(each, () if each is summary else differences(summary, each)) for each in (summary, *others)]
    depths.sort(key=lambda each: (each.cells, each.name))
    logged = _logged(summary)
    unit = "cells a stage" if summary.space.skeleton.per_stage else "cells"
    return DepthResult(
        tuple(depths),
        summary.name,
        unit,
        summary.space.name,
        str(summary.meta["method"]),
        int(logged.get("images", 0)),
        "batch",
        True,
    )


def _depth(summary: Summary, differs: tuple[str, ...]) -> Depth:
    over, alphas = over_epochs(summary), summary.start.alphas
    return Depth(
        summary.name,
        summary.meta["cells"],
        over.skips,
        over.true,
        _logged(summary).get("accuracy"),
        str(magnitude_genotype(summary.space, alphas)) if alphas.known else "",
        differs,
    )


def _logged(summary: Summary) -> Mapping[str, Any]:
    """The supernet's accuracy after the last epoch, as its training logged it."""
    last = summary.log[-1] if summary.log else {}
    return (last.get("search") or {}).get("batch") or {}


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: DepthResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[DepthResult]:
    """One result. Raises BadInput for a checkpoint that the lab does not apply to and for runs that are not there."""
    summary = read_summary(checkpoint.path)
    LAB.check(summary)
    yield _found(summary, settings)


def refuses(summary: Summary) -> str | None:
    space = summary.space
    if not any(SKIP in space.eligible(cell, edge) for cell in space.cells for edge in space.edges(cell)):
        return f"no edge of {space.name} offers skip"
    if len(past(summary)) < 2:
        return "its alphas of earlier epochs were not kept; train it here, or import it with its log"
    if summary.meta["method"] == FIXED:
        return "its alphas were never trained, so they give in to nothing"
    return None


def verdict(result: DepthResult) -> str:
    """Of every depth when alpha gives in and recovers, and what deeper ones do."""
    said = [_words(each, result) for each in result.depths]
    if len({each.cells for each in result.depths}) < 2:
        cells = result.depths[0].cells
        few, more = (1, 3) if result.unit == "cells a stage" else (3, 5)
        other = few if cells != few else more
        said.append(
            f"Only trainings with {result.counted(cells)} are here, so nothing can be said about depth: train one more "
            f"by the same recipe with --cells {other} into the same folder, or name one in the settings (runs)."
        )
        return " ".join(said)
    said.append(
        {
            True: "The deeper supernets lean to skip more.",
            False: "The deeper supernets lean to skip less, against what is claimed.",
            None: "Depth and skips show no order here.",
        }[agrees(result)]
    )
    said.append("Each depth is one training with one seed: a lead, not a result.")
    return " ".join(said)


def _words(each: Depth, result: DepthResult) -> str:
    epochs = len(each.skips)
    given, again = each.gives_in, each.recovers
    if given is None:
        when = "never gives half of its edges to skip"
    elif not each.is_steady:
        when = (
            f"gives half of its edges or more to skip after {len(each.given)} of {epochs} epochs, on and off, first "
            f"after epoch {given} and last after epoch {each.given[-1]}"
        )
    elif again is None:
        when = f"gives in to skip after epoch {given} and stays so to the end"
    else:
        when = f"gives in to skip after epoch {given} and has recovered by epoch {again}"
    true = f"; its cell ends at {each.true[-1]:.2f} % true accuracy" if each.true else ""
    differs = f" (it also differs in {'; '.join(each.differs)})" if each.differs else ""
    return (
        f"With {result.counted(each.cells)} alpha {when}: {100 * each.skips[-1]:.0f} % of the edges after "
        f"epoch {epochs}, {100 * fmean(each.skips):.0f} % on average{true}{differs}."
    )


def agrees(result: DepthResult) -> bool | None:
    """By the mean share of skips over the epochs: it never falls with depth and rises in all; or the reverse."""
    by_depth: dict[int, list[float]] = {}
    for each in result.depths:
        if not each.differs and each.skips:
            by_depth.setdefault(each.cells, []).append(fmean(each.skips))
    means = [fmean(by_depth[cells]) for cells in sorted(by_depth)]
    if len(means) < 2 or means[0] == means[-1]:
        return None
    steps = [later - earlier for earlier, later in pairwise(means)]
    return True if all(step >= 0 for step in steps) else False if all(step <= 0 for step in steps) else None


def compared(result: DepthResult) -> tuple[Compared, ...]:
    """The paper has supernets of one depth: its table 4 stands beside that one."""
    found = []
    for each in result.depths:
        if each.true:
            is_published = PUBLISHED.get(result.space) == each.cells
            paper = of_method(result.method).alpha if is_published else None
            note = "table 4" if paper is not None else "not in the paper"
            what = f"α's cell at the end, {result.counted(each.cells)}"
            found.append(Compared(what, paper, each.true[-1], "%", None, note))
    return tuple(found)


def rows(result: DepthResult) -> list[Mapping[str, Any]]:
    """A line for every epoch of every depth."""
    return [
        {
            "run": each.name,
            "cells": each.cells,
            "epoch": epoch,
            "skip_share": share,
            "true": each.true[epoch - 1] if each.true else None,
            "differs": "; ".join(each.differs),
        }
        for each in result.depths
        for epoch, share in enumerate(each.skips, start=1)
    ]


def lines(result: DepthResult) -> str:
    head = ["run", result.unit, "epochs", "skip, mean", "skip, end", "gives in", "for epochs", "recovers", "true, end"]
    body = [
        [
            each.name,
            str(each.cells),
            str(len(each.skips)),
            f"{100 * fmean(each.skips):.0f} %",
            f"{100 * each.skips[-1]:.0f} %",
            str(each.gives_in or "never"),
            str(len(each.given)),
            str(each.recovers or "-"),
            f"{each.true[-1]:.2f} %" if each.true else "-",
        ]
        for each in result.depths
    ]
    return aligned([head, *body])


LAB: Lab[Settings, DepthResult] = Lab(
    name="depth",
    title="Depth: when does α give in to skips?",
    claim="The deeper a supernet, the sooner α gives in to skips, and the longer it takes to recover.",
    source="a finding of this project; the paper has one depth (Wang et al. 2021, table 4: 5 cells a stage)",
    link=LINK,
    settings=Settings,
    run=run,
    read=DepthResult.from_dict,
    refuses=refuses,
    verdict=verdict,
    agrees=agrees,
    compared=compared,
    rows=rows,
    lines=lines,
    seconds=lambda settings, summary: 1.0,
    known=known,
    idle=("images", "batch_size", "bn", "seed"),
)

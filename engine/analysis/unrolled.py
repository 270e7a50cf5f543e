"""Lab "unrolled", unrolled estimation: is a supernet indifferent to the order of its edges, as a residual network is to
that of its layers (Table 1)?

LAB              the lab
Settings         what it measures with
UnrolledResult   what it finds: a Subject for the supernet and for each network beside it
kept             the share of what a network knows beyond chance that a change leaves it
run              changes the networks at random, without training them, and tests them

Beside the supernet stand two bundled networks of the same layers, with a shortcut around each and without. They take
CIFAR-10 at 16 pixels, so beside other images there are none. Free of torch until it measures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Literal

from engine.analysis.lab import Compared, Lab, Report, aligned, seconds_of_sweep
from engine.analysis.paper import LINK
from engine.analysis.settings import LabSettings
from engine.analysis.spread import mean_interval, within
from engine.checkpoint.format import Summary, read_summary
from engine.drawing import wording
from engine.fields import setting
from engine.results import BnMode, Interval
from engine.results.plain import Plain
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.analysis.rewired import Rewired
    from engine.checkpoint.folder import Checkpoint
    from engine.data.feed import Batch

Change = Literal["swap", "drop", "one"]
Place = Literal["cell", "stage"]
CHANGES: Mapping[Change, str] = {
    "swap": "two swapped everywhere",
    "drop": "one dropped everywhere",
    "one": "two swapped in one place",
}
"""In every cell of the supernet and every stage of the others; or in one of them, drawn at random."""
SUPERNET, RESIDUAL, PLAIN = "supernet", "residual network", "plain network"
PAPER: Mapping[str, tuple[float, float, str]] = {
    SUPERNET: (88.44, 81.09, "± 1.87; DARTS supernet"),
    RESIDUAL: (93.86, 83.20, "± 2.03; ResNet"),
    PLAIN: (92.69, 9.83, "± 0.33; VGG"),
}
"""Test accuracy (%) before and after two layers of every stage, or two edges of every cell, changed places."""
_SLOWER = 2.0
"""A supernet whose edges are evaluated one by one, against a pass of a sweep."""


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """draws: random orders of each kind of change."""

    draws: int = setting(10, "Random orders of each kind of change.", unit="draws", least=3, most=200)


@dataclass(frozen=True)
class Subject:
    """A network. before: test accuracy (%) as it is, with its 95 % interval; after: by kind of change, of every draw.
    place: what stands for a cell; layers: that can change, in all."""

    name: str
    before: float
    ci: Interval | None
    after: dict[str, tuple[float, ...]]
    place: Place
    layers: int

    def of(self, change: Change) -> tuple[float, ...]:
        return self.after.get(change, ())


@dataclass(frozen=True)
class UnrolledResult(Plain):
    """chance: percent right by guessing. part: the images, "test", or "search" where there is no test part."""

    subjects: tuple[Subject, ...]
    chance: float
    part: str
    images: int
    draws: int
    bn: BnMode
    method: str
    final: bool

    def subject(self, name: str) -> Subject | None:
        return next((each for each in self.subjects if each.name == name), None)


def kept(result: UnrolledResult, subject: Subject, change: Change) -> tuple[float, Interval | None] | None:
    """1: nothing is lost, 0: it guesses. Mean over draws with its 95 % interval; None for a network that guesses
    before, and for what was not measured."""
    more = subject.before - result.chance
    if not (after := subject.of(change)) or more < 5:
        return None
    shares = [(each - result.chance) / more for each in after]
    return fmean(shares), mean_interval(shares)


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: UnrolledResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[UnrolledResult]:
    """A result after every draw. Raises BadInput for a checkpoint that the lab does not apply to."""
    from engine.analysis.rewired import REFERENCES, Reference, RewiredStages, RewiredSupernet
    from engine.analysis.tested import TestImages, accuracy

    LAB.check(read_summary(checkpoint.path))
    start = checkpoint.start if selection is None else selection
    images = TestImages.of(checkpoint, settings, data_dir=data_dir, download=download)
    networks: dict[str, tuple[Rewired, Sequence[Batch]]] = {
        SUPERNET: (
            RewiredSupernet(checkpoint.supernet, start, settings.bn),
            images.batches(checkpoint.meta["image_size"], checkpoint.meta["normalisation"]),
        )
    }
    if images.part == "test" and images.name == "cifar10":
        for reference in map(Reference.bundled, REFERENCES):
            stages = RewiredStages(reference.network.to(checkpoint.supernet.device), settings.bn)
            networks[f"{reference.name} network"] = stages, images.batches(reference.image_size)
    known = {} if before is None else {each.name: each for each in before.subjects}
    chance = 100 / checkpoint.meta["classes"]
    result = UnrolledResult(
        tuple(known.values()),
        chance,
        images.part,
        images.count,
        settings.draws,
        settings.bn,
        str(checkpoint.meta["method"]),
        False,
    )
    total, done = len(networks) * len(CHANGES) * settings.draws, 0
    for name, (network, batches) in networks.items():
        subject = known.get(name)
        if subject is None:
            layers = sum(len(group) for groups in network.places.values() for group in groups)
            place: Place = "cell" if name == SUPERNET else "stage"
            subject = Subject(name, *accuracy(network, batches, {}, settings.bn), {}, place, layers)
        for number, change in enumerate(CHANGES):
            for draw in range(settings.draws):
                done += 1
                if draw >= len(subject.of(change)):
                    order = _order(network, change, settings.seed, number, draw)
                    found, _ = accuracy(network, batches, order, settings.bn)
                    subject = replace(subject, after={**subject.after, change: (*subject.of(change), found)})
                    result = _with(result, subject)
                    yield result
                report(done / total, f"{name}: {CHANGES[change]}")
    yield replace(result, final=True)


def _with(result: UnrolledResult, subject: Subject) -> UnrolledResult:
    others = [each for each in result.subjects if each.name != subject.name]
    return replace(result, subjects=(*others, subject))


def _order(network: "Rewired", change: Change, seed: int, number: int, draw: int) -> Any:
    import torch

    from engine.analysis.rewired import drop, swap
    from engine.supernet.draws import seeded

    drawn = seeded(seed, number, draw)
    if change == "drop":
        return drop(network.places, drawn)
    places = network.places
    if change == "one":
        place = list(places)[int(torch.randint(len(places), (1,), generator=drawn))]
        places = {place: places[place]}
    return swap(places, drawn)


def verdict(result: UnrolledResult) -> str:
    """What each network keeps of its accuracy, and to which of the two the supernet is nearer."""
    said = []
    for each in result.subjects:
        after = each.of("swap")
        if not after:
            continue
        single = f"; with two in one {each.place} alone {fmean(each.of('one')):.1f} %" if each.of("one") else ""
        spread = f" ± {stdev(after):.1f}" if len(after) > 1 else ""
        said.append(
            f"The {each.name} goes from {each.before:.1f}{within(each.ci, 1)} to {fmean(after):.1f}{spread} % when two "
            f"{'edges' if each.place == 'cell' else 'layers'} of every {each.place} change places{single}."
        )
    shares = {each.name: kept(result, each, "swap") for each in result.subjects}
    found = [f"{name} {100 * share[0]:.0f} %" for name, share in shares.items() if share is not None]
    if found:
        said.append(f"Of what each knows beyond guessing it keeps: {', '.join(found)}; in the paper 91, 87 and 0 %.")
    agree = agrees(result)
    if PLAIN not in shares:
        said.append("The two networks beside it take CIFAR-10 with its test images, so here there are none.")
    elif agree is None:
        said.append("Whether the supernet is nearer to the residual network or to the plain one cannot be told.")
    elif agree:
        said.append(
            "As the paper says, the supernet behaves like the residual network: its edges all estimate one map."
        )
    else:
        said.append(
            "This supernet is nearer to the plain network: its edges do not stand for each other, which is what the "
            "paper's explanation of skips supposes."
        )
    where = {"test": "test images", "search": "search images, as there are no test images"}[result.part]
    return " ".join([*said, f"On {result.images:,} {where}, {wording.bn(result.bn)}."])


def agrees(result: UnrolledResult) -> bool | None:
    """The supernet keeps more than the middle between the residual and the plain network: true or false where the 95 %
    interval over its draws leaves that out."""
    shares = [None if (each := result.subject(name)) is None else kept(result, each, "swap") for name in PAPER]
    if any(share is None for share in shares):
        return None
    (_, ci), (residual, _), (plain, _) = (share for share in shares if share is not None)
    middle = (residual + plain) / 2
    if ci is None or residual <= plain:
        return None
    return True if ci[0] > middle else False if ci[1] < middle else None


def compared(result: UnrolledResult) -> tuple[Compared, ...]:
    """Table 1."""
    found = []
    for name, (was, became, note) in PAPER.items():
        if (each := result.subject(name)) is None:
            continue
        found.append(Compared(f"{name}, as trained", was, round(each.before, 4), "%", each.ci))
        if after := each.of("swap"):
            ci = mean_interval(after, 0.0, 100.0)
            found.append(Compared(f"{name}, two swapped", became, round(fmean(after), 4), "%", ci, f"there: {note}"))
    return tuple(found)


def rows(result: UnrolledResult) -> list[Mapping[str, Any]]:
    """A line for every draw."""
    return [
        {"network": each.name, "change": change, "draw": draw, "before": each.before, "after": after}
        for each in result.subjects
        for change in CHANGES
        for draw, after in enumerate(each.of(change))
    ]


def lines(result: UnrolledResult) -> str:
    head = ["network", "as trained", *CHANGES.values()]
    body = [
        [each.name, f"{each.before:.2f} %{within(each.ci)}", *(_mean(each.of(change)) for change in CHANGES)]
        for each in result.subjects
    ]
    return aligned([head, *body])


def _mean(values: Sequence[float]) -> str:
    return f"{fmean(values):.2f} %{within(mean_interval(values, 0.0, 100.0))}" if values else "-"


def refuses(summary: Summary) -> str | None:
    if summary.meta.get("partial", 1) > 1:
        return "its cells mix one channel in several, so that its edges cannot stand for each other"
    if all(len(summary.space.edges(cell)) < 3 for cell in summary.space.cells):
        return f"a cell of {summary.space.name} has too few edges to change any"
    return None


def seconds(settings: Settings, summary: Summary) -> float | None:
    return seconds_of_sweep(summary, settings.images, _SLOWER * (1 + len(CHANGES) * settings.draws))


LAB: Lab[Settings, UnrolledResult] = Lab(
    name="unrolled",
    title="Unrolled estimation: can edges change places?",
    claim="A supernet loses little when edges change places at test time, as a residual network does, while a plain "
    "one is left with guessing: its edges all estimate the same feature map.",
    source="Wang et al. 2021, section 4.1, table 1; dropped layers and a single cell are this project's",
    link=LINK,
    settings=Settings,
    run=run,
    read=UnrolledResult.from_dict,
    refuses=refuses,
    verdict=verdict,
    agrees=agrees,
    compared=compared,
    rows=rows,
    lines=lines,
    seconds=seconds,
)

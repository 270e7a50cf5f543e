"""Runs as a population: every checkpoint and snapshot in some folders, one row each.

Only the command that repeats a training needs torch, as it asks the method for its published settings.

population   the rows of folders
member       the row of one checkpoint
over_epochs  what alpha chose after every epoch
Member       what a checkpoint is, how far it is trained, what alpha and measurement make of it
Ends         where full selections by measurement lead under one procedure
OverEpochs   alpha's choices over a training
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine import nasbench201
from engine.checked import checked
from engine.checkpoint.format import META, Summary, read_summary
from engine.errors import BadInput
from engine.results import EdgeScores, Interval
from engine.results.plain import Plain
from engine.runs.texts import decoded
from engine.scoring.settings import RULE, rule
from engine.scoring.sweep import StoredSweep
from engine.selecting.record import SelectionRecord
from engine.spaces import SearchSpace
from engine.training import methods

SELECTIONS = "selections"
UNTUNED = "no tuning"
SKIP = "skip_connect"
COMMAND = "python -m engine train"


@dataclass(frozen=True)
class Ends(Plain):
    """Full selections by measurement under one procedure, in several edge orders; one of them is never the answer.

    tuning: what follows every decision; data, images: what a decision rests on; rule: how the best operation was found
    (`engine.scoring.settings.rule`); true: CIFAR-10 test accuracies (%) of
    the cells, from low to high, or () where no table knows them.
    """

    tuning: str
    data: str | None
    images: int | None
    genotypes: tuple[str, ...]
    true: tuple[float, ...]
    rule: str = RULE

    @property
    def is_papers(self) -> bool:
        """Whether that is the paper's rule, as its authors' code does it or as is usual here."""
        return self.rule.removesuffix(", as published") == RULE

    @property
    def words(self) -> str:
        """The tuning, and the rule where it is not the paper's."""
        return self.tuning if self.rule == RULE else f"{self.rule}, {self.tuning}"

    @property
    def median(self) -> float | None:
        return statistics.median(self.true) if self.true else None

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "median": self.median}


@dataclass(frozen=True)
class Member(Plain):
    """One checkpoint or snapshot.

    problem: what cannot be read, in a line; then no more than the name and path of a checkpoint is known, or the other
    files beside it are left out.

    accuracy: of the supernet on `images` search images with batch statistics (%). verdicts: how many edges have which,
    of the stored sweep, on `measured_on` images. alpha_end: the genotype that the largest alphas give, None where they
    are unknown; alpha_true: its true CIFAR-10 accuracy. command: what repeats its training.
    """

    name: str
    path: str
    problem: str | None = None
    space: str | None = None
    method: str | None = None
    channels: int | None = None
    cells: int | None = None
    image_size: int | None = None
    seed: int | None = None
    epoch: int | None = None
    epochs: int | None = None
    data: str | None = None
    accuracy: float | None = None
    ci: Interval | None = None
    images: int | None = None
    verdicts: dict[str, int] | None = None
    measured_on: int | None = None
    alpha_end: str | None = None
    alpha_true: float | None = None
    ends: tuple[Ends, ...] = ()
    date: str | None = None
    command: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "ends": [ends.to_dict() for ends in self.ends]}


@dataclass(frozen=True)
class OverEpochs(Plain):
    """Alpha over a training, an entry for every recorded epoch.

    skips: share of the edges that offer the skip connection and on which alpha prefers it. true: CIFAR-10 test accuracy
    (%) of the cell of the largest alphas, () where no table knows it.
    """

    skips: tuple[float, ...]
    true: tuple[float, ...]


def over_epochs(summary: Summary) -> OverEpochs:
    """From the recorded alphas; empty where none were recorded."""
    space = summary.space
    edges = [(cell, edge) for cell in space.cells for edge in space.edges(cell) if SKIP in space.eligible(cell, edge)]
    skips, true = [], []
    for moment in map(summary.selection_after, range(1, summary.recorded + 1)):
        best = [moment.operation(cell, edge) or moment.best_by_alpha(cell, edge) for cell, edge in edges]
        skips.append(best.count(SKIP) / len(edges) if edges else 0.0)
        if nasbench201.covers(space) and moment.alphas.known:
            true.append(nasbench201.lookup(str(moment.alpha_path().decoded())).cifar10)
    return OverEpochs(tuple(skips), tuple(true) if len(true) == len(skips) else ())


def population(folders: Iterable[str | Path]) -> list[Member]:
    """Every checkpoint in these folders and below, snapshots after their run. Raises BadInput for a folder that is none
    or that holds no checkpoint."""
    found = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise BadInput(f"{folder} is no folder; name one that holds checkpoints")
        members = [_read(path, folder) for path in _checkpoints(folder)]
        if not members:
            raise BadInput(f"no checkpoint lies in {folder}; name a folder in which train, import or the app wrote one")
        found += members
    return found


def _checkpoints(folder: Path) -> Iterator[Path]:
    """Folders with a meta.json, a run before its snapshots; hidden ones are left out."""
    if (folder / META).is_file():
        yield folder
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not below.is_symlink() and not below.name.startswith("."):
            yield from _checkpoints(below)


def _read(path: Path, root: Path) -> Member:
    name = str(path.relative_to(root)) if path != root else path.resolve().name
    try:
        return member(read_summary(path), name)
    except (BadInput, OSError) as problem:
        return Member(name, str(path), " ".join(str(problem).split()))


def member(summary: Summary, name: str | None = None) -> Member:
    """The row of a checkpoint. Raises BadInput for a stored sweep that is none of it."""
    meta, space = summary.meta, summary.space
    accuracy = ((meta.get("accuracies") or {}).get("search") or {}).get("batch") or {}
    asked = meta.get("hyperparameters") or {}
    start = summary.start
    alpha_end = str(start.alpha_path().decoded()) if start.alphas.known else None
    verdicts, measured_on = _verdicts(summary)
    ends, problem = _ends(summary)
    return Member(
        name=name or summary.name,
        path=str(summary.path),
        problem=problem,
        space=space.name,
        method=meta["method"],
        channels=meta["channels"],
        cells=meta["cells"],
        image_size=meta["image_size"],
        seed=meta.get("seed"),
        epoch=meta["epochs"],
        epochs=asked.get("epochs"),
        data=meta["data"],
        accuracy=accuracy.get("accuracy"),
        ci=tuple(accuracy["ci"]) if accuracy.get("ci") else None,
        images=accuracy.get("images"),
        verdicts=verdicts,
        measured_on=measured_on,
        alpha_end=alpha_end,
        alpha_true=None if alpha_end is None else _true(space, alpha_end),
        ends=ends,
        date=meta.get("date") or (summary.scores or {}).get("date"),
        command=_command(asked),
    )


def _verdicts(summary: Summary) -> tuple[dict[str, int] | None, int | None]:
    if summary.scores is None:
        return None, None
    edges = [one for one in checked(StoredSweep, summary.scores).scores if isinstance(one, EdgeScores)]
    counts = Counter(one.verdict or "unknown" for one in edges)
    return dict(counts.most_common()), min((one.images for one in edges), default=None)


def _ends(summary: Summary) -> tuple[tuple[Ends, ...], str | None]:
    """By procedure: the stored measured paths, and the full selections that lie beside the checkpoint; and what is
    wrong with one of these."""
    scores, problem = summary.scores or {}, None
    found: dict[tuple[str, str, str | None, int | None], list[str]] = {}
    for row in scores.get("paths") or ():
        key = rule(scores["settings"]), UNTUNED, scores["settings"]["data"], row["images"]
        found.setdefault(key, []).append(row["genotype"])
    for file in sorted((summary.path / SELECTIONS).glob("*.json")):
        try:
            record = SelectionRecord.from_json(decoded(file.read_bytes()), summary.space)
        except (BadInput, OSError, UnicodeDecodeError) as error:
            problem = f"{SELECTIONS}/{file.name} was left out: {error}"
            continue
        if record.strategy == "perturbation" and record.selection.is_complete:
            tuning = UNTUNED if record.tuning is None else str(record.tuning)
            key = rule(record.settings), tuning, record.settings.get("data"), record.settings.get("images")
            found.setdefault(key, []).append(str(record.selection.decoded()))
    ends = []
    for (how, tuning, data, images), genotypes in found.items():
        true = [accuracy for each in genotypes if (accuracy := _true(summary.space, each)) is not None]
        ends.append(Ends(tuning, data, images, tuple(genotypes), tuple(sorted(true)), how))
    return tuple(ends), problem


def _true(space: SearchSpace, genotype: str) -> float | None:
    """True CIFAR-10 accuracy (%) of a cell; None in spaces without a table."""
    return nasbench201.lookup(genotype).cifar10 if nasbench201.covers(space) else None


def _command(asked: dict[str, Any]) -> str | None:
    """The command that repeats a training, with what differs from the published settings; None for an import."""
    if not asked or asked.get("method") not in methods.names():
        return None
    own = ("space", "method", "data", "epochs", "channels", "cells", "image_size", "seed")
    words = [COMMAND, *(f"--{name.replace('_', '-')} {asked[name]}" for name in own if asked.get(name) is not None)]
    usual = methods.settings_for(asked["method"], asked["space"], {})
    for each in fields(usual):
        value, published = asked.get(each.name), getattr(usual, each.name)
        value = tuple(value) if isinstance(value, list) else value
        if value is not None and value != published:
            words.append(f"--set {each.name}={','.join(map(str, value)) if isinstance(value, tuple) else value}")
    return " ".join(words)

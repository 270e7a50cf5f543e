"""`info`: what a checkpoint is.

describe   everything about a loaded checkpoint, as plain JSON values
summary    the same for people
"""

from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.cli import console
from engine.cli.options import CheckpointFolder, Device, Json, Seed
from engine.drawing import wording
from engine.selection.mixing import MIXED

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.spaces import SearchSpace

MOST_ALPHAS = 5000
"""Alphas of all epochs together beyond which `history` leaves them out."""
EPOCHS_SHOWN = 12


def info(
    checkpoint: CheckpointFolder,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Verify a checkpoint in full and print what it is."""
    import engine

    found = describe(engine.load(checkpoint))
    if json:
        console.emit(found)
    else:
        console.out(summary(found))


def describe(checkpoint: "Checkpoint") -> dict[str, Any]:
    """Keys as listed in the README. `accuracy` (%) is the supernet's on search images with batch statistics.

    `alpha_unknown`: the edges of every cell type on which alpha chooses nothing, as all its alphas are equal.
    `decisions`: how many are taken already, of `steps`. `magnitude`: what alpha would choose, None where it is unknown.
    """
    from engine.selection.genotype import magnitude_genotype

    meta, start = checkpoint.meta, checkpoint.start
    accuracies = (meta.get("accuracies") or {}).get("search") or {}
    return {
        "space": checkpoint.space.name,
        "method": meta["method"],
        "channels": meta["channels"],
        "cells": meta["cells"],
        "classes": meta["classes"],
        "image_size": meta["image_size"],
        "epochs": meta["epochs"],
        "mixing": start.alphas.mixing,
        "partial": meta.get("partial", 1),
        "statistics": meta.get("statistics", True),
        "decisions": start.steps_done,
        "steps": checkpoint.space.steps,
        "magnitude": str(magnitude_genotype(checkpoint.space, start.alphas)) if start.alphas.known else None,
        "parameters": sum(parameter.numel() for parameter in checkpoint.supernet.parameters()),
        "accuracy": accuracies.get("batch", {}).get("accuracy"),
        "accuracies": accuracies,
        "data": meta["data"],
        "dataset": meta.get("dataset"),
        "split": meta["split"],
        "seed": meta["seed"],
        "digest": checkpoint.digest,
        "hyperparameters": meta.get("hyperparameters"),
        "versions": meta.get("versions"),
        "notes": meta.get("notes") or [],
        "alpha_unknown": {cell: list(start.alphas.unknown(cell)) for cell in checkpoint.space.cells},
        "scores": _stored(checkpoint),
        "history": _history(checkpoint),
    }


def _stored(checkpoint: "Checkpoint") -> dict[str, Any] | None:
    """When, where and how the full sweep beside the checkpoint was taken, and whether of these weights."""
    stored = checkpoint.scores
    if stored is None:
        return None
    kept = {name: stored.get(name) for name in ("date", "device", "settings")}
    return kept | {"current": stored.get("digest") == checkpoint.digest}


def _history(checkpoint: "Checkpoint") -> list[dict[str, Any]]:
    """Per epoch: accuracy, what magnitude would give, how many edges each operation wins by alpha, and the alphas."""
    from engine.selection.alphas import Alphas
    from engine.selection.genotype import magnitude_genotype

    space, mixing = checkpoint.space, checkpoint.start.alphas.mixing
    small = sum(rows.numel() for rows in checkpoint.history.values()) <= MOST_ALPHAS
    epochs = len(next(iter(checkpoint.history.values()), ()))
    # The log of a run has one line per epoch; a checkpoint from elsewhere may have none.
    lines = checkpoint.log if len(checkpoint.log) == epochs else [{}] * epochs
    history = []
    for index, line in enumerate(lines):
        rows = {cell: table[index] for cell, table in checkpoint.history.items()}
        alphas = Alphas.read(space, rows, mixing=mixing)
        search = line.get("search") or {}
        history.append(
            {
                "epoch": index + 1,
                "accuracy": search.get("batch", {}).get("accuracy"),
                "train_accuracy": line.get("train_accuracy"),
                "train_loss": line.get("train_loss"),
                "seconds": line.get("seconds"),
                "magnitude": str(magnitude_genotype(space, alphas)) if alphas.known else None,
                "winners": {cell: _winners(space, alphas, cell) for cell in space.cells},
                "alphas": {cell: [list(row) for row in alphas[cell]] for cell in space.cells} if small else None,
            }
        )
    return history


def _winners(space: "SearchSpace", alphas: Any, cell: str) -> dict[str, int]:
    counts = Counter(name for edge in space.edges(cell) if (name := alphas.best(cell, edge.index)) is not None)
    return dict(counts.most_common())


def summary(found: dict[str, Any]) -> str:
    """The text form of `describe`: what it is, its accuracy, and how alpha's choice moved."""
    epochs = "an unknown number of epochs"
    if found["epochs"] is not None:
        epochs = wording.several(found["epochs"], "epoch")
    data = found["data"] or "unknown data"
    mixed = MIXED[found["mixing"]] + (f"; one in {found['partial']} channels" if found["partial"] > 1 else "")
    rows = [
        ["space", found["space"]],
        ["method", found["method"]],
        ["size", f"{found['channels']} channels, {wording.cells(found['cells'])}, {found['image_size']} px images"],
        ["parameters", f"{found['parameters']:,}"],
        [
            "trained",
            f"{epochs} on {data}, split {found['split'] or 'unknown'}, seed {_known(found['seed'])}",
        ],
        ["classes", str(found["classes"])],
        ["mixed by", mixed],
    ]
    for bn, measured in found["accuracies"].items():
        value = console.percent(measured["accuracy"], measured.get("ci"))
        rows.append(["accuracy", f"{value} on {measured['images']:,} search images, {bn} statistics"])
    rows.append(["digest", found["digest"]])
    if stored := found["scores"]:
        age = "" if stored["current"] else "; of other weights, score again with --all --store"
        rows.append(["scores", f"full sweep of {stored['date']} on {stored['device']}{age}"])
    if unknown := sum(map(len, found["alpha_unknown"].values())):
        rows.append(
            ["alpha", f"unknown on {unknown} edges: all their alphas are equal, so alpha chooses nothing there"]
        )
    if found["decisions"]:
        rows.append(["decisions", f"{found['decisions']} of {found['steps']} are taken: the selection has begun"])
    if not found["statistics"]:
        rows.append(["BatchNorm", "without running statistics: measure with --bn batch"])
    rows += [["note", note] for note in found["notes"]]
    history = f"\n\n{_history_text(found['history'])}" if found["history"] else ""
    magnitude = found["magnitude"] or "nothing, as alpha is unknown"
    return f"{console.table(rows)}{history}\n\nmagnitude now gives\n  {magnitude}"


def _known(seed: int | None) -> str:
    return "unknown" if seed is None else str(seed)


def _history_text(history: list[dict[str, Any]]) -> str:
    cells = list(history[-1]["winners"])
    rows = [["epoch", "accuracy", *(f"{cell}: edges won by alpha" for cell in cells)]]
    stride = -(-len(history) // EPOCHS_SHOWN)
    for line in history[(len(history) - 1) % stride :: stride]:
        wins = [", ".join(f"{name} {count}" for name, count in line["winners"][cell].items()) for cell in cells]
        accuracy = "-" if line["accuracy"] is None else console.percent(line["accuracy"])
        rows.append([f"{line['epoch']:5}", accuracy, *wins])
    return console.table(rows)

"""What `score` prints: the scores of an edge, or those of all, as text.

setting      what the numbers rest on
edge_text    every operation of one edge
sweep_text   a line for every edge and every node, and the measured paths
"""

from typing import TYPE_CHECKING, Any

from engine.cli import console
from engine.drawing import wording

if TYPE_CHECKING:
    from engine.scoring.scorer import Scorer


def setting(scorer: "Scorer") -> str:
    """What the numbers rest on, in one sentence."""
    settings = scorer.settings
    extras = [
        (settings.until_sure is not None, f"until sure at {settings.until_sure}"),
        (settings.augment, "augmented"),
        (settings.rescale, "masked weights rescaled"),
        (settings.published, "augmented and shuffled anew for every mask, so drops are unpaired and have no interval"),
    ]
    return ", ".join(
        [
            f"{'up to ' if settings.until_sure is not None else ''}{scorer.images.count:,} images of {settings.data}",
            f"{settings.bn} statistics" + (f" over {settings.batch_size}" if settings.bn == "batch" else ""),
            f"criterion {settings.criterion}",
            f"on {scorer.device}",
            *(text for applies, text in extras if applies),
        ]
    )


def edge_text(found: dict[str, Any], space: Any) -> str:
    base = found["baseline"]
    spec, place = space.cell(found["cell"]), space.edge(found["cell"], found["edge"])
    rows = [["operation", "alpha", "weight", "drop in points", "loss rise", "accuracy without"]]
    for row in found["operations"]:
        alpha = "unknown" if row["alpha"] is None else f"{row['alpha']:+.4f}"
        numbers = [alpha, f"{row['weight']:.4f}", console.points(row["drop"], row["ci"])]
        rows.append([row["name"], *numbers, f"{row['rise']:+.4f}", console.percent(row["masked_accuracy"])])
    lines = [
        f"{found['cell']}, edge {found['edge']}: {spec.node_name(place.source)} -> {spec.node_name(place.target)}",
        f"unmasked accuracy {console.percent(base['accuracy'], base['ci'])} on {found['images']:,} images",
        "",
        console.table(rows),
        "",
        f"alpha keeps     {found['best_by_alpha'] or 'unknown'}",
        f"measured best   {found['best']}",
        f"verdict         {_verdict(found)}",
    ]
    if found["lead_ci"] is not None:
        lines.append("intervals       of drops 95 %; of the lead 95 % over all rivals and looks")
    if found["operations"][0]["ci"] is None and not found["published"]:
        lines.append("intervals       need more images: at least 5 batches")
    if found["separated"] is not None:
        lines.append(f"sure            {'yes' if found['separated'] else 'no'}, after {found['images']:,} images")
    return "\n".join(lines)


def _verdict(found: dict[str, Any]) -> str:
    text = "none, alpha is unknown" if found["verdict"] is None else wording.VERDICT[found["verdict"]].word
    return text if found["rival"] is None else f"{text} ({_lead(found['best'], found)})"


def _lead(first: Any, found: dict[str, Any]) -> str:
    lead = console.points(found["lead"], found["lead_ci"]).strip()
    return f"{first} leads {found['rival']} by {lead} points"


def _kept(found: dict[str, Any]) -> str:
    return f"{wording.INPUTS[found['verdict']].word} ({_lead(found['last'], found)})"


def sweep_text(found: dict[str, Any]) -> str:
    rows = [["cell", "edge", "alpha keeps", "measured best", "images", "verdict"]]
    for row in found["edges"]:
        edge = f"{row['edge']}: {row['source']}->{row['target']}"
        rows.append(
            [row["cell"], edge, row["best_by_alpha"] or "unknown", row["best"], f"{row['images']:,}", _verdict(row)]
        )
    text = console.table(rows)
    if found["inputs"]:
        rows = [["cell", "node", "keep edges", "drop in points without each edge", "verdict"]]
        for row in found["inputs"]:
            drops = (f"{one['edge']}: {console.points(one['drop'], one['ci']).strip()}" for one in row["candidates"])
            keep = ", ".join(map(str, row["keep"]))
            rows.append([row["cell"], str(row["node"]), keep, "; ".join(drops), _kept(row)])
        text = f"{text}\n\n{console.table(rows)}"
    if found["edges"]:
        base, images = found["edges"][0]["baseline"], found["edges"][0]["images"]
        accuracy = console.percent(base["accuracy"], base["ci"])
        text = f"unmasked accuracy {accuracy} on {images:,} images\n\n{text}"
    verdicts = [row["verdict"] for row in found["edges"]]
    names = ("agree", "disagree", "too_close", "indistinct", *([None] if None in verdicts else ()))
    counts = ", ".join(
        f"{verdicts.count(name)} {'without alpha' if name is None else wording.VERDICT[name].word}" for name in names
    )
    text = f"{text}\n\n{wording.several(len(verdicts), 'edge')}: {counts}"
    for one in found.get("paths", ()):
        way = " -> ".join(f"{accuracy:.1f}" for accuracy in one["accuracies"])
        text += f"\nmeasured path, order {one['seed']} (accuracy before each decision: {way} %)\n  {one['genotype']}"
    return text

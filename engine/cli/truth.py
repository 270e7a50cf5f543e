"""The truth of NAS-Bench-201 beside a command's result, where it is asked for (`--truth`).

Show, Dataset   the options
of              what every operation of a selection's undecided edges is truly worth
everywhere      the same of the undecided cell, as JSON
beside          the same of scored edges with their scoreboard, as JSON
text            that JSON as tables
operations_of   a cell's operations by edge
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli import console
from engine.errors import one_of
from engine.results import EdgeWorth

if TYPE_CHECKING:
    from engine.selection.selection import Selection

Show = Annotated[
    bool,
    typer.Option("--truth", help="Also the true accuracies of the reachable NAS-Bench-201 cells with each operation."),
]
Dataset = Annotated[str, typer.Option(metavar="DATASET", help="Whose accuracies: cifar10, cifar100 or imagenet16_120.")]
DEFAULT = "cifar10"

_SCORES = {"alpha": "alpha", "drop": "drop", "prior": "kind of operation alone"}


def of(selection: "Selection", dataset: str) -> tuple[EdgeWorth, ...]:
    """Raises BadInput for a space without a table and for an unknown data set."""
    from engine import nasbench201

    return nasbench201.worth(selection, dataset)


def everywhere(dataset: str) -> dict[str, Any]:
    from engine import nasbench201
    from engine.selection.selection import Selection

    if dataset not in nasbench201.DATASETS:
        raise one_of("data set", dataset, nasbench201.DATASETS)
    zeros = [[0.0] * len(nasbench201.OPERATIONS)] * nasbench201.EDGES
    worth = of(Selection(nasbench201.SPACE, {"cell": zeros}), dataset)
    return {"dataset": dataset, "edges": [edge.to_dict() for edge in worth]}


def beside(worth: Sequence[EdgeWorth], dataset: str, scored: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """scored: JSON of the scored edges. Only what is known of them is compared with the truth."""
    from engine.scoring.truth import scoreboard

    def values(key: str) -> dict[int, dict[str, float]]:
        rows = {row["edge"]: {one["name"]: one[key] for one in row["operations"]} for row in scored}
        return {edge: row for edge, row in rows.items() if None not in row.values()}

    edges = {row["edge"] for row in scored}
    known = [edge for edge in worth if edge.edge in edges]
    return {
        "dataset": dataset,
        "edges": [edge.to_dict() for edge in known],
        "scoreboard": [row.to_dict() for row in scoreboard(values("alpha"), values("drop"), known)],
    }


def text(truth: Mapping[str, Any], own: Mapping[int, str] | None = None) -> str:
    """own: operations to mark, by edge. The truly best operation on average has a star."""
    from engine import nasbench201

    rows = [["edge", *nasbench201.OPERATIONS]]
    for edge in truth["edges"]:
        best = max(operation["mean"] for operation in edge["operations"])
        row = [str(edge["edge"])]
        for operation in edge["operations"]:
            mark = "*" if operation["mean"] == best else " "
            here = "<" if (own or {}).get(edge["edge"]) == operation["name"] else " "
            row.append(f"{operation['mean']:.2f}{mark} {operation['best']:.2f}{here}")
        rows.append(row)
    count = truth["edges"][0]["operations"][0]["count"] if truth["edges"] else 0
    lines = [
        f"truth: mean and best {truth['dataset']} accuracy of the {count:,} reachable cells with the operation",
        f"(* highest mean{'; < in this cell' if own else ''})",
        "",
        console.table(rows),
    ]
    if "scoreboard" in truth:
        board = [["score", "names the truly best", "rank correlation with the mean"]]
        for row in truth["scoreboard"]:
            hits = f"{row['hit_count']} of {len(row['edges'])}"
            board.append([_SCORES[row["score"]], hits, f"{row['mean']:+.2f}"])
        lines += ["", console.table(board)]
    return "\n".join(lines)


def operations_of(architecture: str) -> dict[int, str]:
    from engine.selection.genotype_text import parse_genotype

    return {edge: name for edge, (name, _) in enumerate(parse_genotype(architecture).pairs("cell"))}

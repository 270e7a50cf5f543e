"""Lab "strength": which edges are meant, what is said of results, and a run that fine-tunes copies."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import engine
from engine.analysis import registry, running
from engine.analysis.edges import chosen
from engine.analysis.strength.results import EdgeStrength, OperationStrength, StrengthResult
from engine.errors import BadInput
from engine.selection.selection import Selection
from engine.spaces import search_space

LAB = registry.find("strength")


def test_edges_are_drawn_or_named() -> None:
    space = search_space("s2")
    start = Selection(space, {cell: [[0.0, 1.0]] * 14 for cell in space.cells})
    assert len(chosen(start, "all", 0)) == 28 and chosen(start, "3", 0) == chosen(start, "3", 0)
    assert len({tuple(chosen(start, "3", seed)) for seed in range(6)}) > 3
    assert chosen(start, "reduce:13, normal:0", 0) == [("reduce", 13), ("normal", 0)]
    for text, message in (
        ("0", "1 to 28 here, or all"),
        ("29", "1 to 28"),
        ("normal:14", "normal:0 to reduce:13"),
        ("cell:1", "no edge 'cell:1'"),
        ("-1", "no edge"),
    ):
        with pytest.raises(BadInput, match=message):
            chosen(start, text, 0)
    decided = start.discretize("normal", 4, "skip_connect")
    with pytest.raises(BadInput, match="normal:4 is decided"):
        chosen(decided, "normal:4", 0)
    assert len(chosen(decided, "all", 0)) == 27


def edge(number: int, weights: list[float | None], drops: list[float], strengths: list[float]) -> EdgeStrength:
    names = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3")
    rows = zip(names, weights, drops, strengths, strict=True)
    operations = tuple(
        OperationStrength(name, weight, drop, (drop - 1, drop + 1), end, (end - 1, end + 1), (40.0, end), end < 60)
        for name, weight, drop, end in rows
    )
    return EdgeStrength("cell", number, f"edge {number}", operations, True)


def made(*edges: EdgeStrength) -> StrengthResult:
    return StrengthResult(edges, 60.0, 512, "batch", "nas-bench-201", "darts", True)


def test_what_is_said_goes_by_ranks_over_edges() -> None:
    against = [edge(number, [0.5, 0.3, 0.2], [1.0, 2.0, 3.0 + number], [50.0, 54.0, 58.0]) for number in range(3)]
    found = made(*against)
    assert against[0].best("weight") == "skip_connect" and against[0].best("strength") == "nor_conv_3x3"
    assert against[0].correlation("weight") == pytest.approx(-1) and against[0].correlation("drop") == pytest.approx(1)
    said = LAB.verdict(found)
    assert (
        LAB.agrees(found) is True
        and "On 0 of 3 edges the largest α" in said
        and "On 3 of 3 edges the largest dr" in said
    )
    swapped = [
        edge(number, [0.2, 0.3, 0.5], [3.0, 2.0, 1.0], [50.0, 54.0, 58.0 + 4 * (number == 1)]) for number in range(3)
    ]
    assert LAB.agrees(made(*swapped)) is False and "1 of 9 fine-tunings were still rising" in LAB.verdict(
        made(*swapped)
    )
    one = made(against[0])
    assert LAB.agrees(one) is None and "an example, not a result" in LAB.verdict(one)
    assert "α names skip, the drop conv 3×3; strongest after fine-tuning is conv 3×3" in LAB.verdict(one)
    assert [each.what for each in LAB.compared(one)] == [
        f"rank correlation with strength, {name}" for name in ("α", "drop")
    ]
    unknown = made(edge(0, [None, None, None], [1.0, 2.0, 3.0], [50.0, 50.5, 58.0]))
    assert "α names nothing, as it is unknown" in LAB.verdict(unknown)
    assert "The alphas are unknown" in LAB.verdict(made(*unknown.edges, *unknown.edges))
    close = made(edge(0, [0.5, 0.3, 0.2], [1.0, 2.0, 3.0], [50.0, 57.0, 58.0]))
    assert "On 1 of 1 edge the two strongest cannot be told apart" in LAB.verdict(close)
    begun = made(replace(against[0], complete=False))
    assert "none is measured as a whole yet" in LAB.verdict(begun) and not LAB.compared(begun)
    on_s2 = LAB.compared(replace(found, space="s2"))
    assert [(each.paper, each.ours) for each in on_s2[:2]] == [(85.71, 100.0), (50.0, 100.0)]


def test_a_run_tunes_copies_and_goes_on_after_a_kill(small_runs: Path, tmp_path: Path, monkeypatch) -> None:
    checkpoint = engine.load(small_runs / "small-201")
    before = {name: value.clone() for name, value in checkpoint.supernet.state_dict().items()}
    settings = LAB.settings(images=80, batch_size=16, edges="cell:3", batches=1, passes=2, patience=1)
    whole = running.analyse(checkpoint, LAB, settings).numbers
    (found,) = whole.whole
    assert [each.name for each in found.operations] == list(checkpoint.space.operations("cell", 3))
    assert all(2 <= len(each.course) <= 3 and each.course[-1] == each.strength for each in found.operations)
    assert all(each.plateau or len(each.course) == 3 for each in found.operations)
    alone = checkpoint.start.discretize("cell", 3, "none")
    from engine.scoring.scorer import Scorer

    scorer = Scorer.of(checkpoint, settings.scoring())
    assert found.operations[0].course[0] == scorer.accuracy(alone).accuracy, "the first is before any tuning"
    scores = scorer.edge(checkpoint.start, "cell", 3)
    assert [each.drop for each in found.operations] == [each.drop for each in scores.operations]
    assert StrengthResult.from_dict(whole.to_dict()) == whole and len(LAB.rows(whole)) == 5
    monkeypatch.setattr(running, "KEEP", 0.0)

    class Stop(BaseException):
        pass

    def die(share: float, label: str) -> None:
        if share > 0.6:
            raise Stop

    with pytest.raises(Stop):
        running.analyse(checkpoint, LAB, settings, tmp_path / "lab", report=die)
    labels: set[str] = set()
    again = running.analyse(
        checkpoint, LAB, settings, tmp_path / "lab", resume=True, report=lambda share, label: labels.add(label)
    )
    assert again.numbers == whole and labels == {"cell 3: nor_conv_3x3", "cell 3: avg_pool_3x3"}
    assert all(torch.equal(value, before[name]) for name, value in checkpoint.supernet.state_dict().items())


def test_bad_edges_and_unknown_methods_take_one_line(cli, small_runs: Path) -> None:
    from engine.checkpoint.format import read_summary

    code, _, said = cli("analyse", "strength", small_runs / "small-201", "--set", "edges=normal:3")
    assert code == 2 and "there is no edge 'normal:3'" in said and len(said.splitlines()) == 1
    summary = read_summary(small_runs / "small-201")
    summary.meta["method"] = "my-own"
    assert "my-own, which is not here" in LAB.refuses(summary)
    assert LAB.seconds(LAB.settings(edges="everything"), summary) is None

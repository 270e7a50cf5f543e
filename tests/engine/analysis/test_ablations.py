"""Lab "ablations": what files tell, how procedures are compared, and a run that follows paths."""

from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

import engine
from engine.analysis import ablations, registry, running
from engine.analysis.ablations import AblationsResult, Procedure
from engine.analysis.rules import PAPER, RULES, applying
from engine.analysis.settings import read_settings
from engine.checkpoint.format import read_summary
from engine.scoring.paths import measured_path
from engine.scoring.scorer import Scorer
from engine.scoring.settings import Settings as Scoring
from engine.selection.orders import edge_order

LAB = registry.find("ablations")
LOSS = "rescaled mask, loss"


def made(ends: dict[str, tuple[float, ...]], alpha: float | None = 54.3, method: str = "darts") -> AblationsResult:
    procedures = tuple(Procedure(name, each, 512, name not in RULES) for name, each in ends.items())
    return AblationsResult(procedures, alpha, 512, 4, "batch", method, True)


def test_files_tell_of_full_selections_with_and_without_tuning(root: Path) -> None:
    found = LAB.known(read_summary(root / "checkpoints" / "nas-bench-201"))
    assert found is not None and found.alpha == 54.30 and all(each.stored for each in found.procedures)
    assert [len(each.ends) for each in found.procedures] == [8, 1, 8, 8]
    assert "have not been followed here yet" in LAB.verdict(found) and LAB.agrees(found) is True
    assert [(each.paper, each.ours) for each in LAB.compared(found)] == [(54.30, 54.30), (88.11, 93.31)]
    assert AblationsResult.from_dict(found.to_dict()) == found


def test_procedures_are_compared_in_the_same_orders() -> None:
    found = made({PAPER: (90.0, 91.0, 92.0, 93.0), LOSS: (92.0, 92.5, 93.0)})
    mean, ci, higher, orders = ablations.paired(found, LOSS)
    assert (mean, higher, orders) == (1.5, 3, 3) and ci is not None and ci[0] < 1.5 < ci[1]
    assert ablations.paired(found, "plain mask, loss") is None
    said = LAB.verdict(found)
    assert "+1.50" in said and "higher in 3 of 3 orders" in said and "a lead, not a result" in said
    short = made({PAPER: (90.0, 91.0), LOSS: (92.0, 92.5)})
    assert ablations.paired(short, LOSS)[1] is None and "not told apart from 0" in LAB.verdict(short)


def test_orders_that_are_one_path_are_followed_once_and_say_nothing_of_a_spread(root: Path, tmp_path: Path) -> None:
    checkpoint = engine.load(root / "checkpoints" / "nas-bench-201-sgas")
    assert len(checkpoint.start.undecided_edges("cell")) == 1
    settings = read_settings(LAB.settings, "ablations", {"images": "80", "batch_size": "16", "orders": "4"})
    found = running.analyse(checkpoint, LAB, settings, tmp_path / "lab").numbers
    assert found.followed == (0,) and {len(each.ends) for each in found.procedures if not each.stored} == {1}
    said = LAB.verdict(found)
    assert "are one in what is left" in said and "told apart from 0" not in said and "edge orders" not in said
    assert LAB.agrees(found) is None and {row["order"] for row in LAB.rows(found) if not row["stored"]} == {0}


def test_agreement_goes_by_the_interval_of_the_ends() -> None:
    assert LAB.agrees(made({PAPER: (90.0, 91.0, 92.0)})) is True
    assert LAB.agrees(made({PAPER: (90.0, 91.0, 92.0)}, alpha=94.0)) is False
    assert LAB.agrees(made({PAPER: (90.0, 91.0, 92.0)}, alpha=91.5)) is None
    assert LAB.agrees(made({PAPER: (90.0, 91.0)})) is None
    assert LAB.agrees(made({PAPER: (90.0, 91.0, 92.0)}, alpha=None)) is None


def test_a_run_follows_every_rule_and_goes_on_after_a_kill(small_runs: Path, tmp_path: Path, monkeypatch) -> None:
    checkpoint = engine.load(small_runs / "small-201")
    settings = read_settings(LAB.settings, "ablations", {"images": "80", "batch_size": "16", "orders": "2"})
    monkeypatch.setattr(running, "KEEP", 0.0)

    class Stop(BaseException):
        pass

    def die(share: float, label: str) -> None:
        if share > 0.7:
            raise Stop

    with pytest.raises(Stop):
        running.analyse(checkpoint, LAB, settings, tmp_path / "lab", report=die)
    labels = set()
    found = running.analyse(
        checkpoint, LAB, settings, tmp_path / "lab", resume=True, report=lambda share, label: labels.add(label)
    ).numbers
    assert 0 < len(labels) < len(RULES) and all(label.endswith("order 1") for label in labels)
    assert [each.name for each in found.procedures] == list(RULES) and {
        len(each.ends) for each in found.procedures
    } == {2}
    # The same as the path that any other program would follow.
    scoring = Scoring(images=80, batch_size=16, rescale=True, criterion="loss")
    *_, last = measured_path(Scorer.of(checkpoint, scoring), checkpoint.start, edge_order(checkpoint.space, 1))
    true = engine.nasbench201.lookup(str(last.selection.decoded())).cifar10
    assert found.procedure(LOSS).ends[1] == true
    assert len(LAB.rows(found)) == 2 * len(RULES) and "higher in" in LAB.lines(found)


@pytest.mark.parametrize("name", ["rise_restored", "fisher", "iim"])
def test_a_signal_decides_edge_after_edge_and_is_found_anew(small_runs: Path, name: str) -> None:
    """As lab "signals" finds it, with what is decided so far."""
    from engine.analysis import registry
    from engine.analysis.signals.kinds import Asked
    from engine.analysis.signals.paths import signal_path

    checkpoint, lab = engine.load(small_runs / "small-201"), registry.find("signals")
    batches = engine.scoring_batches("bundled", images=80, batch_size=16, checkpoint=checkpoint)
    order = edge_order(checkpoint.space, 3)
    before = checkpoint.start.discretize("cell", order.edges[0][1], "nor_conv_3x3")
    asked = Asked(checkpoint.supernet, before, "cell", batches, "batch", 0)
    way = list(signal_path(asked, name, order))
    assert way[-1].is_complete and [each.steps_done for each in way] == [2, 3, 4, 5, 6]
    asks = {"images": "80", "batch_size": "16", "signals": name, "sets": "1"}
    settings = read_settings(lab.settings, "signals", asks)
    for was, now in zip((before, *way), way[:2], strict=False):
        (cell, edge) = next(place for place in order.edges if not was.is_decided(*place))
        *_, found = lab.run(checkpoint, settings, selection=was)
        row = found.signal(name).values[0][found.edges.index(edge)]
        best = max(range(5), key=lambda column: -float("inf") if row[column] is None else row[column])
        assert now.operation(cell, edge) == checkpoint.space.operations(cell, edge)[best]


def test_what_looks_into_an_edge_is_left_out_where_channels_are_partly_mixed(root: Path) -> None:
    assert applying(read_summary(root / "checkpoints" / "nas-bench-201")) == list(RULES)
    partly = applying(read_summary(root / "checkpoints" / "nas-bench-201-pc-darts"))
    assert [name for name in RULES if name not in partly] == ["restored mask, loss", "IIM"]


def test_a_complete_selection_and_another_space_are_refused(small_runs: Path, root: Path) -> None:
    checkpoint = engine.load(small_runs / "small-201")
    whole = checkpoint.start
    for edge in range(6):
        whole = whole.discretize("cell", edge, "none")
    with pytest.raises(engine.BadInput, match="no path leads anywhere"):
        list(LAB.run(checkpoint, LAB.settings(), selection=whole))
    assert "true accuracies exist" in str(LAB.refuses(read_summary(root / "checkpoints" / "s2")))


def test_the_stored_paths_end_where_others_found_them(root: Path) -> None:
    """Medians and lowest ends as an independent program found them: 512 images, orders 0 to 3, no tuning."""
    from engine.analysis import stored

    document = stored.read(read_summary(root / "checkpoints" / "nas-bench-201"), "ablations")
    assert document is not None
    found = {each.name: each for each in document.numbers.procedures if not each.stored}
    ends = {name: (round(median(each.ends), 2), min(each.ends)) for name, each in found.items()}
    assert list(ends.values()) == [(91.03, 87.01), (92.90, 92.66), (92.20, 90.65), (93.06, 88.31)]


def test_selections_stored_under_another_rule_are_not_held_against_the_paper(root: Path) -> None:
    found = LAB.known(read_summary(root / "checkpoints" / "nas-bench-201-seed-1"))
    others = [each for each in found.procedures if not each.papers]
    rules = {each.name.partition(", no tuning")[0] for each in others}
    assert rules == {"stored: plain mask, loss", "stored: rescaled mask, loss"} and len(found.procedures) == 4
    alone = replace(found, procedures=tuple(others))
    assert LAB.agrees(found) is True and LAB.agrees(alone) is None

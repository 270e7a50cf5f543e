"""Lab "unrolled": edges that change places against modules that do, the bundled networks, and a run with its words."""

import copy
from pathlib import Path

import pytest
import torch

import engine
from engine.analysis import opened, registry, running
from engine.analysis.rewired import REFERENCES, Reference, RewiredStages, RewiredSupernet, drop, swap
from engine.analysis.tested import TestImages, accuracy
from engine.analysis.unrolled import CHANGES, PLAIN, RESIDUAL, SUPERNET, Subject, UnrolledResult, kept
from engine.checkpoint.format import read_summary
from engine.selection.selection import Selection
from engine.supernet.cells import Cell
from engine.supernet.draws import seeded

LAB = registry.find("unrolled")
FEW = {"images": 80, "batch_size": 16, "draws": 3}


def photos(size: int = 16) -> torch.Tensor:
    return torch.randn(6, 3, size, size, generator=seeded(3))


@pytest.mark.parametrize("run", ["small-201", "small-s2"])
def test_edges_change_places_as_their_modules_would(small_runs: Path, run: str) -> None:
    checkpoint = engine.load(small_runs / run)
    even = Selection(checkpoint.space, {cell: torch.zeros(checkpoint.space.shape(cell)) for cell in checkpoint.alphas})
    network, images = RewiredSupernet(checkpoint.supernet, even, "batch"), photos()
    own = checkpoint.supernet(images, even.weights(), bn="batch")
    torch.testing.assert_close(network.logits(images, {}, 0), own, rtol=1e-3, atol=1e-4)
    order = swap(network.places, seeded(0))
    moved = copy.deepcopy(checkpoint.supernet)
    for number, block in enumerate(moved.blocks):
        if isinstance(block, Cell):
            one, other = order[number]
            block.edges[one], block.edges[other] = block.edges[other], block.edges[one]
    expected = moved(images, even.weights(), bn="batch")
    found = network.logits(images, order, 0)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(found, own, atol=1e-3)


def test_weights_go_with_their_edge_and_a_dropped_edge_adds_nothing(small_runs: Path) -> None:
    checkpoint = engine.load(small_runs / "small-201")
    chosen = checkpoint.start.discretize("cell", 0, "nor_conv_3x3").discretize("cell", 3, "none")
    network, images = RewiredSupernet(checkpoint.supernet, chosen, "running"), photos()
    places = {number: {0: 3, 3: 0} for number in network.places}
    apart = checkpoint.start.discretize("cell", 3, "nor_conv_3x3").discretize("cell", 0, "none")
    copied = copy.deepcopy(checkpoint.supernet)
    for number in network.places:
        edges = copied.blocks[number].edges
        edges[0], edges[3] = edges[3], edges[0]
    expected = copied(images, apart.weights(), bn="running")
    torch.testing.assert_close(network.logits(images, places, 0), expected, rtol=1e-3, atol=1e-4)
    weights = {"cell": checkpoint.start.weights()["cell"].clone()}
    weights["cell"][4] = 0
    gone = RewiredSupernet(checkpoint.supernet, checkpoint.start, "batch")
    found = gone.logits(images, {number: {4: None} for number in gone.places}, 0)
    torch.testing.assert_close(found, checkpoint.supernet(images, weights, bn="batch"), rtol=1e-3, atol=1e-4)


def test_only_edges_of_equal_stride_change_places(small_runs: Path) -> None:
    checkpoint = engine.load(small_runs / "small-s2")
    network, seen = RewiredSupernet(checkpoint.supernet, checkpoint.start, "batch"), set()
    for draw in range(40):
        for number, changes in swap(network.places, seeded(draw)).items():
            one, other = changes
            assert changes == {one: other, other: one}
            block = checkpoint.supernet.blocks[number]
            strided = {edge.index for edge in block.spec.edges if block.spec.stride == 2 and edge.source < 2}
            assert (one in strided) == (other in strided)
            seen.add((number, one, other))
        assert all(list(changes.values()) == [None] for changes in drop(network.places, seeded(draw)).values())
    assert len(seen) > 60, "the pairs are drawn anew"
    assert swap(network.places, seeded(7)) == swap(network.places, seeded(7))


def test_the_bundled_networks_have_the_accuracy_that_their_recipe_says(root: Path) -> None:
    checkpoint = engine.load(root / "checkpoints" / "nas-bench-201")
    settings = LAB.settings(images=1000, bn="running")
    images = TestImages.of(checkpoint, settings)
    assert (images.part, images.name, images.count) == ("test", "cifar10", 1000)
    found = {}
    for name in REFERENCES:
        reference = Reference.bundled(name)
        network = RewiredStages(reference.network, "running")
        batches = images.batches(reference.image_size)
        found[name], ci = accuracy(network, batches, {}, "running")
        assert ci[0] < reference.recipe["test"]["accuracy"] < ci[1]
        x = batches[0][0][:8]
        with torch.inference_mode():
            torch.testing.assert_close(network.logits(x, {}, 0), reference.network(x)[0])
    operations = {name: Reference.bundled(name).recipe for name in REFERENCES}
    assert operations["residual"]["genotype"].replace("skip_connect~0", "none~0") == operations["plain"]["genotype"]
    assert {recipe["image_size"] for recipe in operations.values()} == {16}


def made(supernet: float, residual: float = 50.0, plain: float = 12.0) -> UnrolledResult:
    def subject(name: str, after: float) -> Subject:
        return Subject(name, 70.0, (67.0, 73.0), {"swap": (after - 1, after, after + 1)}, "cell", 90)

    found = (subject(SUPERNET, supernet), subject(RESIDUAL, residual), subject(PLAIN, plain))
    return UnrolledResult(found, 10.0, "test", 512, 3, "batch", "darts", True)


def test_agreement_goes_by_which_of_the_two_is_nearer() -> None:
    assert LAB.agrees(made(60.0)) is True and "behaves like the residual network" in LAB.verdict(made(60.0))
    assert LAB.agrees(made(14.0)) is False and "nearer to the plain network" in LAB.verdict(made(14.0))
    assert LAB.agrees(made(31.0)) is None and "cannot be told" in LAB.verdict(made(31.0))
    assert LAB.agrees(made(31.0, residual=12.0)) is None, "where the two do not differ, nothing is nearer"
    share, ci = kept(made(40.0), made(40.0).subjects[0], "swap")
    assert share == 0.5 and ci[0] < 0.5 < ci[1]
    alone = UnrolledResult(made(40.0).subjects[:1], 10.0, "search", 512, 3, "batch", "darts", True)
    assert LAB.agrees(alone) is None and "here there are none" in LAB.verdict(alone)
    assert [each.paper for each in LAB.compared(made(40.0))] == [88.44, 81.09, 93.86, 83.20, 92.69, 9.83]


def test_a_run_goes_on_after_a_kill_and_changes_nothing(small_runs: Path, tmp_path: Path, monkeypatch) -> None:
    checkpoint = engine.load(small_runs / "small-201")
    before = {name: value.clone() for name, value in checkpoint.supernet.state_dict().items()}
    settings = LAB.settings(**FEW)
    whole = running.analyse(checkpoint, LAB, settings).numbers
    assert [each.name for each in whole.subjects] == [SUPERNET, RESIDUAL, PLAIN]
    assert all(len(each.of(change)) == 3 for each in whole.subjects for change in CHANGES)
    assert UnrolledResult.from_dict(whole.to_dict()) == whole and len(LAB.rows(whole)) == 27
    assert "two swapped everywhere" in LAB.lines(whole) and "On 80 test images" in LAB.verdict(whole)
    monkeypatch.setattr(running, "KEEP", 0.0)

    class Stop(BaseException):
        pass

    def die(share: float, label: str) -> None:
        if share > 0.5:
            raise Stop

    with pytest.raises(Stop):
        running.analyse(checkpoint, LAB, settings, tmp_path / "lab", report=die)
    monkeypatch.setattr(opened, "run", None)  # the supernet's draws are known by then
    monkeypatch.setattr(RewiredSupernet, "logits", lambda *_: pytest.fail("measured again"))
    assert running.analyse(checkpoint, LAB, settings, tmp_path / "lab", resume=True).numbers == whole
    assert all(torch.equal(value, before[name]) for name, value in checkpoint.supernet.state_dict().items())


def test_partial_channels_are_refused(small_runs: Path) -> None:
    summary = read_summary(small_runs / "small-201")
    summary.meta["partial"] = 4
    assert "cannot stand for each other" in LAB.refuses(summary)

"""Fine-tuning between decisions: on a copy, with decided rows held, to the identical result after a resume."""

import dataclasses

import pytest
import torch

import engine
from engine.cli import main
from engine.errors import BadInput
from engine.selecting.settings import Tuning
from engine.selecting.tuning import Tuner
from engine.selection.mixing import mixing_weights
from engine.selection.selection import Selection
from engine.training.method import Held
from tests.engine.small_runs import SMALL, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return str(write_photos(tmp_path_factory.mktemp("photos")))


@pytest.fixture(scope="module", params=["s4", "nas-bench-201"])
def checkpoint(request, tmp_path_factory, photos):
    out = tmp_path_factory.mktemp("runs") / request.param
    options = ["--space", request.param, "--epochs", "1", "--data", photos, "--out", str(out), *SMALL]
    cells = ["--cells", "3"] if request.param == "s4" else []
    assert main(["train", *options, *cells]) == 0
    return engine.load(out)


def begun(tuner: Tuner) -> Selection:
    """One decision on top of the tuner's alphas."""
    selection = tuner.selection(())
    cell = selection.space.cells[0]
    return selection.discretize(cell, 1, selection.space.operations(cell, 1)[-1])


def alphas_of(tuner: Tuner) -> dict[str, torch.Tensor]:
    return tuner.method.of("alpha")


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_tuning_changes_its_own_copy_and_nothing_else(checkpoint, photos):
    before = {name: value.clone() for name, value in checkpoint.supernet.state_dict().items()}
    alphas = {cell: rows.clone() for cell, rows in checkpoint.alphas.items()}
    tuner = Tuner(checkpoint, data=photos)
    tuner.tune(begun(tuner), batches=2)
    assert same(checkpoint.supernet.state_dict(), before) and same(checkpoint.alphas, alphas)
    assert not same(tuner.supernet.state_dict(), before)
    assert not checkpoint.supernet.training and not any(p.requires_grad for p in checkpoint.supernet.parameters())


def test_decided_rows_are_one_hot_get_no_gradient_and_idle_operations_stay(checkpoint, photos):
    tuner = Tuner(checkpoint, data=photos)
    selection = begun(tuner)
    cell = selection.space.cells[0]
    held = Held.of(selection.space, selection.decisions, torch.device("cpu"))
    leaves = {name: rows.clone().requires_grad_(True) for name, rows in alphas_of(tuner).items()}
    weights = held({name: mixing_weights(rows) for name, rows in leaves.items()}).weights
    assert weights[cell][1].tolist() == [0.0] * (len(weights[cell][1]) - 1) + [1.0]
    for name, rows in selection.weights().items():
        torch.testing.assert_close(weights[name], rows.float())
    torch.stack([(rows**2).sum() for rows in weights.values()]).sum().backward()
    assert not leaves[cell].grad[1].any() and leaves[cell].grad[0].any()
    before = {name: value.clone() for name, value in tuner.supernet.named_parameters()}
    tuner.tune(selection, batches=2)
    idle = [
        name
        for name in before
        if f".edges.1.{selection.space.operations(cell, 1)[-2]}." in name and _of(cell, name, tuner)
    ]
    assert all(torch.equal(before[name], dict(tuner.supernet.named_parameters())[name]) for name in idle)


def _of(cell: str, parameter: str, tuner: Tuner) -> bool:
    block = tuner.supernet.blocks[int(parameter.split(".")[1])]
    return getattr(block, "cell", None) == cell


def test_alphas_of_undecided_edges_go_on_training_at_a_constant_rate(checkpoint, photos):
    tuner = Tuner(checkpoint, data=photos)
    selection = begun(tuner)
    cell = selection.space.cells[0]
    tuner.tune(selection, batches=1, lr=0.0125)
    assert {group["lr"] for group in tuner.method.optimizer.param_groups} == {0.0125}
    moved = (alphas_of(tuner)[cell] - checkpoint.alphas[cell]).abs().sum(1)
    assert (moved[[0, 2, 3]] > 0).all()
    again = tuner.selection(selection.decisions)
    assert again.decisions == selection.decisions and again.alphas != selection.alphas


def test_sgd_starts_without_momentum_and_adam_goes_on(checkpoint, photos):
    tuner = Tuner(checkpoint, data=photos)
    assert not tuner.method.optimizer.state
    steps = {float(state["step"]) for state in tuner.method.alpha_optimizer.state.values()}
    assert steps == {2.0}  # the two steps of the one epoch of training


def test_a_resumed_tuner_repeats_what_an_uninterrupted_one_does(checkpoint, photos, tmp_path):
    whole, first = Tuner(checkpoint, data=photos, seed=3), Tuner(checkpoint, data=photos, seed=3)
    for tuner, passes in ((whole, 3), (first, 1)):
        for _ in range(passes):
            tuner.tune(tuner.selection(begun(tuner).decisions), batches=2)
    first.save(tmp_path / "tuned")
    again = Tuner(engine.load(tmp_path / "tuned"), data=photos, seed=3, resumed=True)
    assert again.passes == 1
    for _ in range(2):
        again.tune(again.selection(begun(again).decisions), batches=2)
    assert same(whole.supernet.state_dict(), again.supernet.state_dict()) and same(alphas_of(whole), alphas_of(again))


def test_passes_and_seeds_draw_other_batches(checkpoint, photos):
    ends = []
    for seed in (0, 1):
        tuner = Tuner(checkpoint, data=photos, seed=seed)
        tuner.tune(begun(tuner), batches=1)
        ends.append(tuner.supernet.classifier.weight.detach().clone())
    assert not torch.equal(*ends)


def test_a_supernet_with_fixed_alphas_keeps_them(tmp_path, photos):
    out = tmp_path / "fixed"
    options = ["--space", "nas-bench-201", "--method", "fixed-alpha", "--epochs", "1", "--data", photos, *SMALL]
    assert main(["train", *options, "--out", str(out)]) == 0
    tuner = Tuner(engine.load(out), data=photos)
    before = {cell: rows.clone() for cell, rows in alphas_of(tuner).items()}
    tuner.tune(begun(tuner), batches=2)
    assert same(alphas_of(tuner), before)


def test_edge_strengths_go_on_training_until_their_node_is_decided(checkpoint, photos):
    space = checkpoint.space
    betas = {cell: torch.linspace(-1, 1, len(space.edges(cell))).tolist() for cell in space.cells}
    strong = dataclasses.replace(checkpoint, start=Selection(space, checkpoint.alphas, betas))
    tuner = Tuner(strong, data=photos)
    selection = begun(tuner)
    assert selection.alphas.betas == strong.start.alphas.betas
    tuner.tune(selection, batches=1)
    moved = tuner.selection(selection.decisions)
    cell = space.cells[0]
    # the only edge into a node has strength 1 whatever its beta is
    targets = [edge.target for edge in space.edges(cell)]
    contested = [edge.index for edge in space.edges(cell) if targets.count(edge.target) > 1]
    before, after = (torch.tensor(each.alphas.betas[0]) for each in (selection, moved))
    assert (before != after)[contested].all()
    for name, rows in tuner.method.mix("measure", tuner.method.draw("measure")).weights.items():
        torch.testing.assert_close(rows.detach(), moved.weights()[name])


def test_a_method_that_is_not_here_cannot_tune(checkpoint, photos):
    foreign = dataclasses.replace(checkpoint, meta={**checkpoint.meta, "method": "magic"})
    with pytest.raises(BadInput, match="magic, and that method is not here; select without tuning"):
        Tuner(foreign, data=photos)


def test_other_classes_are_refused(checkpoint, tmp_path):
    few = write_photos(tmp_path, per_class=4, classes=3)
    with pytest.raises(BadInput, match="has 3 classes and the checkpoint 10"):
        Tuner(checkpoint, data=str(few))


@pytest.mark.parametrize("wrong", [{"amount": -1}, {"lr": 0}, {"lr": float("nan")}])
def test_tuning_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadInput):
        Tuning(**wrong)

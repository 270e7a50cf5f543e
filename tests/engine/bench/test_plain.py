"""The engine computes what the plain supernet computes, and the yardstick measures both."""

import pytest
import torch

from engine.bench.plain import PlainSupernet
from engine.bench.timing import Convolutions, compare, operations, product
from engine.bench.work import Case, images, prepared, supernet
from engine.errors import BadInput
from engine.scoring.scores import score_edge
from engine.selection.selection import Selection
from engine.spaces import SPACES, search_space
from engine.supernet import Supernet

TINY = {"nas-bench-201": 1, "darts": 3}
NOISELESS = [name for name in SPACES if name != "s4"]


def case(space, kind="forward", **how):
    return Case(kind, space, 4, TINY.get(space, 3), 8, **how)


@pytest.mark.parametrize("name", NOISELESS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_pass_without_gradients_gives_the_plain_logits(name, dtype):
    net, alphas = supernet(case(name), dtype)
    pictures, _ = images(case(name), dtype)
    weights = {cell: alpha.softmax(-1) for cell, alpha in alphas.items()}
    weights[net.space.cells[0]][1, 0] = 0  # an operation that is gone
    last = pictures.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        plain = PlainSupernet(net)(pictures, weights)
        mine = net.to(memory_format=torch.channels_last)(last, weights, "batch")
    torch.testing.assert_close(mine, plain, rtol=0, atol=1e-9 if dtype == torch.float64 else 1e-4)


@pytest.mark.parametrize("name", NOISELESS)
def test_gradients_and_running_statistics_are_those_of_the_plain_supernet(name):
    net, alphas = supernet(case(name), torch.float64)
    pictures, labels = images(case(name), torch.float64)
    rows = {cell: alpha.softmax(-1).detach().requires_grad_() for cell, alpha in alphas.items()}
    expected = torch.nn.functional.cross_entropy(PlainSupernet(net)(pictures, rows), labels)
    of_plain = torch.autograd.grad(expected, list(rows.values()))
    net.to(memory_format=torch.channels_last).train()
    last = pictures.contiguous(memory_format=torch.channels_last)
    found = torch.nn.functional.cross_entropy(net(last, rows), labels)
    for mine, plain in zip(torch.autograd.grad(found, list(rows.values())), of_plain, strict=True):
        torch.testing.assert_close(mine, plain)
    # and the statistics that it kept are those of torch's normalisation of the same features
    bn = net.stem.bn
    features = torch.nn.functional.conv2d(pictures, net.stem.conv.weight, padding=1)
    torch.testing.assert_close(bn.running_mean, 0.1 * features.mean((0, 2, 3)))
    torch.testing.assert_close(bn.running_var, 0.9 + 0.1 * features.var((0, 2, 3)))


@pytest.mark.parametrize(
    ("name", "cell", "edge"), [("nas-bench-201", "cell", 0), ("nas-bench-201", "cell", 4), ("darts", "reduce", 7)]
)
@pytest.mark.parametrize("rescale", [False, True])
def test_masks_that_share_what_they_do_not_reach_give_the_plain_drops(name, cell, edge, rescale):
    net, alphas = supernet(case(name), torch.float64)
    pictures, labels = images(case(name), torch.float64)
    selection = Selection(net.space, alphas)
    scores = score_edge(net, selection, cell=cell, edge=edge, batches=[(pictures, labels)], rescale=rescale)
    plain = PlainSupernet(net)
    base = {each: torch.as_tensor(rows) for each, rows in selection.weights().items()}
    for column, operation in enumerate(scores.operations):
        masked = {each: rows.clone() for each, rows in base.items()}
        masked[cell][edge, column] = 0
        if rescale:
            masked[cell][edge] /= masked[cell][edge].sum()
        with torch.inference_mode():
            logits = plain(pictures, {each: rows.double() for each, rows in masked.items()})
        right = (logits.argmax(1) == labels).double().mean()
        assert operation.masked_accuracy == pytest.approx(100 * float(right))
        assert operation.masked_loss == pytest.approx(
            float(torch.nn.functional.cross_entropy(logits, labels)), abs=1e-6
        )


def test_a_supernet_with_parts_it_does_not_know_is_refused():
    with pytest.raises(BadInput, match="partial channels"):
        PlainSupernet(Supernet(search_space("nas-bench-201"), channels=8, cells=1, part=4))
    with pytest.raises(BadInput, match="Noise"):
        PlainSupernet(Supernet(search_space("s4"), channels=4, cells=3))


@pytest.mark.parametrize("kind", ["forward", "edge", "step"])
@pytest.mark.parametrize("side", ["engine", "as written", "channels_last"])
def test_every_piece_of_work_can_be_done_again_and_again(kind, side):
    work = prepared(case("nas-bench-201", kind, edge=("cell", 1)), side, "cpu")
    work()
    work()


def test_sides_are_timed_in_processes_of_their_own_with_their_logits_compared():
    small = case("nas-bench-201")
    found = compare(small, rounds=2, threads=1, device="cpu")
    assert found.rounds == 2 and found.title == small.title
    assert min(found.engine, found.as_written, found.channels_last) > 0
    assert found.logits is not None and found.logits < 1e-4 and found.different == 0
    assert found.fraction is not None and 0 < found.fraction < 1
    assert found.convolutions is not None and found.convolutions > 0


def test_convolutions_by_themselves_are_those_of_the_pass():
    small = case("nas-bench-201")
    work = prepared(small, "engine", "cpu")
    plain = work()
    with Convolutions("cpu") as alone:
        again = work()
    assert torch.equal(plain, again) and alone.seconds > 0
    with Convolutions("cpu") as nothing:
        torch.ones(3) + 1
    assert nothing.seconds == 0


def test_the_sides_of_a_training_step_work_alone_and_a_side_that_dies_is_said():
    found = compare(case("nas-bench-201", "step"), rounds=1, threads=1, device="cpu")
    assert min(found.engine, found.as_written, found.channels_last) > 0 and found.logits is None
    with pytest.raises(MemoryError, match="engine"):  # an odd number of channels ends the process with an error
        compare(Case("forward", "nas-bench-201", 3, 1, 8), rounds=1, threads=1, device="cpu")


def test_operations_are_counted_in_convolutions():
    flops = operations(case("nas-bench-201"))
    # of each 3x3 convolution of the first cell on 8 pixels: 2 * 64 * 64 * 4 * 4 * 9
    assert flops > 6 * 2 * 64 * 64 * 4 * 4 * 9
    assert product("cpu", size=64, times=5) > 0

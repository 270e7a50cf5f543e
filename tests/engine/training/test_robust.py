"""The options of RobustDARTS: dropped edges, erased squares, and the end where the search loss curves ever more."""

import math

import pytest
import torch
from torch.nn import functional as F

from engine.spaces import search_space
from engine.supernet.supernet import Pass, Supernet
from engine.training import robust
from engine.training.robust import dominant_eigenvalue, rises
from tests.engine.training.golden_method import SEARCH, TRAIN, golden_method


def test_an_image_loses_an_edge_or_has_it_stronger():
    space = search_space("nas-bench-201")
    cell = Supernet(space, channels=2, cells=1).blocks[0]
    skips = F.one_hot(torch.tensor([0, 0, 0, 1, 0, 0]), 5).float()  # the input reaches the output by edge 3 alone
    x = torch.randn(400, 2, 4, 4)
    run = Pass.of({"cell": skips}, "batch", noise=7)
    dropped = Pass(run.weights, run.live, "batch", 7, drop=0.25)
    out = cell.mix((x,), dropped)[3]
    lost = (out == 0).flatten(1).all(1)
    assert 0.15 < lost.float().mean() < 0.35
    torch.testing.assert_close(out[~lost], x[~lost] / 0.75)
    assert torch.equal(out, cell.mix((x,), dropped)[3])  # the same draw in a resumed run
    assert not torch.equal(out, cell.mix((x,), Pass(run.weights, run.live, "batch", 8, drop=0.25))[3])


def test_dropping_and_cutting_grow_from_epoch_to_epoch_and_are_off_unless_asked():
    method = golden_method("darts", drop_path=0.2)
    for epoch, drop, cut in ((0, 0.0, 0.0), (49, 0.2, 1.0), (None, 0.2, 1.0)):
        method.begin(epoch)
        assert (method.drop_path, method.cut) == (pytest.approx(drop), cut)
    images, labels = method._cut(TRAIN, "train")
    assert torch.equal(labels, TRAIN[1])
    changed = (images != TRAIN[0]).any(1)
    assert changed.flatten(1).any(1).all() and not images[:, 0][changed].any()
    assert changed.flatten(1).sum(1).min() >= 16 and changed.flatten(1).sum(1).max() <= 64
    plain = golden_method("darts")
    plain.begin(49)
    assert plain.drop_path == 0 and plain._cut(TRAIN, "train") is TRAIN


def test_the_eigenvalue_is_that_of_the_hessian(monkeypatch):
    method = golden_method("darts", "nas-bench-201")
    assert math.isfinite(dominant_eigenvalue(method, SEARCH))
    assert all(weight.requires_grad for weight in method.weights)
    start = method.parameters["alpha.cell"].detach().clone()
    matrix = torch.randn(30, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    matrix = (matrix + matrix.T) / 2

    def quadratic(batch, mixed, purpose, mode):
        flat = method.parameters["alpha.cell"].flatten()
        return flat @ matrix @ flat / 2, None

    monkeypatch.setattr(method, "loss", quadratic)
    assert dominant_eigenvalue(method, SEARCH) == pytest.approx(float(torch.linalg.eigvalsh(matrix)[-1]))
    assert torch.equal(method.parameters["alpha.cell"].detach(), start)


def test_training_ends_where_the_average_rises_but_not_early(monkeypatch):
    assert not rises([1.0] * 20) and not rises([1.0] * 8) and not rises([-1.0] * 5 + [1.0] * 10)
    assert not rises([1.0] * 8 + [2.0]) and rises([1.0] * 8 + [2.6])  # the average of five is 1.2, and 1.32
    method = golden_method("darts", early_stop=True)
    values = iter(range(1, 100))
    monkeypatch.setattr(robust, "dominant_eigenvalue", lambda method, batch: float(next(values)))
    stops = [method.stop(epoch, iter([SEARCH])) for epoch in range(20)]
    assert stops.index(True) == 16 and len(method.eigenvalues) == 10 and method.remarks == {}
    other = golden_method("darts", early_stop=True)
    other.load(method.state())
    assert other.eigenvalues == method.eigenvalues
    assert not golden_method("darts").stop(16, iter([]))

"""Supernets as the search programs of the field define them, written anew in plain PyTorch, and the files they save.

darts_net       DARTS, DARTS-PT, RobustDARTS; confopt=True: wrapped convolutions and other names
bench_net       NAS-Bench-201 of DARTS-PT and DrNAS; bias, tracked, confopt for AutoDL-Projects and confopt
logits          the logits of such a model under mixing weights
saved           what each program saves, by format

Nothing here uses the supernet under test: operations run one by one, in modules whose names are the original ones.
"""

import copy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.spaces import SearchSpace

Net = TypeVar("Net", bound=nn.Module)


class Wrapped(nn.Module):
    """confopt's convolution: every weight under two names, one storage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*args, **kwargs)
        self.weight, self.bias = self.conv.weight, self.conv.bias

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Kit:
    """Layers as one program makes them. Nothing is shared between models."""

    def __init__(self, *, confopt: bool = False, bias: bool = False, tracked: bool = True) -> None:
        self.confopt, self.bias, self.tracked = confopt, bias, tracked

    def conv(self, *args: Any, bias: bool = False, **kwargs: Any) -> nn.Module:
        return (Wrapped if self.confopt else nn.Conv2d)(*args, bias=bias, **kwargs)

    def op(self, *layers: nn.Module) -> nn.Module:
        return Op(layers)

    def norm(self, channels: int) -> nn.Module:
        return nn.BatchNorm2d(channels, affine=False, track_running_stats=self.tracked)


class Op(nn.Module):
    def __init__(self, layers: tuple[nn.Module, ...]) -> None:
        super().__init__()
        self.op = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Zero(nn.Module):
    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return 0 * x[:, :, :: self.stride, :: self.stride]


class Noise(Zero):
    def forward(self, x: Tensor) -> Tensor:
        return torch.randn_like(x[:, :, :: self.stride, :: self.stride])


class Halves(nn.Module):
    """FactorizedReduce."""

    def __init__(self, kit: Kit, before: int, after: int) -> None:
        super().__init__()
        self.conv_1 = kit.conv(before, after // 2, 1, stride=2)
        self.conv_2 = kit.conv(before, after // 2, 1, stride=2)
        self.bn = kit.norm(after)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], 1))


def _depthwise(kit: Kit, c: int, k: int, stride: int, dilation: int) -> list[nn.Module]:
    conv = kit.conv(c, c, k, stride=stride, padding=dilation * (k // 2), dilation=dilation, groups=c)
    return [nn.ReLU(), conv, kit.conv(c, c, 1), kit.norm(c)]


def _darts_op(kit: Kit, name: str, c: int, stride: int) -> nn.Module:
    match name.split("_"):
        case ["none"]:
            return Zero(stride)
        case ["noise"]:
            return Noise(stride)
        case ["skip", "connect"]:
            return nn.Identity() if stride == 1 else Halves(kit, c, c)
        case [kind, "pool", _]:
            max_pool, avg_pool = nn.MaxPool2d(3, stride, 1), nn.AvgPool2d(3, stride, 1, count_include_pad=False)
            layers = (max_pool if kind == "max" else avg_pool, kit.norm(c))
            return kit.op(*layers) if kit.confopt else nn.Sequential(*layers)
        case ["sep", "conv", size]:
            k = int(size[0])
            return kit.op(*_depthwise(kit, c, k, stride, 1), *_depthwise(kit, c, k, 1, 1))
        case ["dil", "conv", size]:
            return kit.op(*_depthwise(kit, c, int(size[0]), stride, 2))
    raise AssertionError(name)


class Mixed(nn.Module):
    """An edge: its operations under `_ops` or, in confopt, `ops`."""

    def __init__(self, kit: Kit, operations: list[nn.Module]) -> None:
        super().__init__()
        self.name = "ops" if kit.confopt else "_ops"
        self.add_module(self.name, nn.ModuleList(operations))

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        return sum(w * op(x) for w, op in zip(weights, getattr(self, self.name), strict=True))


class DartsCell(nn.Module):
    def __init__(self, kit: Kit, table, before: int, previous: int, c: int, reduction: bool, reduced: bool) -> None:
        super().__init__()
        self.kind = "reduce" if reduction else "normal"

        def plain(channels: int) -> nn.Module:
            return kit.op(nn.ReLU(), kit.conv(channels, c, 1), kit.norm(c))

        self.preprocess0 = Halves(kit, before, c) if reduced else plain(before)
        self.preprocess1 = plain(previous)
        self._ops = nn.ModuleList()
        edge = 0
        for node in range(4):
            for source in range(2 + node):
                stride = 2 if reduction and source < 2 else 1
                self._ops.append(Mixed(kit, [_darts_op(kit, name, c, stride) for name in table[edge]]))
                edge += 1

    def forward(self, s0: Tensor, s1: Tensor, weights: dict[str, Tensor]) -> Tensor:
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edge = 0
        for _ in range(4):
            terms = []
            for state in states:
                terms.append(self._ops[edge](state, weights[self.kind][edge]))
                edge += 1
            states.append(sum(terms))
        return torch.cat(states[2:], 1)


class DartsNet(nn.Module):
    def __init__(self, kit: Kit, space: SearchSpace, c: int, layers: int, classes: int) -> None:
        super().__init__()
        tables = {cell: [space.operations(cell, edge) for edge in space.edges(cell)] for cell in space.cells}
        self.stem = nn.Sequential(nn.Conv2d(3, 3 * c, 3, padding=1, bias=False), nn.BatchNorm2d(3 * c))
        self.cells = nn.ModuleList()
        before = previous = 3 * c
        reduced = False
        for i in range(layers):
            reduction = i in (layers // 3, 2 * layers // 3)
            c = 2 * c if reduction else c
            table = tables["reduce" if reduction else "normal"]
            self.cells.append(DartsCell(kit, table, before, previous, c, reduction, reduced))
            before, previous, reduced = previous, 4 * c, reduction
        self.classifier = nn.Linear(previous, classes)

    def forward(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        s0 = s1 = self.stem(x)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1, weights)
        return self.classifier(s1.mean((2, 3)))


class BenchEdge(nn.ModuleList):
    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        return sum(w * op(x) for w, op in zip(weights, self, strict=True))


class BenchCell(nn.Module):
    def __init__(self, kit: Kit, c: int) -> None:
        super().__init__()
        self.edges = nn.ModuleDict()
        for i in range(1, 4):
            for j in range(i):
                operations: list[nn.Module] = [Zero(1), nn.Identity()]
                for k in (1, 3):
                    operations.append(kit.op(nn.ReLU(), kit.conv(c, c, k, padding=k // 2, bias=kit.bias), kit.norm(c)))
                operations.append(nn.AvgPool2d(3, 1, 1, count_include_pad=False))
                self.edges[f"{i}<-{j}"] = Mixed(kit, operations) if kit.confopt else BenchEdge(operations)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        nodes = [x]
        for i in range(1, 4):
            rank = {1: 0, 2: 1, 3: 3}[i]
            nodes.append(sum(self.edges[f"{i}<-{j}"](nodes[j], weights[rank + j]) for j in range(i)))
        return nodes[3]


class Residual(nn.Module):
    def __init__(self, kit: Kit, c: int) -> None:
        super().__init__()
        self.conv_a = kit.op(nn.ReLU(), kit.conv(c, 2 * c, 3, stride=2, padding=1), nn.BatchNorm2d(2 * c))
        self.conv_b = kit.op(nn.ReLU(), kit.conv(2 * c, 2 * c, 3, padding=1), nn.BatchNorm2d(2 * c))
        self.downsample = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(c, 2 * c, 1, bias=False))

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        return self.downsample(x) + self.conv_b(self.conv_a(x))


class BenchNet(nn.Module):
    def __init__(self, kit: Kit, c: int, n: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, c, 3, padding=1, bias=False), nn.BatchNorm2d(c))
        self.cells = nn.ModuleList()
        for stage in range(3):
            if stage:
                self.cells.append(Residual(kit, c))
                c *= 2
            self.cells.extend(BenchCell(kit, c) for _ in range(n))
        self.lastact = nn.Sequential(nn.BatchNorm2d(c), nn.ReLU())
        self.classifier = nn.Linear(c, classes)

    def forward(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x, weights["cell"])
        return self.classifier(self.lastact(x).mean((2, 3)))


def darts_net(space: SearchSpace, c: int = 4, layers: int = 3, classes: int = 10, confopt: bool = False) -> DartsNet:
    torch.manual_seed(0)
    return randomised(DartsNet(Kit(confopt=confopt), space, c, layers, classes))


def bench_net(c: int = 4, n: int = 1, classes: int = 10, **kit: bool) -> BenchNet:
    torch.manual_seed(0)
    return randomised(BenchNet(Kit(**kit), c, n, classes))


def randomised(net: Net) -> Net:
    """The network with statistics, scales and biases unlike those of a fresh one."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    return net


def alphas_of(space: SearchSpace) -> dict[str, Tensor]:
    """Alphas unlike each other. S4's noise gets none of the weight, so that logits can be compared."""
    draw = torch.Generator().manual_seed(3)
    alphas = {cell: torch.randn(space.shape(cell), generator=draw) for cell in space.cells}
    for rows in alphas.values() if space.name == "s4" else ():
        rows[:, 0] = -1000
    return alphas


IMAGES = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(5))


@torch.no_grad()
def logits(net: nn.Module, alphas: dict[str, Tensor], bn: str) -> Tensor:
    """[4, classes] of IMAGES, with the statistics of the batch or the running ones."""
    return copy.deepcopy(net).train(bn == "batch")(IMAGES, {cell: rows.softmax(-1) for cell, rows in alphas.items()})


def saved(kind: str, net: nn.Module, alphas: dict[str, Tensor]) -> dict[str, Any]:
    """What a program saves. kind: a format of `engine.checkpoint.importers.formats`."""
    state = net.state_dict()
    leaves = [rows.clone().requires_grad_() for rows in alphas.values()]
    optimizer = torch.optim.SGD(net.parameters(), 0.025, momentum=0.9).state_dict()
    if kind == "darts-pt":
        return {"epoch": 50, "state_dict": state, "alpha": leaves, "optimizer": optimizer}
    if kind == "drnas":
        return {
            "epoch": 50,
            "state_dict": {"_arch_parameters": nn.Parameter(leaves[0].detach()), **state},
            "alpha": leaves,
        }
    if kind == "robustdarts":
        normal, reduce = alphas.values()
        return {"state_dict": state, "alphas_normal": normal, "alphas_reduce": reduce, "lr": 0.01, "la_epochs": []}
    if kind == "autodl":
        return {"epoch": 50, "search_model": {"arch_parameters": alphas["cell"], **state}, "w_optimizer": optimizer}
    if kind == "confopt":
        attention = nn.MultiheadAttention(leaves[0].shape[1], 1)
        own = {f"multihead_attention.{name}": value for name, value in attention.state_dict().items()}
        if "cell" in alphas:
            own |= {"arch_parameters": alphas["cell"], "beta_parameters": torch.randn(6)}
        else:
            own |= {f"alphas_{cell}": rows for cell, rows in alphas.items()}
            own |= {f"betas_{cell}": torch.randn(14) for cell in alphas}
        model = {f"model.{name}": value for name, value in {**own, **state}.items()}
        return {"model": model, "iteration": 7, "checkpointables": {"epoch": 50, "search_losses": {}}}
    assert kind == "weights"
    return dict(state)

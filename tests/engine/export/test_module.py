"""Networks as one Python file: they run without this project and compute what its own networks compute."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import BadInput
from engine.export import export
from engine.network.network import Network
from engine.selection.genotype import Genotype
from engine.selection.genotype_text import parse_genotype
from engine.spaces import SearchSpace, search_space
from tests.engine.golden import fill_deterministically, golden_images
from tests.engine.published_networks import DARTS_PT, S5_AUXILIARY, S5_LOGITS, genotype

CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
GENOTYPES = {name: genotype(normal, reduce) for name, normal, reduce, _, _ in DARTS_PT}
S5 = GENOTYPES["darts_pt_s5_0"]
WRITTEN = DARTS_PT[::3]
"""Cells of every space and data set; tests/engine/network counts the parameters of all there are."""


RUNNER = """
import importlib.util, json, sys
assert importlib.util.find_spec("engine") is None
sys.path.insert(0, ".")
import torch

torch.nn.init.kaiming_uniform_ = torch.nn.init.uniform_ = lambda tensor, *_, **__: tensor  # sizes need no numbers
found = {}
for name, sizes in json.load(open("sizes.json")).items():
    network = __import__(name).Network
    with torch.device("meta"):
        found[name] = [sum(p.numel() for p in network(*size).parameters()) for size in sizes]
for name in ("darts_pt_s5_0", "darts_pt_s1_1", "bench"):
    network = __import__(name).Network(channels=4, layers=3, classes=7, auxiliary=False)
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 7)
both = __import__("darts_pt_s5_0").Network(4, 3, 7, True)
assert [tuple(part.shape) for part in both(torch.zeros(2, 3, 32, 32))] == [(2, 7), (2, 7)]
assert both.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
print(json.dumps(found))
"""


def test_modules_run_without_this_project_and_have_the_published_sizes(tmp_path: Path) -> None:
    sizes = {}
    for name, *_ in WRITTEN:
        classes = 100 if "_c100_" in name else 10
        (tmp_path / f"{name}.py").write_text(export(GENOTYPES[name], "torch"), encoding="utf-8")
        sizes[name] = [(36, 20, classes), (16, 8, classes)]
    (tmp_path / "bench.py").write_text(export(parse_genotype(CELL), "torch"), encoding="utf-8")
    sizes["bench"] = [(16, 5, 10), (4, 1, 10)]
    (tmp_path / "sizes.json").write_text(json.dumps(sizes))
    answer = subprocess.run([sys.executable, "-I", "-c", RUNNER], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    for name, _, _, large, small in WRITTEN:
        assert found[name] == [large, small], name
    assert found["bench"] == [_bench_parameters(16, 5, 10), _bench_parameters(4, 1, 10)]


def _bench_parameters(channels: int, layers: int, classes: int) -> int:
    """Of CELL: two 3x3 and one 1x1 convolution, with affine BN, in every cell."""
    cells = sum(layers * (19 * width**2 + 6 * width) for width in (channels, 2 * channels, 4 * channels))
    reductions = sum(9 * w * 2 * w + 4 * w + 9 * 4 * w * w + 4 * w + 2 * w * w for w in (channels, 2 * channels))
    return 29 * channels + cells + reductions + 8 * channels + (4 * channels + 1) * classes


def test_a_module_computes_what_the_published_network_computes() -> None:
    names = run(S5)
    network = names["Network"](4, 5, 10, True).double().train()
    fill_deterministically(network)
    assert sum(parameter.numel() for parameter in network.parameters()) == 424_652
    logits, extra = network(golden_images(32))
    assert torch.allclose(logits[0], torch.tensor(S5_LOGITS).double(), atol=1e-5)
    assert torch.allclose(extra[0], torch.tensor(S5_AUXILIARY).double(), atol=1e-5)


def test_drop_path_acts_in_training_only() -> None:
    names = run(S5)
    torch.manual_seed(0)
    network = names["Network"](4, 3)
    images = torch.randn(4, 3, 16, 16)
    network.drop_path = 0.5
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))


def test_a_module_holds_only_what_it_needs() -> None:
    plain = export(GENOTYPES["darts_pt_s4_1"], "torch")
    assert "SeparableConv" in plain and "dil_conv" not in plain and "Noise" not in plain and "MaxPool" not in plain
    assert "BenchCell" not in plain and "Reduction(" not in plain
    assert "Zero" in export(parse_genotype(CELL), "torch")
    assert "Zero" not in export(parse_genotype(CELL.replace("none", "skip_connect")), "torch")


def test_noise_of_s4_is_drawn_anew() -> None:
    noisy = Genotype({"normal": [("noise", 0), ("sep_conv_3x3", 1)] * 4, "reduce": [("noise", 0), ("noise", 1)] * 4})
    names = run(noisy)
    network = names["Network"](4, 3).eval()
    images = torch.zeros(2, 3, 16, 16)
    assert network(images).shape == (2, 10) and not torch.equal(network(images), network(images))


@pytest.mark.parametrize("found", [S5, GENOTYPES["darts_pt_s1_1"], parse_genotype(CELL)], ids=["s5", "s1", "bench"])
def test_a_module_is_the_projects_own_network(found: Genotype) -> None:
    auxiliary = found.format == "darts"
    torch.manual_seed(0)
    theirs = run(found)["Network"](8, 3, 7, auxiliary)
    torch.manual_seed(0)
    ours = Network(found, 8, 3, 7, auxiliary)
    for (name, tensor), (other, same) in zip(theirs.state_dict().items(), ours.state_dict().items(), strict=True):
        assert name == other and torch.equal(tensor, same)
    images = torch.randn(2, 3, 32, 32)
    logits = theirs(images)
    for one, other in zip(logits if auxiliary else (logits,), ours(images), strict=False):
        assert torch.equal(one, other)
    theirs.load_state_dict(ours.state_dict())
    assert torch.equal(theirs.eval()(images), ours.eval()(images)[0])


def run(found: Genotype) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(export(found, "torch"), names)
    return names


# Operations of one's own

PLUGIN = """
import math
from torch import nn
from torch.nn import functional as F
from engine.spaces import OperationSpec
from engine.supernet.operations import Operation

WIDER = 2

def doubled(channels):
    return WIDER * channels

class Bottle(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.wide = nn.Conv2d(channels, doubled(channels), 1, stride)
        self.narrow = nn.Conv2d(doubled(channels), channels, 1)

    def forward(self, x):
        return self.narrow(F.relu(self.wide(x))) * math.sqrt(2)

class Tanh(Operation):
    def forward(self, x, mode):
        return x[:, :, :: self.stride, :: self.stride].tanh()

OPERATIONS = [
    OperationSpec("bottle", supernet=Tanh, network=Bottle),
    OperationSpec("tanh", supernet=Tanh),
    OperationSpec("hidden", supernet=Tanh, network=lambda channels, stride: Bottle(channels, stride)),
]
"""
DECLARATION = """
name = "own"
[cells.cell]
inputs = 1
nodes = 4
output = "last"
operations = ["bottle", "tanh", "hidden", "nor_conv_3x3"]
[skeleton]
like = "nas-bench-201"
[plugin]
module = "operations_to_export"
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchSpace]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "operations_to_export.py").write_text(PLUGIN, encoding="utf-8")
    (folder / "own.toml").write_text(DECLARATION, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERNET_EXPLORER_PLUGINS", "")
        yield search_space(str(folder / "own.toml"))


def own_cell(space: SearchSpace, *operations: str) -> Genotype:
    return Genotype({"cell": list(zip(operations, (0, 0, 1, 0, 1, 2), strict=True))}, space)


def test_operations_of_a_plug_in_are_written_out_and_its_main_program_counts_parameters(
    own: SearchSpace, tmp_path: Path
) -> None:
    found = own_cell(own, "bottle", "nor_conv_3x3", "tanh", "tanh", "tanh", "bottle")
    text = export(found, "torch")
    assert "class Bottle" in text and "class Tanh" in text
    assert "OperationSpec" not in text and "stride: Bottle" not in text
    (tmp_path / "network.py").write_text(text, encoding="utf-8")
    answer = subprocess.run([sys.executable, "-I", "network.py"], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert re.match(r"[\d,]+ parameters\n", answer.stdout)
    torch.manual_seed(0)
    theirs = run(found)["Network"](4, 1)
    torch.manual_seed(0)
    ours = Network(found, 4, 1)
    images = torch.randn(2, 3, 16, 16)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    assert torch.equal(theirs(images), ours(images)[0])


def test_an_operation_without_a_name_for_its_source_says_so(own: SearchSpace) -> None:
    found = own_cell(own, "hidden", *["tanh"] * 5)
    with pytest.raises(BadInput, match=r"operation hidden .* by a function or class at the top level"):
        export(found, "torch")


def test_a_genotype_of_a_declared_space_names_the_format_that_holds_it(own: SearchSpace) -> None:
    found = own_cell(own, *["tanh"] * 6)
    with pytest.raises(BadInput, match="format darts cannot hold cells of space own; use format json"):
        export(found, "darts")

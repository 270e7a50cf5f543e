"""Operations of one's own: found where the user names them, never because a saved file does."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import engine
from engine.drawing import palette
from engine.errors import BadInput
from engine.network.network import Network
from engine.selection.genotype import magnitude_genotype
from engine.selection.selection import Selection
from engine.spaces import recorded, search_space

PLUGIN = '''
import torch

from engine import OperationSpec
from engine.supernet.layers import BatchNorm, Conv
from engine.supernet.operations import Operation


class Swish(Operation):
    """x * sigmoid(x), a pointwise convolution, BatchNorm."""

    def __init__(self, channels, stride):
        super().__init__(channels, stride)
        self.conv, self.bn = Conv(channels, channels, 1), BatchNorm(channels)

    def forward(self, x, mode):
        x = torch.nn.functional.silu(x[:, :, :: self.stride, :: self.stride])
        return self.bn(torch.nn.functional.conv2d(x, self.conv.weight), mode)


OPERATIONS = [OperationSpec("swish_conv", label="swish", supernet=Swish)]
'''
TOML = """
name = "with-swish"
[cells.cell]
inputs = 1
nodes = 3
output = "last"
operations = ["none", "nor_conv_1x1", "swish_conv"]
[skeleton]
like = "nas-bench-201"
cells = 1
[plugin]
module = "{module}"
"""


@pytest.fixture
def toml(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A declaration beside its plug-in, whose name no other test uses."""
    module = f"plugin_{abs(hash(request.node.name))}"
    monkeypatch.setenv("SUPERNET_EXPLORER_PLUGINS", "")
    (tmp_path / f"{module}.py").write_text(PLUGIN)
    path = tmp_path / "space.toml"
    path.write_text(TOML.format(module=module))
    return path


def test_an_operation_of_ones_own_is_mixed_scored_decided_and_built(toml: Path) -> None:
    space = engine.search_space(toml)
    net = engine.Supernet(space, channels=4)
    draw = torch.Generator().manual_seed(0)
    start = Selection(space, {"cell": torch.randn(space.shape("cell"), generator=draw)})
    images = torch.randn(4, 3, 8, 8, generator=draw)
    scores = engine.score_edge(net, start, cell="cell", edge=1, batches=[(images, torch.arange(4))])
    assert scores.operation("swish_conv").masked_loss != scores.baseline.loss
    genotype = start.discretize("cell", 0, "swish_conv").alpha_path().genotype()
    network = Network(genotype, channels=4, layers=1)
    assert any("swish" in type(module).__name__.lower() for module in network.modules())
    assert network(images)[0].shape == (4, 10)
    look = palette.operation("swish_conv")
    assert (look.code, look.label) == ("SC", "swish") and look.light not in {
        palette.operation(name).light for name in ("none", "nor_conv_1x1")
    }


def test_saved_files_can_be_read_without_the_plug_in_and_never_import_it(toml: Path, root: Path) -> None:
    space = search_space(toml)
    genotype = magnitude_genotype(space, {"cell": torch.zeros(space.shape("cell"))})
    code = (
        "import sys, engine\n"
        f"genotype = engine.parse_genotype({str(genotype)!r})\n"
        "print(genotype.space.operation('swish_conv').label, any('plugin_' in name for name in sys.modules))\n"
        "try:\n    engine.Supernet(genotype.space, channels=4)\n"
        "except engine.BadInput as error:\n    print(error)\n"
    )
    environment = {"PATH": "", "PYTHONPATH": f"{root}:{toml.parent}"}  # importable, but nobody named it
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    first, second = ran.stdout.splitlines()
    assert first == "swish False"
    assert "swish_conv" in second and "is not loaded; install it, or name its module" in second
    named = environment | {"SUPERNET_EXPLORER_PLUGINS": str(next(toml.parent.glob("plugin_*.py")))}
    ran = subprocess.run([sys.executable, "-c", code], env=named, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["swish False"]  # the supernet is built


def test_an_operation_that_no_plug_in_has_is_named(toml: Path) -> None:
    toml.write_text(toml.read_text().replace("swish_conv", "other_conv"))
    with pytest.raises(BadInput, match=r"unknown operation 'other_conv'; use one of: .*swish_conv"):
        search_space(toml)


def test_a_module_without_operations_is_refused(toml: Path) -> None:
    next(toml.parent.glob("plugin_*.py")).write_text("OPERATIONS = ['swish_conv']\n")
    with pytest.raises(BadInput, match=r"needs OPERATIONS, a list of engine\.OperationSpec"):
        search_space(toml)


def test_a_declaration_in_a_saved_file_is_checked(toml: Path) -> None:
    declaration = search_space(toml).declaration()
    declaration["operations"]["swish_conv"]["code"] = "none of your business"
    with pytest.raises(BadInput, match="a code is two letters or digits"):
        recorded("with-swish", declaration)

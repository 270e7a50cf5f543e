"""The discrete network: the published model definitions' values, parameter counts and operation counts."""

import pytest
import torch

from engine.errors import BadInput
from engine.network.cells import drop_path
from engine.network.network import Network, count_parameters, flops, multiply_adds
from engine.selection.genotype import DARTS_OPERATIONS, Genotype
from engine.selection.genotype_text import parse_genotype
from tests.engine.golden import fill_deterministically, golden_images
from tests.engine.published_networks import DARTS_PT, OTHERS, S5_AUXILIARY, S5_LOGITS, genotype

CELLS = {name: genotype(normal, reduce) for name, normal, reduce, *_ in (*DARTS_PT, *OTHERS)}
S5 = CELLS["darts_pt_s5_0"]
ALL_3X3 = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
ALL_NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
MIXED = "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|nor_conv_3x3~1|skip_connect~2|"


def test_the_forward_pass_equals_the_official_one():
    network = Network(S5, channels=4, layers=5).double().train()
    fill_deterministically(network)
    logits, extra = network(golden_images(32))
    assert count_parameters(network, auxiliary=True) == 424_652
    assert logits[0].tolist() == pytest.approx(S5_LOGITS, abs=2e-6)
    assert extra[0].tolist() == pytest.approx(S5_AUXILIARY, abs=2e-6)


@pytest.mark.parametrize(("name", "normal", "reduce", "large", "small"), DARTS_PT, ids=[row[0] for row in DARTS_PT])
def test_published_cells_build_networks_of_the_published_sizes(unfilled, name, normal, reduce, large, small):
    classes = 100 if "c100" in name else 10
    with torch.device("meta"):
        assert count_parameters(Network(genotype(normal, reduce), 36, 20, classes)) == large
        assert count_parameters(Network(genotype(normal, reduce), 16, 8, classes)) == small


def test_the_table_holds_every_published_cell():
    assert len({name for name, *_ in DARTS_PT}) == 56


@pytest.mark.parametrize(("name", "normal", "reduce", "large"), OTHERS, ids=[row[0] for row in OTHERS])
def test_cells_of_other_methods_build_networks_of_the_known_sizes(unfilled, name, normal, reduce, large):
    with torch.device("meta"):
        assert count_parameters(Network(genotype(normal, reduce), auxiliary=False)) == large


def test_the_auxiliary_head_counts_only_when_asked_for():
    with torch.device("meta"):
        network = engine_network()
    assert (count_parameters(network), count_parameters(network, auxiliary=True)) == (2_851_246, 3_327_672)


def engine_network() -> Network:
    return Network(S5, channels=36, layers=20, classes=10, auxiliary=True)


def test_operations_are_counted_without_computing_and_equal_the_published_ones():
    with torch.device("meta"):
        network = engine_network()
    assert multiply_adds(network) == 449_119_872
    assert flops(network) == 2 * multiply_adds(network)
    # Dong and Yang 2020: 7.78 and 220.12 "MFLOPs", 0.073 and 1.53 million parameters.
    with torch.device("meta"):
        smallest, largest = (Network(parse_genotype(text)) for text in (ALL_NONE, ALL_3X3))
    assert (multiply_adds(smallest), count_parameters(smallest)) == (7_783_040, 73_306)
    assert (multiply_adds(largest), count_parameters(largest)) == (220_119_680, 1_531_546)


def test_the_network_for_large_images_is_the_published_one():
    with torch.device("meta"):
        network = Network(CELLS["DARTS_V2"], classes=1000, stem="imagenet")
    # Liu et al. 2019, table 2: 4.7 M parameters. Their 574 M multiply-adds are counted in a way that is not described.
    assert count_parameters(network) == 4_718_752
    assert multiply_adds(network, 224) == 529_911_552 == pytest.approx(574e6, rel=0.1)
    names = [name for name in network.state_dict() if name.startswith("stem") and name.endswith("weight")]
    assert names == [f"stem0.{n}.weight" for n in (0, 1, 3, 4)] + [f"stem1.{n}.weight" for n in (1, 2)]
    assert not any(name.startswith("auxiliary_head.features.6") for name in network.state_dict())
    assert [type(cell.preprocess0).__name__ for cell in network.cells[:2]] == ["FactorizedReduce", "ReLUConvBN"]


def test_large_images_are_halved_five_times_and_224_pixels_reach_the_auxiliary_head():
    network = Network(S5, channels=16, layers=3, classes=5, stem="imagenet").train()
    sizes = []
    for part in (network.stem0, network.stem1, *network.cells):
        part.register_forward_hook(lambda part, given, output: sizes.append(output.shape[-1]))
    logits, extra = network(torch.randn(2, 3, 224, 224))
    assert logits.shape == extra.shape == (2, 5) and sizes == [56, 28, 28, 14, 7]
    assert network.eval()(torch.randn(2, 3, 64, 96))[1] is None
    with pytest.raises(BadInput, match="multiple of 32, not 48"):
        network(torch.randn(2, 3, 48, 48))
    with pytest.raises(BadInput, match="224 pixels, not 64"):
        network.train()(torch.randn(2, 3, 64, 64))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (dict(channels=15), "even"),
        (dict(stem="large"), "unknown stem"),
    ],
)
def test_what_has_no_form_for_large_images_is_refused(wrong, says):
    with pytest.raises(BadInput, match=says), torch.device("meta"):
        Network(**{"genotype": S5, "stem": "imagenet"} | wrong)


def test_counting_leaves_the_network_as_it_is():
    network = Network(S5, 4, 3).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    flops(network, image_size=16)
    assert network.training and all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("name", DARTS_OPERATIONS)
def test_every_operation_of_the_family_builds_runs_and_learns(name):
    pairs = [(name, source) for _ in range(4) for source in (0, 1)]
    network = Network(Genotype({"normal": pairs, "reduce": pairs}), channels=2, layers=3, auxiliary=False)
    logits, extra = network.train()(torch.randn(2, 3, 16, 16))
    logits.sum().backward()
    assert logits.shape == (2, 10) and extra is None
    assert network.classifier.weight.grad.isfinite().all()


def test_every_operation_of_nas_bench_201_builds_and_runs():
    logits, extra = Network(parse_genotype(MIXED), 4, 1, classes=7)(torch.randn(2, 3, 16, 16))
    assert logits.shape == (2, 7) and logits.isfinite().all() and extra is None


def test_auxiliary_logits_come_in_training_mode_alone():
    network = Network(S5, 4, 3)
    images = torch.randn(2, 3, 32, 32)
    assert network.train()(images)[1].shape == (2, 10)
    assert network.eval()(images)[1] is None
    assert Network(S5, 4, 3, auxiliary=False).train()(images)[1] is None


def test_noise_is_redrawn_also_when_testing():
    pairs = [(name, source) for name in ("noise", "skip_connect") for _ in range(2) for source in (0, 1)]
    network = Network(Genotype({"normal": pairs, "reduce": pairs}), 2, 3).eval()
    images = torch.randn(1, 3, 32, 32)
    assert not torch.equal(network(images)[0], network(images)[0])


def test_drop_path_drops_whole_images_and_keeps_the_mean():
    torch.manual_seed(0)
    dropped = drop_path(torch.ones(4000, 2, 3, 3), 0.5)
    sums = dropped.sum((1, 2, 3))
    assert set(sums.tolist()) == {0.0, 36.0}
    assert dropped.mean() == pytest.approx(1, abs=0.05)


def test_drop_path_works_in_training_mode_alone():
    network = Network(S5, 4, 3, auxiliary=False)
    images = torch.randn(4, 3, 16, 16)
    network.drop_path = 0.5
    assert not torch.equal(network.train()(images)[0], network(images)[0])
    assert torch.equal(network.eval()(images)[0], network(images)[0])


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        (dict(channels=0), "channels"),
        (dict(channels=2.5), "channels"),
        (dict(layers=2), "layers .* must be 3 to"),
        (dict(classes=1), "classes"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(sizes, says):
    with pytest.raises(BadInput, match=says):
        Network(S5, **sizes)


def test_what_a_family_does_not_have_is_refused():
    with pytest.raises(BadInput, match="no auxiliary head"):
        Network(parse_genotype(ALL_3X3), auxiliary=True)
    with pytest.raises(BadInput, match="32 pixels"):
        Network(S5, 4, 3).train()(torch.randn(2, 3, 16, 16))
    with pytest.raises(BadInput, match="multiple of 4"):
        Network(S5, 4, 3).eval()(torch.randn(2, 3, 30, 30))


def test_weights_load_into_the_exported_module():
    from engine.export import export

    names: dict = {}
    exec(compile(export(S5, "torch"), "exported.py", "exec"), names)
    network = Network(S5, 4, 3).eval()
    exported = names["Network"](4, 3, 10, True).eval()
    exported.load_state_dict(network.state_dict())
    images = torch.randn(2, 3, 32, 32)
    assert torch.allclose(exported(images), network(images)[0], atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_networks_of_any_width_go_backwards(channels):
    """oneDNN's strided kernels write beyond their memory with channels that are no multiple of 8."""
    network = Network(S5, channels=2 * channels, layers=3, auxiliary=False).train()
    network(torch.randn(4, 3, 16, 16))[0].square().mean().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in network.parameters())

"""Spaces of one's own: what a declaration may say, and that everything else follows from it."""

import json
from pathlib import Path

import pytest
import torch

import engine
from app.figures.cell_graph import cell_graph_info
from app.figures.edge_names import parse_edge_id
from engine.errors import BadInput
from engine.network.network import Network
from engine.selection.genotype import magnitude_genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.orders import edge_order, index_order
from engine.selection.selection import Selection
from engine.spaces import SPACES, recorded, search_space, space_text
from engine.supernet.supernet import Supernet

THREE_TYPES = """
name = "three-types"
[cells.early]
inputs = 1
nodes = 3
keep = 1
operations = ["none", "skip_connect", "sep_conv_3x3"]
[cells.late]
inputs = 2
nodes = 4
keep = 2
operations = ["skip_connect", "nor_conv_1x1"]
[cells.shrink]
inputs = 2
nodes = 4
keep = 2
stride = 2
output = "last"
operations = [["max_pool_3x3", "nor_conv_1x1"], ["max_pool_3x3", "nor_conv_1x1"], ["avg_pool_3x3", "skip_connect"],
    ["max_pool_3x3", "skip_connect"], ["max_pool_3x3", "skip_connect"]]
[skeleton]
like = "darts"
cells = 5
"""


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(THREE_TYPES)
    return path


def alphas_of(space: engine.SearchSpace) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    return {cell: torch.randn(space.shape(cell), generator=draw) for cell in space.cells}


@pytest.mark.parametrize("name", SPACES)
def test_a_named_space_is_a_declaration_too(name: str) -> None:
    space = search_space(name)
    assert space.declaration() is None and space_text(space) == name
    assert {space.skeleton.name} | {spec.keep for _, spec in space.types} in ({"darts", 2}, {"nas-bench-201", None})


def test_cell_types_of_other_shapes_train_are_decided_and_become_a_network(toml: Path) -> None:
    space = engine.search_space(str(toml))
    assert space.cells == ("early", "late", "shrink") and space.genotype_format == "json"
    assert [len(space.edges(cell)) for cell in space.cells] == [3, 5, 5]
    net = Supernet(space, channels=4)
    kinds = [block.cell for block in space.blocks(4, 5)]
    assert kinds == ["early", "shrink", "late", "shrink", "late"]  # the k-th stage is of the k-th type of stride 1
    start = Selection(space, alphas_of(space))
    images = torch.randn(4, 3, 16, 16)
    net(images, start.weights()).square().mean().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())

    batches = [(images, torch.arange(4))]
    scores = engine.score_edge(net, start, cell="early", edge=2, batches=batches)
    assert [one.name for one in scores.operations] == ["none", "skip_connect", "sep_conv_3x3"]
    inputs = engine.score_inputs(net, start, cell="early", node=2, batches=batches)
    assert (
        len(inputs.keep) == 1 and len(engine.score_inputs(net, start, cell="shrink", node=3, batches=batches).keep) == 2
    )

    end = start.alpha_path()
    assert end.is_complete and end.steps_done == 3 + 5 + 5 + 1 + 1 + 1
    genotype = end.genotype()
    assert genotype == magnitude_genotype(space, start.alphas) == parse_genotype(str(genotype))
    network = Network(genotype, channels=4, layers=5, auxiliary=False)
    assert network(images)[0].shape == (4, 10)
    assert Selection.from_json(end.to_json()) == end  # the file carries the declaration


def test_orders_visit_every_edge_of_cell_types_of_different_sizes(toml: Path) -> None:
    space = search_space(toml)
    places = {(cell, edge.index) for cell in space.cells for edge in space.edges(cell)}
    for order in (index_order(space), edge_order(space, 1)):
        assert len(order.edges) == len(places) and set(order.edges) == places
        assert set(order.nodes) == {("early", 2), ("late", 3), ("shrink", 3)}
    assert index_order(space).edges[:4] == (("early", 0), ("late", 0), ("shrink", 0), ("early", 1))


def test_a_declaration_is_read_back_from_what_was_saved_without_its_file(toml: Path) -> None:
    space = search_space(toml)
    again = search_space(space_text(space))
    toml.unlink()
    assert again == space == recorded("three-types", space.declaration())
    with pytest.raises(BadInput, match="does not belong to it"):
        recorded("other", space.declaration())


def test_a_subset_of_a_published_space_keeps_the_published_text(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(
        'name = "small"\n[cells.cell]\ninputs = 1\nnodes = 4\noutput = "last"\noperations = ["none", "nor_conv_3x3"]\n'
    )
    space = search_space(path)
    assert space.genotype_format == "nas-bench-201" and space.skeleton.name == "nas-bench-201"
    genotype = magnitude_genotype(space, alphas_of(space))
    assert str(genotype).startswith("|") and engine.nasbench201.lookup(genotype).cifar10 > 0


def changed(old: str, new: str) -> str:
    assert old in THREE_TYPES
    return THREE_TYPES.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("nonsense", "is no TOML"),
        (changed('name = "three-types"', ""), "name must be"),
        (changed('"three-types"', '"darts"'), "give it another name"),
        (changed('"sep_conv_3x3"', '"my_conv"'), "unknown operation 'my_conv'; use one of: none, noise, skip_connect"),
        (changed("keep = 1", "keep = 9"), r"\[cells.early\]: keep must be"),
        (changed("keep = 1", "keeps = 1"), r"unknown setting of \[cells.early\]: 'keeps'; use one of: inputs, nodes"),
        (changed("nodes = 3", "nodes = 1"), "nodes must be a whole number from 2"),
        (changed("nodes = 3", 'nodes = "3"'), "whole number"),
        (changed("inputs = 1", "inputs = 3"), "must be more than that"),
        (changed("inputs = 1\n", ""), "inputs is missing"),
        (changed('like = "darts"', 'like = "resnet"'), "use one of: darts, nas-bench-201"),
        (changed('output = "last"', 'output = "sum"'), "output must be one of concat, last"),
        (changed('    ["max_pool_3x3", "skip_connect"], ["max', '    ["max'), "4 lists and the cell 5 edges"),
        (changed('["none", "skip_connect", "sep_conv_3x3"]', '["none"]'), "nothing that it could end with"),
        (changed('["skip_connect", "nor_conv_1x1"]', '["skip_connect", "skip_connect"]'), "must differ"),
        (THREE_TYPES + '[plugin]\nmodule = "no_such_plugin"\n', "no_such_plugin cannot be imported"),
        (THREE_TYPES + '[operations.skip_connect]\nlabel = "x"\n', "is built in"),
    ],
)
def test_what_cannot_be_a_space_is_refused_in_one_line_that_names_the_file_and_the_fix(
    toml: Path, text: str, fix: str
) -> None:
    toml.write_text(text)
    with pytest.raises(BadInput, match=fix) as caught:
        search_space(toml)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (changed('like = "darts"', 'like = "nas-bench-201"'), "needs inputs = 1"),
        (changed("stride = 2", "stride = 1"), "needs a cell type of stride 2"),
    ],
)
def test_a_skeleton_says_which_cells_it_cannot_hold(toml: Path, text: str, fix: str) -> None:
    toml.write_text(text)
    with pytest.raises(BadInput, match=fix):
        Supernet(search_space(toml), channels=4)


def test_a_genotype_of_another_space_is_another_genotype(toml: Path) -> None:
    space = search_space(toml)
    genotype = magnitude_genotype(space, alphas_of(space))
    data = json.loads(str(genotype))
    data["declaration"]["name"] = data["space"] = "renamed"
    assert parse_genotype(json.dumps(data)) != genotype
    data["cells"]["early"][0][0] = "none"
    with pytest.raises(BadInput, match="unknown operation on the edge from 0 to 1 of early"):
        parse_genotype(json.dumps(data))


def test_the_command_shows_a_declared_space(cli, toml: Path) -> None:
    code, out, _ = cli("spaces", toml)
    assert code == 0 and out.startswith("three-types: cell types early, late, shrink; 3 and 5 edges, 16 decisions")
    assert "0: 0->1  none, skip_connect, sep_conv_3x3" in out
    code, out, _ = cli("spaces", toml, "--json")
    assert [len(edges) for edges in json.loads(out)["spaces"][0]["cells"].values()] == [3, 5, 5]
    code, _, err = cli("spaces", toml.parent / "absent.toml")
    assert code == 2 and "give the path of a declaration" in err


@pytest.mark.parametrize("cell", ["early", "late", "shrink"])
def test_the_page_draws_the_cells_of_a_declared_space(toml: Path, cell: str) -> None:
    space = search_space(toml)
    start = Selection(space, alphas_of(space))
    weights = start.alphas.weights(cell).tolist()
    graph = cell_graph_info(space, cell, alphas=weights, scores={}, selection=start, focus=0)
    assert len(graph["edges"]) == len(space.edges(cell)) and graph["layouts"]
    assert graph["title"] == f"{cell.capitalize()} cell"
    assert parse_edge_id(space, graph["edges"][1]["id"]) == (cell, 1)

"""Supernets of one's own in other domains: a recurrent text cell and a graph cell are declared, wrapped, measured,
decided, drawn and exported."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import engine
from engine.drawing.finished_svg import svg
from engine.errors import BadInput
from engine.scoring.paths import measured_path
from engine.scoring.scorer import Scorer, ScoringImages
from engine.scoring.settings import Settings
from engine.selection.orders import index_order
from engine.selection.selection import Selection
from engine.supernet.scorable import Wrapped

RECURRENT = """
name = "recurrent"
[cells.recurrent]
inputs = 1
nodes = 4
keep = 1
operations = ["none", "tanh", "relu", "identity"]
[operations.tanh]
weightless = true
[operations.relu]
weightless = true
[operations.identity]
weightless = true
"""
GRAPH = """
name = "graph"
[cells.layer]
inputs = 2
nodes = 4
output = "last"
operations = ["none", "mean", "max", "own"]
[operations.mean]
label = "mean of neighbours"
[operations.max]
[operations.own]
"""
CLASSES, WIDTH = 3, 6


class TextSupernet(nn.Module):
    """A recurrent cell over tokens [B, T], in the manner of DARTS on Penn Treebank (Liu et al. 2019)."""

    def __init__(self, space: engine.SearchSpace) -> None:
        super().__init__()
        self.space = space
        self.embedding, self.input = nn.Embedding(20, WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.linear = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in space.edges("recurrent"))
        self.decoder = nn.Linear(WIDTH, CLASSES)
        self.activations: dict[str, Callable[[Tensor], Tensor]] = {
            "tanh": torch.tanh,
            "relu": torch.relu,
            "identity": lambda x: x,
        }

    def forward(self, tokens: Tensor, weights: dict[str, Tensor], bn: str) -> Tensor:
        rows, spec = weights["recurrent"], self.space.cell("recurrent")
        hidden = torch.zeros(len(tokens), WIDTH)
        for step in self.embedding(tokens).unbind(1):
            states = [torch.tanh(self.input(torch.cat([step, hidden], 1)))]
            for node in spec.inner_nodes:
                terms = [
                    weight * self.activations[name](self.linear[edge.index](states[edge.source]))
                    for edge in spec.entering(node)
                    for name, weight in zip(spec.operations[edge.index], rows[edge.index], strict=True)
                    if name != "none"
                ]
                states.append(sum(terms))
            hidden = torch.stack(states[1:]).mean(0)
        return self.decoder(hidden)


class GraphSupernet(nn.Module):
    """Layers over node features [B, F] and an adjacency [B, B]; a row of outputs for every node of the graph."""

    def __init__(self, space: engine.SearchSpace) -> None:
        super().__init__()
        self.space = space
        self.linear = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in space.edges("layer"))
        self.decoder = nn.Linear(WIDTH, CLASSES)

    def forward(self, graph: dict[str, Tensor], weights: dict[str, Tensor], bn: str) -> Tensor:
        adjacency, spec = graph["adjacency"], self.space.cell("layer")
        aggregations: dict[str, Callable[[Tensor], Tensor]] = {
            "mean": lambda x: adjacency @ x / adjacency.sum(1, keepdim=True).clamp(min=1),
            "max": lambda x: (adjacency[:, :, None] * x[None]).amax(1),
            "own": lambda x: x,
        }
        states = [graph["features"], graph["features"].roll(1, 1)]
        for node in spec.inner_nodes:
            terms = [
                weight * aggregations[name](torch.relu(self.linear[edge.index](states[edge.source])))
                for edge in spec.entering(node)
                for name, weight in zip(spec.operations[edge.index], weights["layer"][edge.index], strict=True)
                if name != "none"
            ]
            states.append(sum(terms))
        return self.decoder(states[-1])


def text_batches(draw: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    return [
        (torch.randint(20, (16, 5), generator=draw), torch.randint(CLASSES, (16,), generator=draw)) for _ in "abcdef"
    ]


def graph_batches(draw: torch.Generator) -> list[tuple[dict[str, Tensor], Tensor]]:
    def graph() -> dict[str, Tensor]:
        near = (torch.rand(12, 12, generator=draw) < 0.3).double()
        return {"features": torch.randn(12, WIDTH, generator=draw, dtype=torch.float64), "adjacency": near}

    return [(graph(), torch.randint(CLASSES, (12,), generator=draw)) for _ in "abcdef"]


@pytest.mark.parametrize(
    ("declaration", "supernet", "batches", "keeps"),
    [(RECURRENT, TextSupernet, text_batches, 1), (GRAPH, GraphSupernet, graph_batches, None)],
    ids=["text", "graph"],
)
def test_a_supernet_of_another_domain_is_measured_decided_drawn_and_exported(
    tmp_path: Path, declaration: str, supernet: type[nn.Module], batches: Callable, keeps: int | None
) -> None:
    (tmp_path / "space.toml").write_text(declaration)
    space = engine.search_space(tmp_path / "space.toml")
    (cell,) = space.cells
    draw = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        wrapped = engine.wrap(supernet(space), space)
    data = batches(draw)
    start = Selection(space, {cell: torch.randn(space.shape(cell), generator=draw)})

    scores = engine.score_edge(wrapped, start, cell=cell, edge=0, batches=data)
    assert scores.images == sum(len(labels) for _, labels in data) and scores.baseline.ci is not None
    assert [one.name for one in scores.operations] == list(space.operations(cell, 0))
    assert scores.operation("none").drop == 0
    masked = start.weights()
    masked[cell][0, 1] = 0
    plain = [wrapped(inputs, masked, "batch").argmax(1) == labels for inputs, labels in _float(data)]
    assert scores.operations[1].masked_accuracy == pytest.approx(100 * torch.cat(plain).double().mean().item())

    scorer = Scorer(wrapped, Settings(), ScoringImages.given(data))
    *_, last = measured_path(scorer, start, index_order(space))
    end = last.selection
    assert end.is_complete and Selection.from_json(end.to_json()) == end
    genotype = end.genotype()
    spec = space.cell(cell)
    assert len(genotype.edges(cell)) == sum(spec.kept(node) for node in spec.inner_nodes)
    if keeps:
        assert len(genotype.edges(cell)) == keeps * len(spec.inner_nodes)
        assert "none" not in {name for name, _, _ in genotype.edges(cell)}
    assert engine.parse_genotype(str(genotype)) == genotype
    picture = svg(genotype)
    assert picture.startswith("<svg") and all(
        space.operation(name).label in picture for name, _, _ in genotype.edges(cell)
    )


def _float(data: list[tuple[object, Tensor]]) -> list[tuple[object, Tensor]]:
    """Batches as the wrapped supernets take them, in float32."""

    def single(inputs: object) -> object:
        if isinstance(inputs, dict):
            return {name: value.float() for name, value in inputs.items()}
        return inputs

    return [(single(inputs), labels) for inputs, labels in data]


def test_what_a_function_answers_is_checked() -> None:
    space = engine.search_space("s2")
    wrapped = engine.wrap(lambda inputs, weights, bn: inputs.mean((1, 2)), space)
    assert isinstance(wrapped, Wrapped) and wrapped.device.type == "cpu" and wrapped.dtype == torch.float32
    start = Selection(space, {cell: torch.zeros(space.shape(cell)) for cell in space.cells})
    with pytest.raises(BadInput, match="a row for every label"):
        engine.score_edge(
            wrapped, start, cell="normal", edge=0, batches=[(torch.zeros(4, 2, 2), torch.zeros(4).long())]
        )


def test_our_own_supernet_gives_the_same_scores_when_it_is_wrapped() -> None:
    space = engine.search_space("nas-bench-201")
    net = engine.Supernet(space, channels=4, cells=1).eval()
    draw = torch.Generator().manual_seed(0)
    start = Selection(space, {"cell": torch.randn(space.shape("cell"), generator=draw)})
    data = [(torch.randn(8, 3, 8, 8, generator=draw), torch.randint(10, (8,), generator=draw)) for _ in range(2)]
    ours, theirs = (
        engine.score_edge(one, start, cell="cell", edge=2, batches=data) for one in (net, engine.wrap(net, space))
    )
    assert [one.masked_accuracy for one in ours.operations] == [one.masked_accuracy for one in theirs.operations]
    assert [one.masked_loss for one in ours.operations] == pytest.approx([one.masked_loss for one in theirs.operations])

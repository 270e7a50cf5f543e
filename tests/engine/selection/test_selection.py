import copy
import json
import pickle
import random
import warnings
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.selection.genotype import magnitude_genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.orders import NextStep, index_order
from engine.selection.selection import Decision, InputsDecision, OperationDecision, Selection
from engine.spaces import SPACES, SearchSpace, search_space
from tests.engine.selection.test_genotype import pairs

S3 = search_space("s3")


def alphas_of(space: SearchSpace, seed: int = 0, dtype: str = "float32") -> dict[str, np.ndarray]:
    draws = np.random.default_rng(seed)
    return {cell: draws.normal(size=space.shape(cell)).astype(dtype) for cell in space.cells}


def fresh(name: str = "darts", seed: int = 0) -> Selection:
    space = search_space(name)
    return Selection(space, alphas_of(space, seed))


def legal_decisions(selection: Selection) -> list[Decision]:
    space = selection.space
    found: list[Decision] = []
    for cell in space.cells:
        for edge in selection.undecided_edges(cell):
            found += [OperationDecision(cell, edge, name) for name in space.operations(cell, edge)]
        for node in selection.open_nodes(cell):
            incoming = [edge.index for edge in space.cell(cell).entering(node)]
            found += [InputsDecision(cell, node, pair) for pair in combinations(incoming, 2)]
    return found


@st.composite
def selections(draw: st.DrawFn, complete: bool = False) -> Selection:
    """Any selection that legal decisions can reach, in any space."""
    selection = fresh(draw(st.sampled_from(SPACES)), draw(st.integers(0, 20)))
    steps = selection.space.steps if complete else draw(st.integers(0, selection.space.steps))
    chance = random.Random(draw(st.integers(0, 10**6)))
    for _ in range(steps):
        selection = selection.decide(chance.choice(legal_decisions(selection)))
    return selection


def decide_all(selection: Selection, operation: str) -> Selection:
    for cell, edge in index_order(selection.space).edges:
        if not selection.is_decided(cell, edge):
            selection = selection.discretize(cell, edge, operation)
    return selection


def same_weights(one: Selection, other: Selection) -> bool:
    return all(torch.equal(rows, other.weights()[cell]) for cell, rows in one.weights().items())


# Weights


@given(selections())
def test_every_row_of_weights_is_a_distribution_a_choice_or_nothing(selection: Selection) -> None:
    space = selection.space
    for cell, weights in selection.weights().items():
        assert tuple(weights.shape) == space.shape(cell) and weights.dtype == torch.float32
        for edge, row in enumerate(weights):
            if selection.is_discarded(cell, edge):
                assert not row.any()
            elif selection.is_decided(cell, edge):
                column = space.operation_index(cell, edge, str(selection.operation(cell, edge)))
                assert row.tolist() == [float(k == column) for k in range(len(row))]
            else:
                assert (row > 0).all() and row.sum().item() == pytest.approx(1)
                assert torch.equal(row, torch.tensor(selection.alphas[cell][edge]).softmax(0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_are_the_softmax_in_the_precision_of_the_alphas(dtype: torch.dtype) -> None:
    space = search_space("s1")
    alphas = {cell: torch.randn(*space.shape(cell), dtype=dtype, requires_grad=True) for cell in space.cells}
    weights = Selection(space, alphas).weights()
    for cell in space.cells:
        assert weights[cell].dtype == dtype and not weights[cell].requires_grad
        assert torch.equal(weights[cell], alphas[cell].detach().softmax(-1))


def test_weights_come_in_the_type_and_on_the_device_asked_for() -> None:
    weights = fresh().weights(device="cpu", dtype=torch.float64)
    assert all(rows.dtype == torch.float64 and rows.device.type == "cpu" for rows in weights.values())


def test_weights_are_the_callers_to_change() -> None:
    selection = fresh()
    selection.weights()["normal"][0] = 0
    assert selection.weights()["normal"][0].sum().item() == pytest.approx(1)


def test_betas_scale_the_edges_of_a_node_until_the_node_is_decided() -> None:
    betas = {cell: np.linspace(-1, 1, 14) for cell in S3.cells}
    selection = Selection(S3, alphas_of(S3), betas)
    strengths = selection.alphas.strengths("normal")
    np.testing.assert_allclose(selection.weights()["normal"].sum(-1), strengths, rtol=1e-6)
    for edge in (2, 3, 4):
        selection = selection.discretize("normal", edge, "sep_conv_3x3")
    np.testing.assert_allclose(selection.weights()["normal"].sum(-1), strengths, rtol=1e-6)
    selection = selection.keep_inputs("normal", 3, (2, 4))
    assert selection.weights()["normal"][2:5].sum(-1).tolist() == [1, 0, 1]
    selection = selection.discretize("normal", 0, "none").discretize("normal", 1, "none")
    assert selection.weights()["normal"][:2].sum(-1).tolist() == [1, 1]


# Decisions


@given(selections())
def test_undo_is_the_old_value(selection: Selection) -> None:
    for decision in legal_decisions(selection)[:6]:
        after = selection.decide(decision)
        assert after != selection and after.decisions == (*selection.decisions, decision)
        assert after.undo() == selection and hash(after.undo()) == hash(selection)
        assert same_weights(after.undo(), selection)


def test_undo_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing to undo"):
        fresh().undo()


@given(selections(), st.integers(0, 10**6))
def test_order_of_independent_decisions_does_not_matter(selection: Selection, seed: int) -> None:
    operations = [d for d in selection.decisions if isinstance(d, OperationDecision)]
    inputs = [d for d in selection.decisions if isinstance(d, InputsDecision)]
    chance = random.Random(seed)
    chance.shuffle(operations)
    chance.shuffle(inputs)
    shuffled = Selection(selection.space, selection.alphas).replay([*operations, *inputs])
    assert same_weights(shuffled, selection)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert shuffled.alpha_path().genotype() == selection.alpha_path().genotype()


@given(selections())
def test_progress_counts_every_decision(selection: Selection) -> None:
    space = selection.space
    assert selection.steps_done == len(selection.decisions) <= space.steps
    assert selection.is_complete == (selection.steps_done == space.steps) == (not legal_decisions(selection))
    for cell in space.cells:
        decided = {edge.index for edge in space.edges(cell) if selection.is_decided(cell, edge)}
        assert decided | set(selection.undecided_edges(cell)) == {edge.index for edge in space.edges(cell)}


@given(selections())
def test_a_selection_is_a_value(selection: Selection) -> None:
    again = Selection(selection.space, alphas_of_copy(selection)).replay(selection.decisions)
    assert again == selection and hash(again) == hash(selection) and len({again, selection}) == 1
    assert pickle.loads(pickle.dumps(selection)) == copy.deepcopy(selection) == selection
    other = fresh(selection.space.name, seed=99).replay(selection.decisions)
    assert other != selection


def alphas_of_copy(selection: Selection) -> dict[str, torch.Tensor]:
    return {cell: torch.tensor(rows) for cell, rows in selection.alphas.items()}


def test_a_selection_cannot_be_changed_in_place() -> None:
    selection = fresh()
    with pytest.raises(AttributeError):
        selection.decisions = ()  # type: ignore[misc]
    selection.discretize("normal", 0, "skip_connect")
    assert selection.steps_done == 0


def test_deciding_an_edge_is_visible_and_final() -> None:
    selection = fresh().discretize("reduce", 3, "skip_connect")
    assert selection.operation("reduce", 3) == "skip_connect" and selection.operation("normal", 3) is None
    assert 3 not in selection.undecided_edges("reduce") and 3 in selection.undecided_edges("normal")
    with pytest.raises(BadInput, match=r"edge 3 \(reduce\) is already decided for skip_connect; undo"):
        selection.discretize("reduce", 3, "skip_connect")


@pytest.mark.parametrize(
    ("cell", "edge", "operation", "fix"),
    [
        ("middle", 0, "skip_connect", "unknown cell type .*'middle'; use one of: normal, reduce"),
        ("normal", 14, "skip_connect", "no edge 14 .* edges are 0 to 13"),
        ("normal", -1, "skip_connect", "no edge -1"),
        ("normal", True, "skip_connect", "no edge True"),
        ("normal", "3", "skip_connect", "no edge '3'"),
        ("normal", 0, "sep_conv_3x3", "unknown operation .*; use one of: skip_connect, dil_conv_3x3"),
        ("normal", 0, 1, "unknown operation"),
    ],
)
def test_an_impossible_operation_decision_is_refused(cell: str, edge: int, operation: str, fix: str) -> None:
    with pytest.raises(BadInput, match=fix):
        fresh("s1").discretize(cell, edge, operation)


def test_inputs_wait_for_the_operations_of_their_node() -> None:
    selection = fresh("s2").discretize("normal", 2, "skip_connect")
    with pytest.raises(
        BadInput, match=r"decide the operations of edges \[3, 4\] \(normal\) before the inputs of node 3"
    ):
        selection.keep_inputs("normal", 3, (2, 3))
    for edge in (3, 4):
        assert selection.open_nodes("normal") == ()
        selection = selection.discretize("normal", edge, "sep_conv_3x3")
    assert selection.open_nodes("normal") == (3,) and selection.open_nodes("reduce") == ()
    kept = selection.keep_inputs("normal", node=3, edges=[4, 2])
    assert kept.kept("normal", 3) == (2, 4) and kept.kept("reduce", 3) is None and kept.open_nodes("normal") == ()
    assert kept.is_discarded("normal", 3) and not kept.is_discarded("normal", 4)
    with pytest.raises(BadInput, match=r"node 3 \(normal\) already keeps edges \(2, 4\); undo"):
        kept.keep_inputs("normal", 3, (2, 3))


@pytest.mark.parametrize("edges", [(2, 2), (2,), (2, 3, 4), (), (2, 5), (1, 2), None, 2])
def test_inputs_are_two_different_edges_of_the_node(edges: object) -> None:
    selection = decide_all(fresh("s2"), "skip_connect")
    with pytest.raises(BadInput, match=r"node 3 \(normal\) keeps two different edges of \[2, 3, 4\]"):
        selection.keep_inputs("normal", 3, edges)  # type: ignore[arg-type]


@pytest.mark.parametrize("node", [0, 2, 6, -3, "3"])
def test_nodes_without_a_choice_of_inputs_are_refused(node: int) -> None:
    selection = decide_all(fresh("s2"), "skip_connect")
    with pytest.raises(BadInput, match="keeps all its inputs; only nodes 3, 4 and 5 choose inputs in s2"):
        selection.keep_inputs("normal", node, (0, 1))


def test_no_node_of_nas_bench_201_chooses_inputs() -> None:
    selection = decide_all(fresh("nas-bench-201"), "none")
    assert selection.is_complete and selection.open_nodes("cell") == ()
    with pytest.raises(BadInput, match="no node chooses inputs in nas-bench-201"):
        selection.keep_inputs("cell", 3, (3, 4))


# What alpha says


@given(st.sampled_from(SPACES), st.integers(0, 10**6), st.booleans())
def test_alphas_path_from_the_start_is_the_magnitude_rule(name: str, seed: int, with_betas: bool) -> None:
    space = search_space(name)
    draws = np.random.default_rng(seed)
    betas = {cell: draws.normal(size=len(space.edges(cell))) for cell in space.cells} if with_betas else None
    alphas = alphas_of(space, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Selection(space, alphas, betas).alpha_path().genotype()
    assert found == magnitude_genotype(space, alphas, betas)


@given(selections())
def test_alphas_path_goes_on_from_what_is_decided(selection: Selection) -> None:
    end = selection.alpha_path()
    assert end.is_complete and end.decisions[: selection.steps_done] == selection.decisions
    for decision in end.decisions[selection.steps_done :]:
        if isinstance(decision, OperationDecision):
            assert decision.operation == selection.best_by_alpha(decision.cell, decision.edge)
        else:
            assert decision.edges == selection.inputs_by_alpha(decision.cell, decision.node)


def test_alpha_chooses_none_in_nas_bench_201_only_and_the_lower_of_equals() -> None:
    bench = search_space("nas-bench-201")
    assert Selection(bench, {"cell": [[2.0, 1, 1, 2, 1]] * 6}).best_by_alpha("cell", 0) == "none"
    rows = [[2.0, 1, 1]] * 14
    selection = Selection(S3, {"normal": rows, "reduce": rows})
    assert selection.best_by_alpha("normal", 0) == "skip_connect"
    assert selection.inputs_by_alpha("reduce", 5) == (9, 10)


def test_alpha_that_is_unknown_chooses_nothing() -> None:
    rows = [[2.0, 1, 1]] * 13 + [[1.0, 1, 1]]
    selection = Selection(S3, {"normal": rows, "reduce": [[2.0, 1, 1]] * 14})
    assert selection.best_by_alpha("normal", 13) is selection.inputs_by_alpha("normal", 5) is None
    assert (
        selection.by_alpha(NextStep("edge", "normal", 13)) is selection.by_alpha(NextStep("node", "normal", 5)) is None
    )
    assert selection.by_alpha(NextStep("edge", "normal", 12)) == OperationDecision("normal", 12, "skip_connect")
    with pytest.raises(BadInput, match=r"alpha is unknown at edge 13 \(normal\)"):
        selection.alpha_path()
    with pytest.raises(BadInput, match=r"alpha is unknown at node 5 \(normal\)"):
        selection.discretize("normal", 13, "sep_conv_3x3").alpha_path()


# Genotypes


@given(selections(complete=True))
def test_no_illegal_genotype_can_be_built(selection: Selection) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        genotype = selection.genotype()
    assert parse_genotype(str(genotype)) == genotype
    for cell in selection.space.cells:
        ends = {(edge.source, edge.target): edge for edge in selection.space.edges(cell)}
        edges = genotype.edges(cell)
        assert [(target, source) for _, source, target in edges] == sorted((t, s) for _, s, t in edges)
        for name, source, target in edges:
            edge = ends[source, target]
            assert name in selection.space.operations(cell, edge)
            if not selection.replaced_none:
                assert name == selection.operation(cell, edge) and not selection.is_discarded(cell, edge)


@given(selections())
def test_a_genotype_needs_every_decision(selection: Selection) -> None:
    if not selection.is_complete:
        with pytest.raises(
            BadInput, match=f"{selection.space.steps - selection.steps_done} of .* decisions are missing"
        ):
            selection.genotype()


PUBLISHED = {
    "s1": "sk@0+sk@1 sk@0+sk@1 sk@0+sk@1 d3@3+d5@4 | mp@0+d3@1 mp@0+mp@1 s3@1+sk@3 sk@2+d5@3",
    "s2": "sk@0+s3@1 sk@1+sk@2 s3@0+sk@3 sk@3+s3@4 | s3@0+s3@1 s3@0+sk@2 s3@1+s3@3 s3@1+sk@3",
    "s3": "s3@0+s3@1 s3@0+sk@1 sk@0+sk@2 s3@0+s3@1 | s3@0+sk@1 s3@0+sk@2 s3@0+sk@3 sk@3+s3@4",
    "s4": "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@1+s3@2 | s3@0+s3@1 s3@0+s3@2 s3@0+s3@3 s3@0+s3@1",
    "darts": "s3@0+s3@1 s5@0+d3@1 sk@0+sk@2 sk@0+mp@4 | s3@0+ap@1 d5@1+d3@2 ap@0+mp@2 s3@2+sk@4",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_results_of_the_perturbation_rule_can_be_decided(name: str) -> None:
    space = search_space(name)
    normal, reduce = (pairs(part) for part in PUBLISHED[name].split("|"))
    selection = Selection(space, alphas_of(space))
    kept: dict[tuple[str, int], list[int]] = {}
    for cell, chosen in (("normal", normal), ("reduce", reduce)):
        for place, (operation, source) in enumerate(chosen):
            edge = next(edge for edge in space.cell(cell).entering(2 + place // 2) if edge.source == source)
            selection = selection.discretize(cell, edge, operation)
            kept.setdefault((cell, edge.target), []).append(edge.index)
    for cell in space.cells:
        for edge in selection.undecided_edges(cell):
            selection = selection.discretize(cell, edge, selection.best_by_alpha(cell, edge))
        for node in space.cell(cell).topology_nodes:
            selection = selection.keep_inputs(cell, node, kept[cell, node])
    genotype = selection.genotype()
    assert (list(genotype.normal), list(genotype.reduce)) == (normal, reduce)


def node_5(*operations: str, keep: tuple[int, int]) -> Selection:
    """S3, everything decided for sep_conv_3x3 and the first inputs, but for the five edges into normal node 5."""
    selection = Selection(S3, alphas_of(S3))
    for edge, name in zip(range(9, 14), operations, strict=True):
        selection = selection.discretize("normal", edge, name)
    selection = decide_all(selection, "sep_conv_3x3").keep_inputs("normal", 5, keep)
    first = {3: (2, 3), 4: (5, 6), 5: (9, 10)}
    for cell, node in index_order(S3).nodes:
        if selection.kept(cell, node) is None:
            selection = selection.keep_inputs(cell, node, first[node])
    return selection


C, N, K = "sep_conv_3x3", "none", "skip_connect"


@pytest.mark.parametrize(
    ("operations", "keep", "decoded"),
    [
        ((C, C, C, C, N), (11, 13), [(K, 0), (C, 2)]),  # the free place goes to the lowest source, as a skip
        ((C, C, C, N, C), (12, 13), [(K, 0), (C, 4)]),
        ((C, C, C, N, N), (12, 13), [(K, 0), (K, 1)]),  # two nones: skips from both inputs of the cell
        ((N, C, C, C, C), (9, 10), [(K, 0), (C, 1)]),
        ((C, N, C, C, C), (9, 10), [(C, 0), (K, 1)]),  # source 0 is taken by a real operation, so source 1 it is
        ((C, C, C, C, C), (12, 13), [(C, 3), (C, 4)]),
    ],
)
def test_none_is_decoded_as_the_published_code_does(
    operations: tuple[str, ...], keep: tuple[int, int], decoded: list[tuple[str, int]]
) -> None:
    selection = node_5(*operations, keep=keep)
    kept_none = any(operations[edge - 9] == N for edge in keep)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        genotype = selection.genotype()
        assert selection.decoded() == genotype  # and says nothing
    assert list(genotype.normal[-2:]) == decoded
    assert len(caught) == len(selection.replaced_none) == int(kept_none)
    if kept_none:
        assert "normal, node 5 keeps none" in str(caught[0].message) and "decoded as" in str(caught[0].message)


def test_node_2_may_keep_none_too() -> None:
    space = search_space("darts-none")
    selection = Selection(space, alphas_of(space)).discretize("normal", 0, "none").discretize("normal", 1, "none")
    assert selection.replaced_none == (
        "normal, node 2 keeps none, which a genotype cannot hold; "
        "decoded as max_pool_3x3 from node 0 and max_pool_3x3 from node 1",
    )


def test_none_stays_none_in_nas_bench_201() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        genotype = decide_all(fresh("nas-bench-201"), "none").genotype()
    assert str(genotype) == "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


# JSON


@given(selections(), st.sampled_from(["float32", "float64"]), st.booleans())
def test_json_round_trip_is_exact(selection: Selection, dtype: str, with_betas: bool) -> None:
    space = selection.space
    betas = {cell: np.arange(len(space.edges(cell))) / 7 for cell in space.cells} if with_betas else None
    selection = Selection(space, alphas_of(space, 5, dtype), betas).replay(selection.decisions)
    read = Selection.from_json(selection.to_json(), space)
    assert read == selection and hash(read) == hash(selection)
    assert same_weights(read, selection) and read.weights()[space.cells[0]].dtype == getattr(torch, dtype)
    assert read.to_json() == selection.to_json()


def changed(**fields: object) -> str:
    selection = fresh("s2").discretize("normal", 2, "skip_connect")
    return json.dumps(json.loads(selection.to_json()) | fields)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("", "must be the JSON text"),
        (None, "must be the JSON text"),
        ("[" * 100_000, "must be the JSON text"),
        ("[]", "not a selection: it is no object"),
        ("{}", "not a selection: format_version is missing"),
        (changed(format_version=2), "format 2 is unknown; this version reads 1"),
        (changed(space="s9"), "unknown search space 's9'"),
        (changed(space=["s2"]), "space: Input should be a valid string"),
        (changed(space="darts"), r"shape \(14, 7\)"),
        (changed(space="nas-bench-201"), "map the cell types cell"),
        (changed(dtype="float16"), "dtype: Input should be 'float32' or 'float64'"),
        (changed(alphas=None), "map the cell types"),
        (changed(alphas={"normal": [[0, float("nan")]] * 14, "reduce": [[0, 0]] * 14}), "NaN or infinity"),
        (changed(betas={"normal": [0]}), "betas of space s2"),
        (changed(decisions=None), "decisions: Input should be a valid"),
        (changed(decisions=[1]), "not a decision: 1"),
        (changed(decisions=[{"cell": "normal", "edge": 1}]), "not a decision"),
        (changed(decisions=[{"cell": "normal", "edge": "1", "operation": "skip_connect"}]), "not a decision"),
        (changed(decisions=[{"cell": "normal", "edge": 1, "operation": "none"}]), "unknown operation"),
        (changed(decisions=[{"cell": "normal", "node": 3, "edges": [2, 3]}]), "decide the operations of edges"),
        (changed(decisions=[{"cell": "normal", "node": 3, "edges": [2, 3, 4]}]), "decide the operations of edges"),
        (changed(decisions=[{"cell": "normal", "node": 3, "edges": [2, "3"]}]), "not a decision"),
        (changed(decisions=[{"cell": "normal", "edge": 1, "operation": "skip_connect"}] * 2), "already decided"),
    ],
)
def test_json_that_is_no_legal_selection_is_refused_in_one_line(text: str, fix: str) -> None:
    with pytest.raises(BadInput, match=fix) as caught:
        Selection.from_json(text)
    assert "\n" not in str(caught.value)


def test_a_selection_of_another_space_is_refused() -> None:
    with pytest.raises(BadInput, match="the selection is of space s2; choose one of space s4"):
        Selection.from_json(fresh("s2").to_json(), search_space("s4"))

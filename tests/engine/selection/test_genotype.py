import json
import math
import pickle
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.selection.genotype import DARTS_OPERATIONS, Genotype, magnitude_genotype
from engine.selection.genotype_text import parse_genotype
from engine.spaces import NAS_BENCH_201_OPERATIONS, search_space

SHORT = {
    "sk": "skip_connect",
    "mp": "max_pool_3x3",
    "ap": "avg_pool_3x3",
    "s3": "sep_conv_3x3",
    "s5": "sep_conv_5x5",
    "d3": "dil_conv_3x3",
    "d5": "dil_conv_5x5",
}


def pairs(text: str) -> list[tuple[str, int]]:
    """Pairs from "sk@0+s3@1 ...", one group per node."""
    split = [pair.split("@") for node in text.split() for pair in node.split("+")]
    return [(SHORT[code], int(source)) for code, source in split]


def darts(normal: str, reduce: str) -> Genotype:
    return Genotype({"normal": pairs(normal), "reduce": pairs(reduce)})


NORMAL = "s3@0+s3@1 s5@0+d3@1 sk@0+sk@2 sk@0+mp@4"
REDUCE = "s3@0+ap@1 d5@1+d3@2 ap@0+mp@2 s3@2+sk@4"
GENOTYPE = darts(NORMAL, REDUCE)
ALL_3X3 = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
TEXT = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('dil_conv_3x3', 1), "
    "('skip_connect', 0), ('skip_connect', 2), ('skip_connect', 0), ('max_pool_3x3', 4)], normal_concat=range(2, 6), "
    "reduce=[('sep_conv_3x3', 0), ('avg_pool_3x3', 1), ('dil_conv_5x5', 1), ('dil_conv_3x3', 2), ('avg_pool_3x3', 0), "
    "('max_pool_3x3', 2), ('sep_conv_3x3', 2), ('skip_connect', 4)], reduce_concat=range(2, 6))"
)


@st.composite
def darts_genotypes(draw: st.DrawFn) -> Genotype:
    def cell() -> list[tuple[str, int]]:
        chosen = []
        for node in range(2, 6):
            sources = draw(st.lists(st.integers(0, node - 1), min_size=2, max_size=2, unique=True))
            chosen += [(draw(st.sampled_from(DARTS_OPERATIONS)), source) for source in sources]
        return chosen

    return Genotype({"normal": cell(), "reduce": cell()})


@st.composite
def nas_bench_genotypes(draw: st.DrawFn) -> Genotype:
    return Genotype({"cell": [(draw(st.sampled_from(NAS_BENCH_201_OPERATIONS)), s) for s in (0, 0, 1, 0, 1, 2)]})


genotypes = darts_genotypes() | nas_bench_genotypes()


# Text


def test_darts_text_is_the_published_one() -> None:
    assert str(GENOTYPE) == TEXT


@given(genotypes)
def test_every_text_form_reads_back_equal_and_unchanged(genotype: Genotype) -> None:
    for text in (str(genotype), json.dumps(genotype.to_dict())):
        read = parse_genotype(text)
        assert read == genotype and hash(read) == hash(genotype) and str(read) == str(genotype)
    assert pickle.loads(pickle.dumps(genotype)) == genotype


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("Genotype", "DARTSGenotype"),
        TEXT.replace("range(2, 6)", "[2, 3, 4, 5]"),
        TEXT.replace("range(2, 6)", "(2, 3, 4, 5)", 1),
        TEXT.replace(", ", ",\n   ") + "\n",
        f"darts_pt_s5_0 = {TEXT}",
        TEXT.replace("('skip_connect', 0), ('skip_connect', 2)", "('skip_connect', 2), ('skip_connect', 0)"),
    ],
)
def test_other_spellings_of_a_genotype_are_equal(text: str) -> None:
    assert parse_genotype(text) == GENOTYPE


def test_pair_order_survives_in_the_text_but_does_not_count() -> None:
    swapped = darts(NORMAL.replace("s5@0+d3@1", "d3@1+s5@0"), REDUCE)
    assert swapped == GENOTYPE and len({swapped, GENOTYPE}) == 1
    assert str(swapped) != str(GENOTYPE)


@pytest.mark.parametrize(
    ("normal", "reduce"),
    [
        (NORMAL.replace("d3@1", "d5@1"), REDUCE),
        (NORMAL.replace("mp@4", "mp@3"), REDUCE),
        (REDUCE, NORMAL),
        ("s5@0+d3@1 s3@0+s3@1 sk@0+sk@2 sk@0+mp@4", REDUCE),
    ],
)
def test_another_network_is_another_genotype(normal: str, reduce: str) -> None:
    assert darts(normal, reduce) != GENOTYPE
    assert darts(normal, reduce) != ALL_3X3


def test_nas_bench_string_keeps_its_form() -> None:
    genotype = parse_genotype(f" {ALL_3X3}\n")
    assert str(genotype) == ALL_3X3 and genotype.format == "nas-bench-201"
    assert genotype.edges("cell")[5] == ("nor_conv_3x3", 2, 3)


def test_edges_say_which_node_a_pair_enters() -> None:
    assert GENOTYPE.edges("reduce")[2:4] == (("dil_conv_5x5", 1, 3), ("dil_conv_3x3", 2, 3))
    with pytest.raises(BadInput, match="unknown cell type of this genotype: 'cell'"):
        GENOTYPE.pairs("cell")


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        ("", "the text is empty"),
        (" " * 5000, "the text is empty"),
        ("conv3x3 everywhere", "no genotype in this text, which begins 'conv3x3 everywhere'"),
        ("__import__('os').system('true')", "no genotype in this text"),
        ("Genotype(normal=__import__('os').system('true'))", "no plain value, and nothing in a text is evaluated"),
        ("Genotype(normal=range(x))", "holds 'x', which is no plain value"),
        ("Genotype(normal=range())", "no plain value"),
        ("Genotype(*[1])", "no plain value"),
        ("Genotype(**{})", "no list of fields"),
        ("Genotype()", "its fields are none"),
        (TEXT[:-1], "cut off"),
        (TEXT.replace("reduce=", "normal="), "damaged: it names a field twice"),
        ("Genotype(" + "(" * 1000 + ")" * 1000 + ")", "damaged"),
        (TEXT.replace("range(2, 6)", "range(2, 5)"), "normal_concat joins the nodes 2, 3, 4, and .* joins 2, 3, 4, 5"),
        (TEXT.replace("reduce_concat=range(2, 6)", "reduce_concat=[5, 4, 3, 2]"), "reduce_concat joins the nodes 5, 4"),
        (TEXT.replace("range(2, 6)", "range(2, 10**12)"), "no plain value"),
        (TEXT.replace("range(2, 6)", "range(2, 1000000000000)"), "no list of a cell's nodes"),
        (TEXT.replace("range(2, 6)", "list(range(2, 1000000000000))"), "no list of a cell's nodes"),
        (TEXT.replace("sep_conv_5x5", "conv_5x5"), r"operation conv_5x5 \(normal, node 3\) is in no DARTS space here"),
        (TEXT.replace("sep_conv_5x5", "none"), r"operation none \(normal, node 3\) is a candidate of the search alone"),
        (
            TEXT.replace("('max_pool_3x3', 4)", "('max_pool_3x3', 5)"),
            "node 5 cannot take source 5; its sources are 0 to 4",
        ),
        (TEXT.replace("('max_pool_3x3', 4)", "('max_pool_3x3', -1)"), "node 5 cannot take source -1"),
        (TEXT.replace("('max_pool_3x3', 4)", "('max_pool_3x3', True)"), "node 5 cannot take source True"),
        (TEXT.replace("('max_pool_3x3', 4)", "('max_pool_3x3', 0)"), "normal, node 5 takes source 0 twice"),
        (TEXT.replace(", ('max_pool_3x3', 4)", ""), "normal has 7 .* pairs; it needs 8, two for every node"),
        (TEXT.replace("('max_pool_3x3', 4)]", "('max_pool_3x3', 4), ('skip_connect', 3)]"), "normal has 9"),
        (TEXT.replace("('max_pool_3x3', 4)", "'max_pool_3x3'"), "normal lists operations without their sources"),
        (TEXT.replace("('max_pool_3x3', 4)", "(4, 'max_pool_3x3')"), "node 5: 4 is no operation's name"),
        (TEXT.replace("('max_pool_3x3', 4)", "('max_pool_3x3', 4, 1, 2)"), "which is no .operation, source. pair"),
        ('{"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]}', "a cell of NAS-Bench-101"),
        ("Genotype(recurrent=[('relu', 0)], concat=range(1, 9))", r"a recurrent cell \(RNN"),
        (TEXT.replace("('max_pool_3x3', 4)", "('max_\\npool', 4)"), "is in no DARTS space here"),
        ("{", "no valid JSON"),
        ("{}", "no genotype in this JSON; its keys are none"),
        ('{"architecture": 3}', "its keys are architecture"),
        (ALL_3X3[:-1], "node 3 of the cell has the sources 0, 1, and .* 0, 1, 2"),
        (ALL_3X3.rsplit("+", 1)[0], "2 nodes after its input"),
        (ALL_3X3.replace("~2", "~1"), "node 3 of the cell has the sources 0, 1, 1"),
        (ALL_3X3.replace("nor_conv_3x3~2", "nor_conv_7x7~2"), "operation nor_conv_7x7 .* not in space nas-bench-201"),
        (ALL_3X3.replace("nor_conv_3x3~2", "sep_conv_3x3~2"), "there are none, skip_connect, nor_conv_1x1"),
        ("|nor_conv_3x3~0", "cut off or damaged"),
        ("15625", "no cell 15625 in NAS-Bench-201; indices are 0 to 15,624"),
        ("(4, 0, 3, 1, 5, 3)", "the number 5 stands for no operation"),
        ("normal: [\nreduce: [", "neither JSON nor YAML at line 2"),
    ],
)
def test_bad_text_is_refused_in_one_line_that_says_what_differs(text: str, difference: str) -> None:
    with pytest.raises(BadInput, match=difference) as caught:
        parse_genotype(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 7, b"Genotype()", ["x"]])
def test_only_text_is_parsed(value: object) -> None:
    with pytest.raises(BadInput, match="a genotype is a text"):
        parse_genotype(value)  # type: ignore[arg-type]


@given(st.text(max_size=60) | st.text("Genotype(normal=[]',0)|~+{}", max_size=60))
def test_any_text_gives_a_genotype_or_one_clear_line(text: str) -> None:
    try:
        assert parse_genotype(str(parse_genotype(text))) == parse_genotype(text)
    except BadInput as problem:
        assert str(problem) and "\n" not in str(problem)


@given(st.data())
def test_a_damaged_genotype_is_never_read_as_another_kind_of_value(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT)))
    end = data.draw(st.integers(start, len(TEXT)))
    try:
        assert isinstance(parse_genotype(TEXT[:start] + data.draw(st.text(max_size=3)) + TEXT[end:]), Genotype)
    except BadInput as problem:
        assert "\n" not in str(problem)


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"normal": pairs(NORMAL)},
        {"normal": pairs(NORMAL), "reduce": pairs(REDUCE), "cell": []},
        {"cell": [("none", 0)] * 6},
        {"cell": [("none", 0)] * 5},
    ],
)
def test_a_genotype_that_cannot_be_built_is_refused(cells: dict[str, list[tuple[str, int]]]) -> None:
    with pytest.raises(BadInput):
        Genotype(cells)


# The magnitude rule


def golden_alphas(name: str) -> dict[str, np.ndarray]:
    """normal[e, k] = sin(7 e + 3 k), reduce = -normal; the table that the official code was run on."""
    space = search_space(name)
    alphas = {}
    for cell in space.cells:
        edges, operations = space.shape(cell)
        table = np.array([[math.sin(7 * e + 3 * k) for k in range(operations)] for e in range(edges)])
        alphas[cell] = -table if cell == "reduce" else table
    return alphas


@pytest.mark.parametrize(
    ("name", "normal", "reduce"),
    [
        ("darts", "d3@0+mp@1 d5@2+mp@0 d3@3+ap@1 d5@4+mp@1", "d5@0+ap@1 ap@0+d3@2 mp@1+d5@3 ap@2+d3@3"),
        ("darts-none", "d5@0+ap@1 d3@2+s3@1 mp@1+d5@3 d3@4+d3@3", "d3@0+mp@1 mp@0+d5@2 d3@3+ap@2 mp@2+d5@4"),
        ("s1", "sk@1+d3@0 sk@0+sk@1 s3@2+s3@1 sk@2+d3@3", "d3@1+mp@0 ap@0+ap@1 sk@2+mp@1 d5@2+d5@3"),
        ("s2", "sk@1+s3@0 sk@0+sk@1 s3@2+s3@1 sk@2+sk@3", "s3@1+sk@0 s3@0+s3@1 sk@2+sk@1 s3@2+s3@3"),
        ("s3", "sk@0+s3@1 s3@1+s3@2 sk@2+sk@1 s3@3+s3@2", "sk@1+s3@0 sk@0+sk@1 s3@3+s3@2 sk@2+sk@3"),
    ],
)
def test_magnitude_rule_gives_the_official_codes_genotype_in_its_order(name: str, normal: str, reduce: str) -> None:
    assert str(magnitude_genotype(search_space(name), golden_alphas(name))) == str(darts(normal, reduce))


def test_s4_is_decoded_like_s2_with_noise_in_place_of_the_skip() -> None:
    as_s2 = str(magnitude_genotype(search_space("s2"), golden_alphas("s2")))
    as_s4 = str(magnitude_genotype(search_space("s4"), golden_alphas("s4")))
    assert as_s4 == as_s2.replace("skip_connect", "noise")


def test_magnitude_rule_may_choose_none_in_nas_bench_201_only() -> None:
    found = magnitude_genotype(search_space("nas-bench-201"), golden_alphas("nas-bench-201"))
    assert str(found) == "|nor_conv_3x3~0|+|none~0|none~1|+|avg_pool_3x3~0|avg_pool_3x3~1|skip_connect~2|"
    space = search_space("s3")
    lead = {cell: [[5.0, 0.0, 0.1]] * 14 for cell in space.cells}
    assert {name for name, _ in magnitude_genotype(space, lead).normal} == {"sep_conv_3x3"}


def test_a_dominant_none_weakens_its_edge() -> None:
    space = search_space("s3")
    rows = [[0.0, 0.0, 1.0]] * 14
    rows[2] = [9.0, 0.0, 1.0]  # node 3, source 0
    found = magnitude_genotype(space, {"normal": rows, "reduce": rows})
    assert [source for _, source, target in found.edges("normal") if target == 3] == [1, 2]


def test_ties_go_to_the_lower_source_and_the_lower_operation() -> None:
    space = search_space("darts")
    found = magnitude_genotype(space, {cell: np.zeros((14, 7)) for cell in space.cells})
    assert found.normal == (("max_pool_3x3", 0), ("max_pool_3x3", 1)) * 4


def test_betas_scale_the_edges_of_a_node() -> None:
    space = search_space("s2")
    alphas = {cell: np.tile([0.3, 0.0], (14, 1)) for cell in space.cells}
    betas = {"normal": [0.0] * 14, "reduce": [0.0] * 14}
    betas["normal"][12] = 2.0  # node 5, source 3
    betas["normal"][10] = 1.0  # node 5, source 1
    found = magnitude_genotype(space, alphas, betas)
    assert found.normal[-2:] == (("skip_connect", 3), ("skip_connect", 1))
    assert found.reduce[-2:] == (("skip_connect", 0), ("skip_connect", 1))


def test_the_shipped_operations_cover_every_darts_space() -> None:
    names = {
        name
        for space, cell in product(
            map(search_space, ("darts", "darts-none", "s1", "s2", "s3", "s4")), ("normal", "reduce")
        )
        for edge in space.edges(cell)
        for name in space.operations(cell, edge)
    }
    assert set(DARTS_OPERATIONS) == names - {"none"}

"""Genotypes as people have them: 556 texts from public repositories, and forms that these do not have."""

import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.selection.genotype import Genotype
from engine.selection.genotype_file import read_genotype
from engine.selection.genotype_text import parse_genotype
from engine.spaces import DARTS_OPERATIONS

PUBLISHED = Path(__file__).parents[2] / "files" / "genotypes" / "published.json"
"""Repository -> texts of genotypes in it, as they stand there; of comments only the sign is left."""

NORMAL = [("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_5x5", 0), ("dil_conv_3x3", 1)]
NORMAL += [("skip_connect", 0), ("skip_connect", 2), ("skip_connect", 0), ("max_pool_3x3", 4)]
REDUCE = [("sep_conv_3x3", 0), ("avg_pool_3x3", 1), ("dil_conv_5x5", 1), ("dil_conv_3x3", 2)]
REDUCE += [("avg_pool_3x3", 0), ("max_pool_3x3", 2), ("sep_conv_3x3", 2), ("skip_connect", 4)]
GENOTYPE = Genotype({"normal": NORMAL, "reduce": REDUCE})
OTHER = Genotype({"normal": REDUCE, "reduce": NORMAL})
TEXT, OTHER_TEXT = str(GENOTYPE), str(OTHER)
NODES = {"normal": [NORMAL[k : k + 2] for k in range(0, 8, 2)], "reduce": [REDUCE[k : k + 2] for k in range(0, 8, 2)]}
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
WORST = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def published() -> list[str]:
    return [text for texts in json.loads(PUBLISHED.read_text(encoding="utf-8")).values() for text in texts]


def notes_of(text: str) -> list[str]:
    notes: list[str] = []
    parse_genotype(text, notes.append)
    return notes


# Texts from public repositories

PAIR = re.compile(r"\(\s*['\"](\w+)['\"]\s*,\s*(\d)\s*[,)]")
TRUE = {
    r"operation (\w+) is in no space here": lambda text, found: found in text and found not in DARTS_OPERATIONS,
    r"operation (\w+) .* is a candidate of the search alone": lambda text, found: "'none'" in text and found == "none",
    r"(normal|reduce) has 5 inner nodes": lambda text, found: len(PAIR.findall(text)) == 20,
    r"a (recurrent) cell": lambda text, found: "recurrent=" in text.replace(" ", ""),
    r"the cell has (\d) nodes? after its input": lambda text, found: text.count("+") == int(found) - 1,
    r"of TransNAS-Bench-101 \((\w+)\)": lambda text, found: found in text,
    r"it has no (reduce) cell": lambda text, found: "reduce" not in text,
    r"node (\d has \d) inputs?, and": lambda text, found: (
        found[-1] == str(len(re.findall(rf"'\w+', {found[0]}, \d", text.partition("reduce")[0])))
    ),
    r"takes source (\d) twice": lambda text, found: len(re.findall(rf"\(\S+ {found}, 2\)", text)) > 1,
}
"""What a refusal says differs -> whether the text really has it."""


def test_of_556_published_texts_those_of_spaces_here_are_read_and_the_others_say_what_differs() -> None:
    texts, refused = published(), Counter[str]()
    for text in texts:
        try:
            found = parse_genotype(text)
        except BadInput as problem:
            said = str(problem)
            kind = next((kind for kind in TRUE if re.search(kind, said)), None)
            assert kind and TRUE[kind](text, re.search(kind, said)[1]), f"{said}: {text[:200]}"
            refused[kind] += 1
            continue
        if found.format == "nas-bench-201":
            assert str(found) == re.sub(r"^Structure\(4 nodes with (.*)\)$", r"\1", text)
            continue
        pairs = [(name, int(source)) for name, source in PAIR.findall(re.sub(r"#[^\n]*", "", text))]
        if not re.search(r"'\w+', [2-5], [0-4]\)", text):  # FairDARTS writes the target before the source
            assert [*found.normal, *found.reduce] == pairs, text[:200]
    assert len(texts) == 556
    assert sorted(refused.values(), reverse=True) == [61, 28, 8, 8, 5, 5, 3, 2, 1] and refused.total() == 121, refused


# Text before and after, several in one text


@pytest.mark.parametrize(
    "text",
    [
        f"2018-06-27 05:58:30,345 genotype = {TEXT}",
        f"11/26 07:58:59 PM genotype = {TEXT}\n11/26 07:59:00 PM valid_acc 88.1",
        f"genotypes.{TEXT}",
        f"DARTS_V2={TEXT}  # 2.76 +- 0.09 (see ref. [12)",
        f"`{TEXT}`",
        f'python train.py --arch "{TEXT}" --auxiliary',
        f"- '{TEXT.replace(chr(39), chr(39) * 2)}'",
        json.dumps(TEXT),
        json.dumps({"epoch": 50, "genotype": TEXT, "note": None}),
        f"The best cell is\n\n> {TEXT}.\n\nIt has 2.85 M parameters.",
        TEXT.replace("'", "’"),
        TEXT.replace("'", "&#39;"),
        TEXT.replace("[(", "[ # nodes 2 to 5 :)\n ("),
        f"# {TEXT}",
        f"\ufeff{TEXT}",
        TEXT + " + 1",
        TEXT.replace(", 0)", ", np.int64(0))"),
        TEXT.replace("range(2, 6)", "list(range(2, 6))"),
        TEXT.replace("range(2, 6)", "[2, 3, 4, 5]").replace("'", '"'),
        TEXT.replace("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6), connectN=None, connects=None)"),
        f"Genotype(normal={NODES['normal']}, normal_concat=range(2, 6), reduce={NODES['reduce']}, reduce_concat=None)",
        f"Genotype({NORMAL}, range(2, 6), {REDUCE}, range(2, 6))",
        "Genotype({normal}, [2, 3, 4, 5], {reduce}, [2, 3, 4, 5])".format_map(NODES),
        f"Genotype(normal={[(*pair, 0.25) for pair in NORMAL]}, reduce={[(*pair, 0.5) for pair in REDUCE]})",
        f"CNNGenotype(normal_0={[(*pair, 2 + k // 2) for k, pair in enumerate(NORMAL)]}, "
        f"reduce_1={[(*pair, 2 + k // 2) for k, pair in enumerate(REDUCE)]}, normal_0_concat=(2, 3, 4, 5))",
        f"ADV = {{'normal': {NORMAL}, 'normal_concat': range(2, 6), 'reduction': {REDUCE}, 'reduction_concat': None}}",
        json.dumps({"normal": NORMAL, "reduce": REDUCE, "accuracy": 97.2, "seed": 3}),
        json.dumps({"spec": {"normal": NORMAL, "normal_concat": [2, 3, 4, 5], "reduce": REDUCE}}),
        json.dumps([{"score": 1, "cell": {"normal": NODES["normal"], "reduce": NODES["reduce"]}}]),
        "normal:\n" + "".join(f"- [{name}, {source}]\n" for name, source in NORMAL)
        + "normal_concat: [2, 3, 4, 5]\nreduce:\n" + "".join(f"- - {name}\n  - {source}\n" for name, source in REDUCE),
        "genotype:\n  normal:\n" + "".join(f"  - !!python/tuple [{name}, {source}]\n" for name, source in NORMAL)
        + "  normal_concat: !!python/object/apply:builtins.range [2, 6, 1]\n  reduce:\n"
        + "".join(f"  - !!python/tuple\n    - {name}\n    - {source}\n" for name, source in REDUCE),
        f"genotype: {TEXT[:200]}\n      {TEXT[200:]}",
    ],
)  # fmt: skip
def test_a_genotype_is_found_in_whatever_stands_around_it(text: str) -> None:
    assert parse_genotype(text) == GENOTYPE


@pytest.mark.parametrize(
    "text",
    [
        f"Structure(4 nodes with {BEST})",
        f"[Structure(4 nodes with {BEST}), Structure(4 nodes with {WORST})]",
        BEST.replace("|", " | ").replace("~", " ~ "),
        BEST.replace("+|", "+\n|"),
        "|nor_conv_3x3~0|+|nor_conv_3x3~1|nor_conv_3x3~0|+|nor_conv_1x1~2|skip_connect~0|nor_conv_3x3~1|",
        "6111",
        " 6111\n",
        "(3, 3, 3, 1, 3, 2)",
        "[3, 3, 3, 1, 3, 2]",
        "333132",
        "(('nor_conv_3x3', 0),), (('nor_conv_3x3', 0), ('nor_conv_3x3', 1)), "
        "(('skip_connect', 0), ('nor_conv_3x3', 1), ('nor_conv_1x1', 2))",
        "['nor_conv_3x3', 'nor_conv_3x3', 'nor_conv_3x3', 'skip_connect', 'nor_conv_3x3', 'nor_conv_1x1']",
        '{"1<-0": "nor_conv_3x3", "2<-0": "nor_conv_3x3", "2<-1": "nor_conv_3x3", "3<-0": "skip_connect", '
        '"3<-1": "nor_conv_3x3", "3<-2": "nor_conv_1x1"}',
        json.dumps({"architecture": BEST, "index": 6111, "rank": {"cifar10": 1}}),
        json.dumps({"result": {"arch": BEST}}),
        f"info :: nodes=4, inC=64, [1<-(I0-L0) | 2<-(I0-L1,I1-L2) | 3<-(I0-L3,I1-L4,I2-L5)], {BEST}",
        f"<<<--->>> The 001-250 epoch : {WORST}\n<<<--->>> The 250-250 epoch : {BEST}",
        f"best: '{BEST}' with 94.37 %",
        f"{BEST}\n{WORST}\n",
    ],
)
def test_a_nas_bench_201_cell_is_found_in_every_usual_form(text: str) -> None:
    assert str(parse_genotype(text)) == BEST


def test_of_definitions_the_first_counts_and_of_a_log_the_last() -> None:
    definitions = f"A = {TEXT}\n# old: {OTHER_TEXT}\nB = {OTHER_TEXT}\nDARTS = B\n"
    assert parse_genotype(definitions) == GENOTYPE
    assert "the text holds 2 genotypes: the first, A, was read" in notes_of(definitions)
    log = "".join(f"11/26 07:58:5{k} PM epoch {k}\n11/26 07:58:5{k} PM genotype = {OTHER_TEXT}\n" for k in range(5))
    assert parse_genotype(log + f"11/26 08:00:01 PM genotype = {TEXT}\n") == GENOTYPE
    assert "the text is a log with 6 genotypes: the last was read" in notes_of(log + f"genotype = {TEXT}\n")
    assert parse_genotype(f"genotype = {OTHER_TEXT}\ngenotype = {TEXT}") == GENOTYPE
    cut = log + f"11/26 08:00:01 PM genotype = {TEXT}\n11/26 08:10:01 PM genotype = {OTHER_TEXT[:200]}"
    assert parse_genotype(cut) == GENOTYPE  # a log that is still written


def test_a_file_of_definitions_passes_over_those_of_other_spaces_and_says_so() -> None:
    nasnet = next(text for text in published() if text.startswith("NASNet"))
    program = "from collections import namedtuple\nGenotype = namedtuple('Genotype', 'normal reduce')\n"
    program += (
        f"class Genotype(NamedTuple):\n    pass\n{nasnet}\n\nDARTS_V1 = {TEXT}\n\ng = Genotype(normal=lst, reduce=lst)"
    )
    assert parse_genotype(program) == GENOTYPE
    assert any("DARTS_V1" in note and "NASNet before it not" in note for note in notes_of(program))
    with pytest.raises(BadInput, match="of the NASNet space"):
        parse_genotype(nasnet)


def test_six_numbers_say_how_they_were_counted_and_what_naslib_would_mean() -> None:
    (note,) = notes_of("(4, 0, 3, 1, 4, 3)")
    assert "0 none, 1 skip_connect" in note
    assert "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|" in note


def test_nodes_that_are_not_said_to_be_joined_are_a_note() -> None:
    (normal, _) = notes_of(json.dumps({"normal": NORMAL, "reduce": REDUCE}))
    assert normal.startswith("the text does not say which nodes the normal cell joins")
    assert notes_of(TEXT) == [] and notes_of(BEST) == []


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", [TEXT, BEST, json.dumps({"normal": NORMAL, "reduce": REDUCE})])
def test_a_file_may_be_of_any_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "cell").write_bytes(f"{text}\r\n".encode(encoding))
    assert read_genotype(str(tmp_path / "cell")) == parse_genotype(text)


def test_a_text_that_is_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no genotype and there is no such file"):
        read_genotype(str(tmp_path / "cell.txt"))
    with pytest.raises(BadInput, match="is a folder; give the file in it"):
        read_genotype(str(tmp_path))
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(BadInput, match="is no text"):
        read_genotype(str(tmp_path / "picture"))
    (tmp_path / "cell.txt").write_text("nothing")
    with pytest.raises(BadInput, match=r"cell\.txt: there is no genotype in this text"):
        read_genotype(str(tmp_path / "cell.txt"))


# Hostile texts


@pytest.mark.parametrize(
    "text",
    [
        "Genotype(" * 100_000,
        "Genotype(normal=[" * 20_000,
        "|" * 1_000_000,
        "|a~0" * 200_000,
        "|a~0|" * 100_000,
        "{'normal':" * 50_000,
        "[" * 100_000,
        "a" * 2_000_000 + " = Genotype(x)",
        "normal:\n" + "".join(f"  a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9) if k else 'x'}]\n" for k in range(30)),
        "x = Genotype(normal=y)\n" * 20_000,
        "normal: " + "[" * 5000,
    ],
)
def test_hostile_texts_are_refused_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(BadInput) as caught:
        parse_genotype(text)
    assert time.process_time() - start < 5 and len(str(caught.value)) < 500

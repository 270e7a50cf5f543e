"""Links: what they say, and what happens to what they cannot mean."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.state import url
from app.state.url import Link
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.selection import Selection
from engine.spaces import SPACES, search_space

DARTS = search_space("darts")


def undecided(name: str) -> Selection:
    space = search_space(name)
    rows, columns = space.shape(space.cells[0])
    return Selection(space, {cell: [[0.0] * columns] * rows for cell in space.cells})


@st.composite
def walks(draw: st.DrawFn) -> tuple[str, Selection]:
    """A space and a selection after any number of legal decisions in any order."""
    name = draw(st.sampled_from(SPACES))
    selection = undecided(name)
    space = selection.space
    for _ in range(draw(st.integers(0, space.steps))):
        options = [(cell, edge, None) for cell in space.cells for edge in selection.undecided_edges(cell)]
        options += [(cell, None, node) for cell in space.cells for node in selection.open_nodes(cell)]
        cell, edge, node = draw(st.sampled_from(options))
        if node is None:
            selection = selection.discretize(cell, edge, draw(st.sampled_from(space.operations(cell, edge))))
        else:
            inputs = [each.index for each in space.cell(cell).entering(node)]
            kept = draw(st.lists(st.sampled_from(inputs), min_size=2, max_size=2, unique=True))
            selection = selection.keep_inputs(cell, node, kept)
    return name, selection


@given(walks(), st.sampled_from(url.ORDERS), st.integers(0, url.LARGEST_SEED), st.data())
def test_what_is_written_is_read_back(walk, order: str, seed: int, data: st.DataObject) -> None:
    name, selection = walk
    space = selection.space
    cell = data.draw(st.sampled_from(space.cells))
    edge = data.draw(st.sampled_from(space.edges(cell)))
    by = data.draw(st.text("".join(url.AUTHORS), max_size=len(selection.decisions))).rstrip("l")
    link = Link(f"{cell[0]}{edge.source}-{edge.target}", selection.decisions, order, seed, by=by)
    tune = data.draw(st.text("".join(url.LETTERS), max_size=len(selection.decisions))).rstrip("n")
    link = replace(link, task=Link(decisions=selection.decisions, tune=tune).taken, name="Ana & <b>Ben</b> * é")
    assert url.read(url.write(space, link), undecided(name)) == (link, [])


@given(walks(), st.data())
def test_a_run_that_comes_with_decisions_is_written_and_read_back(walk, data: st.DataObject) -> None:
    name, selection = walk
    begun, taken = (
        selection.decisions[: data.draw(st.integers(0, len(selection.decisions)))] for _ in ("begun", "taken")
    )
    start = undecided(name).replay(begun)
    link = Link(decisions=taken)
    assert url.read(url.write(start.space, link, begun), start) == (link, [])
    assert url.read({}, start) == (Link(decisions=begun), []), "a bare link opens it as it came"
    assert bool(begun) <= ("d" in url.write(start.space, link, begun))


def decided(text: str) -> tuple[Decision, ...]:
    """A link's decisions, of which none was left out."""
    link, dropped = url.read({"d": text}, undecided("darts"))
    assert not dropped
    return link.decisions


def test_decisions_read_as_people_write_them() -> None:
    text = "n0-2.S3,n1-2.SK,n0-3.MP,n1-3.AP,n2-3.D5,n3:0+2"
    decisions = decided(text)
    assert decisions[0] == OperationDecision("normal", 0, "sep_conv_3x3")
    assert decisions[-1] == InputsDecision("normal", 3, (2, 4))
    assert url.format_decisions(decisions, DARTS) == text
    assert decided("") == ()


def test_a_plus_sign_typed_into_an_address_arrives_as_a_space_and_is_understood() -> None:
    operations = "n0-2.S3,n1-2.SK,n0-3.MP,n1-3.AP,n2-3.D5"
    assert decided(f"{operations},n3:0 2") == decided(f"{operations},n3:0+2")


def test_a_name_is_one_short_line_without_signs_that_cannot_be_seen() -> None:
    link, dropped = url.read({"name": "  Ana\n\u202e M\u0000üller " + "x" * 99}, undecided("darts"))
    assert link.name.startswith("Ana Müller xxx") and len(link.name) == 60 and dropped == []
    taken = link.having(link.taken)
    assert taken.name == "", "whoever goes on with other decisions has handed in nothing"


def test_a_default_link_leaves_the_address_empty() -> None:
    assert url.write(DARTS, Link()) == {}
    assert url.read({}, undecided("darts")) == (Link(), [])


@pytest.mark.parametrize(
    "bad",
    [
        "n0-2.S3",
        "n0-2.XX",
        "n9-2.S3",
        "c0-1.SK",
        "n3:0+1",
        "n3:0+9",
        "n9:0+1",
        "n2:0+1",
        "x3:0+1",
        "c3:0+1",
        "",
        "?" * 9,
        "n" * 999 + "3:0+1",
        "n3:" + "0+" * 999 + "1",
        "n" * 999 + ".S3",
    ],
)
def test_the_longest_legal_beginning_is_kept_and_the_rest_is_named(bad: str) -> None:
    link, (problem,) = url.read({"d": f"n0-2.S3,r0-2.SK,{bad},n1-2.SK"}, undecided("darts"))
    kept = (OperationDecision("normal", 0, "sep_conv_3x3"), OperationDecision("reduce", 0, "skip_connect"))
    assert link.decisions == kept
    assert "first 2" in problem and "\n" not in problem and len(problem) < 250


@pytest.mark.parametrize(
    ("key", "bad", "field"),
    [
        ("edge", "n9-9", "edge"),
        ("edge", "c0-1", "edge"),
        ("edge", "n" * 10_000, "edge"),
        ("seed", "-1", "seed"),
        ("seed", "1.5", "seed"),
        ("seed", "4294967296", "seed"),
        ("seed", "9" * 10_000, "seed"),
        ("seed", "٣", "seed"),
        ("order", "backwards", "order"),
        ("d", "n0-2", "decisions"),
        ("task", "n0-2.S3,x", "task"),
        ("task", "n0-2.S3~z", "task"),
        ("task", "~q~q", "task"),
        ("by", "ax", "by"),
        ("by", "a" * 99, "by"),
    ],
)
def test_a_bad_value_becomes_the_default_with_one_short_sentence(key: str, bad: str, field: str) -> None:
    link, dropped = url.read({key: bad}, undecided("darts"))
    assert getattr(link, field) == getattr(Link(), field)
    assert len(dropped) == 1 and len(dropped[0]) < 250


def test_good_values_survive_bad_neighbours_and_foreign_keys_are_ignored() -> None:
    given_ = {"edge": "n0-2", "seed": "x", "d": "n0-2.S3", "utm_source": "mail", "run": "other"}
    link, dropped = url.read(given_, undecided("darts"))
    assert link == Link(edge="n0-2", decisions=(OperationDecision("normal", 0, "sep_conv_3x3"),))
    assert len(dropped) == 1 and "seed" in dropped[0]


words = st.one_of(
    st.text(max_size=40),
    st.text("nrc0123456789-.:+, SKMPAD", max_size=60),
    st.lists(st.sampled_from(["n0-2.S3", "n1-2.SK", "c0-1.NO", "n3:0+1", "r5:2+4", "", "n0-2"]), max_size=40).map(
        ",".join
    ),
)


@given(st.dictionaries(st.sampled_from([*url.KEYS, "run", "cell", "budget", "x"]), words), st.sampled_from(SPACES))
def test_no_link_can_raise_and_what_is_read_is_legal(params: dict[str, str], name: str) -> None:
    start = undecided(name)
    link, dropped = url.read(params, start)
    assert start.replay(link.decisions).decisions == link.decisions
    assert all(sentence and "\n" not in sentence for sentence in dropped)
    assert url.read(url.write(start.space, link), start) == (link, [])
    assert len(url.check(params, {"demo": start.space}, "demo")) <= 4


def test_what_sidebar_widgets_would_drop_silently_is_named() -> None:
    runs = {"demo": search_space("nas-bench-201"), "large": DARTS}
    assert url.check({"run": "large", "cell": "reduce", "budget": "4k"}, runs, "demo") == []
    assert url.check({}, runs, "demo") == []
    sentences = url.check({"run": "gone", "cell": "reduce", "budget": "7"}, runs, "demo")
    assert [word for word, sentence in zip(("run", "cell", "budget"), sentences, strict=True) if word in sentence] == [
        "run",
        "cell",
        "budget",
    ]


def test_keys_that_nobody_knows_are_named_in_one_line_and_those_of_streamlit_and_of_pages_are_not() -> None:
    runs = {"demo": DARTS}
    assert (
        url.check({"embed": "true", "embed_options": "dark_theme", "a": "x", "run": "demo", "by": "a"}, runs, "demo")
        == []
    )
    (sentence,) = url.check({"dd": "n0-2.S3", "utm_source": "mail", "x" * 999: "1", "y": "", "z": ""}, runs, "demo")
    assert "'dd', 'utm_source'" in sentence and "and 2 more" in sentence and "run, edge, d, order" in sentence
    assert len(sentence) < 250 and "\n" not in sentence


def test_links_are_read_without_streamlit_and_torch() -> None:
    modules = "app.state.url, app.work.questions, app.library.catalog"
    code = f"import sys, {modules}; print({{'streamlit', 'torch'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"

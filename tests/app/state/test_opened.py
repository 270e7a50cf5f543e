"""Selections that are opened again say what they said, and everything else is one line."""

import json
from dataclasses import replace

import pytest

from app.library.catalog import Entry
from app.state import url
from app.state.opened import MEGABYTES, added, from_file, from_link
from app.work.workshop import workshop
from engine.errors import BadInput
from engine.selecting.hand_in import Answer, HandIn
from engine.selecting.record import SelectionRecord, Step
from engine.selecting.settings import Tuning
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection

RUN = "nas-bench-201"


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return workshop().catalog.entries()


def start(entries: dict[str, Entry]) -> Selection:
    return entries[RUN].summary.start.with_decisions()


def record(entries: dict[str, Entry], **changes: object) -> SelectionRecord:
    """All edges by alpha, each step by another author."""
    selection = start(entries).alpha_path()
    steps = tuple(Step(by) for by in ("alpha", "measured", "person", "random", "alpha", "person"))
    checkpoint = {"name": RUN, "digest": entries[RUN].summary.digest, "space": selection.space.name}
    settings = {"order": "random", "seed": 5}
    return replace(SelectionRecord(selection, steps, checkpoint=checkpoint, settings=settings), **changes)


def opened(entries: dict[str, Entry], document: SelectionRecord):
    return from_file("ana", document.to_json().encode(), entries, "darts")


def test_a_file_opens_with_its_supernet_decisions_authors_and_order(entries: dict[str, Entry]) -> None:
    found = opened(entries, record(entries))
    assert (found.name, found.run) == ("ana", RUN)
    assert found.link.decisions == start(entries).alpha_path().decisions
    assert found.link.by == "amylay" and found.link.tune == ""
    assert (found.link.order, found.link.seed) == ("random", 5)


def test_tuning_that_a_link_can_name_is_kept(entries: dict[str, Entry]) -> None:
    assert opened(entries, record(entries, tuning=Tuning("batches", 50, 0.01))).link.tune == "qqqqq"
    assert opened(entries, record(entries, tuning=Tuning("batches", 7, 0.01))).link.tune == ""
    words = {"tuned": "50 batches at 0.01 after decisions 1, 3; 5 epochs at 0.0025 after decisions 2"}
    assert opened(entries, record(entries, settings=words)).link.tune == "qpq"


def test_a_selection_without_a_supernet_is_one_of_the_supernet_on_screen(entries: dict[str, Entry]) -> None:
    plain = start(entries).alpha_path().to_json().encode()
    assert from_file("plain", plain, entries, RUN).run == RUN
    with pytest.raises(BadInput, match="plain was left out"):
        from_file("plain", plain, entries, "darts")


def test_a_genotype_opens_as_the_selection_that_ends_in_it(entries: dict[str, Entry]) -> None:
    cell = "|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|skip_connect~2|"
    notes: list[str] = []
    for encoding in ("utf-8-sig", "utf-16"):
        found = from_file("mine", f"genotype: {cell}\nanother: {cell}".encode(encoding), entries, RUN, notes.append)
        assert (found.name, found.run) == ("mine", RUN) and found.link.by == "yyyyyy"
        assert str(start(entries).with_decisions(found.link.decisions).decoded()) == cell
    assert notes and "the text holds 2 genotypes" in notes[0]
    pairs = [("sep_conv_3x3", 0), ("skip_connect", 1)] * 4
    darts = Genotype({"normal": pairs, "reduce": pairs[::-1]})
    found = from_file("other", f"A = {darts}".encode(), entries, "darts")
    assert entries["darts"].summary.start.with_decisions(found.link.decisions).decoded() == darts
    with pytest.raises(BadInput, match="the genotype is of darts cells, and the supernet of space nas-bench-201"):
        from_file("other", str(darts).encode(), entries, RUN)
    with pytest.raises(BadInput, match="unknown operation for edge"):
        from_file("other", str(darts).replace("sep_conv_3x3", "dil_conv_3x3").encode(), entries, "s2")


def test_a_hand_in_says_who_decided_what_and_how_many_answers_were_right(entries: dict[str, Entry]) -> None:
    answers = (Answer("masking/sum", "10.4", True), Answer("masking/none", "?", False))
    handed = record(entries, hand_in=HandIn("  Ana\n<b>\u202e ", (0, 5), answers))
    found = opened(entries, handed)
    assert (found.name, found.run, found.link.name) == ("Ana <b>", RUN, "Ana <b>")
    assert [found.took(by) for by in ("a", "mb", "y", "l")] == [1, 1, 1, 3], "given and random ones are nobody's"
    assert (found.right, found.asked) == (1, 2)
    assert opened(entries, replace(handed, hand_in=HandIn("\u202e"))).name == "ana", "the file's, where there is none"
    link = from_link("link 1", "/decide?run=nas-bench-201&d=c0-1.SK,c0-2.C3&by=a&name=Ben+M%C3%BCller", entries, RUN)
    assert link.name == "Ben Müller" and link.took("a") == link.took("l") == 1


def test_those_of_one_name_stay_beside_each_other_and_the_same_again_is_one(entries: dict[str, Entry]) -> None:
    ana = opened(entries, record(entries, hand_in=HandIn("Ana")))
    other = opened(entries, record(entries, hand_in=HandIn("Ana", (1,))))
    known = {ana.name: ana}
    assert added(ana, known) == ana
    second = added(other, known)
    assert second == other._replace(name="Ana (2)")
    assert added(other, known | {second.name: second}) == second


def test_everything_else_is_one_line(entries: dict[str, Entry]) -> None:
    text = record(entries).to_json()
    other = text.replace(entries[RUN].summary.digest, "0" * 64)
    damaged = json.loads(text) | {"decisions": [{"edge": 99}]}
    for content, word in (
        (other.encode(), "another supernet, nas-bench-201, which is not here"),
        (text[:300].encode(), "no selection"),
        (b"[]", "no selection"),
        (b"\xff\xfe", "the text is empty"),
        (b"\x80\x81", "no text"),
        (b"[" * 100_000, "no selection"),
        (b" " * (MEGABYTES * 2**20 + 1), "more than 1 MB"),
        (json.dumps(json.loads(text) | {"hand_in": {"name": 1}}).encode(), "damaged selection file"),
        (json.dumps(damaged).encode(), "not a decision"),
    ):
        with pytest.raises(BadInput) as error:
            from_file("ana", content, entries, RUN)
        assert word in str(error.value) and str(error.value).startswith("ana was left out: ")
        assert "\n" not in str(error.value) and len(str(error.value)) < 400


def test_a_link_opens_and_a_broken_one_is_one_line(entries: dict[str, Entry]) -> None:
    link = "http://127.0.0.1:8501/decide?run=nas-bench-201&d=c0-1.SK%2Cc0-2.C3&by=am&tune=q"
    found = from_link("link 1", link, entries, "darts")
    assert found.run == RUN and (found.link.by, found.link.tune) == ("am", "q")
    assert url.format_decisions(found.link.decisions, start(entries).space) == "c0-1.SK,c0-2.C3"
    for bad in (
        "",
        "http://[",
        "?run=nas-bench-201",
        "?run=gone&d=c0-1.SK",
        "?run=nas-bench-201&d=c0-1.SK,x",
        "?d=c0-1.SK",
    ):
        with pytest.raises(BadInput, match="link 2 was left out: "):
            from_link("link 2", bad, entries, "darts")

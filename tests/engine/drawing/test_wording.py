import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drawing import wording


def test_numbers_are_worded_once():
    assert wording.points(4.1) == "+4.1 pts"
    assert wording.points(-0.6) == "−0.6 pts"
    assert wording.with_interval(4.1, (3.2, 5.0)) == "4.1 [3.2, 5.0] pts"
    assert wording.with_interval(-0.6, (-2.04, 0.84)) == "−0.6 [−2.0, 0.8] pts"
    assert wording.with_interval(4.1, None) == "4.1 pts (needs more images)"
    assert wording.percent(54.3) == "54.3 %"
    assert wording.percent(54.3, (51.2, 57.4)) == "54.3 % [51.2, 57.4]"
    assert wording.percent(93.978, digits=2) == "93.98 %"
    assert wording.weight(0.2249) == "0.22"
    assert wording.count(15625) == "15,625"
    assert [wording.several(number, "edge") for number in (0, 1, 2, 1024)] == [
        "0 edges",
        "1 edge",
        "2 edges",
        "1,024 edges",
    ]


@given(st.floats(-0.049, 0.049))
def test_what_rounds_to_zero_has_no_minus(value):
    assert wording.points(value) == "+0.0 pts"
    assert wording.number(value) == "0.0"


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        ({"bn": "batch", "device": "cpu", "seconds": 0.8}, "1,024 images · batch statistics · live, 0.8 s, CPU"),
        ({"bn": "running", "device": "cuda:1"}, "1,024 images · running statistics · live, GPU 1"),
        (
            {"bn": "batch", "device": "cuda", "stored": "2026-11-24"},
            "1,024 images · batch statistics · stored 2026-11-24, GPU",
        ),
    ],
)
def test_provenance_says_images_statistics_source_and_device(given_, text):
    assert wording.provenance(1024, **given_) == text


def test_verdicts_are_a_glyph_and_words():
    assert {name: text.text for name, text in wording.VERDICT.items()} == {
        "agree": "= agree",
        "disagree": "≠ disagree",
        "too_close": "≈ too close to call",
        "indistinct": "– nothing to tell apart",
        None: "? α unknown",
    }
    assert {name: text.word for name, text in wording.INPUTS.items()} == {
        "separated": "told apart",
        "too_close": "too close to call",
        "indistinct": "nothing to tell apart",
    }
    assert wording.VERDICT["too_close"].short == "≈ too close"


def test_a_lead_says_whom_by_how_much_and_how_surely():
    assert wording.lead("conv 1×1", "skip", 1.04, (-0.93, 2.9)) == "conv 1×1 leads skip by 1.0 [−0.9, 2.9] pts"


def test_node_names_get_real_subscripts():
    assert wording.subscripts("c_{k-2} → node 0") == "c<sub>k-2</sub> → node 0"
    assert wording.subscripts("input → node 1") == "input → node 1"


def test_where_no_markup_is_possible_subscripts_are_characters():
    assert wording.plain("c_{k-2} → node 0") == "cₖ₋₂ → node 0"
    assert wording.plain("c_{k}") == "cₖ" and wording.plain("input → node 1") == "input → node 1"

"""Results in a notebook: what their pictures say, that they stay within themselves, and their tables."""

import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.analysis import registry
from engine.analysis.document import Document
from engine.checkpoint import read_summary
from engine.drawing.finished_cell import cell_so_far, finished_cell
from engine.drawing.palette import operation
from engine.errors import BadInput
from engine.notebook import html, rows
from engine.results import Baseline, EdgeEstimate, EdgeScores, InputScores, OperationEstimate, OperationScore, Preview
from engine.selection import Selection

BUNDLED = Path(__file__).resolve().parents[2] / "checkpoints"
BENCH, DARTS = (read_summary(BUNDLED / name) for name in ("nas-bench-201", "darts"))
EDGE = EdgeScores.from_dict(BENCH.scores["edges"][2])
INPUTS = InputScores.from_dict(DARTS.scores["inputs"][0])
PREVIEW = Preview(
    (EdgeEstimate("cell", 2, 1, 2, (OperationEstimate("none", 0.0), OperationEstimate("nor_conv_3x3", 0.25))),),
    1.2345,
    256,
    64,
    "batch",
    "cpu",
    0.5,
)
PARTIAL = BENCH.start.discretize("cell", 2, "nor_conv_3x3").discretize("cell", 0, "none")
COMPLETE = DARTS.start.alpha_path()
LABS = [
    Document.from_json(path.read_text(encoding="utf-8"))
    for path in sorted((BUNDLED / BENCH.name / "labs").glob("*.json"))
]
SHOWN: dict[str, Any] = {
    "edge": EDGE,
    "inputs": INPUTS,
    "preview": PREVIEW,
    "start": BENCH.start,
    "partial": PARTIAL,
    "complete": COMPLETE,
    "genotype": COMPLETE.genotype(),
    **{f"lab {lab.experiment}": lab for lab in LABS},
}


def said(value: Any) -> str:
    """The words of a picture."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", value._repr_html_())).split())


def without_intervals(scores: EdgeScores, images: int) -> EdgeScores:
    """The same as if measured on so few images that there are no intervals yet."""
    operations = tuple(replace(one, ci=None) for one in scores.operations)
    baseline = replace(scores.baseline, ci=None)
    few = {"images": images, "lead_ci": None, "difference_ci": None, "final": False}
    return replace(scores, operations=operations, baseline=baseline, **few)


@pytest.mark.parametrize("value", SHOWN.values(), ids=SHOWN)
def test_a_picture_is_one_element_that_changes_nothing_around_it(value: Any) -> None:
    picture = value._repr_html_()
    tree = ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", picture).replace("&nbsp;", " "))
    assert tree.tag == "div" and "background:#FFFFFF" in tree.attrib["style"]
    found = list(tree.iter())
    assert not {"style", "script", "link"} & {element.tag for element in found}
    assert not [name for element in found for name in element.attrib if name in ("class", "id") or name[:2] == "on"]
    assert "http" not in re.sub(r'xmlns="[^"]+"', "", picture)
    assert value._repr_html_() == picture


def test_an_edge_says_its_verdict_its_lead_and_what_it_rests_on() -> None:
    text = said(EDGE)
    assert text.startswith("cell, edge 2 (node 1 → node 2): ≠ disagree")
    assert "+10.4 [7.4, 13.5]" in text and "conv 3×3 leads skip by 8.9 [3.9, 13.9] pts" in text
    assert "1,024 images in groups of 64 · batch statistics · took" in text and "criterion accuracy" in text
    assert "unmasked 63.6 % [60.3, 66.9]" in text
    assert "live" not in text and "preliminary" not in text  # a result does not know where it was kept
    assert text.count("α’s choice") == 1 and text.count("largest drop") == 1
    assert "not told apart" not in text


def test_without_intervals_there_are_no_whiskers_and_the_picture_says_why() -> None:
    few = without_intervals(EDGE, 64)
    text = said(few)
    assert "[" not in text and "needs more images" in text and "preliminary" in text
    assert "largest drop, not told apart" in text and "disagree" not in text
    assert few._repr_html_().count("<path") == len(few.operations) < EDGE._repr_html_().count("<path")


def test_running_statistics_know_no_groups_and_the_loss_is_named_where_it_decides() -> None:
    text = said(replace(EDGE, bn="running", criterion="loss"))
    assert "1,024 images · running statistics" in text and "criterion loss" in text and "largest rise" in text


def test_unknown_alpha_is_no_choice() -> None:
    operations = tuple(replace(one, alpha=None) for one in EDGE.operations)
    unknown = replace(EDGE, operations=operations, best_by_alpha=None, difference=None, difference_ci=None)
    assert "α unknown" in said(unknown) and "α’s choice" not in said(unknown) and "α (mixing" not in said(unknown)
    frame = unknown.to_frame()
    assert frame["alpha"].isna().all() and frame["alpha_keeps"].isna().all() and frame["verdict"].isna().all()


def test_inputs_say_what_is_kept() -> None:
    text = said(INPUTS)
    assert text.startswith("normal, inputs of node 3:") and text.count("kept") == len(INPUTS.keep)
    assert f"edge {INPUTS.last} leads edge {INPUTS.rival} by" in text


def test_estimates_are_called_guesses() -> None:
    text = said(PREVIEW)
    assert "guesses" in text and "no verdict" in text and "C3 +0.250 NO +0.000" in text and "256 images" in text
    assert "estimated_rise" in PREVIEW.to_frame() and "rise" not in PREVIEW.to_frame()


def test_names_from_files_are_escaped() -> None:
    scores = replace(EDGE, cell="<b>x</b>", device="<i>")
    assert "<b>x" not in scores._repr_html_() and "<i>" not in scores._repr_html_().lower()


def test_bars_lie_on_one_scale_from_zero() -> None:
    def bars(scores: EdgeScores) -> list[tuple[float, float]]:
        found = re.findall(r'<rect x="([\d.]+)" y="2" width="([\d.]+)"', scores._repr_html_())
        return [(float(x), float(width)) for x, width in found]

    rows = [("none", 0.0), ("skip_connect", -4.0), ("nor_conv_3x3", 8.0)]
    made = tuple(OperationScore(name, 0.1, 0.3, 50 - drop, 1.0, drop, None, 0.0) for name, drop in rows)
    head = {"baseline": Baseline(50.0, 1.0), "operations": made, "best": "nor_conv_3x3", "best_by_drop": "nor_conv_3x3"}
    zero, lower, higher = bars(replace(EDGE, **head, best_by_alpha="skip_connect"))
    assert zero[1] == 0 and higher[0] == zero[0] == pytest.approx(lower[0] + lower[1], abs=0.2)
    assert higher[1] == pytest.approx(2 * lower[1], abs=0.2)


def pictures(value: Any) -> list[str]:
    found = re.findall(r"base64,([^\"]+)", value._repr_html_())
    return [base64.b64decode(each).decode() for each in found]


def test_a_selection_shows_what_is_decided_and_what_is_not() -> None:
    drawn = cell_so_far(PARTIAL, "cell")
    assert [edge[:3] for edge in drawn.edges] == [("none", 0, 1), ("nor_conv_3x3", 1, 2)]
    assert drawn.undecided == ((0, 2), (0, 3), (1, 3), (2, 3))
    assert drawn.text.count("undecided from") == 4
    (picture,) = pictures(PARTIAL)
    assert picture.count(">?<") == 4 and f">{operation('nor_conv_3x3').label}<" in picture
    assert said(PARTIAL).startswith("Selection in nas-bench-201: 2 of 6 decisions taken")
    assert len(pictures(DARTS.start)) == 2 and pictures(DARTS.start)[0].count(">?<") == 14


def test_a_node_that_chose_its_inputs_loses_the_other_edges() -> None:
    selection = DARTS.start
    for edge in (2, 3, 4):
        selection = selection.discretize("normal", edge, "sep_conv_3x3")
    assert "inputs still to choose: normal node 3" in said(selection)
    drawn = cell_so_far(selection.keep_inputs("normal", 3, (2, 4)), "normal")
    assert [edge[:3] for edge in drawn.edges] == [("sep_conv_3x3", 0, 3), ("sep_conv_3x3", 2, 3)]
    assert len(drawn.undecided) == 11


def test_a_complete_selection_is_drawn_as_its_genotype() -> None:
    for cell in DARTS.space.cells:
        so_far, whole = cell_so_far(COMPLETE, cell), finished_cell(COMPLETE.genotype(), cell)
        assert (set(so_far.edges), so_far.undecided) == (set(whole.edges), ())
    assert pictures(COMPLETE) == pictures(COMPLETE.genotype()) and str(COMPLETE.genotype()) in said(COMPLETE)


def test_tables_hold_every_candidate_and_what_the_numbers_rest_on() -> None:
    frame = EDGE.to_frame()
    assert list(frame["operation"]) == [one.name for one in EDGE.operations]
    assert list(frame["drop"]) == [one.drop for one in EDGE.operations]
    assert list(zip(frame["ci_low"], frame["ci_high"], strict=True)) == [one.ci for one in EDGE.operations]
    assert set(frame["images"]) == {1024} and set(frame["bn"]) == {"batch"} and set(frame["verdict"]) == {"disagree"}
    assert frame.loc[frame["measurement_keeps"], "operation"].tolist() == [EDGE.best]
    assert frame.loc[frame["alpha_keeps"], "operation"].tolist() == [EDGE.best_by_alpha]
    assert without_intervals(EDGE, 64).to_frame()["ci_low"].isna().all()
    inputs = INPUTS.to_frame()
    assert tuple(inputs.loc[inputs["measurement_keeps"], "edge"]) == INPUTS.keep


def test_the_table_of_a_selection_says_what_is_open() -> None:
    frame = PARTIAL.to_frame()
    assert len(frame) == 30
    open_rows = frame[frame["decided"].isna()]
    assert set(open_rows["edge"]) == {1, 3, 4, 5}
    assert frame.loc[frame["decided"] == True, "operation"].tolist() == ["none", "nor_conv_3x3"]  # noqa: E712
    assert frame.groupby("edge")["weight"].sum().tolist() == pytest.approx([1.0] * 6)
    unknown = Selection(BENCH.space, {"cell": [[0.0] * 5] * 6}).to_frame()
    assert unknown["alpha"].isna().all() and unknown["alpha_keeps"].isna().all()
    genotype = COMPLETE.genotype().to_frame()
    assert [tuple(row) for row in genotype[genotype["cell"] == "normal"].values] == [
        ("normal", source, target, name) for name, source, target in COMPLETE.genotype().edges("normal")
    ]


@pytest.mark.parametrize("document", LABS, ids=[lab.experiment for lab in LABS])
def test_a_lab_says_its_claim_what_this_supernet_says_and_when_it_was_run(document: Document) -> None:
    lab, numbers, text = document.lab, document.numbers, said(document)
    assert text.startswith(f"{lab.title} · nas-bench-201: ")
    assert " ".join(lab.claim.split()) in text and " ".join(lab.verdict(numbers).split()) in text
    assert f"images · batch statistics · run {document.date[:10]}, CPU" in text
    assert all(each.what in text for each in lab.compared(numbers))
    frame, table = document.to_frame(), lab.rows(numbers)
    assert len(frame) == len(table) > 0 and set(frame["checkpoint"]) == {"nas-bench-201"}
    assert set(table[0]) <= set(frame) and {"images", "bn"} <= set(frame)
    assert rows(document)[0].items() >= dict(table[0]).items()


def test_a_lab_says_plainly_whether_this_supernet_agrees() -> None:
    words = {True: "agrees with the claim", False: "does not agree with the claim", None: "cannot tell"}
    found = {}
    for path in sorted(BUNDLED.glob("*/labs/*.json")):
        document = Document.from_json(path.read_text(encoding="utf-8"))
        agrees = document.lab.agrees(document.numbers)
        assert f"{document.checkpoint['name']}: {words[agrees]}" in said(document)
        found[agrees] = path
    assert len(found) > 1 and {lab.experiment for lab in LABS} <= set(registry.names())


def test_without_pandas_the_message_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(BadInput, match=r"pip install pandas") as raised:
        EDGE.to_frame()
    assert "\n" not in str(raised.value)
    assert len(rows(EDGE)) == len(EDGE.operations)


def test_what_nothing_draws_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"Baseline.*html\.register"):
        html(EDGE.baseline)
    with pytest.raises(TypeError, match=r"Baseline.*rows\.register"):
        rows(EDGE.baseline)


def test_what_draws_is_loaded_when_something_is_shown_and_needs_neither_torch_nor_pandas(root: Path) -> None:
    code = (
        "import sys; import engine; from engine.selection import parse_genotype\n"
        f"shown = parse_genotype({str(PARTIAL.alpha_path().genotype())!r})\n"
        "before = 'engine.notebook' in sys.modules\n"
        "print(before, shown._repr_html_()[:4], sorted({'torch', 'pandas'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert answer.stdout.strip() == "False <div []", answer.stderr
    assert engine.results.EdgeScores is EdgeScores

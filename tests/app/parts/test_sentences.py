"""Sentences about measurements: true to the numbers, and never more certain than they are."""

from dataclasses import replace

import pytest

from app.parts import sentences
from engine.results import Baseline, EdgeScores, InputScore, InputScores, OperationScore, Verdict
from engine.selection.selection import Selection
from engine.spaces import search_space

SPACE = search_space("nas-bench-201")
NAMES = SPACE.operations("cell", 0)
SKIP, CONV = NAMES.index("skip_connect"), NAMES.index("nor_conv_3x3")


def selection(*favourites: str) -> Selection:
    """Alphas that keep these operations on the six edges."""
    return Selection(SPACE, {"cell": [[float(name == favourite) for name in NAMES] for favourite in favourites]})


def scores(edge: int, verdict: Verdict, difference: float = 2.0, images: int = 512, noise: float = 1.0) -> EdgeScores:
    """Alpha keeps skip; a 3x3 convolution has the largest drop unless they agree. noise: half of an interval of one
    drop; with much of it the verdict is "indistinct" whatever was asked for."""
    best = "skip_connect" if verdict == "agree" else "nor_conv_3x3"
    drops = {"skip_connect": 0.5, best: 0.5 + difference}
    operations = tuple(
        OperationScore(name, 0.0, 0.2, 50.0, 1.0, drop, (drop - noise, drop + noise), 0.0)
        for name in NAMES
        for drop in [drops.get(name, 0.0)]
    )
    place = SPACE.edge("cell", edge)
    return EdgeScores(
        cell="cell",
        edge=edge,
        source=place.source,
        target=place.target,
        baseline=Baseline(50.0, 1.0),
        operations=operations,
        images=images,
        batch_size=64,
        bn="batch",
        criterion="accuracy",
        device="cpu",
        seconds=1.0,
        best_by_alpha="skip_connect",
        best_by_drop=best,
        best=best,
        difference=difference,
        difference_ci=None,
        lead_ci=(-0.9, difference + 2.9) if verdict == "too_close" else (0.1, difference + 1.9),
        separated=None,
        final=True,
    )


ALL_SKIP = selection(*["skip_connect"] * 6)


def test_the_headline_says_what_alpha_keeps_and_how_often_it_is_contradicted() -> None:
    found = {edge: scores(edge, "disagree" if edge < 2 else "agree") for edge in range(6)}
    assert (
        sentences.headline(ALL_SKIP, "cell", found) == "α keeps “skip” on all 6 edges; measurement contradicts it on 2"
    )
    fewer = {edge: found[edge] for edge in range(1, 6)}
    everywhere = {edge: scores(edge, "disagree") for edge in range(6)}
    assert sentences.headline(ALL_SKIP, "cell", fewer).endswith("; measurement contradicts it on 1 of 5 measured")
    assert sentences.headline(ALL_SKIP, "cell", everywhere).endswith("; measurement contradicts it on all 6")


def test_too_close_to_call_is_no_contradiction() -> None:
    found = {edge: scores(edge, "too_close") for edge in range(6)}
    assert sentences.headline(ALL_SKIP, "cell", found).endswith("; measurement contradicts it on none")
    assert sentences.too_close(found) == "6 are too close to call"
    assert sentences.disagreements(found) == []


def test_edges_that_are_not_measured_do_not_count_as_agreeing() -> None:
    assert sentences.headline(ALL_SKIP, "cell", {}).endswith("; nothing is measured")
    partly = {3: scores(3, "disagree"), 4: scores(4, "agree")}
    assert sentences.headline(ALL_SKIP, "cell", partly).endswith("; measurement contradicts it on 1 of 2 measured")


def test_the_headline_names_the_most_frequent_favourite_and_its_count() -> None:
    mixed = selection(*["avg_pool_3x3"] * 4, "none", "skip_connect")
    assert sentences.headline(mixed, "cell", {}).startswith("α keeps “avg pool 3×3” on 4 of 6 edges;")


def test_the_clearest_disagreement_comes_first_and_ties_go_by_edge() -> None:
    found = {
        0: scores(0, "disagree", 1.0),
        1: scores(1, "too_close", 9.0),
        2: scores(2, "disagree", 3.0),
        5: scores(5, "disagree", 3.0),
        3: scores(3, "agree"),
    }
    assert [each.edge for each in sentences.disagreements(found)] == [2, 5, 0]


def test_only_close_edges_are_counted() -> None:
    assert sentences.too_close({0: scores(0, "agree"), 1: scores(1, "disagree")}) is None
    assert sentences.too_close({0: scores(0, "agree"), 1: scores(1, "too_close")}) == "1 is too close to call"


def test_an_edge_is_told_as_its_verdict_says() -> None:
    assert sentences.edge_finding(scores(0, "agree")) == "α keeps “skip”, and removing it hurts most."
    close = sentences.edge_finding(scores(0, "too_close"))
    assert close == "“conv 3×3” leads “skip” by 2.0 [−0.9, 4.9] pts: these images do not separate the two."


def test_agreement_on_a_leader_that_is_not_told_apart_says_so() -> None:
    found = replace(scores(0, "agree"), lead_ci=(-0.9, 5.9))
    assert found.verdict == "agree" and not found.stands_out
    assert sentences.edge_finding(found) == (
        "α keeps “skip”, and removing it hurts most, by 2.5 [−0.9, 5.9] pts over “none”: not told apart."
    )


@pytest.mark.parametrize(("noise", "words"), [(1.0, "costs nothing measurable"), (0.1, "can spare it more easily")])
def test_a_harmless_favourite_is_told_apart_from_a_lesser_one(noise: float, words: str) -> None:
    sentence = sentences.edge_finding(scores(0, "disagree", 4.0, noise=noise))
    assert words in sentence and sentence.endswith("Removing “conv 3×3” hurts most.")


def test_without_an_interval_nothing_is_called_harmless() -> None:
    found = scores(0, "disagree", 4.0)
    found = replace(found, operations=tuple(replace(row, ci=None) for row in found.operations))
    assert "nothing measurable" not in sentences.edge_finding(found)


def test_where_every_interval_holds_zero_nothing_is_said_to_stand_out() -> None:
    for asked in ("agree", "too_close", "disagree"):
        found = scores(0, asked, 0.1, noise=5.0)
        assert found.verdict == "indistinct" and not found.stands_out
        assert sentences.edge_finding(found) == "No operation stands out: every interval holds zero on 512 images."
        assert sentences.too_close({0: found}) == "1 has nothing to tell apart"


def test_the_operation_none_cannot_be_read_as_a_word_of_the_sentence() -> None:
    silent = selection(*["none"] * 3, *["skip_connect"] * 3)
    assert sentences.headline(silent, "cell", {}).startswith("α keeps “none” on 3 of 6 edges;")


def test_alpha_that_is_unknown_is_no_opinion() -> None:
    flat = Selection(SPACE, {"cell": [[0.0] * len(NAMES)] * 6})
    found = {0: unknown(scores(0, "disagree")), 1: unknown(scores(1, "too_close"))}
    assert sentences.headline(flat, "cell", found) == (
        "α is unknown on every edge; measurement tells a best operation apart on 1 of 2"
    )
    assert "nothing is measured" in sentences.headline(flat, "cell", {})
    assert sentences.disagreements(found) == [] and sentences.too_close(found) is None
    assert sentences.edge_finding(found[0]).startswith("α is unknown. Removing “conv 3×3” hurts most:")
    partly = Selection(SPACE, {"cell": [[0.0] * len(NAMES)] * 5 + [[0.0, 1.0, 0.0, 0.0, 0.0]]})
    assert sentences.headline(partly, "cell", {}).startswith("α keeps “skip” on 1 of 6 edges;")


def unknown(found: EdgeScores) -> EdgeScores:
    rows = tuple(replace(row, alpha=None) for row in found.operations)
    return replace(found, operations=rows, best_by_alpha=None, difference=None, difference_ci=None)


def test_inputs_that_are_not_told_apart_are_said_with_their_numbers() -> None:
    drops = ((2, 0, 4.0), (3, 1, 2.0), (4, 2, 1.5))
    rows = tuple(InputScore(edge, at, 50.0 - drop, 1.0, drop, (drop - 1, drop + 1), 0.0) for edge, at, drop in drops)
    how = {"batch_size": 64, "bn": "batch", "criterion": "accuracy", "device": "cpu", "seconds": 1.0, "final": True}
    node = InputScores("normal", 3, Baseline(50.0, 1.0), rows, (2, 3), images=512, lead_ci=(-1.0, 2.0), **how)
    said = sentences.inputs_finding(node, search_space("s2"))
    assert said == "c_{k-1} leads node 0 by 0.5 [−1.0, 2.0] pts: these images do not separate the two."
    alike = replace(node, candidates=tuple(replace(row, ci=(-1.0, 5.0)) for row in rows))
    assert sentences.inputs_finding(alike, search_space("s2")).startswith("No input stands out")

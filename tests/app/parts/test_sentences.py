"""Sentences about measurements: true to the numbers, and never more certain than they are."""

from dataclasses import replace

import pytest

from app.parts import sentences
from engine.results import Baseline, EdgeScores, OperationScore, Verdict
from engine.selection.selection import Selection
from engine.spaces import search_space

SPACE = search_space("nas-bench-201")
NAMES = SPACE.operations("cell", 0)
SKIP, CONV = NAMES.index("skip_connect"), NAMES.index("nor_conv_3x3")


def selection(*favourites: str) -> Selection:
    """Alphas that keep these operations on the six edges."""
    return Selection(SPACE, {"cell": [[float(name == favourite) for name in NAMES] for favourite in favourites]})


def scores(edge: int, verdict: Verdict, difference: float = 2.0, images: int = 512, noise: float = 1.0) -> EdgeScores:
    """Alpha keeps skip; a 3x3 convolution has the largest drop unless they agree."""
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
        verdict=verdict,
        difference=difference,
        difference_ci=None,
        separated=None,
        final=True,
    )


ALL_SKIP = selection(*["skip_connect"] * 6)


def test_the_headline_says_what_alpha_keeps_and_how_often_it_is_contradicted() -> None:
    found = {edge: scores(edge, "disagree" if edge < 2 else "agree") for edge in range(6)}
    assert (
        sentences.headline(ALL_SKIP, "cell", found) == "α keeps skip on all 6 edges. Measurement contradicts it on 2."
    )


def test_too_close_to_call_is_no_contradiction() -> None:
    found = {edge: scores(edge, "too_close") for edge in range(6)}
    assert sentences.headline(ALL_SKIP, "cell", found).endswith("Measurement contradicts it on none.")
    assert sentences.too_close(found) == "6 are too close to call on 512 images; more images separate them."
    assert sentences.disagreements(found) == []


def test_edges_that_are_not_measured_do_not_count_as_agreeing() -> None:
    assert sentences.headline(ALL_SKIP, "cell", {}).endswith("Nothing is measured yet.")
    partly = {3: scores(3, "disagree"), 4: scores(4, "agree")}
    assert sentences.headline(ALL_SKIP, "cell", partly).endswith("contradicts it on 1 of 2 measured.")


def test_the_headline_names_the_most_frequent_favourite_and_its_count() -> None:
    mixed = selection(*["avg_pool_3x3"] * 4, "none", "skip_connect")
    assert sentences.headline(mixed, "cell", {}).startswith("α keeps avg pool 3×3 on 4 of 6 edges.")


def test_the_clearest_disagreement_comes_first_and_ties_go_by_edge() -> None:
    found = {
        0: scores(0, "disagree", 1.0),
        1: scores(1, "too_close", 9.0),
        2: scores(2, "disagree", 3.0),
        5: scores(5, "disagree", 3.0),
        3: scores(3, "agree"),
    }
    assert [each.edge for each in sentences.disagreements(found)] == [2, 5, 0]


@pytest.mark.parametrize("images", [512, 15_000])
def test_only_close_edges_are_counted_with_the_images_they_rest_on(images: int) -> None:
    assert sentences.too_close({0: scores(0, "agree"), 1: scores(1, "disagree")}) is None
    (one,) = [sentences.too_close({0: scores(0, "agree"), 1: scores(1, "too_close", images=images)})]
    assert one and one.startswith("1 is too close") and f"{images:,} images" in one


def test_an_edge_is_told_as_its_verdict_says() -> None:
    assert sentences.edge_finding(scores(0, "agree")) == "α keeps skip, and removing it hurts most."
    close = sentences.edge_finding(scores(0, "too_close"))
    assert "leans to conv 3×3" in close and "do not separate" in close


@pytest.mark.parametrize(("noise", "words"), [(1.0, "costs nothing measurable"), (0.1, "can spare it more easily")])
def test_a_harmless_favourite_is_told_apart_from_a_lesser_one(noise: float, words: str) -> None:
    sentence = sentences.edge_finding(scores(0, "disagree", 4.0, noise=noise))
    assert words in sentence and sentence.endswith("Removing conv 3×3 hurts most.")


def test_without_an_interval_nothing_is_called_harmless() -> None:
    found = scores(0, "disagree", 4.0)
    found = replace(found, operations=tuple(replace(row, ci=None) for row in found.operations))
    assert "nothing measurable" not in sentences.edge_finding(found)


def test_where_every_interval_holds_zero_nothing_is_said_to_stand_out() -> None:
    for verdict in ("agree", "too_close", "disagree"):
        assert sentences.edge_finding(scores(0, verdict, 0.1, noise=5.0)).startswith("No operation stands out")

"""Whether images are those that a supernet was trained on: one sentence that names both, at every door."""

from types import SimpleNamespace

import pytest

from engine.data.belonging import data_warning, differs, spec_for
from engine.data.load import load_data, scoring_batches
from engine.errors import BadInput


def test_what_is_not_known_to_differ_is_not_said_to() -> None:
    assert differs(None, "cifar10") is None and differs("cifar10", "cifar10") is None
    said = differs("svhn", "cifar10")
    assert said is not None and "svhn" in said and "cifar10, another data set" in said
    said = differs("cifar10", "photos")
    assert said is not None and "photos is not known to be" in said


def test_images_are_those_asked_for_or_the_bundled_ones_where_these_are_the_supernets_own() -> None:
    assert spec_for({"dataset": "svhn"}, "bundled") == "bundled"
    assert spec_for({"dataset": "cifar10"}, None) == spec_for(None, None) == spec_for({}, None) == "bundled"
    with pytest.raises(BadInput, match=r"svhn.*bundled images are of cifar10.*--data svhn, or --data bundled"):
        spec_for({"dataset": "svhn", "data": "/gone/svhn"}, None)
    with pytest.raises(BadInput, match=r"imagenet16-120.*--data imagenet16-120"):
        spec_for(SimpleNamespace(meta={"dataset": "imagenet16-120", "data": "/here/images"}), None)
    assert spec_for({"dataset": "photos", "data": "/here/photos"}, None) == "bundled", "what they are nobody knows"


def test_a_warning_names_both_data_sets_and_training_images_only_where_there_may_be_some() -> None:
    data = load_data("bundled")
    warning = data_warning(data, {"dataset": "svhn", "split": "svhn-halves"})
    assert warning is not None and "svhn" in warning and "cifar10" in warning and "training images" not in warning
    warning = data_warning(data, {"dataset": "photos", "split": "stratified-1"})
    assert warning is not None and "photos" in warning and "training images may be included" in warning
    assert data_warning(data, {"dataset": "photos", "split": "cifar10-halves"}) is None
    assert data_warning(data, {"dataset": None, "split": None}) is None


def test_scoring_batches_of_another_data_set_have_to_be_asked_for() -> None:
    checkpoint = {"dataset": "svhn", "classes": 10}
    with pytest.raises(BadInput, match="svhn"):
        scoring_batches(images=8, checkpoint=checkpoint)
    assert len(scoring_batches("bundled", images=8, checkpoint=checkpoint)[0][1]) == 8

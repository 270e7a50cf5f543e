"""A run's settings against those of the run in its folder."""

import pytest

from engine.runs.plan import difference

DEFAULTS = {"lr": 0.1, "settings": {"bn": "batch", "images": None}, "order": "random"}


def test_equal_plans_do_not_differ():
    assert difference(DEFAULTS, DEFAULTS, DEFAULTS) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({**DEFAULTS, "lr": 0.2}, "lr 0.1 (now 0.2)"),
        ({**DEFAULTS, "settings": {"bn": "running", "images": None}}, "settings.bn 'batch' (now 'running')"),
        ({**DEFAULTS, "order": "index", "lr": 1}, "lr 0.1 (now 1), order 'random' (now 'index')"),
        ({"lr": 0.1, "settings": DEFAULTS["settings"]}, "order 'random' (not known here)"),
    ],
)
def test_what_differs_is_named_with_both_values(asked, said):
    assert difference(DEFAULTS, asked, DEFAULTS) == said


def test_a_setting_that_an_older_record_lacks_had_its_default():
    older = {"lr": 0.1, "settings": {"bn": "batch"}}
    assert difference(older, DEFAULTS, DEFAULTS) is None
    assert difference(older, {**DEFAULTS, "order": "index"}, DEFAULTS) == "order 'random' (now 'index')"
    asked = {**DEFAULTS, "settings": {"bn": "batch", "images": 64}}
    assert difference(older, asked, DEFAULTS) == "settings.images None (now 64)"

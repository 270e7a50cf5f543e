"""What a link says of a visit: lessons and hiding, read and written, whatever somebody types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library.lessons import lessons
from app.state.visit import HIDING, KEYS, Visit, read, write

PLACES = [(name, step.key) for name, lesson in lessons().items() for step in lesson.steps]


@given(
    st.sampled_from([("", ""), *PLACES]),
    st.sets(st.sampled_from(list(HIDING))),
    st.booleans(),
)
def test_a_visit_is_read_back_as_it_was_written(place: tuple[str, str], hide: set[str], present: bool) -> None:
    visit = Visit(*place, tuple(word for word in HIDING if word in hide), present)
    assert read(write(visit)) == (visit, [])


@given(st.dictionaries(st.sampled_from(KEYS), st.text()))
def test_whatever_is_typed_is_read_or_said(params: dict[str, str]) -> None:
    visit, dropped = read(params)
    assert read(write(visit)) == (visit, [])
    assert all(sentence.endswith(".") for sentence in dropped)


def test_nothing_said_is_nothing_written() -> None:
    assert read({}) == (Visit(), []) and write(Visit()) == {}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"hide": "drop,truht"}, "no word 'truht'; did you mean truth?"),
        ({"hide": "zzz"}, "there are answers, drop, truth, path, train, upload"),
        ({"present": "yes"}, "write 1"),
        ({"lesson": "alfa"}, "did you mean alpha?"),
        ({"lesson": "alpha", "at": "numbers"}, "did you mean number?"),
    ],
)
def test_an_unknown_word_names_the_nearest(params: dict[str, str], said: str) -> None:
    visit, dropped = read(params)
    (sentence,) = dropped
    assert said in sentence and "truht" not in visit.hide
    assert read({"hide": "drop,truht"})[0].hide == ("drop",), "the others are used"

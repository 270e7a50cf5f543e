"""Lines and boxes: places on a line, what runs beside it, and where lines meet a box."""

import numpy as np
import pytest

from engine.drawing.geometry import Box, arrow, curve, parallels, path, point, spread, straight

LINE = np.array([straight((0, 10), (40, 10)), curve((40, 10), (100, 60), 30)])


def numbers(text: str) -> np.ndarray:
    return np.array(text.replace("M", " ").replace("C", " ").split(), float).reshape(-1, 2)


def test_a_line_of_several_pieces_is_walked_from_end_to_end() -> None:
    np.testing.assert_allclose(point(LINE, np.array([0.0, 0.25, 0.5, 1.0])), [(0, 10), (20, 10), (40, 10), (100, 60)])
    np.testing.assert_allclose(point(LINE, 0.75), (70, 35))


def test_path_text_holds_every_piece() -> None:
    np.testing.assert_allclose(numbers(path(LINE))[[0, 3, 6]], [(0, 10), (40, 10), (100, 60)])
    assert path(LINE).count("M") == path(LINE).count("C") == 1


@pytest.mark.parametrize("offset", [-8.0, 3.0])
def test_what_runs_beside_a_line_keeps_its_distance_and_its_joints(offset: float) -> None:
    beside = numbers(parallels(LINE, parts=2).path(offset))
    assert len(beside) == 1 + 3 * 2 * len(LINE)
    np.testing.assert_allclose(beside[[0, 6, -1]], np.array([(0, 10), (40, 10), (100, 60)]) - (0, offset), atol=0.06)
    for place, t in ((beside[3], 0.25), (beside[9], 0.75)):
        assert np.linalg.norm(place - point(LINE, t)) == pytest.approx(abs(offset), abs=0.1)
    np.testing.assert_allclose(numbers(parallels(LINE, parts=1).path(0)), numbers(path(LINE)), atol=0.06)


def test_lines_meet_a_box_in_the_order_of_where_they_lead() -> None:
    assert spread(100, [3.0, -1.0, 2.0], 10) == [110, 90, 100]
    assert spread(100, [1.0], 10) == [100] and spread(100, [], 10) == []


def test_a_box_holds_what_lies_inside_and_not_on_its_border() -> None:
    box = Box(10, 20, 8, 4)
    assert (box.left, box.right, box.top, box.bottom) == (6, 14, 18, 22)
    assert box.holds(np.array([(10, 20), (13.9, 21.9), (14, 20), (10, 17)])).tolist() == [True, True, False, False]


def test_an_arrow_ends_where_its_line_does() -> None:
    assert arrow(LINE, 8) == "M100.0 60.0l-8 -4v8z"

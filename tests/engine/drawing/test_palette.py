import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest
from colorspacious import cspace_convert

from engine.drawing import palette
from engine.drawing.palette import STYLES, THEMES, colour, contrast, ink, operation, roles
from engine.errors import BadInput
from engine.spaces import SPACES, search_space

# Smallest CAM02-UCS distance of any two operations, as the palette was optimised for.
DISTANCES = {
    "light": {"normal": 23.6, "deuteranomaly": 15.9, "protanomaly": 15.7, "tritanomaly": 12.8},
    "dark": {"normal": 18.1, "deuteranomaly": 16.5, "protanomaly": 18.1, "tritanomaly": 17.2},
}
DARTS = search_space("darts-none").operations("normal", 0)


def seen(theme: palette.Theme, vision: str) -> np.ndarray:
    """[operations, 3]: the DARTS palette in CAM02-UCS, through complete colour vision deficiency."""
    hexes = [colour(name, theme) for name in DARTS]
    colours = np.array([[int(value[start : start + 2], 16) / 255 for start in (1, 3, 5)] for value in hexes])
    if vision != "normal":
        space = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
        colours = np.clip(cspace_convert(colours, space, "sRGB1"), 0, 1)
    return cspace_convert(colours, "sRGB1", "CAM02-UCS")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", ["normal", "deuteranomaly", "protanomaly", "tritanomaly"])
def test_any_two_operations_stay_apart_for_every_kind_of_colour_vision(theme, vision):
    pairs = itertools.combinations(seen(theme, vision), 2)
    assert min(np.linalg.norm(first - second) for first, second in pairs) >= DISTANCES[theme][vision]


@pytest.mark.parametrize("name", SPACES)
def test_every_operation_of_every_space_has_a_style(name):
    space = search_space(name)
    for cell in space.cells:
        for edge in space.edges(cell):
            for offered in space.operations(cell, edge):
                assert operation(offered).name == offered


@pytest.mark.parametrize("name", SPACES)
def test_operations_of_one_space_differ_in_code_label_and_in_dash_or_width(name):
    space = search_space(name)
    offered = {
        operation for cell in space.cells for edge in space.edges(cell) for operation in space.operations(cell, edge)
    }
    styles = [operation(name) for name in offered]
    for key in (lambda s: s.code, lambda s: s.label, lambda s: s.marker, lambda s: (s.dash, s.width)):
        assert len({key(look) for look in styles}) == len(styles)


def test_operations_that_take_one_anothers_place_share_a_look():
    for first, second in (("sep_conv_3x3", "nor_conv_1x1"), ("sep_conv_5x5", "nor_conv_3x3")):
        assert operation(first)[3:] == operation(second)[3:]
        assert operation(first).code != operation(second).code
    assert colour("noise", "dark") == colour("none", "dark")


@pytest.mark.parametrize("theme", THEMES)
def test_graphics_have_contrast_three_and_text_four_and_a_half(theme):
    look = roles(theme)
    for ground in (look.background, look.surface):
        assert all(contrast(colour(name, theme), ground) >= 3 for name in STYLES)
        assert contrast(look.alpha, ground) >= 3
    for ground in (look.background, look.surface, look.band):
        assert all(contrast(text, ground) >= 4.5 for text in (look.text, look.muted, look.disagree, look.accent))
    assert all(contrast(ink(name, theme), colour(name, theme)) >= 4.5 for name in STYLES)


def test_contrast_knows_black_on_white():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_and_the_figures_share_their_colours(root: Path, theme):
    config = tomllib.loads((root / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"][theme]
    look = roles(theme)
    assert (config["backgroundColor"], config["secondaryBackgroundColor"]) == (look.background, look.surface)
    assert (config["textColor"], config["borderColor"], config["primaryColor"]) == (look.text, look.border, look.accent)
    assert sorted(config["chartCategoricalColors"]) == sorted(colour(name, theme) for name in DARTS)


def test_operations_of_ones_own_get_a_look_apart_from_all_others():
    own = [operation(name) for name in ("conv_7x7", "my_conv", "gated_unit")]
    for key in (lambda s: s.code, lambda s: s.marker, lambda s: s.dash, lambda s: s.light, lambda s: s.dark):
        assert not {key(look) for look in own} & {key(look) for look in STYLES.values()}
        assert len({key(look) for look in own}) == len(own)
    assert own == [operation(look.name) for look in own]
    assert own[0].label == "conv 7x7"
    for theme in THEMES:
        assert all(contrast(colour(look.name, theme), roles(theme).background) >= 3 for look in own)


def test_what_cannot_be_an_operations_name_is_bad_input():
    with pytest.raises(BadInput, match=r"letters, digits and _, not 'conv 7×7'"):
        operation("conv 7×7")

"""Colours and signs of the candidate operations, the same wherever one is drawn.

OperationStyle       colours, code, dash, marker and pattern of a candidate operation
STYLES               operation name -> OperationStyle, for every operation of every space
operation            the style of an operation, by name
styles               the table, with those of operations of one's own among the ones in use
colour               the colour of an operation in a theme
ink                  the letter colour that reads best on an operation's colour
Roles, roles         colours that are not operations: text, alpha, disagreement, selection, ...
THEMES               "light" and "dark"
line                 of one of several runs, a colour and a dash
luminance, contrast  of colours, as WCAG 2 defines them

Hue is the family (blue separable, green dilated, brown and amber pooling, magenta skip, grey none), lightness the
kernel (lighter = small). Colour is never the only channel: code, dash, marker and pattern say the same.
"""

import zlib
from collections.abc import Iterable
from threading import Lock
from typing import Literal, NamedTuple

from engine.spaces.operations import described

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


class OperationStyle(NamedTuple):
    """How one candidate operation is drawn. `dash` is an SVG dash array ("" = solid), `width` a stroke width factor."""

    name: str
    code: str
    label: str
    light: str
    dark: str
    dash: str
    plotly_dash: str
    marker: str
    pattern: str
    width: float


STYLES: dict[str, OperationStyle] = {
    style.name: style
    for style in (
        OperationStyle("none", "NO", "none", "#898C84", "#8C8D8F", "2 3", "dot", "x-thin", "", 1.0),
        OperationStyle("noise", "NZ", "noise", "#898C84", "#8C8D8F", "2 8", "2px,8px", "x-thin", "", 1.0),
        OperationStyle("skip_connect", "SK", "skip", "#B74F9B", "#F5B5F5", "", "solid", "diamond", ".", 0.6),
        OperationStyle(
            "max_pool_3x3", "MP", "max pool 3×3", "#662620", "#C4481A", "6 3 2 3", "dashdot", "triangle-up", "x", 1.0
        ),
        OperationStyle(
            "avg_pool_3x3",
            "AP",
            "avg pool 3×3",
            "#7C5500",
            "#DA8C0B",
            "12 3 2 3",
            "longdashdot",
            "triangle-down",
            "+",
            1.0,
        ),
        OperationStyle("sep_conv_3x3", "S3", "sep 3×3", "#0A8AE8", "#2198FF", "", "solid", "circle", "", 1.0),
        OperationStyle("sep_conv_5x5", "S5", "sep 5×5", "#053E68", "#2A78A0", "", "solid", "circle-open", "/", 1.5),
        OperationStyle("dil_conv_3x3", "D3", "dil 3×3", "#54992C", "#B9F45B", "6 4", "dash", "square", "-", 1.0),
        OperationStyle(
            "dil_conv_5x5", "D5", "dil 5×5", "#106C5A", "#62E4B5", "12 4", "longdash", "square-open", "\\", 1.0
        ),
        # NAS-Bench-201's convolutions take the place, and so the look, of the DARTS family's separable ones.
        OperationStyle("nor_conv_1x1", "C1", "conv 1×1", "#0A8AE8", "#2198FF", "", "solid", "circle", "", 1.0),
        OperationStyle("nor_conv_3x3", "C3", "conv 3×3", "#053E68", "#2A78A0", "", "solid", "circle-open", "/", 1.5),
    )
}


# For operations of one's own: light, dark, dash, the same for plotly, marker.
_SPARE = (
    ("#6F42C1", "#B79CFF", "8 2", "8px,2px", "star"),
    ("#C2185B", "#FF7FB0", "4 2 1 2", "4px,2px,1px,2px", "pentagon"),
    ("#00796B", "#4FD1C5", "3 3", "3px,3px", "hexagon"),
    ("#6B6A00", "#D6CF4A", "10 2 2 2 2 2", "10px,2px,2px,2px,2px,2px", "cross"),
    ("#B23A00", "#FF9A62", "1 2", "1px,2px", "bowtie"),
    ("#2F4F9E", "#9DB7FF", "16 3", "16px,3px", "octagon"),
    ("#8E2442", "#F08CA0", "5 5", "5px,5px", "star-square"),
    ("#3D6B1F", "#A6D66B", "9 3 1 3", "9px,3px,1px,3px", "hourglass"),
)
_taken: dict[str, OperationStyle] = {}
_lock = Lock()


def operation(name: str) -> OperationStyle:
    """The style of a candidate operation; one of somebody's own gets the next free one, starting from a place that its
    name says. Raises BadInput for what cannot be an operation's name."""
    if name in STYLES:
        return STYLES[name]
    spec = described(name)
    with _lock:
        if name not in _taken:
            used = {style.marker for style in _taken.values()}
            start = zlib.crc32(name.encode())
            turns = [_SPARE[(start + step) % len(_SPARE)] for step in range(len(_SPARE))]
            light, dark, dash, plotly_dash, marker = next((one for one in turns if one[-1] not in used), turns[0])
            _taken[name] = OperationStyle(name, spec.code, spec.label, light, dark, dash, plotly_dash, marker, "|", 1.0)
        return _taken[name]._replace(code=spec.code, label=spec.label)


def styles(used: Iterable[str]) -> dict[str, OperationStyle]:
    """The table, and the styles of operations of somebody's own among those used, by name."""
    return {**STYLES, **{name: operation(name) for name in sorted(used)}}


def colour(name: str, theme: Theme) -> str:
    """The colour of an operation, "#RRGGBB"."""
    style = operation(name)
    return style.dark if theme == "dark" else style.light


class Roles(NamedTuple):
    """Colours that are not operations, "#RRGGBB"."""

    text: str
    muted: str
    background: str
    surface: str
    border: str
    grid: str
    alpha: str
    disagree: str
    accent: str
    band: str
    pattern: str


_ROLES: dict[Theme, Roles] = {
    "light": Roles(
        text="#14171F",
        muted="#5C6370",
        background="#FFFFFF",
        surface="#F4F5F7",
        border="#DADDE3",
        grid="#E6E8ED",
        alpha="#808A9C",
        disagree="#A8480C",
        accent="#2F5BD7",
        band="#E9EDFB",
        pattern="#FFFFFF",
    ),
    "dark": Roles(
        text="#F0F2F6",
        muted="#A3ABBA",
        background="#0E1117",
        surface="#1A1D24",
        border="#2B303B",
        grid="#262B35",
        alpha="#8A94A8",
        disagree="#F0A35A",
        accent="#809FFF",
        band="#1F2738",
        pattern="#101418",
    ),
}


def roles(theme: Theme) -> Roles:
    """The colours of a theme that are not operations."""
    return _ROLES[theme]


_LINES: dict[Theme, tuple[str, ...]] = {
    "light": ("#1B4F9C", "#B3541E", "#4C6B00", "#7A3E9D", "#00696B", "#A3195B", "#4A4F5A", "#7A5F00"),
    "dark": ("#8FB4FF", "#FFB07A", "#B7DA5C", "#D9A8F5", "#62D6D8", "#FF94C2", "#C8CCD4", "#EBCB57"),
}
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "6px,2px,2px,2px", "9px,3px")


def line(place: int, theme: Theme) -> tuple[str, str]:
    """Colour and plotly dash of one of several lines that are no operations: no two of eight are alike in either."""
    return _LINES[theme][place % 8], _DASHES[place % 8]


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB", 0 (black) to 1 (white), as WCAG 2 defines it."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ink(name: str, theme: Theme) -> str:
    """White or near black, whichever is easier to read on the operation's colour."""
    ground = colour(name, theme)
    return max(("#FFFFFF", "#101418"), key=lambda letter: contrast(letter, ground))

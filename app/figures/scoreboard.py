"""Who is right? How often each score names the truly best operation, and how its ranking agrees with the truth.

ScoreboardInfo, ScoreboardRow   what is drawn
scoreboard_info                 from the agreements of scores with the truth
draw_scoreboard                 an HTML table that follows the page's theme
"""

from collections.abc import Sequence
from typing import NamedTuple

from engine.drawing import wording
from engine.results import Agreement


class ScoreboardRow(NamedTuple):
    """One score. hits: by edge, None where the score does not know the edge. share: the correlation's bar, 0 to 1."""

    name: str
    hits: tuple[bool | None, ...]
    correlation: float
    is_baseline: bool

    @property
    def hit_count(self) -> str:
        known = [hit for hit in self.hits if hit is not None]
        return f"{sum(known)} of {len(known)}"

    @property
    def share(self) -> float:
        return max(0.0, min(1.0, self.correlation))


class ScoreboardInfo(NamedTuple):
    """edges: names of the undecided edges, in the order of every row's hits."""

    edges: tuple[str, ...]
    rows: tuple[ScoreboardRow, ...]


NAMES = {"alpha": "α", "drop": "drop", "prior": "kind alone"}


def scoreboard_info(agreements: Sequence[Agreement], edges: Sequence[tuple[int, str]]) -> ScoreboardInfo:
    """edges: (index, name) of the undecided edges."""
    rows = []
    for each in agreements:
        known = dict(zip(each.edges, each.hits, strict=True))
        hits = tuple(known.get(edge) for edge, _ in edges)
        rows.append(ScoreboardRow(NAMES[each.score], hits, each.mean, each.score == "prior"))
    return ScoreboardInfo(tuple(name for _, name in edges), tuple(rows))


def draw_scoreboard(info: ScoreboardInfo, correlation: str = "rank correlation") -> str:
    """The table. A filled box with a tick is a hit, an empty one with a cross a miss. correlation: as HTML."""
    head = f"<tr><th></th><th scope='col'>names the truly best</th><th scope='col' colspan='2'>{correlation}</th></tr>"
    return f"<table class='scoreboard'>{head}{''.join(_row(info, row) for row in info.rows)}</table>"


def _row(info: ScoreboardInfo, row: ScoreboardRow) -> str:
    boxes = "".join(_box(name, hit) for name, hit in zip(info.edges, row.hits, strict=True))
    kind = " class='baseline'" if row.is_baseline else ""
    return (
        f"<tr{kind}><th scope='row'>{row.name}</th>"
        f"<td><span class='hits'>{boxes}</span><b>{row.hit_count}</b></td>"
        f"<td class='track'><span><i style='width:{100 * row.share:.0f}%'></i></span></td>"
        f"<td><b>{wording.number(row.correlation, 2)}</b></td></tr>"
    )


_SIGNS = {True: ("hit", "right", "✓"), False: ("miss", "wrong", "×"), None: ("open", "not scored", "–")}


def _box(edge: str, hit: bool | None) -> str:
    kind, word, sign = _SIGNS[hit]
    said = f"{wording.plain(edge)}: {word}"
    return f"<span class='{kind}' role='img' aria-label='{said}' title='{said}'>{sign}</span>"

"""How often each operation wins an edge over several edge orders, with alpha's choice marked.

OrderWins, EdgeWins   what is drawn
order_wins            from the summary of some orders
plot_order_wins       the plotly figure
"""

from typing import NamedTuple

from app.figures.frame import Figure, Margin, axis, empty_figure, figure, label, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.selecting.summary import Orders
from engine.selection.selection import Selection
from engine.spaces import SearchSpace


class EdgeWins(NamedTuple):
    """One edge. wins: (operation, orders that decided for it), the most frequent first; kept: orders that keep it.

    alpha: its choice, None where it is unknown.
    """

    edge: int
    name: str
    wins: tuple[tuple[str, int], ...]
    kept: int
    alpha: str | None


class OrderWins(NamedTuple):
    """rows: edges of one cell by index. orders: how many there are."""

    rows: tuple[EdgeWins, ...]
    orders: int

    @property
    def unanimous(self) -> int:
        """Edges on which all orders end alike."""
        return sum(len(row.wins) == 1 for row in self.rows)


def order_wins(space: SearchSpace, cell: str, orders: Orders, alpha: Selection) -> OrderWins:
    """One cell of a summary. alpha: a selection with the alphas that the orders began with."""
    rows = []
    for edge, wins, kept in zip(space.edges(cell), orders.wins[cell], orders.kept[cell], strict=True):
        names = space.operations(cell, edge)
        ranked = sorted(wins.items(), key=lambda win: (-win[1], names.index(win[0])))
        best = alpha.best_by_alpha(cell, edge)
        rows.append(EdgeWins(edge.index, space.cell(cell).edge_name(edge), tuple(ranked), kept, best))
    return OrderWins(tuple(rows), len(orders.genotypes))


_ROW = 30
_MARGIN = Margin(118, 118, 24, 4)
_BAR = 0.74
_ROOM, _ROOM_FOR_COUNT = 0.1, 0.2  # shares of the orders below which a segment has no room for its code, for a count


class _Segment(NamedTuple):
    """An operation's part of a row's bar."""

    place: int
    begun: int
    wins: int


def plot_order_wins(info: OrderWins, theme: Theme) -> Figure:
    """A stacked bar for every edge; at its right end alpha's choice, and in how many orders it wins."""
    if not info.orders:
        return empty_figure("no order is stored", theme)
    look, count = palette.roles(theme), len(info.rows)
    over = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 4, "xanchor": "left"}
    annotations = [
        label("orders by operation", 0, 1, look.muted, **over),
        label("α's choice wins", 1, 1, look.muted, xshift=8, **over),
    ]
    segments: dict[str, list[_Segment]] = {}
    for place, row in enumerate(info.rows):
        begun = 0
        for name, wins in row.wins:
            segments.setdefault(name, []).append(_Segment(place, begun, wins))
            if wins / info.orders >= _ROOM:
                counts = _ROOM_FOR_COUNT <= wins / info.orders < 1
                text = f"<b>{palette.operation(name).code}</b>" + (f" {wins}" if counts else "")
                ground = {"bgcolor": palette.colour(name, theme), "borderpad": 1}
                annotations.append(label(text, begun + wins / 2, place, palette.ink(name, theme), **ground))
            begun += wins
        left = {"xref": "paper", "xanchor": "left", "xshift": -_MARGIN.left + 4}
        right = {"xref": "paper", "xanchor": "left", "xshift": 8, "font": small(look.text)}
        annotations.append(label(wording.subscripts(row.name), 0, place, look.text, **left))
        annotations.append(label(_by_alpha(row, info.orders), 1, place, look.text, **right))
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        [_bars(name, found, info, theme) for name, found in segments.items()],
        barmode="overlay",
        xaxis=axis(0, info.orders),
        yaxis=axis(count - 0.5, -0.5),
        annotations=annotations,
    )


def _by_alpha(row: EdgeWins, orders: int) -> str:
    kept = f" · kept {row.kept}" if row.kept < orders else ""
    if row.alpha is None:
        return f"α unknown{kept}"
    return f"○ {palette.operation(row.alpha).code} {dict(row.wins).get(row.alpha, 0)} of {orders}{kept}"


def _bars(name: str, segments: list[_Segment], info: OrderWins, theme: Theme) -> dict:
    """All segments of one operation as one trace."""
    look = palette.roles(theme)
    pattern = {"shape": palette.operation(name).pattern, "fillmode": "overlay", "fgcolor": look.pattern}
    line = {"width": 1, "color": look.background}
    return {
        "type": "bar",
        "orientation": "h",
        "base": [segment.begun for segment in segments],
        "x": [segment.wins for segment in segments],
        "y": [segment.place for segment in segments],
        "width": _BAR,
        "marker": {
            "color": palette.colour(name, theme),
            "line": line,
            "pattern": {**pattern, "fgopacity": 0.55, "size": 7},
        },
        "hovertext": [
            f"{wording.subscripts(info.rows[segment.place].name)}<br>"
            f"{palette.operation(name).label} in {segment.wins} of {info.orders} orders"
            for segment in segments
        ],
        "hoverinfo": "text",
    }

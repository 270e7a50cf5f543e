"""How a training goes: accuracy and loss after every epoch, and the mixing weights of every edge.

Curves, curves_info, plot_curves              from a run's log
Trajectories, trajectories_info, plot_trajectories   from the alphas of every epoch, an edge a small figure
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.selection.alphas import Alphas
from engine.spaces import SearchSpace


class Curves(NamedTuple):
    """By epoch. accuracy and loss of the training batches, and of the supernet on search images (%, nats)."""

    epochs: int
    train_accuracy: tuple[float, ...]
    search_accuracy: tuple[float, ...]
    train_loss: tuple[float, ...]
    search_loss: tuple[float, ...]
    images: int | None = None

    @property
    def summary(self) -> str:
        """e.g. "after epoch 14 of 30: train 61.0 %, search 57.0 % on 2,048 images"."""
        if not self.search_accuracy:
            return "no epoch is finished"
        on = f" on {wording.count(self.images)} images" if self.images else ""
        train, search = self.train_accuracy[-1], self.search_accuracy[-1]
        return (
            f"after epoch {len(self.search_accuracy)} of {self.epochs}: train {wording.percent(train)}, "
            f"search {wording.percent(search)}{on}"
        )


def curves_info(log: Sequence[Mapping[str, Any]], epochs: int) -> Curves:
    """log: an object per finished epoch."""
    search = [line["search"]["batch"] for line in log]
    return Curves(
        epochs,
        tuple(line["train_accuracy"] for line in log),
        tuple(found["accuracy"] for found in search),
        tuple(line["train_loss"] for line in log),
        tuple(found["loss"] for found in search),
        search[-1]["images"] if search else None,
    )


_CURVES = Margin(44, 92, 24, 22)


def plot_curves(info: Curves, theme: Theme) -> Figure:
    """Accuracy above, loss below; search drawn through, training dashed, both named at their ends."""
    if not info.search_accuracy:
        return empty_figure("no epoch is finished yet", theme)
    look = palette.roles(theme)
    traces, annotations = [], []
    places = {"y": (info.train_accuracy, info.search_accuracy), "y2": (info.train_loss, info.search_loss)}
    for axis, (train, search) in places.items():
        for name, values, dash, color in (("train", train, "dot", look.muted), ("search", search, "solid", look.text)):
            epochs = list(range(1, len(values) + 1))
            line = {"color": color, "width": 2, "dash": dash}
            shown = [rounded(value) for value in values]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers" if len(values) == 1 else "lines",
                    "x": epochs,
                    "y": shown,
                    "yaxis": axis,
                    "line": line,
                    "marker": {"color": color, "size": 5},
                    "hovertemplate": f"epoch %{{x}}: {name} %{{y}}<extra></extra>",
                }
            )
            end = f"{name} {values[-1]:.1f}" if axis == "y" else f"{name} {values[-1]:.2f}"
            is_train_above = train[-1] > search[-1]
            up = 8 if is_train_above == (name == "train") else -8  # away from each other, however near they end
            more = {"yref": axis, "xanchor": "left", "xshift": 6, "yshift": up, "font": small(color)}
            annotations.append(label(end, len(values), values[-1], color, **more))
    over = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": -_CURVES.left + 4}
    annotations.append(label("<b>accuracy, %</b>", 0, 1, look.text, **over, yshift=4))
    annotations.append(label("<b>loss</b>", 0, 0.4, look.text, **over, yshift=4))
    ticks = {"fixedrange": True, "zeroline": False, "gridcolor": look.border, "nticks": 4}
    tick = {"tickfont": {"size": TICK, "color": look.muted}}
    return figure(
        theme,
        300,
        _CURVES,
        traces,
        xaxis={"range": [0.7, info.epochs + 0.3], "fixedrange": True, "showgrid": False, "zeroline": False, **tick},
        yaxis={"domain": [0.6, 1], **ticks, **tick},
        yaxis2={"domain": [0, 0.4], "anchor": "x", **ticks, **tick},
        annotations=annotations,
    )


class Trajectory(NamedTuple):
    """One edge. weights: [epochs, operations]; best: the operation that alpha prefers in the end, None if unknown."""

    name: str
    operations: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    best: str | None


class Trajectories(NamedTuple):
    """Mixing weights of the edges of one cell type, by epoch."""

    epochs: int
    edges: tuple[Trajectory, ...]

    @property
    def summary(self) -> str:
        """e.g. "after 14 epochs α prefers skip on 5, conv 3×3 on 1 of 6 edges"."""
        last = [edge.best for edge in self.edges if edge.best]
        if not last:
            return "no epoch is finished"
        counts = {name: last.count(name) for name in dict.fromkeys(last)}
        ranked = sorted(counts.items(), key=lambda item: -item[1])
        wins = ", ".join(f"{palette.operation(name).label} on {count}" for name, count in ranked)
        return f"after {len(self.edges[0].weights)} epochs α prefers {wins} of {len(self.edges)} edges"


def trajectories_info(space: SearchSpace, cell: str, past: Sequence[Alphas], epochs: int) -> Trajectories:
    """past: the alphas after every epoch so far."""
    weights = [alphas.weights(cell) for alphas in past]
    edges = []
    for edge in space.edges(cell):
        names = tuple(space.operations(cell, edge))
        rows = tuple(tuple(each[edge.index, : len(names)].tolist()) for each in weights)
        best = past[-1].best(cell, edge.index) if past else None
        edges.append(Trajectory(space.cell(cell).edge_name(edge), names, rows, best))
    return Trajectories(epochs, tuple(edges))


_ROW = 118
_FILLED = {3: 0.9, 5: 0.72}
"""Columns -> share of their width that a small figure fills; beside it stands the leader's name."""
_MARGIN = Margin(8, 34, 6, 6)


def plot_trajectories(info: Trajectories, theme: Theme) -> Figure:
    """A small figure for every edge, all on one scale; the skip connection is drawn broad, the leader named."""
    if not info.edges or not info.edges[0].weights:
        return empty_figure("no epoch is finished yet", theme)
    look = palette.roles(theme)
    most = 3 if len(info.edges) <= 6 else 5
    columns = min(most, len(info.edges))
    rows = math.ceil(len(info.edges) / columns)
    values = [value for edge in info.edges for row in edge.weights for value in row]
    low, high = min(values), max(values)
    room = max(0.02, 0.08 * (high - low))
    traces, annotations, axes = [], [], {}
    for place, (name, names, weights, best) in enumerate(info.edges):
        number = "" if place == 0 else str(place + 1)
        row, column = divmod(place, columns)
        left, top = column / columns, 1 - row / rows
        axes[f"xaxis{number}"] = _box(
            [left, left + _FILLED[most] / columns], [0.5, info.epochs + 0.5], f"y{number}", look
        )
        axes[f"yaxis{number}"] = _box(
            [top - 0.82 / rows, top - 0.16 / rows], [low - room, high + room], f"x{number}", look
        )
        for index, operation in enumerate(names):
            traces.append(_line(operation, [row[index] for row in weights], number, name, theme))
        if best is not None:
            ends = {"xref": f"x{number}", "yref": f"y{number}", "xanchor": "left", "xshift": 3}
            code, height = f"<b>{palette.operation(best).code}</b>", weights[-1][names.index(best)]
            annotations.append(label(code, len(weights), height, palette.colour(best, theme), **ends))
        head = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "font": small(look.muted)}
        short = name.replace("node ", "")  # as the graph calls them: whole names would lie on each other
        annotations.append(label(wording.subscripts(short), left, top, look.muted, **head))
    return figure(theme, _ROW * rows, _MARGIN, traces, annotations=annotations, **axes)


def _box(domain: list[float], reach: list[float], anchor: str, look: Any) -> dict:
    fixed = {"fixedrange": True, "zeroline": False, "showgrid": False, "showticklabels": False, "ticks": ""}
    frame = {"showline": True, "mirror": True, "linecolor": look.border, "linewidth": 1}
    bounds = [rounded(max(0.0, domain[0])), rounded(min(1.0, domain[1]))]
    return {"domain": bounds, "range": [rounded(each) for each in reach], "anchor": anchor, **fixed, **frame}


def _line(name: str, weights: Sequence[float], number: str, edge: str, theme: Theme) -> dict:
    look = palette.operation(name)
    width = 3 if name == "skip_connect" else 1.5
    stroke = {"color": palette.colour(name, theme), "width": width, "dash": look.plotly_dash}
    hover = f"{wording.subscripts(edge)}<br>{look.label}, epoch %{{x}}: %{{y:.3f}}<extra></extra>"
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(weights) == 1 else "lines",
        "x": list(range(1, len(weights) + 1)),
        "y": [rounded(weight) for weight in weights],
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "line": stroke,
        "marker": {"color": stroke["color"], "size": 5},
        "hovertemplate": hover,
    }

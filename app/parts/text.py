"""What every page writes alike: headings, figures, the columns of a table, and how a measurement is labelled.

title        page heading and the line under it
heading      a card's title
notes        what an import of a supernet could not know
chart        a plotly figure
TRUE, true_values   columns of a table with true accuracies
provenance   a measurement's images, BN mode, source
literal      text from a file, for Markdown
"""

import json
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.figures.frame import Figure
from app.library import image_sets
from app.parts import status
from app.state import keys, session
from app.work.questions import Measurement
from engine.checkpoint.format import Summary
from engine.drawing import wording
from engine.results import Lookup

if TYPE_CHECKING:
    from plotly.graph_objs import Figure as Checked


PRESENTED = 1.3
"""How much higher figures are before a room."""
FIRST = 0.55
"""Seconds that a visitor's first chart waits: it has the browser read all of plotly, in which time nothing else is
drawn. So what came before it is seen after 1.3 seconds and not 2.5, and the chart itself hardly later."""
HEAD = 56
"""Pixels above a plot that its head and the button take which saves it, one below the other."""
_TAG = re.compile(r"<.*?>")


def title(heading: str, line: str, said: str = "", *, before: str = "") -> None:
    """The page's finding and the line under it, both as HTML. Changes are spoken; said, before: what is spoken after
    and before."""
    st.html(
        f'<h1 class="finding">{wording.subscripts(heading)}</h1><p class="finding-line">{wording.subscripts(line)}</p>'
    )
    status.say(before, f"{_TAG.sub('', heading)}.", said)


def heading(name: str, line: str = "") -> None:
    """A card's title with a quieter line beside it."""
    beside = f"<span>{wording.subscripts(line)}</span>" if line else ""
    st.html(f'<div class="card-title"><h2>{wording.subscripts(name)}</h2>{beside}</div>')


def notes(summary: Summary) -> None:
    """What an import of this supernet could not know, beside its numbers; nothing for one that was trained here."""
    if found := summary.meta.get("notes"):
        st.caption(f"Imported: {' · '.join(literal(str(note)) for note in found)}")


def chart(figure: Figure, *, key: str, alt: str, save: tuple[str, str] | None = None, **selection: Any) -> None:
    """A plotly figure as it was drawn, in the project's own theme and without a tool bar. alt: what it says, in words.

    save: name and format ("svg", "png") of the file that a button on the figure saves; None: there is no such button.
    selection: `on_select` and `selection_mode`, where its points can be chosen.
    """
    config: dict[str, Any] = {"displayModeBar": False}
    if save is not None:
        name, format = save
        options = {"filename": name, "format": format, "scale": 2 if format == "png" else 1}
        buttons = {"modeBarButtons": [["toImage"]], "toImageButtonOptions": options}
        config = {"displayModeBar": True, "displaylogo": False, **buttons}
        figure = _with_room_above(figure)
    if session.is_presented():
        figure = _larger(figure)
    if not keys.CHARTED.is_set:
        keys.CHARTED.set(True)
        time.sleep(FIRST)
    st.plotly_chart(_checked(json.dumps(figure)), theme=None, config=config, key=key, alt=alt, **selection)


def _with_room_above(figure: Figure) -> Figure:
    """For the button that saves it: it lies over what stands there."""
    layout = dict(figure["layout"])
    more = max(0, HEAD - layout["margin"]["t"])
    layout["margin"] = {**layout["margin"], "t": layout["margin"]["t"] + more}
    layout["height"] = layout["height"] + more
    return {**figure, "layout": layout}


def _larger(figure: Figure) -> Figure:
    """Higher, as for a room."""
    layout = dict(figure["layout"])
    if isinstance(height := layout.get("height"), int | float):
        layout["height"] = round(height * PRESENTED)
    return {**figure, "layout": layout}


@lru_cache(maxsize=256)
def _checked(figure: str) -> "Checked":
    """The figure as plotly has read it: that takes longer than all else, and most charts are drawn again unchanged."""
    from plotly import graph_objs

    class Read(graph_objs.Figure):
        """It gives what it was read as, for which plotly would copy all of it each time. Nobody changes that."""

        def to_dict(self) -> dict[str, Any]:
            return plain

    read = Read(json.loads(figure))
    plain = graph_objs.Figure.to_dict(read)
    return read


TRUE = {
    "true %": st.column_config.NumberColumn(format="%.2f", help="CIFAR-10 after 200 epochs of training"),
    "rank": st.column_config.NumberColumn(format="localized", help="of 15,625 cells"),
}


def true_values(found: Lookup | None) -> dict[str, object]:
    """What these columns hold of a finished NAS-Bench-201 cell."""
    return {"true %": found and found.cifar10, "rank": found and found.rank["cifar10"]}


def provenance(measurement: Measurement) -> str:
    """e.g. "1,024 images · batch statistics · live, 0.8 s, CPU"."""
    found = measurement.result
    stored = measurement.date if measurement.source == "stored" else None
    images = image_sets.name_of([measurement.data])
    return wording.provenance(found.images, found.bn, found.device, found.seconds, stored, images)


def literal(text: str) -> str:
    """Text from a file as text: no sign in it is Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+.!|<>~$:&-])", r"\\\1", text)

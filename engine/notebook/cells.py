"""Selections and genotypes as pictures of their cells, drawn as on the page and in files (`engine.drawing`)."""

from collections.abc import Iterable
from html import escape

from engine.drawing.finished_cell import FinishedCell, cell_so_far, cell_types, finished_cell
from engine.drawing.finished_svg import image
from engine.notebook.paper import LOOK, html, sheet
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection


@html.register
def selection(value: Selection) -> str:
    """The cells as decided so far; of a complete selection the genotype, as it is decoded."""
    space = value.space
    title = f"Selection in {space.name}: {value.steps_done} of {space.steps} decisions taken"
    if value.is_complete:
        return sheet(title, _genotype(value.decoded()), value.replaced_none)
    notes = ["dashed lines with ? are undecided edges"] if any(map(value.undecided_edges, space.cells)) else []
    nodes = [f"{cell} node {node}" for cell in space.cells for node in value.open_nodes(cell)]
    if nodes:
        notes.append(f"inputs still to choose: {', '.join(nodes)}")
    return sheet(title, _pictures(cell_so_far(value, cell) for cell in space.cells), notes)


@html.register
def genotype(value: Genotype) -> str:
    return sheet(f"Genotype of {value.space.name} cells", _genotype(value))


def _genotype(value: Genotype) -> Iterable[str]:
    yield from _pictures(finished_cell(value, cell) for cell in cell_types(value))
    style = (
        f"display:block;margin-top:6px;padding:6px 8px;border-radius:6px;font-size:12px;white-space:pre-wrap;"
        f"overflow-wrap:anywhere;background:{LOOK.surface};color:{LOOK.text}"
    )
    yield f'<code style="{style}">{escape(str(value))}</code>'


def _pictures(cells: Iterable[FinishedCell]) -> Iterable[str]:
    drawn = list(cells)
    for cell in drawn:
        if len(drawn) > 1:
            yield f'<div style="color:{LOOK.muted};margin-top:8px">{escape(cell.cell)}</div>'
        yield f'<div style="margin-top:6px">{image(cell, "light")}</div>'

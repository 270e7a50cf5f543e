"""Results as a notebook shows them: a table with bars and intervals, a picture of the cell, a table of numbers.

html    one HTML element of any shown value
frame   a `pandas.DataFrame` of it
rows    the same as plain rows, which need no pandas

By module: `scores` draws measurements and estimates, `cells` selections and genotypes, `labs` what labs found; `paper`
is the ground under all of them, `rows` the tables. A further result inherits `engine.results.shown.Shown` and registers
itself with both functions (`@html.register`, `@rows.register`), which go by the type of what they get.
"""

from engine.notebook import cells, labs, scores  # they register what they draw
from engine.notebook.paper import html
from engine.notebook.rows import frame, rows

__all__ = ["cells", "frame", "html", "labs", "rows", "scores"]

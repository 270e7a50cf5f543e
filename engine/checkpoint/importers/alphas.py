"""Alphas in foreign files.

find_alphas    the alphas that a file or a state_dict holds, by cell type
read_alphas    the alphas in files of their own: logs, arrays, pickles, lists
GivenAlphas    what it returns
NAMES          what tensors of alphas are called in a state_dict

By module: `logs` reads what programs printed, `arrays` files of NumPy, `alpha_forms` plain values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.checkpoint.importers.alpha_forms import UNKNOWN, in_mapping, in_words, named_cell, tables_in, unreadable
from engine.checkpoint.importers.logs import BENCH, PAIRS, Printed, read_log
from engine.checkpoint.importers.reading import Foreign
from engine.errors import BadInput
from engine.selection.mixing import Mixing

Table = NDArray[np.float64]
Shares = Literal["", "softmax", "unit"]

BY_CELL = {
    "normal": ("alphas_normal", "alphas.normal", "alpha.normal", "alpha_normal"),
    "reduce": ("alphas_reduce", "alphas.reduce", "alpha.reduce", "alpha_reduce"),
    "cell": ("alphas.cell", "alpha.cell", "_arch_parameters", "arch_parameters"),
}
TOGETHER = ("alpha", "alphas", "_arch_parameters", "arch_parameters")
"""Where all alphas are one value: a list by cell type, a mapping, or the one tensor of NAS-Bench-201."""
NAMES = frozenset(name for names in BY_CELL.values() for name in names) | set(TOGETHER)
LISTED = {1: ("cell",), 2: ("normal", "reduce")}
PRINTED_ZERO = 2.5e-5
"""What stands for a weight that was printed as 0.0000: half of what would be rounded to that."""
STORED_ZERO = 1e-12
OFF_ONE = 0.02
"""How far rows of rounded weights may be from adding up to 1."""


@dataclass(frozen=True, eq=False)
class GivenAlphas:
    """Alphas of files beside the one with the weights.

    final: cell type -> [E, K]. history: cell type -> [T, E, K], of T epochs in order, the last of them final; None
    where only one state is known. shares: what the numbers were before they became alphas: mixing weights of a
    softmax, "unit" where all of them lie between 0 and 1 and may be anything of that range, else "". rounded: they were
    printed with few digits. notes: sentences on where they are from and what was assumed.
    """

    final: dict[str, Table]
    history: dict[str, Table] | None
    notes: tuple[str, ...]
    shares: Shares = ""
    rounded: bool = False

    def mapped(self, change: Callable[[Table], Table]) -> "GivenAlphas":
        """The same with something done to every table [E, K]."""
        final = {cell: change(rows) for cell, rows in self.final.items()}
        history = self.history and {cell: np.stack([*map(change, rows)]) for cell, rows in self.history.items()}
        return replace(self, final=final, history=history)

    def under(self, mixing: Mixing) -> "GivenAlphas":
        """What these numbers are where a search mixed in this way; one that mixed by sigmoid prints these."""
        if mixing == "sigmoid" and self.shares == "unit":
            said = "all alphas given lie between 0 and 1, so they were taken as mixing weights after the sigmoid"
            return replace(self.mapped(lambda rows: np.log(rows) - np.log1p(-rows)), notes=(*self.notes, said))
        if mixing == "dirichlet" and self.shares == "softmax":
            said = (
                "the Dirichlet mean depends on the constant that the softmax has lost: every row was taken to have "
                "mean 0; a log that prints concentrations, or the alphas themselves, would say"
            )
            return replace(self, notes=(*self.notes, said))
        return self

    def ending_with(self, own: Mapping[str, Table], file: str) -> "GivenAlphas":
        """A history that ends with exact alphas, those of the file with the weights, which was saved after it."""
        before = self.history or {cell: rows[None] for cell, rows in self.final.items()}
        if {cell: rows.shape for cell, rows in self.final.items()} != {cell: rows.shape for cell, rows in own.items()}:
            return self
        same = all(
            np.abs(_softmax(rows) - _softmax(own[cell])).max(initial=0) < 1e-3 for cell, rows in self.final.items()
        )
        history = {
            cell: np.concatenate([rows[:-1] if same else rows, own[cell][None]]) for cell, rows in before.items()
        }
        said = f"the final alphas are those of {file}, which are exact; " + (
            "the log printed the same last" if same else "the log printed others last, so they follow as a last epoch"
        )
        return replace(self, final=dict(own), history=history, notes=(*self.notes, said), rounded=False)


def find_alphas(content: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Raw alphas by cell type as they are stored, unchecked; None where there are none."""
    for key in TOGETHER:
        value = content.get(key)
        if isinstance(value, Mapping) and value:
            return find_alphas(value) or {str(cell): rows for cell, rows in value.items()}
        if isinstance(value, list | tuple) and len(value) in LISTED:
            return dict(zip(LISTED[len(value)], value, strict=True))
    found = {}
    for cell, names in BY_CELL.items():
        value = next((content[name] for name in (*names, cell) if name in content), None)
        if value is not None:
            found[cell] = value
    if not found and getattr(content.get("alpha"), "ndim", 0) == 2:
        found["cell"] = content["alpha"]
    return found or {cell or "cell": rows[-1] for cell, rows in in_mapping(content)} or None


def read_alphas(files: Sequence[Foreign]) -> GivenAlphas:
    """The alphas in files of their own: one for all cell types, or one for each.

    Numbers whose rows each add up to 1 can only be mixing weights after a softmax, as the search programs print them.
    Their logarithms, with mean 0, mix the same: softmax forgets what is added to a whole row.
    Raises BadInput where there are none, where a cell type is missing, and where two files differ on one.
    """
    assert files
    parts = [_part(file) for file in files]
    tables: dict[str, tuple[str, Table]] = {}
    unnamed: list[tuple[str, Table]] = []
    for file, part in zip(files, parts, strict=True):
        for cell, table in part.tables:
            if cell == UNKNOWN:
                unnamed.append((file.name, table))
            elif cell in tables and not np.array_equal(tables[cell][1], table):
                raise BadInput(f"{tables[cell][0]} and {file.name} hold different alphas of {cell}; give one of them")
            else:
                tables.setdefault(cell, (file.name, table))
    notes = [note for part in parts for note in part.notes]
    notes += _name(unnamed, tables)
    if set(tables) & {"normal", "reduce"} and (lacking := {"normal", "reduce"} - set(tables)):
        have = next(iter(tables))
        raise BadInput(
            f"{tables[have][0]} holds the alphas of {have} alone; give the file with those of {lacking.pop()} too "
            "(--alphas may be given several times)"
        )
    history = {cell: table for cell, (_, table) in tables.items()}
    if len({len(rows) for rows in history.values()}) > 1:
        notes.append("the cell types have histories of different lengths, which were left out")
        history = {cell: rows[-1:] for cell, rows in history.items()}
    rounded = any(part.rounded for part in parts)
    history, shares, said = _logits(history, rounded)
    epochs = len(next(iter(history.values())))
    return GivenAlphas(
        final={cell: rows[-1] for cell, rows in history.items()},
        history=history if epochs > 1 else None,
        notes=(*notes, *said),
        shares=shares,
        rounded=rounded,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """What one file holds. tables: (cell type or UNKNOWN, [T, E, K])."""

    tables: list[tuple[str, Table]]
    notes: tuple[str, ...]
    rounded: bool = False


def _part(file: Foreign) -> _Part:
    if isinstance(text := file.content.get("text"), str) and file.kind == "text":
        prints, concentrated = read_log(text)
        if prints:
            return _printed(file.name, prints, concentrated)
        if (table := _plain_table(text)) is None:
            raise BadInput(
                f"{file.name} is a text without alphas: no matrices of {PAIRS} rows (DARTS) or {BENCH} "
                "(NAS-Bench-201) are printed in it; give the log that the search printed, with its tensors"
            )
        found = tables_in(table)
    else:
        found = tables_in(file.content)
    if not found and (wrong := unreadable(file.content)):
        raise BadInput(f"{file.name}: {wrong} holds no numbers in rows of equal length; give edges by operations")
    if not found:
        raise BadInput(
            f"no alphas were recognised in {file.name}, which holds {in_words(file.content)}; give a matrix of edges "
            'by operations for every cell type, such as {"normal": rows, "reduce": rows}'
        )
    hint = named_cell(_stem(file.name))
    if len(found) == 1 and found[0][0] == UNKNOWN and hint is not None and hint[0] != UNKNOWN:
        found = [(hint[0], found[0][1])]
    epochs = max(len(table) for _, table in found)
    more = f", of {epochs} epochs" if epochs > 1 else ""
    return _Part(found, (f"alphas from {file.name}{more}",))


def _stem(name: str) -> str:
    """What a file's name says of a cell type: "run7-normal.npy" says normal."""
    words = {cell for cell in ("normal", "reduce") if cell[:5] in name.lower()}
    return words.pop() if len(words) == 1 else ""


def _printed(name: str, prints: list[Printed], concentrated: bool) -> _Part:
    cells = prints[-1].tables
    notes = []
    first, last = prints[0].epoch, prints[-1].epoch
    if len(prints) > 1:
        which = f", epoch {first} to {last} of the log," if first is not None and last is not None else ""
        notes.append(f"alphas from the log {name}: {len(prints)} printings{which} are the history, the last is final")
    else:
        notes.append(f"alphas from the log {name}, which printed them once")
    if concentrated:
        notes.append("the log prints concentrations (DrNAS), from which alphas follow exactly, to the printed digits")
    tables = [(cell, np.stack([each.tables[cell] for each in prints])) for cell in cells]
    return _Part(tables, tuple(notes), rounded=True)


def _plain_table(text: str) -> list[list[float]] | None:
    """A text that is a table of numbers and nothing else, as np.savetxt writes it."""
    lines = [line for line in text[:200_000].splitlines() if line.strip() and not line.startswith("#")]
    try:
        rows = [[float(number) for number in line.replace(",", " ").split()] for line in lines]
    except ValueError:
        return None
    return rows or None


def _name(unnamed: list[tuple[str, Table]], tables: dict[str, tuple[str, Table]]) -> list[str]:
    """Give tables without a cell type the one that is left; says how."""
    if not unnamed:
        return []
    if len(unnamed) == 1 and unnamed[0][1].shape[1] != PAIRS and not tables:
        tables["cell"] = unnamed[0]
        return []
    free = [cell for cell in ("normal", "reduce") if cell not in tables]
    if len(unnamed) != len(free):
        name, table = unnamed[0]
        raise BadInput(
            f"{name} holds one matrix of {table.shape[1]} by {table.shape[2]}, and nothing says of which cell type; "
            "put normal or reduce into its name, and give both files"
        )
    for cell, given in zip(free, unnamed, strict=True):
        tables[cell] = given
    pairs = " and ".join(f"{name} as {cell}" for cell, (name, _) in zip(free, unnamed, strict=True))
    return [f"nothing says which cell type is whose: taken in the order given, {pairs}"]


def _logits(history: dict[str, Table], rounded: bool) -> tuple[dict[str, Table], Shares, list[str]]:
    """Alphas from what may be mixing weights: their logarithms with mean 0."""
    flat = np.concatenate([rows.ravel() for rows in history.values()])
    if not np.isfinite(flat).all() or flat.min() < 0:
        return history, "", []
    sums = np.concatenate([rows.sum(-1).ravel() for rows in history.values()])
    if np.abs(sums - 1).max() > OFF_ONE:
        return history, "unit" if flat.min() > 0 and flat.max() < 1 else "", []
    zero = PRINTED_ZERO if rounded else STORED_ZERO
    logits = {}
    for cell, rows in history.items():
        logarithms = np.log(np.maximum(rows, zero))
        logits[cell] = logarithms - logarithms.mean(-1, keepdims=True)
    notes = [
        "every row of the alphas adds up to 1, so they were taken as mixing weights, and back to alphas up to a "
        "constant in each row" + (", as exact as the printed digits" if rounded else "")
    ]
    if zeros := int((flat < zero).sum()):
        notes.append(f"{zeros} weights of 0 were taken as {zero:g}")
    return logits, "softmax", notes


def _softmax(rows: Table) -> Table:
    powers = np.exp(rows - rows.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)

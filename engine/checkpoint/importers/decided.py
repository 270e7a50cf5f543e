"""A selection that another program has begun, as decisions.

begun   the decisions in a darts-pt file of the selection phase
"""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import BadInput
from engine.selection.decisions import OperationDecision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

FIRST_NODE = 3
"""Their node 0 of the topology stage: the first node with more than two inputs."""


def begun(file: str, stored: Mapping[str, Any], start: Selection) -> tuple[Selection, list[str]]:
    """The selection as far as the file has it, and notes on what the file cannot say.

    The file says what is decided, not in which order: operations come first, by edge, then the inputs that nodes
    keep. An edge that lost its node's choice has no operation left in the file; it gets the one that alpha prefers,
    which changes nothing. Raises BadInput for contents of another form.
    """
    try:
        return _replayed(stored, start)
    except BadInput as error:
        raise BadInput(f"{file} holds a selection that is not legal ({error}); take another epoch of it") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        raise BadInput(
            f"{file} holds a selection in a form that is not known ({error!r}); give its search file"
        ) from None


def _replayed(stored: Mapping[str, Any], start: Selection) -> tuple[Selection, list[str]]:
    space, selection = start.space, start
    unknown = []
    for cell in space.cells:
        undecided, rows = (_of(stored[key], cell).tolist() for key in ("candidate_flags", "proj_weights"))
        for edge in space.edges(cell):
            if undecided[edge.index]:
                continue
            row = rows[edge.index]
            if max(row) > 0:
                operation = space.operations(cell, edge)[row.index(max(row))]
            else:
                operation = start.best_by_alpha(cell, edge) or space.eligible(cell, edge)[0]
                unknown.append(f"{edge.index} ({cell})")
            selection = selection.decide(OperationDecision(cell, edge.index, operation))
    for cell in space.cells:
        for node, edges in _kept(space, stored, cell):
            selection = selection.keep_inputs(cell, node, edges)
    notes = [f"the selection had begun: {selection.steps_done} of {space.steps} decisions are taken"]
    if unknown:
        notes.append(f"edges {', '.join(unknown)} are discarded, and the file no longer says with which operation")
    return selection, notes


def _of(stored: Any, cell: str) -> Any:
    """What is stored for a cell type; of NAS-Bench-201, which has one, it is stored without its name."""
    return stored[cell] if isinstance(stored, Mapping) else stored


def _kept(space: SearchSpace, stored: Mapping[str, Any], cell: str) -> Iterable[tuple[int, list[int]]]:
    flags = stored["candidate_flags_edge"][cell].tolist() if space.has_topology else []
    for number, undecided in enumerate(flags):
        if not undecided:
            yield FIRST_NODE + number, [int(edge) for edge in stored["nid2selected_eids"][cell][number]]

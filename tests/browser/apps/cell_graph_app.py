"""A page with nothing but the clickable cell graph and what it reports, for tests/browser/test_cell_graph.py.

Its query string chooses the space, the cell type, the strands' measure, how much has been measured and decided.
"""

import streamlit as st

from app.figures.cell_graph import cell_graph_info
from app.figures.edge_names import parse_edge_id
from app.parts.cell_graph import cell_graph
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.app.cell_graph_samples import sample_scores, sample_weights

st.set_page_config(layout="wide")
query = st.query_params
space = search_space(query.get("space", "nas-bench-201"))
cell = query.get("cell", space.cells[0])
weights = sample_weights(space, cell)
scores = sample_scores(space, cell, weights)
measured = int(query.get("measured", len(scores)))

selection = Selection(space, {name: [[0.0] * space.shape(name)[1]] * space.shape(name)[0] for name in space.cells})
for number in range(int(query.get("decided", 0))):
    selection = selection.discretize(cell, number, scores[number].best)
for node in selection.open_nodes(cell):
    entering = space.cell(cell).entering(node)
    selection = selection.keep_inputs(cell, node, (entering[0].index, entering[-1].index))

state = st.session_state
state.setdefault("log", [])
state.setdefault("runs", 0)
state.setdefault("focus", int(query["focus"]) if "focus" in query else None)
state.runs += 1


def choose(chosen: str | None) -> None:
    state.log.append(chosen)
    state.focus = parse_edge_id(space, chosen)[1] if chosen else None


drawn = cell_graph_info(
    space,
    cell,
    alphas=weights,
    scores={edge: score for edge, score in scores.items() if edge < measured},
    selection=selection,
    focus=state.focus,
    measure=state.get("measure") or query.get("measure", "drop"),
    isolate=query.get("isolate"),
)
if "hostile" in query:
    drawn["nodes"][0]["name"] = "<img src=x onerror=alert(1)>"

with st.container(width=int(query.get("width", 600)), border=True, key="card"):
    st.markdown("**The cell**")
    reported = cell_graph(drawn, key="graph", on_select=choose)

st.segmented_control("Strands", ["alpha", "drop", "both"], key="measure", default=query.get("measure", "drop"))
st.button("Rerun", shortcut="ArrowDown" if "shortcut" in query else None)
st.code(f"log={state.log} reported={reported!r} runs={state.runs}", language=None)

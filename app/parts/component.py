"""The page's own components: what the browser draws itself, in helpers and colours that all of them share.

component   a Streamlit component from a .js and a .css file

`component.js` and `component.css` stand before each component's own, so that it is one text without imports.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_SHARED = Path(__file__).with_suffix(".js"), Path(__file__).with_suffix(".css")


def component(folder: Path) -> Callable[..., Any]:
    """What draws into an element of the class "cell-graph", where the folder is named cell_graph and holds
    cell_graph.js and cell_graph.css."""
    js, css = (
        "\n".join(file.read_text(encoding="utf-8") for file in (shared, folder / f"{folder.name}{shared.suffix}"))
        for shared in _SHARED
    )
    html = f'<div class="own {folder.name.replace("_", "-")}"></div>'
    return st.components.v2.component(f"supernet_explorer_{folder.name}", html=html, css=css, js=js)

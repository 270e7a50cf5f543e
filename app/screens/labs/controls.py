"""What a lab is run with, and the run: settings, estimate, progress, Cancel.

asked      what the page asks: the lab's settings as the visitor has them; None where they cannot be used
run_line   the button, or in its place the run
"""

import types
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import streamlit as st

from app.parts import text
from app.screens.labs.shown import Found
from app.state import keys
from app.state.page import PageState
from app.work import lab_runs
from app.work.threads import process_threads
from engine.analysis.lab import Lab
from engine.drawing import wording
from engine.errors import BadInput
from engine.fields import About, described

HIDDEN = ("data", "plugin")
"""Settings that are no control: the images are the sidebar's, and a plug-in is code of this machine."""


def asked(page: PageState, lab: Lab[Any, Any]) -> lab_runs.Asked | None:
    """Draw the controls. A value that cannot be used is a message."""
    decisions = page.start.decisions
    if page.decisions != decisions:
        as_it_came = "as it came" if decisions else "undecided"
        begin = st.segmented_control(
            "Begin with",
            [as_it_came, "your decisions"],
            default=as_it_came,
            required=True,
            key=keys.LAB_BEGIN.name,
            help="The weights stay those of the checkpoint, without any tuning",
            label_visibility="collapsed",
        )
        decisions = page.decisions if begin == "your decisions" else decisions
    with st.popover("Settings"):
        values = {
            name: _widget(lab, name, about)
            for name, about in described(lab.settings).items()
            if name not in (*HIDDEN, *lab.idle)
        }
    try:
        _check_names(values.get("runs"))
        return lab_runs.Asked(lab.name, page.summary, lab.settings(data=page.data, **values), decisions)
    except BadInput as problem:
        st.error(text.literal(str(problem)), icon=":material/error:")
        return None


def _check_names(runs: str | None) -> None:
    """On the command line they may be folders. Raises BadInput for what is no name: a visitor reads none of those."""
    for name in (runs or "").split(","):
        if name.strip() != Path(name.strip()).name and name.strip():
            raise BadInput(f"{name.strip()} is no name of a run that lies beside this one; name one of those")


def _widget(lab: Lab[Any, Any], name: str, about: About) -> Any:
    """One setting by its type."""
    field = next(each for each in fields(lab.settings) if each.name == name)
    default: Any = None if field.default is MISSING else field.default
    kind, key = get_type_hints(lab.settings)[name], keys.LAB_SETTING.of(f"{lab.name}-{name}").name
    words = name.replace("_", " ").capitalize()
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    if get_origin(kind) is Literal:
        options = list(get_args(kind))
        return st.selectbox(words, options, index=options.index(default), key=key, help=about.help)
    if kind is bool:
        return st.toggle(words, default, key=key, help=about.help)
    if kind in (int, float):  # all of a widget's numbers are of one type
        low, high = (None if end is None else kind(end) for end in (about.least, about.most))
        how: dict[str, Any] = {"step": 1} if kind is int else {"format": "%g"}
        return st.number_input(words, low, high, kind(default), **how, key=key, help=about.help)
    return st.text_input(words, default or "", key=key, help=about.help, max_chars=300)


def run_line(
    lab: Lab[Any, Any], asked: lab_runs.Asked | None, run: lab_runs.LabRun | None, found: Found | None
) -> None:
    """The button with an estimate; while the run goes on, how far it is."""
    if run is not None and run.running:
        status = run.status
        left = "" if status.remaining is None else f", about {wording.duration(status.remaining)} left"
        label = text.literal(wording.plain(status.label or "starting"))
        st.progress(status.share, f"{100 * status.share:.0f} %{left} · {label}")
        st.button("Cancel", on_click=run.stop, key="lab-cancel", help="What is measured is kept")
        return
    goes_on = run is not None and run.document is None and run.partial is not None
    again = found is not None and found.source != "sweep"
    label = "Go on" if goes_on else "Run again" if again else "Run"
    seconds = None if asked is None else lab.seconds(asked.settings, asked.summary)
    about = "" if seconds is None else f" (about {wording.duration(seconds / process_threads())})"
    is_done = run is not None and run.document is not None
    other = lab_runs.active()
    st.button(
        f"{label}{about}",
        type="primary",
        on_click=_launch,
        args=(asked,),
        disabled=asked is None or is_done or other is not None,
        help="It has been run with these settings: the result is below"
        if is_done
        else "Another lab is running; it can be begun when that has ended"
        if other
        else None,
        key="lab-run-button",
    )
    if run is not None and run.problem:
        st.error(text.literal(run.problem), icon=":material/error:")


def _launch(asked: lab_runs.Asked) -> None:
    """In a callback; a refusal is a message."""
    try:
        lab_runs.launch(asked)
    except BadInput as problem:
        st.toast(text.literal(str(problem)), icon=":material/warning:")

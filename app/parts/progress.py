"""Work in progress, where it was asked for.

progress_line   how far a job is, in words
running         a pressed button's place while its work goes on: how far it is, what is left, and Cancel
work_button     a button that starts work, or in its place that work
measure_button  the same for one measurement
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.state.actions import Actions
from app.work.job import Job
from app.work.jobs import Place
from app.work.questions import Measurement, Request
from engine.drawing import wording

NOTHING = Place()


def progress_line(job: Job, place: Place = NOTHING, taken: Measurement | None = None, wanted: int | None = None) -> str:
    """e.g. "640 of 4,096 images, 19 s left, by turns with 2 others". place: what goes on beside it. taken: what it
    measures just now, of the images `wanted`."""
    if place.ahead:
        return f"{place.ahead} ahead of you"
    return f"{_how_far(job, taken, wanted)}{_by_turns(place.beside)}"


def _by_turns(others: int) -> str:
    return "" if not others else f", by turns with {others} other{'s' if others > 1 else ''}"


def _how_far(job: Job, taken: Measurement | None, wanted: int | None) -> str:
    if job.status == "queued":
        return "about to start"
    if not job.total:
        return "starting"
    left = "" if job.remaining is None else f", {wording.duration(job.remaining)} left"
    if taken is not None and wanted is not None:
        return f"{wording.count(taken.images)} of {wording.count(wanted)} images{left}"
    if job.unit == "%":
        return f"{job.done * 100 // job.total} %{left}"
    return f"{job.done} of {job.total} {job.unit}{left}"


def running(job: Job, do: Actions, key: str, taken: Measurement | None = None, wanted: int | None = None) -> None:
    """Draw it, as high as a button; key: of this place on the page."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"running-{key}"):
        st.progress(job.share, text=progress_line(job, do.ask.place(job), taken, wanted))
        st.button("Cancel", key=f"cancel-{key}", on_click=do.cancel, args=(job,))


def work_button(
    label: str, job: Job | None, do: Actions, start: Callable[..., None], *args: object, key: str, **more: Any
) -> None:
    """job: the work it stands for, while that goes on. start, args: what a press does. more: of `st.button`."""
    if job is not None:
        running(job, do, key)
    else:
        st.button(label, on_click=start, args=args, disabled=do.ask.busy, key=key, **more)


def measure_button(
    label: str, request: Request, do: Actions, start: Callable[..., None], *args: object, key: str
) -> None:
    """A `work_button` for what a request asks and nobody has measured."""
    job, ask = do.ask.job(request), do.ask
    if job is not None:
        running(job, do, key, ask.preliminary(request), ask.wanted(request, None))
    else:
        work_button(label, None, do, start, *args, key=key)

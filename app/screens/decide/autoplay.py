"""Auto-play: decisions taken one after the other by alpha or by measurement, until somebody does anything.

play      begin it
advance   one look at it: take the next decision when it is due
"""

import time

from app.screens.decide.actions import Deciding
from app.state import keys
from engine.scoring.paths import decision_of


def play(deciding: Deciding, who: str) -> None:
    """Begin, in a callback. who: "alpha" or "measured"."""
    deciding.run.playing, deciding.run.played = who, time.monotonic()
    deciding.run.focus(None)


def advance(deciding: Deciding) -> bool:
    """Take the next decision when it is due. True when something was decided, or nothing is left to decide."""
    run, step, ask = deciding.run, deciding.step, deciding.ask
    if run.playing is None:
        return False
    if step.place is None:
        deciding.pause()
        return True
    if time.monotonic() - run.played < float(keys.SPEED.get(1.0)):
        return False
    found, is_measured = step.measurement, run.playing == "measured"
    if deciding.page.untuned or (is_measured and (found is None or found.partial)):
        if not ask.busy:
            deciding.measure_this()
        return False
    by, decision = "α", step.suggested.get("α")
    if is_measured and step.final is not None:
        by, decision = "measured", decision_of(step.final)
    if decision is None:
        deciding.pause()
        return True
    run.played = time.monotonic()
    deciding.take(decision, by)
    if is_measured or deciding.page.untuned:
        deciding.measure_next()
    return True

"""Auto-play: decisions taken one after the other by alpha or by measurement, until somebody does anything.

Playing   what the Decide page adds to its view for this
"""

import time

import streamlit as st

from app.screens.decide.view import Deciding
from engine.selection.decisions import InputsDecision, OperationDecision


class Playing(Deciding):
    """A view that plays. Every other callback pauses it."""

    def play(self, who: str) -> None:
        self.state.playing, self.state.played = who, time.monotonic()
        self._change(edge=None)

    def advance(self) -> bool:
        """One look at a running auto-play: take the next decision when it is due. True when something was decided."""
        if self.playing is None:
            return False
        if self.step is None:
            self.pause()
            return True
        if time.monotonic() - self.state.played < float(st.session_state.get("play-speed", 1.0)):
            return False
        if self.untuned:
            if not self.busy:
                self.measure_this_step()
            return False
        found, is_measured = self.step_measurement, self.playing == "measured"
        if is_measured and (found is None or found.partial):
            if not self.busy:
                self.measure_this_step()
            return False
        by, decision = "α", self.suggested()["α"]
        if is_measured and found is not None:
            by = "measured"
            if self.step.kind == "edge":
                decision = OperationDecision(self.step.cell, self.step.index, found.edge.best)
            else:
                decision = InputsDecision(self.step.cell, self.step.index, found.inputs.keep)
        self.state.played = time.monotonic()
        self._take(decision, by)
        if is_measured or self.untuned:
            self.measure_step()
        return True

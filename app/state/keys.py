"""Everything that a session holds by name: the one table of the keys of `st.session_state`.

Key      a name, who writes it, and what it stands for; reads and writes the value
TABLE    all of them

Owners: "run" is kept for each run, "session" for the visit, and a "widget" writes its own key, under which it is drawn
(`key=keys.CELL.name`); the value of a "visitor" key, a widget's or not, is found again the next time the visitor comes
(`app.state.memory`). A widget that nobody else reads needs no entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

    from app.parts.upload_many import Outcome
    from app.parts.upload_wizard import Check
    from app.screens.compare.address import Sides
    from app.screens.labs.address import Choice
    from app.state.address import Address
    from app.state.live import Beside
    from app.state.memory import Kept
    from app.state.opened import Opened
    from app.state.run import RunState
    from app.state.visit import Visit
    from engine.selecting.hand_in import Answer

Owner = Literal["run", "session", "widget", "visitor"]
V = TypeVar("V")


@dataclass(frozen=True)
class Key(Generic[V]):
    """One key. name: as Streamlit knows it; "{}" in it is filled by `of`, where several widgets of a kind are drawn."""

    name: str
    owner: Owner
    meaning: str

    def of(self, part: str) -> "Key[V]":
        """The key of one widget of its kind."""
        return replace(self, name=self.name.format(part))

    def get(self, default: V) -> V:
        """The value, or `default` where there is none (which is not stored)."""
        found: V = st.session_state.get(self.name, default)
        return found

    def kept(self, make: Callable[[], V]) -> V:
        """The value; where there is none, one is made and stored."""
        if self.name not in st.session_state:
            st.session_state[self.name] = make()
        found: V = st.session_state[self.name]
        return found

    def set(self, value: V) -> None:
        """Store a value. That of a widget can be set in a callback only, or before the widget is drawn."""
        st.session_state[self.name] = value

    def drop(self) -> None:
        """Forget the value, if there is one."""
        st.session_state.pop(self.name, None)

    @property
    def is_set(self) -> bool:
        return self.name in st.session_state


# What the sidebar chooses; run, cell, budget and data stand in the address too, the last three as widgets' own
# (`app.state.url.CONTEXT`)
RUN: Key[str] = Key("run", "widget", "the supernet on screen, as the catalog names it")
CELL: Key[str | None] = Key("cell", "widget", "the cell type on screen")
BUDGET: Key[str] = Key("budget", "widget", "images per measurement, a name of url.BUDGETS")
DATA: Key[str | None] = Key("data", "widget", "whose images are measured and tuned on")
OTHER_DATA: Key[frozenset[str]] = Key(
    "other-data", "session", "runs that are measured on images of another data set than their own all the same"
)
ISOLATED: Key[str | None] = Key("isolate", "widget", "the operation that is highlighted everywhere")
LIST_VIEW: Key[bool] = Key("list-view", "visitor", "whether graphs are shown as tables")

GUESS: Key[str] = Key("guess-{}", "session", "the operation that was guessed to hurt most, on an edge of a run")
TO_SUPERNETS: Key[int] = Key("to-supernets-asked", "session", "how often Start was asked to show the other supernets")
TRUTH: Key[bool] = Key("show-the-truth", "widget", "whether true accuracies are shown beside the evidence")
SHOW_TRUTH: Key[bool] = Key("show-truth", "visitor", "whether the truth is shown, on pages without the switch too")
CONTEST: Key[str] = Key("contest", "widget", "whether scores are held against the truth, or one edge is ranked twice")

# What belongs to runs and to the address
RUNS: "Key[dict[str, RunState]]" = Key("states", "run", "what was decided and looked at, by run")
ADDRESS: "Key[Address]" = Key("address", "session", "what the address bar said, and what was last written to it")
CONTEXT: Key[tuple[str, Mapping[str, Any]]] = Key("context", "session", "page, and what the sidebar chose on it")
SAID: Key[list[str]] = Key("said", "session", "messages about the address that have been shown")
VISITOR: Key[str] = Key("visitor", "session", "who this is, the same after a reload")
KEPT: "Key[Kept]" = Key("kept", "session", "what of this visit is written down for the visitor's next")
MOVED: Key[dict[str, str]] = Key(
    "moved", "session", "supernets that this visitor renamed or deleted, and what is shown in their place"
)
PAGES: "Key[Mapping[str, StreamlitPage]]" = Key("pages", "session", "the pages to switch to, by name")

# Lessons and teaching
VISIT: "Key[Visit]" = Key("visit", "session", "the lesson that is open, and what a teacher's link asks for")
PLACES: Key[dict[str, str]] = Key("lesson-places", "visitor", "the step at which each lesson was left")
ANSWERS: "Key[dict[str, Answer]]" = Key("lesson-answers", "visitor", "answers and guesses, by lesson and step")
TO_STEP: Key[bool] = Key("to-lesson-step", "session", "whether the page of the lesson's step is still to be drawn")
WAITS: Key[tuple[str, str]] = Key("lesson-waits", "session", "lesson and step that were seen waiting for the visitor")
BESIDE: "Key[Beside | None]" = Key("beside", "session", "what is drawn beside every page")
COVERED: Key[bool] = Key("covered", "session", "whether the sidebar was drawn without what Start still asks")
CHARTED: Key[bool] = Key("charted", "session", "whether a chart was sent, so that the browser has plotly")
WORD: Key[str] = Key("word", "session", "the word that a link points at")

# Cards
ON_PAGE: Key[str] = Key("on-page", "session", "the page on screen, by its path")
EPOCH: Key[int | None] = Key("epoch-{}", "session", "the epoch of a run that Explore shows, None for its last")
EPOCH_SLIDER: Key[int] = Key("epoch-slider-{}", "widget", "the same on its slider")
EPOCH_BESIDE: Key[int | None] = Key("epoch-beside", "session", "the epoch of which the sidebar speaks")
EPOCHS_PLAY: Key[float | None] = Key(
    "epochs-play",
    "session",
    "while Explore goes from epoch to epoch by itself: since when (monotonic) it shows this one",
)
MATRIX: Key[Any] = Key("matrix", "widget", "the point chosen among all edges and operations")
UPLOAD: Key[Any] = Key("upload", "widget", "the uploaded file")
SELECTIONS: Key[Any] = Key("selections", "widget", "uploaded selection files")
LINKS: Key[str] = Key("selection-links", "widget", "links to open selections of, one a line")
OPENED: "Key[list[Opened]]" = Key("opened", "visitor", "selections that were opened beside the visitor's own")
STUDENT: Key[str] = Key("hand-in-student", "session", "the name under which the visitor hands in")
STUDENT_NAME: Key[str] = Key("hand-in-name", "widget", "the same as it is typed")
REFUSED: Key[list[str]] = Key("refused", "session", "one line for every selection that could not be opened")
UPLOAD_NAME: Key[str] = Key("upload-name", "widget", "under which an upload is to be kept")
CHECKS: "Key[tuple[tuple[object, ...] | None, list[Check]]]" = Key(
    "upload-checks", "session", "an upload and the outcomes of its checks"
)
IMPORT_NAME: Key[str] = Key("import-name-{}", "widget", "the name that an import is to have")
IMPORT_NOTE: Key[str] = Key("import-note-{}", "widget", "what is to be noted about an import")
TO_DELETE: Key[str] = Key("import-to-delete", "session", "the import that the visitor is being asked about")

# Decide
ORDER: Key[str] = Key("order-choice", "widget", "the edge order to use")
SEED: Key[int | None] = Key("order-seed", "widget", "the seed of a random order")
FIRST_PRESET: Key[str | None] = Key("first-tune-choice", "widget", "the tuning chosen before the first decision")
PRESET: Key[str] = Key("tune-choice", "widget", "the tuning that follows every decision, a letter")
START_OVER: Key[bool] = Key("start-over-asked", "session", "whether the visitor is being asked about starting over")
SPEED: Key[float] = Key("play-speed", "widget", "seconds per step of auto-play")
TO_TRAIN: Key[str] = Key("to-train", "session", "the genotype whose training from scratch is shown")
TRAINED: Key[dict[str, bool]] = Key(
    "trained", "visitor", "genotypes that the visitor let train from scratch, and whether their end has been told"
)
TOLD: Key[list[str]] = Key("told", "session", "ends of background work that are still to be spoken")
SPOKEN: Key[tuple[str, str]] = Key("spoken-last", "session", "what the live region says of the page, and of work")

# Labs
LAB: "Key[Choice]" = Key("lab", "session", "the lab on screen, and what the address said of it")
LAB_CHOICE: Key[str] = Key("lab-choice", "widget", "the same as it is chosen")
LAB_SETTING: Key[Any] = Key("lab-{}", "widget", "a setting of a lab")
LAB_SIGNALS: Key[list[str]] = Key("lab-signals", "widget", "the signals that are shown")
LAB_TRUTH: Key[str] = Key("lab-truth", "widget", "whether the mean or the best accuracy counts as the truth")
LAB_BEGIN: Key[str] = Key("lab-begin", "widget", "whether a lab begins with the decisions on screen")
LAB_FORMAT: Key[str] = Key("lab-figure-format", "widget", "as what a lab's figure is saved")

# Compare
SIDES: "Key[Sides]" = Key("sides", "session", "the two sides, and what the address said of them")
SIDE_RUN: Key[str] = Key("side-{}-run", "widget", "the supernet of a side")
SIDE_ENDING: Key[str] = Key("side-{}-ending", "widget", "the ending of a side")
PAIR: Key[str | None] = Key("compare-preset", "widget", "the pair to set side by side")
CELL_OF_A: Key[str] = Key("compare-cell", "widget", "the cell type, where the sidebar speaks of another space")
EDGE_OF_A: Key[tuple[str, str, int | None]] = Key(
    "compare-edge", "session", "space, cell type and edge in focus, where the sidebar speaks of another space"
)
DIFFERENCES: Key[Any] = Key("differences", "widget", "the point chosen among the differing edges")
TRAINING: Key[str] = Key("training", "session", "the supernet in training that is looked at")
TO_DISCARD: Key[str] = Key("training-to-discard", "session", "the training that the visitor is being asked about")
RUNS_TABLE: Key[Any] = Key("runs-table-{}", "widget", "the runs that are ticked, of so many")
RUNS_FILTER: Key[str] = Key("runs-filter", "widget", "words that the rows of the table of runs hold")
MANY: "Key[list[Outcome]]" = Key("many-outcomes", "session", "what became of the files that were brought at once")
RUN_NOTE: Key[str] = Key("run-note-{}", "widget", "what is to be noted about a run")
RUNS_VIEW: Key[str] = Key("runs-view", "widget", "what the ticked runs are compared by")
RUNS_CELL: Key[str] = Key("runs-cell", "widget", "the cell type that they are compared in")
PROCEDURE: Key[str] = Key("orders-of", "widget", "the procedure whose edge orders are summed up")

TABLE: tuple[Key[Any], ...] = tuple(value for value in list(globals().values()) if isinstance(value, Key))

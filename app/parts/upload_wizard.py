"""Bring your own: a visitor's search checkpoint, checked step by step, tried, and kept if the visitor says so.

panel     the wizard
checked   the four checks of an uploaded file, one after the other
Upload    what is uploaded
Check     one check's outcome

An upload stays in the memory of its visitor's session until the visitor looks at it, which writes it down for this
visit alone, or keeps it, as a checkpoint folder that everybody who uses this app can open.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from threading import Lock
from typing import TYPE_CHECKING

import streamlit as st

from app.library import catalog, imports
from app.parts import text
from app.state import keys, session
from engine.drawing import wording
from engine.errors import BadInput
from engine.selection.mixing import MIXINGS, Mixing
from engine.spaces import SPACES
from engine.spaces.subspaces import SUBSPACES, space_named

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint

TYPES = ["pt", "pth", "tar", "safetensors", "json"]
ALPHA_TYPES = [*TYPES, "npy", "npz", "pkl", "pickle", "txt", "log", "out"]
MEGABYTES = 64
LONGEST_TEXT = 1_000_000
DATA_SETS = ("cifar10", "cifar100", "svhn", "imagenet16-120")
IMAGE_SIZES = (32, 16, 224)
TITLES = ("File type and size", "Safe to open", "Matches a known search space", "Answers a batch of images")
FOUND_OUT = "find out"

_one_at_a_time = Lock()


@dataclass(frozen=True)
class Upload:
    """An uploaded file with what was said about it. key: equal for equal uploads. image_size: pixels. alphas:
    files with them, or a text."""

    key: tuple[object, ...]
    name: str
    content: bytes
    space: str | None
    dataset: str | None
    alphas: tuple[tuple[str, bytes], ...] = ()
    image_size: int | None = None
    mixing: Mixing | None = None
    betas: tuple[str, bytes] | None = None


@dataclass(frozen=True)
class Check:
    """The outcome of one check: what was found, or what is wrong, why, and what to do. checkpoint: after the third."""

    title: str
    passed: bool
    says: str
    checkpoint: "Checkpoint | None" = None


def panel() -> None:
    """Upload, checks, and what can be done with the result."""
    with st.expander("**Bring your own checkpoint**", expanded=keys.UPLOAD.get(None) is not None):
        st.caption(
            "A supernet of DARTS, DARTS-PT, PC-DARTS, P-DARTS, FairDARTS, SGAS, SmoothDARTS, RobustDARTS, DrNAS, "
            "pt.darts, AutoDL-Projects or confopt. Nothing in the file is run, and nobody else sees it unless you keep "
            f"it. One trained here needs no upload: name its folder in the environment variable `{catalog.OWN}`."
        )
        upload = _ask()
        if upload is None:
            keys.CHECKS.drop()
            return
        checks = _shown(upload)
        if checks[-1].passed and len(checks) == len(TITLES):
            found = next(check.checkpoint for check in checks if check.checkpoint is not None)
            _result(found)


def _ask() -> Upload | None:
    file = st.file_uploader("Search checkpoint", type=TYPES, max_upload_size=MEGABYTES, key="upload")
    left, middle, right = st.columns(3)
    space = left.selectbox("Search space", [FOUND_OUT, *SPACES, *SUBSPACES], key="upload-space")
    dataset = middle.selectbox("Trained on", [FOUND_OUT, *DATA_SETS], key="upload-dataset")
    with right:
        more = st.file_uploader(
            "Alphas, if in other files",
            type=ALPHA_TYPES,
            accept_multiple_files=True,
            max_upload_size=MEGABYTES,
            key="upload-alphas",
            help="Arrays, pickles, lists, one file for each cell type, or the training log, which gives every epoch.",
        )
    with st.popover("Paste alphas", width="content"):
        pasted = st.text_area("Alphas, as a log prints them", max_chars=LONGEST_TEXT, height=200, key="upload-text")
    left, middle, right = st.columns(3)
    size = left.selectbox("Image size", [FOUND_OUT, *(f"{pixels} pixels" for pixels in IMAGE_SIZES)], key="upload-size")
    mixing = middle.selectbox(
        "Mixed by", [FOUND_OUT, *MIXINGS], key="upload-mixing", help="How the search mixed operations by their alphas."
    )
    with right:
        strengths = st.file_uploader(
            "Edge strengths, if they count", type=TYPES, max_upload_size=MEGABYTES, key="upload-betas"
        )
    if file is None:
        return None
    return Upload(
        key=(
            file.file_id,
            space,
            dataset,
            *(each.file_id for each in more),
            pasted,
            size,
            mixing,
            strengths and strengths.file_id,
        ),
        name=PurePath(file.name).name,
        content=file.getvalue(),
        space=None if space == FOUND_OUT else space,
        dataset=None if dataset == FOUND_OUT else dataset,
        alphas=(
            *((PurePath(each.name).name, each.getvalue()) for each in more),
            *([("the text", pasted.encode())] if pasted.strip() else []),
        ),
        image_size=None if size == FOUND_OUT else int(size.split()[0]),
        mixing=next((each for each in MIXINGS if each == mixing), None),
        betas=None if strengths is None else (PurePath(strengths.name).name, strengths.getvalue()),
    )


def checked(upload: Upload) -> Iterator[Check]:
    """The checks in order, each when it is done; the first that fails is the last."""
    # Imported here: these need torch, and the page on which the panel lies must not.
    try:
        from engine.checkpoint.importers import supernet_of, try_out
        from engine.checkpoint.importers.reading import check, opened

        files = [(upload.name, upload.content), *upload.alphas, *([upload.betas] if upload.betas else [])]
        kinds = [check(*file) for file in files]
        yield Check(TITLES[0], True, f"{kinds[0]}, {len(upload.content) / 1e6:.1f} MB")
        file, *others = [opened(*each, kind) for each, kind in zip(files, kinds, strict=True)]
        yield Check(TITLES[1], True, "only tensors and plain values were read, nothing was run")
        found = supernet_of(
            file,
            None if upload.space is None else space_named(upload.space),
            upload.dataset,
            others[: len(upload.alphas)],
            image_size=upload.image_size,
            mixing=upload.mixing,
            betas=others[-1] if upload.betas else None,
        )
        yield Check(TITLES[2], True, _matched(found), found)
        yield Check(TITLES[3], True, f"{try_out(found)} images, all logits are finite")
    except BadInput as error:
        yield Check("", False, str(error))


def _matched(found: "Checkpoint") -> str:
    meta, tensors = found.meta, len(found.supernet.state_dict())
    size = f"{meta['channels']} channels, {wording.cells(meta['cells'])}, {meta['classes']} classes"
    whole = f"space {found.space.name}, format {meta['source']['format']}; all {tensors:,} tensors by name and shape"
    return f"{whole}; {size}"


def _shown(upload: Upload) -> list[Check]:
    """The checks as a list that ticks while they run; those of the same upload are not run again."""
    key, checks = keys.CHECKS.get((None, []))
    places = [st.empty() for _ in TITLES]
    if key != upload.key:
        checks = []
        for place, title in zip(places, TITLES, strict=True):
            place.markdown(f"◌ {title}")
        with _one_at_a_time, st.spinner("Checking the file"):
            for place, title, check in zip(places, TITLES, checked(upload), strict=False):
                checks.append(replace(check, title=title))
                _draw(place, checks[-1])
        keys.CHECKS.set((upload.key, checks))
        if checks[-1].checkpoint or len(checks) == len(TITLES):
            keys.UPLOAD_NAME.set(imports.tidy(upload.name) or "imported")  # the name follows the file
    for place, title in list(zip(places, TITLES, strict=True))[len(checks) :]:
        place.markdown(f"◌ {title}")
    for place, check in zip(places, checks, strict=False):
        _draw(place, check)
    return checks


def _draw(place: "st.delta_generator.DeltaGenerator", check: Check) -> None:
    if check.passed:
        place.markdown(f"✓ **{check.title}**: {text.literal(check.says)}")
    else:
        place.error(f"**{check.title}**: {text.literal(check.says)}", icon=":material/close:")


def _result(found: "Checkpoint") -> None:
    for note in found.meta["notes"]:
        st.caption(f"• {text.literal(note)}")
    name = st.text_input("Name", max_chars=60, key=keys.UPLOAD_NAME.name)
    look, keep, says = st.columns([1, 1, 3], vertical_alignment="center")
    if look.button("Look at it", type="primary", key="upload-look", width="stretch"):
        _open(found, name, session.visitor())
    if keep.button("Keep it", key="upload-keep", width="stretch"):
        _open(found, name, None)
    says.caption(
        "Looking opens it for you alone, until a day after your visit. Keeping it lets all who use this app open it."
    )


def _open(found: "Checkpoint", name: str, visitor: str | None) -> None:
    """Write the import down, for one visitor or for all, and go to Explore with it; a refusal is a message."""
    try:
        folder = imports.add(found, name, visitor)
    except BadInput as error:
        st.toast(text.literal(str(error)), icon=":material/warning:")
        return
    entry = next(entry for entry in session.entries().values() if entry.path == folder)
    if visitor is None:
        st.toast(f"Kept as {text.literal(entry.id)}", icon=":material/check:")
    session.go_to("explore", entry.id, found.start)

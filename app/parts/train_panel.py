"""*Train from scratch* on a page: the form, or the run of a genotype.

panel     progress, Stop, Go on, and the tested result
how_far   a running run's share, and that in words
outcome   what came out of an ended one
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.library.image_sets import image_sets
from app.parts import text
from app.state import keys, session
from app.work import command_runs
from app.work.retraining import Run, estimate, find, launch, small
from app.work.threads import process_threads
from engine.data.belonging import differs
from engine.drawing import wording
from engine.errors import BadInput
from engine.network.retrain.recipe import PROTOCOLS, Recipe
from engine.selection.genotype import Genotype

REFRESH = 2.0


def panel(genotype: Genotype, dataset: str | None = None) -> None:
    """Everything about training this genotype's network from scratch. dataset: what its supernet was trained on."""
    run = find(genotype)
    refresh = REFRESH if run is not None and run.running else None
    st.fragment(_panel, run_every=refresh)(genotype, refresh is not None, dataset)


def _panel(genotype: Genotype, refreshing: bool, dataset: str | None) -> None:
    run = find(genotype)
    if refreshing != (run is not None and run.running):
        st.rerun()  # drawn once more, to begin to be drawn again and again, or to end it
    if run is not None:
        _draw(run)
    if run is None or not run.running:
        _form(genotype, run, dataset)


def _draw(run: Run) -> None:
    recipe, status, tested = run.recipe, run.status, run.status.details.get("test")
    st.caption(_settings(recipe))
    if run.running:
        st.progress(*how_far(run))
    elif run.problem:
        st.error(run.problem, icon=":material/error:")
    elif not run.done:
        st.caption(outcome(run))
    if run.done:
        result = status.details["result"]
        st.markdown(f"Test accuracy **{_tested(result['last'])}**, after the last epoch")
        best = result["best"]
        st.caption(f"best of all epochs ({best['epoch']}), chosen on the test images: {_tested(best)}")
        size = f"{wording.count(result['parameters'])} parameters · {result['multiply_adds'] / 1e6:.1f} M multiply-adds"
        st.caption(f"{size} · trained on {wording.count(result['train_images'])} images")
    elif tested:
        st.markdown(f"Test accuracy **{_tested(tested)}**, after epoch {tested['epoch']}")
    if run.running:
        st.button("Stop", on_click=run.stop, key="retrain-stop", help="The last finished epoch is kept")
    elif not run.done and not run.problem:
        st.button("Go on", on_click=_launch, args=(recipe,), key="retrain-resume", type="primary")


def how_far(run: command_runs.Run[command_runs.Recipe]) -> tuple[float, str]:
    """A running run's share, and that in words."""
    if run.waits:
        return run.status.share, f"waits for its turn, {run.status.label}" if run.status.label else "waits for its turn"
    epochs, remaining = run.recipe.epochs, run.status.remaining
    left = " · starting" if remaining is None else f" · about {wording.duration(remaining)} left"
    return min(1.0, run.status.done / epochs), f"epoch {min(run.epoch + 1, epochs)} of {epochs}{left}"


def outcome(run: Run) -> str:
    """What came out of an ended run, in a line."""
    if run.done:
        return f"test accuracy {_tested(run.status.details['result']['last'])}"
    return run.problem or f"stopped after epoch {run.epoch} of {run.recipe.epochs}"


def _tested(tested: Mapping[str, Any]) -> str:
    accuracy = wording.percent(tested["accuracy"], tuple(tested["ci"]))
    return f"{accuracy} on {wording.count(tested['images'])} test images, {wording.bn(tested['bn'])}"


def _settings(recipe: Recipe) -> str:
    layers = wording.several(recipe.layers, "layer")
    size = f"{recipe.channels} channels, {layers}, {recipe.image_size} pixels"
    return f"{size} · {recipe.epochs} epochs on {recipe.data}"


def _form(genotype: Genotype, before: Run | None, dataset: str | None) -> None:
    preset = small(genotype)
    published = PROTOCOLS[genotype.space.skeleton.name]
    st.caption(
        f"Published protocol: {published['channels']} channels, {published['layers']} layers, {published['epochs']} "
        f"epochs, batch {published['batch_size']}, on all of CIFAR-10. The settings below are a small demonstration."
    )
    left, right = st.columns(2)
    channels = left.number_input(
        "Channels", 2, 64, preset.channels, key=f"retrain-channels-{genotype.space.skeleton.name}"
    )
    layers = right.number_input(
        "Cells per stage" if genotype.space.skeleton.per_stage else "Layers",
        genotype.space.skeleton.fewest,
        20,
        preset.layers,
        key=f"retrain-layers-{genotype.space.skeleton.name}",
    )
    epochs = left.number_input("Epochs", 1, 600, preset.epochs, key=f"retrain-epochs-{genotype.space.skeleton.name}")
    size = right.segmented_control("Image size", [16, 32], default=16, required=True, key="retrain-size")
    sets = dict(sorted(image_sets().items(), key=lambda item: item[1].dataset != dataset))
    name = st.selectbox("Images", list(sets), key="retrain-data") if len(sets) > 1 else next(iter(sets))
    data = sets[name].spec
    other = None if sets[name].dataset is None else differs(dataset, str(sets[name].dataset))
    if other is not None:
        st.warning(f"{text.literal(other[0].upper() + other[1:])}.", icon=":material/warning:")
    recipe = Recipe(genotype=str(genotype), data=data, epochs=epochs, channels=channels, layers=layers, image_size=size)
    cores = process_threads()
    seconds = wording.duration(estimate(recipe, cores))
    of = wording.several(cores, "thread")
    st.caption(f"About {seconds} with {of} of a usual processor. It goes on when this page is closed.")
    again = before is not None and before.recipe == recipe and before.done
    st.button(
        "Train from scratch" if other is None else f"Train on {text.literal(name)} all the same",
        on_click=_launch,
        args=(recipe,),
        disabled=again,
        help="These settings have been trained: the result is above" if again else None,
        key="retrain-start",
        type="primary" if before is None else "secondary",
    )


def _launch(recipe: Recipe) -> None:
    """In a callback; a refusal is a message."""
    try:
        launch(recipe)
        others = {name: told for name, told in keys.TRAINED.get({}).items() if name != recipe.genotype}
        session.keep_trained(others | {recipe.genotype: False})
    except BadInput as error:
        st.toast(str(error), icon=":material/warning:")

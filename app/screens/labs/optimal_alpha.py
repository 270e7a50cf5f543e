"""Lab "optimal-alpha" on its page: the weight that skip should get and the one it has, edge by edge."""

import math

import streamlit as st

from app.figures.optimal_epochs import plot_skip, skip_info
from app.figures.optimal_weights import optima_info, plot_optima
from app.figures.toy_mix import ToyMix, plot_mix
from app.parts import text
from engine.analysis.optimal_alpha import OptimalResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme


def figure(result: OptimalResult, theme: Theme, save: tuple[str, str]) -> None:
    info = optima_info(result)
    text.chart(plot_optima(info, theme), key="lab-figure", alt=info.summary, save=save)
    st.caption(
        "Right of the line skip gets more than the convolution. Maps are standardised per channel; the cell's map is "
        "estimated as the mean of what its edges add. Edges of stride 2 are left out, as their skip is a convolution."
    )


def table(result: OptimalResult, theme: Theme) -> None:
    text.heading("Variances behind it", "distance from the cell's map, per standardised channel")
    number = st.column_config.NumberColumn(format="%.2f")
    several = len({each.cell for each in result.edges}) > 1
    st.dataframe(
        [
            {
                "edge": f"{each.cell}: {wording.plain(each.name)}" if several else wording.plain(each.name),
                "convolution": palette.operation(each.conv).label,
                "minimiser": each.optimal,
                "95 %": None if each.ci is None else f"[{each.ci[0]:.2f}, {each.ci[1]:.2f}]",
                "learned": each.learned,
                "stated": each.stated,
                "var conv": each.a,
                "var skip": each.b,
                "cov": each.c,
            }
            for each in result.edges
        ],
        column_config=dict.fromkeys(("var conv", "var skip", "cov", "minimiser", "stated", "learned"), number),
        hide_index=True,
        placeholder="–",
        key="lab-variances",
    )
    if (past := skip_info(result)) is not None:
        text.heading("Over the training", "mean over these edges; measured where the weights of an epoch are kept")
        text.chart(plot_skip(past, theme), key="lab-epochs", alt=past.summary)
    if result.edges:
        _toy(result, theme)


def _toy(result: OptimalResult, theme: Theme) -> None:
    """Sliders on a mix of two operations; they begin at what was measured on the first edge."""
    first = result.edges[0]
    text.heading("Turn it yourself", "a mix of skip and one convolution, no supernet")
    st.caption(
        f"It begins at {wording.plain(first.name)}. The nearer skip alone is to the wanted map, the more weight it "
        "should get, however useful the convolution is: a good supernet makes α prefer skip."
    )
    beside, chart = st.columns([2, 3], gap="medium")
    with beside:
        conv = st.slider("The convolution is off by", 0.05, 2.0, _on_slider(first.a), 0.05, key="lab-toy-conv")
        skip = st.slider("Skip is off by", 0.05, 2.0, _on_slider(first.b), 0.05, key="lab-toy-skip")
        together = first.c / math.sqrt(first.a * first.b) if first.a * first.b else 0.0
        alike = st.slider(
            "How alike they are off",
            -0.95,
            0.95,
            round(min(0.95, max(-0.95, together)) / 0.05) * 0.05,
            0.05,
            help="Their correlation. Proposition 1 supposes 0.",
            key="lab-toy-alike",
        )
    mix = ToyMix.of(conv, skip, alike)
    with chart:
        text.chart(plot_mix(mix, theme), key="lab-toy", alt=mix.summary)
    best = f"Best: skip **{mix.optimal:.2f}**, convolution **{1 - mix.optimal:.2f}**"
    if mix.logits is None:
        one = "skip" if mix.optimal > 0.5 else "the convolution"
        st.markdown(f"{best}: {one} alone is better than any mix. Proposition 1 says {mix.stated:.2f} for skip.")
    else:
        st.markdown(
            f"{best}; that is α of skip {abs(mix.logits[0] - mix.logits[1]):.2f} "
            f"{'above' if mix.logits[0] >= mix.logits[1] else 'below'} the convolution's. Proposition 1 says "
            f"{mix.stated:.2f} for skip."
        )


def _on_slider(variance: float) -> float:
    """The nearest value that the slider has."""
    return round(min(2.0, max(0.05, variance)) / 0.05) * 0.05

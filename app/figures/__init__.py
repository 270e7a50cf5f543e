"""Figures of typed results: pure, and free of Streamlit and torch, so that a notebook draws them too.

Every module turns results into an info tuple, and the tuple into a plain plotly figure:

    import plotly.graph_objects as go
    from app.figures.butterfly import butterfly_info, plot_butterfly

    go.Figure(plot_butterfly(butterfly_info(scores), "light"))
"""

"""How much each hyperparameter matters, by two measures with their intervals."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from tuner.analysis.importance import Importance
from tuner.figures.frames import names_in
from tuner.figures.grids import panels
from tuner.figures.labels import wrapped
from tuner.figures.themes import MAIN, OTHERS, PALETTE

__all__ = ["importance"]

_ROW_PX = 30
_MOST_ROWS = 24


def importance(found: Importance) -> go.Figure:
    """Draw what share of the variance each hyperparameter explains, and what shuffling it costs.

    Args:
        found: As `tuner.analysis.importance.forest_importance` returns it.

    Raises:
        NoResultError: There is no hyperparameter.
    """
    effects = found.effects.iloc[:_MOST_ROWS]
    names = [wrapped(name, 28) for name in names_in(effects, "name")]
    more = len(found.effects) - len(effects)
    figure, (shares, drops) = panels(
        "Importance",
        ["functional ANOVA", "permutation"],
        [f"forest of {found.trials:,} trials, R² {found.r2:.2f} on trials not seen",
         f"{more} more hyperparameters" if more else None],
        across=2, height=40 + _ROW_PX * len(names), share_y=True,
    )  # fmt: skip
    for column, colour, label, panel, ends in (
        ("total", PALETTE[5], "with another one", shares, True),
        ("main", MAIN, "alone", shares, False),
        ("drop", PALETTE[2], "shuffled", drops, True),
    ):
        value = effects[column].to_numpy(float)
        low, high = (effects[f"{column}_{end}"].to_numpy(float) for end in ("low", "high"))
        spread = {"type": "data", "symmetric": False, "array": np.maximum(high - value, 0),
                  "arrayminus": np.maximum(value - low, 0), "color": OTHERS, "thickness": 1.2,
                  "width": 3}  # fmt: skip
        figure.add_trace(
            go.Bar(
                x=value, y=names, orientation="h", name=label, marker={"color": colour},
                width=0.62, error_x=spread if ends else None,
                customdata=np.stack([low, high], axis=1),
                hovertemplate="%{y}: %{x:.1%} [%{customdata[0]:.1%}, %{customdata[1]:.1%}]"
                "<extra></extra>",
            ),
            **panel.where,
        )  # fmt: skip
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(autorange="reversed", showgrid=False, showline=False, ticks="")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(title_text="share of variance", **shares.where)
    figure.update_xaxes(title_text="loss of R²", **drops.where)
    return figure

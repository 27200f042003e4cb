"""How much each hyperparameter matters, by two measures with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis.importance import Importance
from tuner.errors import SpecError, nearest
from tuner.figures.frames import names_in
from tuner.figures.grids import Panel, panels
from tuner.figures.labels import wrapped
from tuner.figures.themes import MAIN, OTHERS, PALETTE

__all__ = ["importance"]


class _Look(NamedTuple):
    column: str
    colour: str
    label: str
    ends: bool  # whether its interval is drawn


_TOTAL = _Look("total", PALETTE[5], "with another one", True)
_MAIN = _Look("main", MAIN, "alone", False)
_DROP = _Look("drop", PALETTE[2], "shuffled", True)
_ROW_PX = 30
_MOST_ROWS = 24


def importance(
    found: Importance | Mapping[str, Importance],
    *,
    names: Sequence[str] | None = None,
    of: str | None = None,
) -> go.Figure:
    """Draw what share of the variance each hyperparameter explains, and what shuffling it costs.

    Of several values, it draws the shares of each, side by side.

    Args:
        found: As `tuner.analysis.importance.forest_importance` returns it; of several by name.
        names: Which hyperparameters; None for all, the most important first.
        of: For what they matter, where that is not the metric.

    Raises:
        NoResultError: There is no hyperparameter.
        SpecError: There is none of that name.
    """
    several = found if isinstance(found, Mapping) else {of or "": found}
    order = _order(several, names)
    shown = [wrapped(name, 28) for name in order[:_MOST_ROWS]]
    more = len(order) - len(shown)
    headings = ["functional ANOVA", "permutation"]
    figure, places = panels(
        f"Importance for {of}" if of else "Importance",
        list(several) if len(several) > 1 else headings,
        [_trusted(several), f"{more} more hyperparameters" if more else None],
        across=2, height=40 + _ROW_PX * len(shown), share_y=True,
    )  # fmt: skip
    for panel, each in zip(places, several.values(), strict=False):
        effects = each.effects.set_index("name").loc[order[:_MOST_ROWS]]
        _add_bars(figure, panel, effects, shown, _TOTAL)
        _add_bars(figure, panel, effects, shown, _MAIN)
        figure.update_xaxes(title_text="share of variance", **panel.where)
        if len(several) == 1:
            _add_bars(figure, places[1], effects, shown, _DROP)
            figure.update_xaxes(title_text="loss of R²", **places[1].where)
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(autorange="reversed", showgrid=False, showline=False, ticks="")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", nticks=6)
    return figure


def _order(several: Mapping[str, Importance], names: Sequence[str] | None) -> list[str]:
    """Return hyperparameters, the most important first by the mean of their shares."""
    frames = [each.effects for each in several.values()]
    totals = pd.concat(frames).groupby("name", sort=False)["total"].mean()
    known = names_in(frames[0], "name")
    for name in names or ():
        if name not in known:
            raise SpecError(f"no hyperparameter {name!r}{nearest(name, known)}")
    return [name for name in totals.sort_values(ascending=False, kind="stable").index
            if names is None or name in names]  # fmt: skip


def _trusted(several: Mapping[str, Importance]) -> str:
    if len(several) == 1:
        (found,) = several.values()
        return f"forest of {found.trials:,} trials, R² {found.r2:.2f} on trials not seen"
    each = ", ".join(f"{found.r2:.2f} of {name}" for name, found in several.items())
    return f"a forest each, R² on trials not seen: {each}"


def _add_bars(
    figure: go.Figure, panel: Panel, effects: pd.DataFrame, names: Sequence[str], look: _Look
) -> None:
    value = effects[look.column].to_numpy(float)
    low, high = (effects[f"{look.column}_{end}"].to_numpy(float) for end in ("low", "high"))
    spread = {"type": "data", "symmetric": False, "array": np.maximum(high - value, 0),
              "arrayminus": np.maximum(value - low, 0), "color": OTHERS, "thickness": 1.2,
              "width": 3}  # fmt: skip
    figure.add_trace(
        go.Bar(
            x=value, y=names, orientation="h", name=look.label, marker={"color": look.colour},
            width=0.62, error_x=spread if look.ends else None, legendgroup=look.label,
            showlegend=not any(trace.name == look.label for trace in figure.data),
            customdata=np.stack([low, high], axis=1),
            hovertemplate="%{y}: %{x:.1%} [%{customdata[0]:.1%}, %{customdata[1]:.1%}]"
            "<extra></extra>",
        ),
        **panel.where,
    )  # fmt: skip

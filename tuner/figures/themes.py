"""How figures look: on screens, light and dark, and in print, in colours that all can tell apart.

A theme is a plotly template, so a figure that is drawn takes another one by one attribute, also in
a browser. What a trace says by its colour is said in colours that stand out on every background.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import plotly.graph_objects as go

from tuner.errors import SpecError, nearest

__all__ = [
    "COLUMN_PX",
    "ILL",
    "MAIN",
    "MARKED",
    "OTHERS",
    "OUTLINE",
    "PAGE_PX",
    "PALETTE",
    "SHADES",
    "Style",
    "Theme",
    "faded",
    "styles",
    "template",
    "themed",
]

Theme: TypeAlias = Literal["light", "dark", "print"]

COLUMN_PX = 326
"""Width of a figure in one column of a two-column page: 3.4 inches of 96 pixels."""

PAGE_PX = 672
"""Width of a figure across the page: 7 inches."""

# Okabe and Ito (2008), "Color Universal Design", without yellow and black, each of which is lost on
# one of the backgrounds; the last two are for areas and for what has a dash as well.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")

MAIN, MARKED = PALETTE[:2]
OTHERS = "rgba(128,128,128,0.75)"
"""Of what is there for comparison: a grey that is seen on light and on dark."""

ILL = "#CC8400"
"""Of trials that diverged or failed, beside `MARKED` ones: the palette's orange, dark enough for
thin lines on white."""

SHADES = ("#45337D", "#375A8C", "#287D8E", "#1F9E89", "#52C569", "#A8DB34")
"""Of values: viridis without its ends, each of which is lost on one of the backgrounds."""

OUTLINE = "rgba(128,128,128,0.9)"
"""Around points of any shade."""


class _Inks(NamedTuple):
    paper: str
    ink: str
    faint: str
    grid: str
    size: int


_INKS: dict[Theme, _Inks] = {
    "light": _Inks("#FFFFFF", "#1F2328", "#57606A", "#E4E7EB", 13),
    "dark": _Inks("#14171B", "#E6E8EB", "#A3ABB5", "#30363D", 13),
    "print": _Inks("#FFFFFF", "#000000", "#333333", "#DDDDDD", 9),
}


class Style(NamedTuple):
    """How a series looks, in every panel of a figure."""

    colour: str
    dash: str


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Return a style by name; 30 differ as lines, neighbours among them without colour too."""
    return {
        name: Style(PALETTE[number % len(PALETTE)], _DASHES[number % len(_DASHES)])
        for number, name in enumerate(dict.fromkeys(names))
    }


def faded(colour: str, opacity: float) -> str:
    """Return a colour of six hexadecimal digits that lets through what is behind it."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def themed(figure: go.Figure, theme: Theme) -> go.Figure:
    """Give a figure another theme, and return it.

    Raises:
        SpecError: There is no such theme.
    """
    figure.update_layout(template=template(theme))
    return figure


def template(theme: Theme) -> go.layout.Template:
    """Return a theme as a plotly template.

    Raises:
        SpecError: There is no such theme.
    """
    if theme not in _INKS:
        raise SpecError(f"unknown theme {theme!r}{nearest(str(theme), get_args(Theme))}")
    inks = _INKS[theme]
    small = inks.size - 2
    axis: dict[str, Any] = {
        "automargin": True,
        "exponentformat": "power",
        "minexponent": 5,
        "gridcolor": inks.grid,
        "linecolor": inks.faint,
        "showline": True,
        "tickcolor": inks.faint,
        "tickfont": {"size": small},
        "ticks": "outside",
        "ticklen": 4,
        "title": {"font": {"size": inks.size}, "standoff": 8},
        "zeroline": False,
    }
    return go.layout.Template(
        layout={
            "colorway": list(PALETTE),
            "colorscale": {"sequential": list(SHADES)},
            "coloraxis": {
                "colorbar": {
                    "outlinewidth": 0,
                    "thickness": 12,
                    "tickfont": {"size": small},
                    "title": {"font": {"size": inks.size}, "side": "right"},
                }
            },
            "font": {
                "family": "Inter, Helvetica, Arial, sans-serif",
                "size": inks.size,
                "color": inks.ink,
            },
            "hoverlabel": {"align": "left", "font": {"size": small}},
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 0,
                "yanchor": "bottom",
                "yref": "container",
                "font": {"size": small},
            },
            "margin": {"l": 12, "r": 16, "t": 12, "b": 12},
            "paper_bgcolor": inks.paper,
            "plot_bgcolor": inks.paper,
            "title": {
                "font": {"size": inks.size + 2},
                "pad": {"t": 10, "b": 10, "l": 12},
                "subtitle": {"font": {"size": small, "color": inks.faint}},
                "x": 0,
                "xanchor": "left",
                "xref": "container",
                "y": 1,
                "yanchor": "top",
                "yref": "container",
            },
            "annotationdefaults": {
                "bgcolor": faded(inks.paper, 0.75),
                "font": {"size": small},
                "showarrow": False,
            },
            "xaxis": axis,
            "yaxis": axis,
        }
    )

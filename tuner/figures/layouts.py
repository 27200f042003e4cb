"""One figure for several widths: what its layout changes where there is less room.

A figure carries its layouts with it, in ``layout.meta``: for each width what is different there, as
plotly's dotted keys. A page applies the one that fits (``assets/figures.js``, also when the window
changes), and `arranged` does for a picture. What is where is worked out here and nowhere else.

Widths are in ems, so that a column of print with its small letters has the room of a small screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import plotly.graph_objects as go

__all__ = ["MEDIUM", "NARROW", "arranged", "offer", "script"]

NARROW = 32.0
"""Ems below which a figure has one column: phones."""

MEDIUM = 51.0
"""Ems below which it has two at most: a column of a printed page, a tablet."""

_KEY = "layouts"
_SCRIPTS = ("figures.js", "coordinates.js")
_SIZES = {"narrow": NARROW, "medium": MEDIUM, "wide": None}


def offer(
    figure: go.Figure,
    *,
    narrow: Mapping[str, Any],
    medium: Mapping[str, Any],
    wide: Mapping[str, Any],
) -> None:
    """Add to what a figure's layout is at each width; as it stands it is the wide one.

    Args:
        figure: Whose layout.
        narrow: Values by dotted key, such as ``"xaxis2.domain"``, below `NARROW`.
        medium: Below `MEDIUM`.
        wide: Above, with the same keys: what takes the others back.
    """
    meta = dict(figure.layout.meta or {})
    known = {each["size"]: each["patch"] for each in meta.get(_KEY, ())}
    given = {"narrow": narrow, "medium": medium, "wide": wide}
    meta[_KEY] = [
        {"size": size, "below": below, "patch": {**known.get(size, {}), **given[size]}}
        for size, below in _SIZES.items()
    ]
    figure.update_layout(meta=meta)


def arranged(figure: go.Figure, width: float) -> go.Figure:
    """Lay a figure out for a width, and return it.

    What somebody has changed since, such as the title, stays as it is.

    Args:
        figure: With its theme, which says how large letters are; it is changed.
        width: In pixels.
    """
    ems = width / figure.layout.template.layout.font.size
    offered = (figure.layout.meta or {}).get(_KEY, ())
    fitting = (each for each in offered if each["below"] is None or ems < each["below"])
    for key, value in next(fitting, {"patch": {}})["patch"].items():
        if _plain(figure.layout[key]) in [_plain(each["patch"][key]) for each in offered]:
            figure.layout[key] = value
    return figure


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@cache
def script() -> str:
    """Return JavaScript that draws figures in a page, for a script element after plotly.js.

    It defines ``tunerFigures.draw(element, {data, layout}, config)``, which calls
    ``Plotly.newPlot`` with the layout that fits the element, changes it with the element's width,
    and gives parallel coordinates their brushes. It fetches and evaluates nothing.
    """
    folder = resources.files(__package__) / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)

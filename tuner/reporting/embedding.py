"""What a page carries with it: themes, figures as data, style and scripts."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import plotly.graph_objects as go
from plotly.io.json import to_json_plotly

from tuner.figures import Theme, template
from tuner.figures.layouts import script
from tuner.figures.packing import unpacking

__all__ = ["asset", "figure_json", "templates"]

_THEMES: tuple[Theme, ...] = ("light", "dark")


@cache
def asset(name: str) -> str:
    """Return a file of style or script that is part of this package."""
    if name == "figures.js":
        return script()
    if name == "unpacking.js":
        return unpacking()
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")


def templates() -> dict[str, Any]:
    """Return the themes of figures by name, as plotly has them: once for all figures."""
    return {theme: template(theme).to_plotly_json() for theme in _THEMES}


def figure_json(figure: go.Figure) -> str:
    """Return a figure as JSON, without its theme, which the page gives it."""
    content = figure.to_plotly_json()
    layout = {name: value for name, value in content["layout"].items() if name != "template"}
    encoded: str = to_json_plotly({"data": content["data"], "layout": layout})
    return encoded

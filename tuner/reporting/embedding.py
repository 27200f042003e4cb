"""What a page carries with it: plotly's JavaScript, themes, figures as data, style and scripts."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from importlib import resources
from typing import Any

import plotly.graph_objects as go
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from tuner.figures import Theme, template
from tuner.figures.layouts import script

__all__ = ["asset", "figure_json", "library", "packed", "templates"]

_THEMES: tuple[Theme, ...] = ("light", "dark")


@cache
def library() -> str:
    """Return plotly.js, packed: 2 MB instead of 4.8."""
    return packed(get_plotlyjs())


def packed(text: str) -> str:
    """Return a text compressed, as Base64; every browser since 2023 unpacks it by itself."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


@cache
def asset(name: str) -> str:
    """Return a file of style or script that is part of this package."""
    if name == "figures.js":
        return script()
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

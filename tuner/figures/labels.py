"""What figures say in words: names, directions, numbers and notes, with nothing left to interpret.

Plotly reads a text for tags, for formulas between dollar signs and, where it is a pattern, for
``%{...}``. Names come from people and may hold all of these, so each is escaped on its way in.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

import plotly.graph_objects as go

from tuner.figures.themes import template
from tuner.objectives import Objective

__all__ = ["directed", "new_figure", "plain", "short", "wrapped"]

_TITLE_CHARACTERS = 52
_NOTE_CHARACTERS = 66


def plain(value: object) -> str:
    """Return a value as text that is shown as it is, wherever plotly shows it."""
    escaped = html.escape(str(value), quote=False)
    return escaped.replace("$", "&#36;").replace("%{", "&#37;{")


def short(value: object) -> str:
    """Return a value in few characters: four significant digits of a number."""
    return f"{value:.4g}" if isinstance(value, float) else plain(value)


def wrapped(name: object, width: int = 26) -> str:
    """Return a name in lines of at most ``width`` characters, broken after punctuation or anywhere.

    Every character is kept, since arms often differ in one keyword only.
    """
    lines, rest = [], str(name)
    while len(rest) > width:
        at = max(rest.rfind(mark, 0, width) for mark in ":,+/ _")
        at = width - 1 if at < width // 3 else at
        lines.append(rest[: at + 1])
        rest = rest[at + 1 :]
    return "<br>".join(map(plain, [*lines, rest]))


def directed(objective: Objective) -> str:
    """Return what is optimised and which way is better."""
    return f"{objective.metric} ({'lower' if objective.mode == 'min' else 'higher'} is better)"


def new_figure(
    title: str,
    notes: Iterable[str | None] = (),
    *,
    height: int = 420,
    figure: go.Figure | None = None,
) -> go.Figure:
    """Return an empty figure, or one that has panels, with what is said above it.

    Args:
        title: In a few words.
        notes: What a reader has to know to trust it, such as what is left out; None is nothing.
        height: In pixels. The width is that of wherever it is shown.
        figure: With panels.
    """
    figure = go.Figure() if figure is None else figure
    told = "; ".join(note for note in notes if note)
    figure.update_layout(
        template=template("light"),
        height=height,
        title={
            "text": wrapped(title, _TITLE_CHARACTERS),
            "subtitle": {"text": wrapped(told, _NOTE_CHARACTERS)} if told else None,
        },
    )
    return figure

"""What figures say in words: names, directions, numbers and notes, with nothing left to interpret.

Plotly reads a text for tags, for formulas between dollar signs and, where it is a pattern, for
``%{...}``. Names come from people and may hold all of these, so each is escaped on its way in.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go

from tuner.figures.layouts import offer
from tuner.figures.themes import template
from tuner.objectives import Objective

__all__ = [
    "better",
    "clipped",
    "directed",
    "label_x",
    "make_room",
    "new_figure",
    "plain",
    "short",
    "wrapped",
]

_HEADINGS = {"narrow": (38, 52), "medium": (52, 66), "wide": (68, 98)}
"""Characters in a line of the title and of the notes, by width."""

_ENTRY_PX = 20
_X_TITLES = {"narrow": 28, "medium": 36, "wide": 90}
_ABOVE_PX, _TITLE_PX, _NOTE_PX = 22, 21, 17


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
    return "<br>".join(map(plain, _lines(str(name), width)))


def clipped(name: object, width: int, *, lines: int = 2) -> str:
    """Return a name in one or two lines; of a longer one its beginning and its end are kept."""
    text = str(name)
    found = _lines(text, width)
    if len(found) > lines == 2:
        rest = text[width:]
        found = [text[:width], rest if len(rest) <= width else f"…{rest[1 - width :]}"]
    elif len(found) > lines:
        found = [f"{text[: width // 2]}…{text[width // 2 + 1 - width :]}"]
    return "<br>".join(map(plain, found))


def _lines(rest: str, width: int) -> list[str]:
    """Return a text in lines, broken after punctuation or anywhere."""
    lines = []
    while len(rest) > width:
        at = max(rest.rfind(mark, 0, width) for mark in ":,+/ _")
        at = width - 1 if at < width // 3 else at
        lines.append(rest[: at + 1])
        rest = rest[at + 1 :]
    return [*lines, rest]


def directed(objective: Objective) -> str:
    """Return what is optimised and which way is better."""
    return f"{objective.metric} ({better(objective)})"


def better(objective: Objective) -> str:
    """Return which way is better, in words."""
    return "lower is better" if objective.mode == "min" else "higher is better"


def new_figure(
    title: str,
    notes: Iterable[str | None] = (),
    *,
    height: int = 420,
    below: int = 10,
    figure: go.Figure | None = None,
) -> go.Figure:
    """Return an empty figure, or one that has panels, with what is said above it.

    Args:
        title: In a few words.
        notes: What a reader has to know to trust it, such as what is left out; None is nothing.
        height: In pixels. The width is that of wherever it is shown.
        below: Room between what is said and the axes, in pixels.
        figure: With panels.
    """
    figure = go.Figure() if figure is None else figure
    told = "; ".join(note for note in notes if note)
    headings = {size: _heading(title, told, below, *most) for size, most in _HEADINGS.items()}
    figure.update_layout(template=template("light"), height=height, title={"pad": {"b": below}})
    figure.layout.update(headings["wide"])
    offer(figure, **headings)
    return figure


def make_room(figure: go.Figure, *, legend: int) -> None:
    """Make a figure taller where the entries of its legend, so many, are below each other."""
    height = figure.layout.height
    extra = {"narrow": _ENTRY_PX * legend, "medium": _ENTRY_PX * legend // 2, "wide": 0}
    offer(figure, **{size: {"height": height + more} for size, more in extra.items()})


def label_x(figure: go.Figure, text: str) -> None:
    """Give the x axis of a figure whose rows have long names a title, in lines that fit."""
    titles = {size: {"xaxis.title.text": wrapped(text, most)} for size, most in _X_TITLES.items()}
    figure.layout.update(titles["wide"])
    offer(figure, **titles)


def _heading(title: str, told: str, below: int, most: int, most_told: int) -> dict[str, Any]:
    """Return a title and what is told below it, in lines of so many characters, and their room.

    Plotly could make the room by itself, but leaves annotations and lines where they were before.
    """
    text, notes = wrapped(title, most), wrapped(told, most_told) or None
    lines = 1 + text.count("<br>"), 1 + notes.count("<br>") if notes else 0
    room = _ABOVE_PX + lines[0] * _TITLE_PX + lines[1] * _NOTE_PX + below
    above = 10 if lines[0] == 1 else 20  # plotly draws titles of several lines higher up
    return {
        "title.text": text,
        "title.subtitle.text": notes,
        "title.pad.t": above,
        "margin.t": room + above - 10,
    }

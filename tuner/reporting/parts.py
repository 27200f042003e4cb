"""What a report is made of, before it is a page: sections of facts, tables, figures and text.

All values are plain text here; `page` escapes them. What cannot be drawn says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import plotly.graph_objects as go

__all__ = [
    "Code",
    "Column",
    "Facts",
    "Figures",
    "Fold",
    "Line",
    "Lines",
    "Live",
    "Page",
    "Part",
    "Plot",
    "Prose",
    "Records",
    "Section",
    "Table",
    "Tone",
]

Tone: TypeAlias = Literal["plain", "good", "warn", "bad", "faint"]
"""How a text is meant; never told by its colour alone."""


@dataclass(frozen=True)
class Line:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Lines:
    """A list of short texts."""

    items: Sequence[str]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Facts:
    """Names and what they are, in two columns."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Figures:
    """A few numbers that one wants to see first, in large letters.

    Attributes:
        items: What each is, the number as text, and what to know beside it (or nothing).
    """

    items: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        numeric: Whether it holds numbers, which stand on the right.
    """

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table that is short enough to be written out; a click on a heading sorts it.

    Attributes:
        caption: What it shows.
        columns: Its headings.
        rows: A text per column each.
        tones: Of each row; empty for all plain.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    tones: Sequence[Tone] = ()


@dataclass(frozen=True)
class Records:
    """A table of any length: the page shows a part of it, searches and sorts it.

    Attributes:
        caption: What it shows.
        columns: Its headings.
        rows: A value per column each: a number, a text or None.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[float | str | None]]


@dataclass(frozen=True)
class Plot:
    """A figure, or why there is none.

    Attributes:
        title: In a few words; the figure itself may say more.
        figure: What to draw; None where there is nothing.
        told: How to read it; or, where there is no figure, why not.
        headed: Whether the title is shown above it, as the figure's own does not say the same.
    """

    title: str
    figure: go.Figure | None
    told: str = ""
    headed: bool = False


@dataclass(frozen=True)
class Code:
    """A text whose lines and spaces count."""

    text: str


@dataclass(frozen=True)
class Prose:
    """A text in Markdown, of which HTML is no part."""

    markdown: str


@dataclass(frozen=True)
class Fold:
    """What is out of sight until somebody opens it."""

    summary: str
    parts: Sequence[Part]


Part: TypeAlias = "Line | Lines | Facts | Figures | Table | Records | Plot | Code | Prose | Fold"


@dataclass(frozen=True)
class Section:
    """A heading, what is below it, and sections within.

    Attributes:
        title: The heading.
        parts: What is below it.
        sections: Within this one.
        told: What it is about, under the heading; empty for nothing.
    """

    title: str
    parts: Sequence[Part] = ()
    sections: Sequence[Section] = ()
    told: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.parts and all(each.empty for each in self.sections)


@dataclass(frozen=True)
class Live:
    """That a page is of something which still runs, and follows it.

    Attributes:
        told: What the mark says.
        every_s: After so many seconds the page loads itself again.
        at: When it was made, in unix seconds.
    """

    told: str
    every_s: float
    at: float


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes:
        title: Of the page.
        told: Under the title.
        sections: In their order.
        made: When and with what it was made.
        live: Whether, and how, it follows what runs; None for a page that is done.
    """

    title: str
    told: str
    sections: Sequence[Section]
    made: str
    live: Live | None = None

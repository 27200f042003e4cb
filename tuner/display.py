"""Results as notebooks and IPython show them: a few small tables, as HTML and as plain text.

A class that derives from `Displayed` says what is worth seeing, as a `Display`; both forms follow
from it. The HTML has no colours, scripts or addresses, so that it looks like its notebook, in the
dark too, and is the same wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest

__all__ = ["Display", "Displayed", "Grid", "facts"]

_GAP = "  "
_PADDING = "padding: 0.1em 0.6em"


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Attributes:
        rows: As many texts each as there are headings, if there are any; they may have lines.
        headings: Of the columns; none where the first column tells what the others are.
        words: How many columns, the first ones, hold words; the others hold figures.
        title: What it shows.
    """

    rows: tuple[tuple[str, ...], ...]
    headings: tuple[str, ...] = ()
    words: int = 1
    title: str = ""

    def html(self) -> str:
        """Return it as an HTML table, escaped."""
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        head = f"<thead>{self._row_html('th', self.headings)}</thead>" if self.headings else ""
        body = "".join(self._row_html("td", row) for row in self.rows)
        return f"<table>{caption}{head}<tbody>{body}</tbody></table>"

    def _row_html(self, tag: str, cells: Sequence[str]) -> str:
        told = (
            f'<{tag} style="text-align: {"left" if place < self.words else "right"}; {_PADDING}">'
            f"{_lines_html(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(told)}</tr>"

    def lines(self) -> Iterator[str]:
        """Yield it as lines of aligned text."""
        if self.title:
            yield self.title
        rows = [*([self.headings] if self.headings else []), *self.rows]
        lines = [
            line
            for row in rows
            for line in zip_longest(*(cell.split("\n") for cell in row), fillvalue="")
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (
                cell.ljust(width) if place < self.words else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            yield _GAP.join(cells).rstrip()


@dataclass(frozen=True)
class Display:
    """What is worth seeing of a result.

    Attributes:
        title: What it is, in a line.
        grids: Its figures.
        notes: What it comes to, and what limits it, a line each.
    """

    title: str
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()

    def html(self) -> str:
        """Return it as HTML: a line, tables, lines."""
        parts = [f"<p><strong>{escape(self.title)}</strong></p>"]
        parts += [grid.html() for grid in self.grids if grid.rows]
        if self.notes:
            parts.append(f"<p>{'<br>'.join(map(_lines_html, self.notes))}</p>")
        return f"<div>{''.join(parts)}</div>"

    def text(self) -> str:
        """Return it as plain text, without a newline at its end."""
        lines = [self.title]
        for grid in self.grids:
            if grid.rows:
                lines += ["", *grid.lines()]
        return "\n".join([*lines, *(["", *self.notes] if self.notes else [])])


def facts(told: Iterable[tuple[str, str]]) -> Grid:
    """Return names and what is to be said of each as a table of words."""
    return Grid(rows=tuple(told), words=2)


class Displayed:
    """What notebooks and IPython show as people read it, and not as Python spells it."""

    def _display(self) -> Display:
        """Return what is worth seeing."""
        raise NotImplementedError(f"{type(self).__name__} says what is worth seeing of it")

    def _repr_html_(self) -> str:
        return self._display().html()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Not _repr_pretty_: IPython prefers the __repr__ that a dataclass makes for itself.
        shown = self._display()
        return {"text/plain": shown.text(), "text/html": shown.html()}


def _lines_html(text: str) -> str:
    return escape(text).replace("\n", "<br>")

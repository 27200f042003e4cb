"""The one look of all tables that the verbs print."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

__all__ = ["GAP", "empty_table"]

GAP = 2
"""Spaces between the columns of a table."""


def empty_table(*headings: str) -> Table:
    """Return an empty table: ``>`` marks a column of numbers, ``#`` one that is not broken."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(
            Text(heading.lstrip(">#")),
            justify="right" if heading.startswith(">") else "left",
            no_wrap=heading.startswith((">", "#")),
            overflow="fold",
        )
    return table

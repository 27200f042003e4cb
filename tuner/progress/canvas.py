"""Dots in a terminal: each character cell holds 2 x 4 of them, as a braille character."""

from __future__ import annotations

__all__ = ["COLUMNS_PER_CELL", "ROWS_PER_CELL", "Canvas"]

COLUMNS_PER_CELL = 2
ROWS_PER_CELL = 4

_EMPTY = 0x2800
# Unicode numbers a cell's dots 1-3 down the left, 4-6 down the right, then 7 and 8 below.
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


class Canvas:
    """A grid of dots, all off at first.

    Args:
        width: In character cells.
        height: In character cells.
    """

    def __init__(self, width: int, height: int) -> None:
        self.columns = width * COLUMNS_PER_CELL
        self.rows = height * ROWS_PER_CELL
        self._cells = [[0] * width for _ in range(height)]

    def dot(self, column: int, row: int) -> None:
        """Switch on the dot at ``column`` from the left and ``row`` from the top."""
        cell, right = divmod(column, COLUMNS_PER_CELL)
        line, down = divmod(row, ROWS_PER_CELL)
        self._cells[line][cell] |= _BITS[right][down]

    def line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Switch on the dots from ``start`` to ``end``, both (column, row), in a straight line."""
        (column, row), (last_column, last_row) = start, end
        steps = max(abs(last_column - column), abs(last_row - row), 1)
        for step in range(steps + 1):
            self.dot(
                column + round((last_column - column) * step / steps),
                row + round((last_row - row) * step / steps),
            )

    def character(self, cell: int, line: int) -> str:
        """Return the braille character of a cell; empty text where no dot is on."""
        bits = self._cells[line][cell]
        return chr(_EMPTY + bits) if bits else ""

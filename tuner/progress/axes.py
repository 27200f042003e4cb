"""The axes of a drawing: which part of the plane it shows, and where a point lies in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.text import Text

from tuner.progress.canvas import COLUMNS_PER_CELL, ROWS_PER_CELL
from tuner.progress.snapshot import Mode, ranking_key

__all__ = ["LABEL_WIDTH", "Axes", "Curve"]

Curve: TypeAlias = Sequence[tuple[float, float]]
"""(time, value) of a trial's reports."""

LABEL_WIDTH = 12
"""Columns that the labels and the line of the value axis take."""

_LOG_RANGE = 50.0
_KEPT_SHARE = 0.95
_FEWEST_TO_CUT = 20


@dataclass(frozen=True)
class Axes:
    """Time to the right, value upwards.

    Attributes:
        start: The time at the left edge.
        end: The time at the right edge.
        low: The value at the bottom.
        high: The value at the top.
        log: The value axis is logarithmic.
        cut: Values worse than the axis exist; they are drawn at its edge.
        mode: Whether low or high values are good.
        width: Cells between the edges.
        height: Lines between bottom and top.
    """

    start: float
    end: float
    low: float
    high: float
    log: bool
    cut: bool
    mode: Mode
    width: int
    height: int

    @classmethod
    def around(cls, curves: Iterable[Curve], *, mode: Mode, width: int, height: int) -> Axes:
        """Return axes that fit finite ``curves``, of which at least one has a point."""
        points = [point for curve in curves for point in curve]
        times = [time for time, _ in points]
        ranked = sorted((value for _, value in points), key=lambda v: ranking_key(v, mode))
        worst = _worst_shown(ranked)
        low, high = sorted((ranked[0], worst))
        return cls(
            start=min(times),
            end=max(times),
            low=low,
            high=high,
            log=low > 0 and high / low >= _LOG_RANGE,
            cut=worst != ranked[-1],
            mode=mode,
            width=width,
            height=height,
        )

    def place(self, time: float, value: float) -> tuple[int, int]:
        """Return the dot (column, row) of a point; what lies outside moves to the edge."""
        across = _share(time, self.start, self.end) if self.end > self.start else 0.0
        columns = self.width * COLUMNS_PER_CELL - 1
        rows = self.height * ROWS_PER_CELL - 1
        return round(across * columns), round((1 - self._up(value)) * rows)

    def around_picture(self, picture: Sequence[Text], time_attr: str) -> list[Text]:
        """Return the lines of a drawing with labelled axes at its left and below it."""
        lines = []
        for number, line in enumerate(picture):
            label = self._value_label(number)
            edge = "┤" if label else "│"
            lines.append(Text(f"{label:>{LABEL_WIDTH - 1}}{edge}", "dim").append_text(line))
        lines.append(Text(" " * (LABEL_WIDTH - 1) + "└" + "─" * self.width, "dim"))
        first, last = f"{self.start:g}", f"{self.end:g}" if self.end > self.start else ""
        room = max(1, self.width - len(first) - len(last))
        times = f"{first}{time_attr[: room - 2]:^{room}}{last}"
        lines.append(Text(" " * LABEL_WIDTH + times, "dim"))
        return lines

    def _value_label(self, line: int) -> str:
        if line not in (0, self.height // 2, self.height - 1):
            return ""
        if self.high == self.low:
            return f"{self.low:.3g}" if line == self.height // 2 else ""
        up = 1 - line / (self.height - 1)
        worst_line = 0 if self.mode == "min" else self.height - 1
        beyond = "≥" if self.mode == "min" else "≤"
        return f"{beyond if self.cut and line == worst_line else ''}{self._value_at(up):.3g}"

    def _value_at(self, up: float) -> float:
        if self.log:
            return math.exp(math.log(self.low) * (1 - up) + math.log(self.high) * up)
        return self.low * (1 - up) + self.high * up

    def _up(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        if self.high == self.low:
            return 0.5
        if self.log:
            return _share(math.log(value), math.log(self.low), math.log(self.high))
        return _share(value, self.low, self.high)


def _worst_shown(ranked: Sequence[float]) -> float:
    """Return where the axis ends: at the worst value, unless few bad ones would take half of it.

    Args:
        ranked: Finite values, best first.
    """
    best, worst = ranked[0], ranked[-1]
    if len(ranked) < _FEWEST_TO_CUT:
        return worst
    ordinary = ranked[math.ceil(_KEPT_SHARE * len(ranked)) - 1]
    return ordinary if abs(worst - ordinary) > abs(ordinary - best) > 0 else worst


def _share(value: float, low: float, high: float) -> float:
    return (value / 2 - low / 2) / (high / 2 - low / 2)  # halves: the difference may overflow
